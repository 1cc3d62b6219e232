import Foundation
import Testing

/// Coordinators and workers that meet through TLS.
@Suite(.serialized) struct TLSTests {
  func digest(_ run: String) throws -> String {
    let result = try Program.run("history", run, "--digest")
    #expect(result.status == 0, "\(result.errors)")
    return result.output
  }

  func certificates(_ place: Workplace, _ name: String = "certs", _ more: String...) throws -> String {
    let folder = place.file(name)
    let made = try Program.run(["certs", "create", folder] + more)
    #expect(made.status == 0, "\(made.errors)")
    return folder
  }

  /// The address that a coordinator prints when it listens.
  func address(of coordinator: Running) throws -> String {
    #expect(coordinator.waitForLog { $0.contains("listening address=tls://") }, "\(coordinator.logText)")
    let text = try #require(coordinator.logText.split(separator: "listening address=").last)
    return String(text.prefix { !$0.isWhitespace })
  }

  func coordinator(
    _ place: Workplace, _ study: String, _ certificates: String, at address: String, _ run: String, _ life: String
  ) throws -> Running {
    try Running(
      [
        "coordinator", study, "--listen", address, "--certificates", certificates, "--run-directory", place.file(run),
        "--log-level", "debug",
      ], errors: place.file("\(run)-\(life).log"))
  }

