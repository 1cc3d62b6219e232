import Certificates
import Foundation
import Testing

/// A folder that is removed at the end of the test.
final class Scratch {
  let path: String

  init() throws {
    var template = Array((NSTemporaryDirectory() + "/sentei-certs-XXXXXX").utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var folder: CertificateFolder { CertificateFolder(path: path + "/certs") }

  func file(_ name: String) -> String { "\(path)/certs/\(name)" }

  func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: file(name))
    return try #require(attributes[.posixPermissions] as? Int)
  }

  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path + "/certs").sorted() }

  func contents() throws -> [String: Data] {
    Dictionary(uniqueKeysWithValues: try names().map { ($0, FileManager.default.contents(atPath: file($0)) ?? Data()) })
  }
}

@Suite struct CertificateFolderTests {
  private let now = Date.now

  @Test func aNewFolderHoldsAnAuthorityACoordinatorAndAWorker() throws {
    let scratch = try Scratch()
    let made = try scratch.folder.create(workers: [], days: 30, now: now)
    #expect(made.map(\.summary.role) == [.authority, .coordinator, .worker])
    #expect(
      try scratch.names() == ["ca.key", "ca.pem", "coordinator.key", "coordinator.pem", "worker.key", "worker.pem"])
    for key in ["ca.key", "coordinator.key", "worker.key"] { #expect(try scratch.mode(key) == 0o600) }
    #expect(try FileManager.default.attributesOfItem(atPath: scratch.folder.path)[.posixPermissions] as? Int == 0o700)
    let shown = try scratch.folder.entries()
    #expect(shown.map(\.summary.fingerprint).sorted() == made.map(\.summary.fingerprint).sorted())
    #expect(Set(shown.map(\.summary.fingerprint)).count == 3)
    let worker = try scratch.folder.credentials(.worker, now: now)
    #expect(worker.name == "worker")
    #expect(abs(worker.expiry.timeIntervalSince(now) - 30 * 86400) < 2)
    #expect(try scratch.folder.credentials(.coordinator, now: now).authority == worker.authority)
  }

  @Test func aSecondCallAddsWorkersAndChangesNothing() throws {
    let scratch = try Scratch()
    _ = try scratch.folder.create(workers: [], days: 30, now: now)
    let before = try scratch.contents()
    let made = try scratch.folder.create(workers: ["gpu-1", "gpu_2.lab"], days: 7, now: now)
    #expect(made.map(\.summary.name) == ["gpu-1", "gpu_2.lab"])
    let after = try scratch.contents()
    #expect(after.count == before.count + 4)
    for (name, bytes) in before { #expect(after[name] == bytes, "\(name)") }
    #expect(try scratch.folder.credentials(.worker, worker: "gpu-1", now: now).name == "gpu-1")
    // All or none: nothing is made if one of the names is taken.
    #expect(throws: CertificateError.self) {
      try scratch.folder.create(workers: ["gpu-3", "gpu-1"], days: 7, now: now)
    }
    #expect(throws: CertificateError.self) { try scratch.folder.create(workers: [], days: 7, now: now) }
    #expect(try scratch.contents() == after)
  }

  @Test func aPairThatWasRemovedIsMadeAnew() throws {
    let scratch = try Scratch()
    _ = try scratch.folder.create(workers: [], days: 30, now: now)
    try FileManager.default.removeItem(atPath: scratch.file("coordinator.pem"))
    // Half a pair is nobody's wish: what is left may be somebody's only copy.
    #expect(throws: CertificateError.self) { try scratch.folder.create(workers: [], days: 30, now: now) }
    try FileManager.default.removeItem(atPath: scratch.file("coordinator.key"))
    let made = try scratch.folder.create(workers: [], days: 30, now: now)
    #expect(made.map(\.summary.role) == [.coordinator])
    #expect(try scratch.folder.credentials(.coordinator, now: now).name == "coordinator")
  }

