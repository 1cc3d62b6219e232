import Digests
import Foundation
import RunStore
import Testing

/// `sentei gc` removes what nothing names, and nothing else.
@Suite(.serialized) struct GarbageTests {
  private static let study = """
    study: garbage
    seed: 2
    dataset: { name: digits }
    network: { zoo: mlp-32, train: { epochs: 30, learning_rate: 0.05, epochs_per_segment: 1 } }
    objective: { minimize: loss, at_compression: 5 }
    search: { algorithm: genetic, population_size: 16, generations: 4, elite_size: 4 }
    """

  private func blobs(_ run: String) throws -> Set<Digest> {
    Set(try RunStore.open(at: run, mode: .reading).blobs())
  }

  /// The lines of the history and of the comparison, without the seconds.
  private func history(_ run: String) throws -> String { try Program.run("history", run).output }

  /// A finished run that was killed in its training, with the states that the first life left put back, as by a kill
  /// between a commit and the removal of what it superseded.
  private func littered(_ place: Workplace) throws -> (run: String, garbage: Set<Digest>) {
    let study = try place.write("study.yaml", Self.study)
    let run = place.file("run")
    let first = try Running(
      ["run", study, "--run-directory", run, "--workers", "1", "--log-level", "debug"], errors: place.file("log"))
    #expect(first.waitForLog { $0.components(separatedBy: " debug: committed ").count > 3 }, "\(first.logText)")
    first.kill9()
    let before = try blobs(run)
    try FileManager.default.copyItem(atPath: run + "/blobs", toPath: place.file("before"))
    let second = try Program.run("resume", run, "--workers", "1")
    #expect(second.status == 0, "\(second.errors)")
    let superseded = before.subtracting(try blobs(run))
    #expect(!superseded.isEmpty, "the first life left no state")
    for digest in superseded {
      let name = "\(digest.hex.prefix(2))/\(digest.hex)"
      try FileManager.default.copyItem(atPath: "\(place.file("before"))/\(name)", toPath: "\(run)/blobs/\(name)")
    }
    let store = try RunStore.open(at: run, mode: .writing)
    let stray = try store.storeBlob(Array("named by nobody".utf8))
    try store.close()
    try Data("half".utf8).write(to: URL(fileURLWithPath: run + "/partial/7.partial"))
    try Data("no snapshot".utf8).write(to: URL(fileURLWithPath: run + "/snapshots/12.snapshot"))
    return (run, superseded.union([stray]))
  }

  @Test func whatNothingNamesGoesAndTheRunIsAsBefore() throws {
    let place = Workplace()
    let (run, garbage) = try littered(place)
    let untouched = place.file("untouched")
    try FileManager.default.copyItem(atPath: run, toPath: untouched)
    let (before, told) = (try blobs(run), try history(run))
    let bytes =
      try garbage.reduce(0) { $0 + (try RunStore.open(at: run, mode: .reading).blob($1).count) } + "half".utf8.count
      + "no snapshot".utf8.count
    let summary = "\(garbage.count) blobs, 1 snapshots and 1 unfinished files: \(bytes) bytes"

    let files = place.contents(of: run)
    let dry = try Program.run("gc", run, "--dry-run")
    #expect(dry.status == 0 && dry.output.contains("would remove \(summary)"), "\(dry)")
    #expect(place.contents(of: run) == files)
    let collected = try Program.run("gc", run)
    #expect(collected.status == 0 && collected.output.contains("removed \(summary)"), "\(collected)")
    #expect(try blobs(run) == before.subtracting(garbage))
    #expect(try Program.run("gc", run).output.contains("removed 0 blobs, 0 snapshots and 0 unfinished files: 0 bytes"))

    let verified = try Program.run("verify", run)
    #expect(verified.status == 0, "\(verified)")
    #expect(try history(run) == told)
    let resumed = try Program.run("resume", run, "--workers", "1")
    #expect(resumed.status == 0, "\(resumed.errors)")
    for name in [run, untouched] {
      let extended = try Program.run("extend", name, "--generations", "6", "--workers", "1")
      #expect(extended.status == 0, "\(extended.errors)")
      let exported = try Program.run(
        "export", name, "--strategy", "GeneticAlgorithm", "--output", name + ".safetensors")
      #expect(exported.status == 0, "\(exported.errors)")
    }
    #expect(try history(run) == history(untouched))
    #expect(
      FileManager.default.contentsEqual(atPath: run + ".safetensors", andPath: untouched + ".safetensors"))
    #expect(try Program.run("verify", run).status == 0)
  }

  @Test func aRunAtWorkAndADamagedRunAreRefused() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 2))
    let run = place.file("run")
    #expect(try Program.run("run", study, "--run-directory", run, "--workers", "1").status == 0)
    let store = try RunStore.open(at: run, mode: .writing)
    for arguments in [["gc", run], ["gc", run, "--dry-run"]] {
      let refused = try Program.run(arguments)
      #expect(refused.status == 73 && refused.errors.contains("another coordinator works in"), "\(refused)")
    }
    // Every blob that a run without garbage has but the last state of training is needed.
    let all = try store.blobs()
    try store.close()
    var refusals = 0
    for digest in all {
      let file = "\(run)/blobs/\(digest.hex.prefix(2))/\(digest.hex)"
      let bytes = FileManager.default.contents(atPath: file)!
      try FileManager.default.removeItem(atPath: file)
      let refused = try Program.run("gc", run)
      if refused.status != 0 {
        refusals += 1
        #expect((65...66).contains(refused.status) && refused.errors.contains(digest.short), "\(refused)")
        #expect(refused.errors.contains("sentei resume"), "\(refused)")
      }
      _ = FileManager.default.createFile(atPath: file, contents: bytes)
    }
    #expect(refusals == all.count - 1, "\(refusals) of \(all.count)")
    #expect(try Program.run("gc", place.file("none")).status == 66)
  }

  @Test func aKillInTheMiddleDoesNoHarm() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 2))
    let run = place.file("run")
    #expect(try Program.run("run", study, "--run-directory", run, "--workers", "1").status == 0)
    let told = try history(run)
    for number in 0..<1000 {
      let digest = Digest(of: Array("stray \(number)".utf8)).hex
      let folder = "\(run)/blobs/\(digest.prefix(2))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(digest)"))
    }
    let all = try blobs(run).count
    let victim = try Running(["gc", run], errors: place.file("gc.log"))
    while victim.isRunning, try blobs(run).count == all {}
    victim.kill9()
    #expect(try Program.run("history", run).output == told)
    #expect(try Program.run("gc", run).status == 0)
    #expect(try blobs(run).count == all - 1000)
    #expect(try Program.run("verify", run).status == 0)
  }
}

