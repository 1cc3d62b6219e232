import Digests
import Foundation
import RunStore
import Services
import Studies
import StudyFile
import Testing

/// What happens at each byte of a run: `verify` finds every damage, and `resume` ends with the same history or refuses with
/// the name of what is damaged.
@Suite(.serialized) struct ByteTests {
  private static let seed = UInt64.random(in: 0...(.max))

  /// Places of a file: all of a small one, and of a larger one as many as told, one in each equal part.
  private static func places(_ size: Int, atMost count: Int, _ salt: UInt64) -> [Int] {
    guard size > count else { return Array(0..<size) }
    var state = seed &+ salt
    return (0..<count).map { part in
      // An affine generator of 64 bits is chance enough for a choice of places.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let (low, high) = (part * size / count, (part + 1) * size / count)
      return low + Int(state >> 33) % (high - low)
    }
  }

  /// What `verify` says of a run; nil for nothing.
  private func finding(_ path: String) throws -> String? {
    do { return try RunCheck(directory: path).problems.first } catch {
      guard error is RunStoreError || error is StudyFileError || error is LostInputs else { throw error }
      return "\(error)"
    }
  }

  /// Resumes a wounded run and expects the same history, or a refusal that names a file of the run.
  private func expectSame(_ run: SmallRun, _ path: String, _ label: String) throws -> Bool {
    do { _ = try run.resume(path) } catch {
      #expect(
        error is RunStoreError || error is StudyFileError || error is LostInputs,
        "\(label): \(error), seed \(Self.seed)")
      #expect("\(error)".contains(path), "\(label): \(error), seed \(Self.seed)")
      return false
    }
    #expect(try SmallRun.history(path) == run.history, "\(label), seed \(Self.seed)")
    // What a resume has no part in: costs, a file that nothing needs, the words of the study file.
    let left = try RunCheck(directory: path).problems.filter {
      !$0.contains("attempts are damaged") && !$0.contains("nothing needs it") && !$0.contains("still describes")
    }
    #expect(left == [], "\(label), seed \(Self.seed)")
    return true
  }

  private func files(_ folder: String) -> [(name: String, bytes: Data)] {
    var out: [(String, Data)] = []
    for name in (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).sorted() {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
      // The lock's content is read where a directory is made, not where a run is opened. The summary is no part of what
      // a run goes on from: the command `verify` compares each byte of it with the facts.
      guard !isFolder.boolValue, !["lock", "summary.json"].contains(name), !name.hasSuffix("-shm") else { continue }
      out.append((name, FileManager.default.contents(atPath: "\(folder)/\(name)")!))
    }
    return out
  }

  @Test func everyFlipAndEveryCutOfAFinishedRun() throws {
    let run = try SmallRun(Workplace(inMemory: true))
    #expect(try finding(run.path) == nil)
    let rows = try SmallRun.rows(run.path)
    let path = try run.copy(to: "wounded")
    var (walked, flipped, inUse) = (0, 0, 0)
    var unseen: [Wound] = []
    var chosen: [Wound] = []
    for (index, (name, bytes)) in files(path).enumerated() {
      let isDatabase = name == "sentei.sqlite"
      let flips = Self.places(bytes.count, atMost: isDatabase ? 300 : bytes.count < 400 ? 400 : 40, UInt64(index))
      let cuts = Self.places(bytes.count, atMost: 12, UInt64(index)) + [0, bytes.count - 1]
      let wounds = (flips.map { .flip(at: $0) } + cuts.map { .cut(to: $0) } + [Wound.Kind.removal]).map {
        Wound(file: name, kind: $0)
      }
      if isDatabase { flipped = flips.count }
      for wound in wounds {
        try wound.inflict(on: path, bytes)
        walked += 1
        if try finding(path) == nil {
          unseen.append(wound)
          switch wound.kind {
          case .flip(let place):
            // Of the database alone, and only where every row that a run has is the same without it.
            #expect(isDatabase, "\(wound) was not found, seed \(Self.seed)")
            #expect(try SmallRun.rows(path) == rows, "\(wound), seed \(Self.seed)")
            if bytes[place] != 0 { inUse += 1 }
          case .cut: Issue.record("\(wound) was not found, seed \(Self.seed)")
          case .removal:
            // A snapshot less means a longer replay; the last state of a training that is over is needed by nothing.
            let isSnapshot = name.hasPrefix("snapshots/")
            #expect(isSnapshot || name.hasPrefix("blobs/"), "\(wound) was not found")
          }
        }
        if case .removal = wound.kind { _ = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: nil) }
        try Wound(file: name, kind: .cut(to: bytes.count)).inflict(on: path, bytes)
      }
      let step = max(1, wounds.count / (isDatabase ? 25 : 4))
      chosen += stride(from: 0, to: wounds.count, by: step).map { wounds[$0] } + [wounds[wounds.count - 1]]
    }
    #expect(try finding(path) == nil)
    let removed = unseen.count { if case .removal = $0.kind { true } else { false } }
    #expect(removed == 3, "two snapshots and one state: \(unseen)")
    // Space within SQLite's pages that nothing was ever written to, but for a few fields of headers that no reader needs.
    #expect(inUse <= flipped / 20, "\(inUse) of \(flipped), seed \(Self.seed)")

    var resumed = 0
    chosen += unseen.enumerated().filter { $0.offset % max(1, unseen.count / 12) == 0 }.map(\.element)
    for wound in chosen {
      let copy = try run.copy(to: "resumed")
      try wound.inflict(on: copy, FileManager.default.contents(atPath: "\(copy)/\(wound.file)")!)
      if try expectSame(run, copy, "\(wound)") { resumed += 1 }
    }
    #expect(resumed > chosen.count / 4 && resumed < chosen.count)
    print(
      "\(walked) damages: found all but \(removed) removals that cost nothing and \(unseen.count - removed) of \(flipped) flips in "
        + "the database, \(inUse) of them not in empty space; \(chosen.count) resumed: \(resumed) to the same history, the "
        + "others refused; seed \(Self.seed)")
  }

  @Test func everyFlipAndEveryCutOfALogBelowHead() throws {
    let run = try SmallRun(Workplace(inMemory: true))
    let killed = try run.killed()
    let name = "sentei.sqlite-wal"
    let bytes = FileManager.default.contents(atPath: "\(killed)/\(name)")!
    #expect(try finding(killed) == nil)
    let total = try RunStore.open(at: killed, mode: .reading).factCount()
    let path = try run.copy(killed, to: "wounded")
    let flips = Self.places(bytes.count, atMost: 120, 1).map { Wound.Kind.flip(at: $0) }
    let cuts = (Self.places(bytes.count, atMost: 60, 2) + [0, bytes.count - 1]).map { Wound.Kind.cut(to: $0) }
    var (below, above, resumed) = (0, 0, 0)
    for (index, kind) in (flips + cuts + [.removal]).enumerated() {
      let wound = Wound(file: name, kind: kind)
      try? FileManager.default.removeItem(atPath: path + "/sentei.sqlite-shm")
      try wound.inflict(on: path, bytes)
      if try finding(path) == nil {
        // Above HEAD: some facts are as if they had never been committed.
        let count = try RunStore.open(at: path, mode: .reading).factCount()
        #expect(count >= total / 2, "\(wound): \(count) facts and no word, seed \(Self.seed)")
        above += 1
      } else {
        below += 1
      }
      if index % 6 == 0 {
        let copy = try run.copy(killed, to: "resumed")
        try wound.inflict(on: copy, bytes)
        if try expectSame(run, copy, "\(wound)") { resumed += 1 }
      }
      if case .removal = kind { _ = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: nil) }
      try Wound(file: name, kind: .cut(to: bytes.count)).inflict(on: path, bytes)
    }
    #expect(below > 20 && above > 20 && resumed > 20, "\(below) below HEAD, \(above) above, \(resumed) resumed")
    print("\(below) damages of the log below HEAD found, \(above) above it; \(resumed) resumed to the same history")
  }

  @Test func aResumeThatIsKilledAfterDamageForgetsNothing() throws {
    let run = try SmallRun(Workplace(inMemory: true))
    let path = try run.copy(to: "damaged")
    let store = try RunStore.open(at: path, mode: .reading)
    var early: [FactRow] = []
    try store.forEachFact { if $0.kind == "evaluate" { early.append($0) } }
    try store.close()
    // A fact from long before the newest snapshot.
    var bytes = FileManager.default.contents(atPath: path + "/sentei.sqlite")!
    bytes[bytes.range(of: Data(early[0].outcome))!.lowerBound + 5] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path + "/sentei.sqlite"))
    // The opening sets the damage aside; then the process is gone before anything is computed.
    do { #expect(try OpenRun.resume(directory: path, data: nil).damage.count == 1) }
    _ = try run.resume(path)
    #expect(try SmallRun.history(path) == run.history)
    #expect(try finding(path) == nil)
  }

  @Test func aGrantedBudgetOutlivesTheLog() throws {
    let run = try SmallRun(Workplace(inMemory: true))
    let path = try run.copy(to: "extended")
    let open = try OpenRun.extend(directory: path, to: .generations(5), data: nil)
    #expect(open.planner!.trials == 40)
    let copy = try run.copy(path, to: "cut")
    for name in ["sentei.sqlite-wal", "sentei.sqlite-shm"] {
      try? FileManager.default.removeItem(atPath: "\(copy)/\(name)")
    }
    #expect(try OpenRun.look(directory: copy).planner!.trials == 40)
  }

  @Test func processesMendOrRefuse() throws {
    let run = try SmallRun(Workplace())
    let history = try Program.run("history", run.path, "--digest").output
    let split = try RunStore.open(at: run.path, mode: .reading)
    var rows: [String: FactRow] = [:]
    try split.forEachFact { rows[$0.kind] = $0 }
    for kind in ["split", "train", "score"] {
      for blob in try Outcome(canonical: rows[kind]!.outcome).blobs {
        let path = try run.copy(to: "damaged")
        let name = "blobs/\(blob.hex.prefix(2))/\(blob.hex)"
        let bytes = FileManager.default.contents(atPath: "\(path)/\(name)")!
        try Wound(file: name, kind: .flip(at: bytes.count / 2)).inflict(on: path, bytes)
        let found = try Program.run("verify", path)
        #expect(found.status == 65 && found.output.contains(name), "\(found)")
        let resumed = try Program.run("resume", path, "--workers", "1")
        #expect(resumed.status == 0, "\(kind): \(resumed.errors)")
        #expect(try Program.run("history", path, "--digest").output == history)
        if try Outcome(canonical: rows[kind]!.outcome).blobs.first == blob, kind == "train" {
          // The last state, which no one goes on from.
          #expect(try Program.run("gc", path).output.contains("removed 1 blobs"))
        }
        let clean = try Program.run("verify", path)
        #expect(clean.status == 0, "\(kind): \(clean.output)")
      }
    }
    // What SQLite finds fault with is not written to, and what can be read of it counts in a new run.
    let broken = try run.copy(to: "broken")
    let database = FileManager.default.contents(atPath: broken + "/sentei.sqlite")!
    try Wound(file: "sentei.sqlite", kind: .cut(to: database.count - 4096)).inflict(on: broken, database)
    for command in ["verify", "resume"] {
      let refused = try Program.run(command, broken)
      #expect(refused.status == 65 && (refused.output + refused.errors).contains("sentei.sqlite"), "\(refused)")
    }
    let new = run.place.file("new")
    let again = try Program.run(
      "run", run.place.file("study.yaml"), "--run-directory", new, "--workers", "1", "--reuse", broken)
    #expect(again.status == 0, "\(again.errors)")
    #expect(try Program.run("history", new, "--digest").output == history)

    // Without the row of the split only the data can tell the slices again.
    let path = try run.copy(to: "damaged")
    var bytes = FileManager.default.contents(atPath: path + "/sentei.sqlite")!
    bytes[bytes.range(of: Data(rows["split"]!.outcome))!.lowerBound + 30] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path + "/sentei.sqlite"))
    #expect(try Program.run("verify", path).status == 65)
    let resumed = try Program.run("resume", path, "--workers", "1")
    #expect(resumed.status == 0 && resumed.errors.contains("split of the data"), "\(resumed.errors)")
    #expect(try Program.run("history", path, "--digest").output == history)
    #expect(try Program.run("verify", path).status == 0)
  }
}