  @Test(arguments: ["", "ca", "coordinator", "../x", "a/b", ".x", "-x", "a b", "ü", String(repeating: "x", count: 65)])
  func namesThatCannotBe(name: String) throws {
    let scratch = try Scratch()
    #expect(throws: CertificateError.unusableName(name)) {
      try scratch.folder.create(workers: [name], days: 30, now: now)
    }
    #expect(!FileManager.default.fileExists(atPath: scratch.folder.path))
  }

  @Test(arguments: [
    (0o600, true), (0o400, true), (0o640, true), (0o440, true), (0o604, false), (0o644, false), (0o620, false),
    (0o660, false), (0o610, false), (0o601, false), (0o602, false), (0o666, false), (0o777, false),
  ])
  func aKeyIsUsedOnlyWithASafeMode(mode: Int, isSafe: Bool) throws {
    let scratch = try Scratch()
    _ = try scratch.folder.create(workers: [], days: 30, now: now)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: scratch.file("worker.key"))
    guard !isSafe else {
      #expect(try scratch.folder.credentials(.worker, now: now).name == "worker")
      return
    }
    let error = try #require(throws: CertificateError.self) { try scratch.folder.credentials(.worker, now: now) }
    #expect(error == .exposed(scratch.file("worker.key"), mode: UInt32(mode), wanted: "600"))
    #expect(error.description.contains("chmod 600 '\(scratch.file("worker.key"))'"))
    #expect(error.description.contains("0" + String(mode, radix: 8)))
    // The coordinator has another key.
    #expect(try scratch.folder.credentials(.coordinator, now: now).name == "coordinator")
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func filesOfAnotherUserAreRefused() throws {
    let scratch = try Scratch()
    _ = try scratch.folder.create(workers: [], days: 30, now: now)
    for name in ["worker.key", "ca.pem"] {
      try #require(chown(scratch.file(name), 12345, 0) == 0)
      #expect(throws: CertificateError.foreignOwner(scratch.file(name), owner: 12345)) {
        try scratch.folder.credentials(.worker, now: now)
      }
      try #require(chown(scratch.file(name), 0, 0) == 0)
    }
  }

  @Test func whatOthersCouldChangeIsNotTrusted() throws {
    let scratch = try Scratch()
    _ = try scratch.folder.create(workers: [], days: 30, now: now)
    for mode in [0o664, 0o646] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: scratch.file("ca.pem"))
      #expect(throws: CertificateError.exposed(scratch.file("ca.pem"), mode: UInt32(mode), wanted: "644")) {
        try scratch.folder.credentials(.worker, now: now)
      }
    }
  }

  /// Each mistake with a word that its message must have.
  @Test func filesThatDoNotFitAreRefusedWithTheReason() throws {
    let scratch = try Scratch()
    let other = try Scratch()
    for folder in [scratch.folder, other.folder] {
      _ = try folder.create(workers: ["a", "b"], days: 30, now: now)
    }
    func refuses(_ word: String, _ role: Role = .worker, at time: Date? = nil, _ change: () throws -> Void) throws {
      let before = try scratch.contents()
      try change()
      let error = #expect(throws: CertificateError.self) {
        try scratch.folder.credentials(role, worker: "a", now: time ?? now)
      }
      #expect(error?.description.contains(word) == true, "\(error?.description ?? "no error")")
      #expect(error?.description.contains(scratch.folder.path) == true)
      for (name, bytes) in before { try bytes.write(to: URL(fileURLWithPath: scratch.file(name))) }
    }
    func copy(_ source: String, to name: String) throws {
      try #require(FileManager.default.contents(atPath: source)).write(to: URL(fileURLWithPath: scratch.file(name)))
    }
    try refuses("not there") { try FileManager.default.removeItem(atPath: scratch.file("a.key")) }
    for (name, mode) in [("a.key", 0o600)] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: scratch.file(name))
    }
    try refuses("another certificate's") { try copy(scratch.file("b.key"), to: "a.key") }
    try refuses("not signed by") { try copy(other.file("ca.pem"), to: "ca.pem") }
    try refuses("no authority's certificate") { try copy(scratch.file("b.pem"), to: "ca.pem") }
    try refuses("for a coordinator") {
      try copy(scratch.file("coordinator.pem"), to: "a.pem")
      try copy(scratch.file("coordinator.key"), to: "a.key")
    }
    try refuses("for a worker", .coordinator) {
      try copy(scratch.file("a.pem"), to: "coordinator.pem")
      try copy(scratch.file("a.key"), to: "coordinator.key")
    }
    try refuses("PEM") { try Data("-----BEGIN".utf8).write(to: URL(fileURLWithPath: scratch.file("a.pem"))) }
    try refuses("no text") { try Data([0xFF, 0xFE, 0]).write(to: URL(fileURLWithPath: scratch.file("a.pem"))) }
    try refuses("more than") { try Data(count: 1 << 17).write(to: URL(fileURLWithPath: scratch.file("a.pem"))) }
    try refuses("expired", at: now + 31 * 86400) {}
    try refuses("not valid before", at: now - 2 * 3600) {}
    #expect(try scratch.folder.credentials(.worker, worker: "a", now: now).name == "a")
  }

  @Test func anAuthorityWithoutItsKeySignsNothing() throws {
    let scratch = try Scratch()
    _ = try scratch.folder.create(workers: [], days: 30, now: now)
    try FileManager.default.removeItem(atPath: scratch.file("ca.key"))
    let before = try scratch.contents()
    #expect(throws: CertificateError.self) { try scratch.folder.create(workers: ["a"], days: 30, now: now) }
    #expect(try scratch.contents() == before)
  }

  @Test func aPipeInAKeysPlaceDoesNotWait() throws {
    let scratch = try Scratch()
    _ = try scratch.folder.create(workers: [], days: 30, now: now)
    try FileManager.default.removeItem(atPath: scratch.file("worker.key"))
    try #require(mkfifo(scratch.file("worker.key"), 0o600) == 0)
    #expect(throws: CertificateError.unusable(scratch.file("worker.key"), reason: "it is no ordinary file")) {
      try scratch.folder.credentials(.worker, now: now)
    }
  }
}
