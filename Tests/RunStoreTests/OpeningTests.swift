import Digests
import Foundation
import RunStore
import Testing

@Suite struct OpeningTests {
  let scratch = Scratch()

  private func refusal(_ path: String, _ mode: RunStore.Mode = .writing) -> RunStoreError? {
    #expect(throws: RunStoreError.self) { try RunStore.open(at: path, mode: mode) }
  }

  private func creationRefusal(_ path: String) -> RunStoreError? {
    #expect(throws: RunStoreError.self) {
      try RunStore.create(at: path, studyText: "", studyDigest: digest("a study"), runID: "r")
    }
  }

  @Test func whereNothingIsThereIsNoRun() throws {
    #expect(refusal(scratch("nowhere")) == .notARun(path: scratch("nowhere")))
    #expect(refusal(scratch.path, .reading) == .notARun(path: scratch.path))
    #expect(try Image(of: scratch.path).files.isEmpty)
  }

  @Test func creatingMakesParentsAndIsRepeatable() throws {
    let path = try scratch.run("a/b/c")
    let before = try Image(of: path)
    #expect(
      before.files.keys.sorted() == ["blobs", "lock", "partial", "sentei.sqlite", "snapshots", "study.yaml"])
    let again = try RunStore.create(
      at: path + "/", studyText: "other text", studyDigest: digest("a study"), runID: "other")
    #expect(again == .alreadyThere)
    #expect(try Image(of: path) == before)
  }

  @Test func anotherStudyIsRefused() throws {
    let path = try scratch.run(study: "another")
    let before = try Image(of: path)
    let error = creationRefusal(path)
    #expect(error == .otherStudy(path: path, holds: digest("another"), wanted: digest("a study")))
    #expect(error?.description.contains(digest("another").short) == true)
    #expect(error?.description.contains(digest("a study").short) == true)
    #expect(try Image(of: path) == before)
  }

  @Test func aDirectoryWithOtherThingsIsRefused() throws {
    for name in ["thesis.txt", "study.yaml", "lock", "partial"] {
      let path = scratch("mine-\(name)")
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: URL(fileURLWithPath: path + "/" + name))
      let before = try Image(of: path)
      guard case .foreign(path, let found) = creationRefusal(path) else {
        Issue.record("not refused")
        return
      }
      #expect(found.contains(name))
      #expect(try Image(of: path) == before)
    }
    #expect(
      creationRefusal(scratch("mine-lock/lock"))
        == .foreign(path: scratch("mine-lock/lock"), found: "is not a directory"))
  }

  @Test func theRemainsOfAKilledCreationAreTakenOver() throws {
    let path = try scratch.run()
    try FileManager.default.moveItem(atPath: path + "/sentei.sqlite", toPath: path + "/partial/sentei.sqlite")
    #expect(refusal(path) == .notARun(path: path))
    #expect(try RunStore.create(at: path, studyText: "new", studyDigest: digest("new"), runID: "n") == .created)
    let store = try RunStore.open(at: path, mode: .writing)
    #expect(store.identity.study == digest("new"))
    #expect(try store.studyText() == "new")
  }

  @Test func eachOpeningForWritingBeginsAnEpoch() throws {
    let path = try scratch.run()
    for epoch in 1...3 {
      #expect(try RunStore.open(at: path, mode: .writing).identity.epoch == epoch)
      #expect(try RunStore.open(at: path, mode: .reading).identity.epoch == epoch)
    }
  }

  @Test func theEpochNeverFallsBehindHead() throws {
    let path = try scratch.run()
    let old = try Image(of: path)
    for _ in 1...3 { try RunStore.open(at: path, mode: .writing).close() }
    var image = try Image(of: path)
    image["sentei.sqlite"] = old["sentei.sqlite"]
    try image.write(to: path)
    #expect(try RunStore.open(at: path, mode: .writing).identity.epoch == 4)
  }

  @Test func aSecondWriterIsRefusedAndAReaderIsNot() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    let error = refusal(path)
    #expect(error == .locked(path: path))
    #expect(error?.description.contains(path) == true)
    _ = try store.commit([fact(1)], attempts: [])
    let reader = try RunStore.open(at: path, mode: .reading)
    #expect(try reader.allFacts() == [fact(1)])
    _ = try store.commit([fact(2)], attempts: [])
    #expect(try reader.allFacts() == [fact(1), fact(2)])
    try store.close()
    #expect(try reader.allFacts() == [fact(1), fact(2)])
    #expect(try RunStore.open(at: path, mode: .writing).identity.epoch == 2)
  }

  @Test func readingChangesNoByte() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    _ = try store.commit([fact(1)], attempts: [attempt(1)])
    _ = try store.storeBlob([1, 2, 3])
    try store.close()
    let before = try Image(of: path)
    #expect(before.files["sentei.sqlite-wal"] == nil)
    do {
      let reader = try RunStore.open(at: path, mode: .reading)
      #expect(try reader.allFacts() == [fact(1)])
      try reader.close()
    }
    #expect(try Image(of: path) == before)
  }

  @Test func afterACloseEverythingIsRefused() throws {
    let store = try RunStore.open(at: scratch.run(), mode: .writing)
    try store.close()
    try store.close()
    #expect(throws: RunStoreError.self) { try store.commit([fact(1)], attempts: []) }
    #expect(throws: RunStoreError.self) { try store.allFacts() }
    #expect(store.failure == "the run was closed")
  }

  @Test func foreignAndBrokenDatabasesAreRefusedUntouched() throws {
    let run = try Image(of: scratch.run())
    let database = run["sentei.sqlite"]
    var otherApplication = database
    otherApplication[71] ^= 1
    var otherVersion = database
    otherVersion[63] = 9
    var otherInWAL = otherApplication
    otherInWAL[18] = 2
    otherInWAL[19] = 2
    var badMagic = database
    badMagic[3] = 0
    var otherTables = database
    let place = otherTables.range(of: Data("CREATE TABLE budgets".utf8))!
    otherTables[place.lowerBound + 13] = UInt8(ascii: "x")
    let foreign = [
      otherApplication, otherVersion, otherInWAL, Data("study: not a database\n".utf8) + Data(count: 200),
    ]
    let damaged = [badMagic, otherTables, Data(), database.prefix(50), database.prefix(2000), database.dropLast(4096)]
    for (index, bytes) in (foreign + damaged).enumerated() {
      let path = scratch("case-\(index)")
      var image = run
      image.files["lock"] = nil
      image["sentei.sqlite"] = bytes
      if index % 2 == 0 { image["lock"] = run["lock"] }
      try image.write(to: path)
      for mode in [RunStore.Mode.writing, .reading] {
        // Reading salvages what can be read; cut-off pages of other tables do not matter to it.
        if mode == .reading && index == foreign.count + damaged.count - 1 { continue }
        switch refusal(path, mode) {
        case .foreign(path + "/sentei.sqlite", _): #expect(index < foreign.count, "case \(index)")
        case .damaged(path + "/sentei.sqlite", _): #expect(index >= foreign.count, "case \(index)")
        case let other: Issue.record("case \(index): \(String(describing: other))")
        }
      }
      var after = try Image(of: path)
      // The lock file of a directory that passed for a run may be made; everything else is as it was.
      if image.files["lock"] == nil, index >= foreign.count { after.files["lock"] = nil }
      #expect(after == image, "case \(index)")
    }
  }

  @Test func everyErrorSaysWhatToDo() {
    let digest = digest("x")
    let errors: [RunStoreError] = [
      .notARun(path: "/p"), .foreign(path: "/p", found: "is a picture"), .damaged(path: "/p", found: "f"),
      .otherStudy(path: "/p", holds: digest, wanted: digest), .locked(path: "/p"),
      .noSpace(operation: "write", path: "/p"), .permission(operation: "write", path: "/p", found: "f"),
      .io(operation: "write", path: "/p", found: "f"), .failed(operation: "write", path: "/p", cause: "f"),
      .noBlob(digest, path: "/p"), .damagedBlob(digest, path: "/p", found: "f"),
    ]
    for error in errors {
      #expect(error.description.contains("/p"))
      #expect(error.description.contains { ";,".contains($0) })
      #expect(error.description.hasSuffix("."))
    }
  }
}