  @Test func aRunThroughTLSHasTheHistoryOfAPlainOneAlsoAcrossAKilledCoordinator() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 60))
    let plain = try Program.run("run", study, "--run-directory", place.file("plain"), "--workers", "2")
    #expect(plain.status == 0, "\(plain.errors)")
    let expected = try digest(place.file("plain"))

    let certificates = try certificates(place, "certs", "--worker", "a", "--worker", "b")
    let first = try coordinator(place, study, certificates, at: "tls://127.0.0.1:0", "tls", "first")
    let address = try address(of: first)
    let workers = try ["a", "b"].map {
      try Running(
        ["worker", address, "--certificates", certificates, "--identity", $0], errors: place.file("worker-\($0).log"))
    }
    #expect(first.waitForLog { $0.components(separatedBy: " debug: committed ").count > 10 }, "\(first.logText)")
    #expect(first.logText.contains("certificate=a") && first.logText.contains("certificate=b"))
    // The roster names who has shown which certificate.
    let joined = first.logText.split(separator: "\n").filter { $0.contains("worker joined") }
    #expect(["a", "b"].allSatisfy { name in joined.contains { $0.contains("worker=\(name)/") } }, "\(joined)")
    first.kill9()
    #expect(!first.logText.contains("search phase"), "the run ended before it was killed")

    let second = try coordinator(place, study, certificates, at: address, "tls", "second")
    #expect(second.wait() == 0, "\(second.logText)")
    for worker in workers {
      // One that had not dialled again when the run ended waits for another coordinator.
      #expect(worker.leaves(), "\(worker.logText)")
    }
    #expect(workers.contains { $0.logText.components(separatedBy: "welcomed").count == 3 }, "\(workers[0].logText)")
    #expect(try digest(place.file("tls")) == expected)
    #expect(try Program.run("verify", place.file("tls")).status == 0)
  }

  @Test func aCrowdOfHostilePeersChangesNothing() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(seed: 4, generations: 40))
    let plain = try Program.run("run", study, "--run-directory", place.file("plain"), "--workers", "1")
    #expect(plain.status == 0, "\(plain.errors)")
    let certificates = try certificates(place)
    let coordinator = try coordinator(place, study, certificates, at: "tls://127.0.0.1:0", "tls", "only")
    let address = try address(of: coordinator)
    let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
    let words: [[UInt8]] = [
      [], [0, 0x53, 0x50, 0, 0, 0x30, 0, 0], Array("GET / HTTP/1.1\r\n\r\n".utf8),
      [UInt8](repeating: 0xFF, count: 60_000), [0x16, 0x03, 0x01, 0x10, 0x00, 0x01],
    ]
    // Half-open ones stay to the end of the run; one address may open 128 at once.
    var crowd = try (0..<120).map { try bareConnection(to: port, saying: words[$0 % words.count]) }
    let worker = try Running(["worker", address, "--certificates", certificates], errors: place.file("worker.log"))
    #expect(coordinator.waitForLog { $0.contains(" debug: committed ") }, "\(coordinator.logText)")
    for index in 0..<60 { crowd.append(try bareConnection(to: port, saying: words[index % words.count])) }
    #expect(coordinator.wait() == 0, "\(coordinator.logText)")
    #expect(worker.wait() == 0, "\(worker.logText)")
    for descriptor in crowd { close(descriptor) }
    #expect(try digest(place.file("tls")) == digest(place.file("plain")))
    #expect(coordinator.logText.contains("connection refused"))
    #expect(coordinator.logText.components(separatedBy: "connection carried").count == 2, "\(coordinator.logText)")
  }

  @Test func aThousandStrangersLeaveNoMemoryAndNoDescriptorsBehind() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", SmallRun.study)
    let certificates = try certificates(place)
    let coordinator = try coordinator(place, study, certificates, at: "tls://127.0.0.1:0", "tls", "only")
    let address = try address(of: coordinator)
    let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
    // With no worker there is nothing else that could grow.
    func crowd(_ numbers: Range<Int>) throws {
      let words: [[UInt8]] = [
        [], Array("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8](repeating: 0xFF, count: 20_000),
        [0x16, 0x03, 0x01, 0x10, 0x00, 0x01],
        [0x16, 0x03, 0x01, 0, 64, 1, 0, 0, 60] + [UInt8](repeating: 7, count: 60),
      ]
      var held: [Int32] = []
      for number in numbers {
        // A source of its own for each four, or the limit for one source would keep most of them from TLS.
        let source = "127.0.\(1 + number / 4 % 4).\(1 + number / 16 % 250)"
        held.append(try bareConnection(to: port, from: source, saying: words[number % words.count]))
        if held.count > 40 { close(held.removeFirst()) }
      }
      for descriptor in held { close(descriptor) }
    }
    // What the first ones need is made once.
    try crowd(0..<50)
    let memory = try peakMemory(of: coordinator)
    let descriptors = try descriptorCount(of: coordinator)
    try crowd(50..<1050)
    // A sanitizer keeps what was freed.
    if ProcessInfo.processInfo.environment["SENTEI_SANITIZER"] == nil {
      #expect(try peakMemory(of: coordinator) - memory < 20_000, "kB; \(memory) before")
    }
    #expect(coordinator.waitForLog { _ in (try? descriptorCount(of: coordinator)).map { $0 <= descriptors } ?? true })
    let worker = try Running(["worker", address, "--certificates", certificates], errors: place.file("worker.log"))
    #expect(coordinator.wait() == 0, "\(coordinator.logText)")
    #expect(worker.wait() == 0, "\(worker.logText)")
    // What strangers do is logged in few lines.
    #expect(coordinator.logText.split(separator: "\n").count { $0.contains("connection ") } < 60)
  }

  @Test func aWorkerOfAnotherAuthorityComputesNothing() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 3))
    let (own, foreign) = (try certificates(place, "own"), try certificates(place, "foreign"))
    let coordinator = try coordinator(place, study, own, at: "tls://127.0.0.1:0", "run", "only")
    let address = try address(of: coordinator)
    let journal = place.file("journal")
    let stranger = try Running(
      ["worker", address, "--certificates", foreign, "--journal", journal], errors: place.file("stranger.log"))
    #expect(stranger.waitForLog { $0.contains("no connection to the coordinator") && $0.contains("certificate") })
    #expect(coordinator.waitForLog { $0.contains("connection refused") })
    let friend = try Running(["worker", address, "--certificates", own], errors: place.file("friend.log"))
    #expect(coordinator.wait() == 0, "\(coordinator.logText)")
    #expect(friend.wait() == 0, "\(friend.logText)")
    stranger.send(SIGTERM)
    #expect(stranger.wait() == 75, "\(stranger.logText)")
    #expect(!stranger.logText.contains("welcomed"))
    #expect(try String(contentsOfFile: journal, encoding: .utf8).isEmpty)
    #expect(coordinator.logText.components(separatedBy: "worker joined").count == 2)
  }

  @Test func mistakesGetOneClearLine() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick())
    let folder = try certificates(place)
    func refuses(
      _ status: Int32, _ parts: [String], _ arguments: String..., location: SourceLocation = #_sourceLocation
    ) throws {
      let result = try Program.run(arguments)
      #expect(result.status == status, "\(result.errors)", sourceLocation: location)
      for part in parts { #expect(result.errors.contains(part), "\(result.errors)", sourceLocation: location) }
    }
    let (worker, coordinator) = ("tls://127.0.0.1:9", "tls://127.0.0.1:0")
    try refuses(64, ["--certificates", "certs create"], "worker", worker)
    try refuses(64, ["--certificates"], "coordinator", study, "--listen", coordinator)
    try refuses(64, ["tls://"], "worker", "ipc:///tmp/x/y", "--certificates", folder)
    try refuses(64, ["port"], "worker", "tls://localhost", "--certificates", folder)
    try refuses(66, ["/nowhere/ca.pem", "certs create"], "worker", worker, "--certificates", "/nowhere")
    try refuses(66, ["x.pem"], "worker", worker, "--certificates", folder, "--identity", "x")
    try refuses(73, ["worker.pem"], "certs", "create", folder)
    try refuses(64, ["../x"], "certs", "create", folder, "--worker", "../x")
    try refuses(64, ["--days"], "certs", "create", folder, "--days", "0")
    try refuses(66, ["/nowhere"], "certs", "show", "/nowhere")
    for (name, mode) in [("worker", 0o644), ("coordinator", 0o620)] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(folder)/\(name).key")
    }
    try refuses(
      77, ["worker.key", "mode 0644", "chmod 600 '\(folder)/worker.key'"], "worker", worker, "--certificates", folder)
    try refuses(
      77, ["coordinator.key", "mode 0620", "chmod 600"], "coordinator", study, "--listen", coordinator,
      "--certificates", folder, "--run-directory", place.file("run"))
    #expect(!FileManager.default.fileExists(atPath: place.file("run")))
    let shown = try Program.run("certs", "show", folder)
    #expect(shown.status == 0)
    for part in ["ca.pem: authority", "coordinator.pem: coordinator", "worker.pem: worker", "valid until", "sha256"] {
      #expect(shown.output.contains(part), "\(shown.output)")
    }
  }
}