/// `sentei mask` makes any mask of a history again.
@Suite struct MaskCommandTests {
  @Test func masksAreThoseOfTheHistory() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 3))
    let run = place.file("run")
    #expect(try Program.run("run", study, "--run-directory", run, "--workers", "1").status == 0)
    let lines = try Program.run("history", run).output.split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    for words in lines where words[2] != "-" && (words[1].hasSuffix(":7") || words[1] == "0:0") {
      let file = place.file("\(words[0])-\(words[1]).npy")
      let made = try Program.run("mask", run, words[1], "--strategy", words[0], "--output", file)
      #expect(made.status == 0 && made.output.contains(words[2]), "\(made)")
      // The header ends in a line feed; behind it a byte a weight.
      let bytes = FileManager.default.contents(atPath: file)!
      let values = bytes[(bytes.firstIndex(of: 10)! + 1)...]
      #expect(values.allSatisfy { $0 <= 1 })
      #expect(made.output.contains("keeps \(values.count { $0 == 1 }) of \(values.count)"), "\(made.output)")
    }
    // As `export --mask` reads it: the same network as the comparison's own line.
    let (dense, own, masked) = (place.file("d.safetensors"), place.file("o.safetensors"), place.file("m.safetensors"))
    #expect(try Program.run("export", run, "--strategy", "Dense", "--output", dense).status == 0)
    #expect(try Program.run("export", run, "--strategy", "GlobalMagWeight", "--output", own).status == 0)
    let exported = try Program.run(
      "export", dense, "--zoo", "mlp-32", "--shape", "1,8,8", "--mask", place.file("GlobalMagWeight-0:0.npy"),
      "--output",
      masked)
    #expect(exported.status == 0, "\(exported.errors)")
    #expect(FileManager.default.contentsEqual(atPath: own, andPath: masked))
    // The first search, where none is named.
    let first = try Program.run("mask", run, "2:7", "--output", place.file("first.npy"))
    #expect(first.output.contains("GeneticAlgorithm 2:7"), "\(first)")
    #expect(
      FileManager.default.contentsEqual(
        atPath: place.file("first.npy"), andPath: place.file("GeneticAlgorithm-2:7.npy")))
  }

  @Test func mistakesAreOneClearRefusal() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 2))
    let run = place.file("run")
    #expect(try Program.run("run", study, "--run-directory", run, "--workers", "1").status == 0)
    for (arguments, words) in [
      (["2"], "expected a trial such as 12:3"), (["9:1"], "no trial 9:1 of GeneticAlgorithm"),
      (["0:0", "--strategy", "Nobody"], "--strategy has"), (["0:0", "--strategy", "Dense"], "no mask"),
      (["0:0", "--output", "mask.txt"], ".npy"),
    ] {
      let refused = try Program.run(["mask", run] + arguments)
      #expect(refused.status == 64 && refused.errors.contains(words), "\(refused)")
    }
    #expect(try Program.run("mask", place.file("none"), "0:0").status == 66)
  }
}
