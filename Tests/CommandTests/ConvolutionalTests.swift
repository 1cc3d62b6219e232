import Foundation
import RunStore
import Testing

/// A study of a residual network, whose training is cut into segments.
@Suite(.serialized) struct ConvolutionalTests {
  static let study = """
    study: residual
    seed: 4
    dataset: { name: digits, normalize: { mean: [0.3], std: [0.4] } }
    network:
      zoo: resnet-20
      width_multiplier: 0.25
      train:
        epochs: 3
        batch_size: 32
        optimizer: adam
        augment: { crop_padding: 1 }
        schedule: cosine
        steps_per_segment: 13
        early_stopping: { patience: 4 }
    objective: { minimize: loss, at_compression: 2 }
    search: { algorithm: genetic, population_size: 8, generations: 4, elite_size: 2 }
    """

  private func digest(_ run: String) throws -> String { try Program.run("history", run, "--digest").output }

  private func count(_ kind: String, in run: String) throws -> Int {
    var count = 0
    try RunStore.open(at: run, mode: .reading).forEachFact { if $0.kind == kind { count += 1 } }
    return count
  }

  @Test func trainingGoesOnElsewhereWhenItsWorkerAndItsCoordinatorAreKilled() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Self.study)
    let whole = place.file("whole")
    let result = try Program.run("run", study, "--run-directory", whole, "--workers", "1")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try count("train", in: whole) >= 4)

    let (run, address) = (place.file("killed"), "ipc://\(place.file("socket/c"))")
    func coordinator(_ life: Int) throws -> Running {
      try Running(
        ["coordinator", study, "--listen", address, "--run-directory", run, "--log-level", "debug"],
        errors: place.file("coordinator\(life).log"))
    }
    func worker(_ number: Int) throws -> Running {
      try Running(["worker", address], errors: place.file("w\(number).log"))
    }
    let first = try coordinator(1)
    let victim = try worker(1)
    // A segment and its judgement are done, and the next one is under way.
    #expect(first.waitForLog { $0.components(separatedBy: " debug: committed ").count > 2 }, "\(first.logText)")
    victim.kill9()
    let heir = try worker(2)
    #expect(first.waitForLog { $0.components(separatedBy: " debug: committed ").count > 5 }, "\(first.logText)")
    first.kill9()
    let trained = try count("train", in: run)
    let second = try coordinator(2)
    #expect(second.wait() == 0, "\(second.logText.suffix(2000))")
    #expect(heir.leaves())
    #expect(trained >= 2, "the coordinator died in the middle of training")
    #expect(try digest(run) == digest(whole))
    #expect(try Program.run("verify", run).status == 0)
    // States that no job will ask for are gone: slices, the last state and the chosen weights stay.
    let names = try FileManager.default.subpathsOfDirectory(atPath: "\(run)/blobs").filter { $0.count > 32 }
    #expect(names.count <= 8, "\(names.count) blobs")
  }

  @Test func trainingBeginsAgainWhereDamageTookAFactOutOfItsMiddle() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Self.study)
    let whole = place.file("whole")
    #expect(try Program.run("run", study, "--run-directory", whole, "--workers", "1").status == 0)

    let run = place.file("damaged")
    let first = try Running(
      ["run", study, "--run-directory", run, "--workers", "1", "--log-level", "debug"], errors: place.file("run.log"))
    #expect(first.waitForLog { $0.components(separatedBy: " debug: committed ").count > 6 }, "\(first.logText)")
    first.kill9()
    var outcomes: [[UInt8]] = []
    try RunStore.open(at: run, mode: .reading).forEachFact { if $0.kind == "train" { outcomes.append($0.outcome) } }
    #expect(outcomes.count >= 3)
    // Its state is gone: the segment behind it had left one of its own.
    #expect(try damage(outcomes[1], under: run) > 0)
    let resumed = try Program.run("resume", run, "--workers", "1")
    #expect(resumed.status == 0 && resumed.errors.contains("warning"), "\(resumed.errors)")
    #expect(try digest(run) == digest(whole))
  }

  /// Flips a bit of some bytes wherever the run's database holds them, and tells how often that was.
  private func damage(_ bytes: [UInt8], under run: String) throws -> Int {
    var places = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: run) where name.hasPrefix("sentei.sqlite") {
      let path = "\(run)/\(name)"
      var content = try Data(contentsOf: URL(fileURLWithPath: path))
      while let found = content.range(of: Data(bytes)) {
        content[found.upperBound - 1] ^= 4
        places += 1
      }
      try content.write(to: URL(fileURLWithPath: path))
    }
    return places
  }

  @Test func aModelGoesThroughFilesIntoAStudy() throws {
    let place = Workplace()
    let (model, onnx) = (place.file("m.safetensors"), place.file("m.onnx"))
    let trained = try Program.run(
      "train", "--zoo", "conv-2", "--width-multiplier", "0.1", "--dataset", "digits", "--epochs", "3", "--validation",
      "0.2", "--output", model)
    #expect(trained.status == 0, "\(trained.errors)")
    #expect(try Program.run("export", model, "--output", onnx).status == 0)
    let figures = try [model, onnx].map { try Program.run("evaluate", $0, "--dataset", "digits", "--json").output }
    #expect(figures[0] == figures[1] && figures[0].contains("top5"))
    #expect(try Program.run("inspect", onnx).output.contains("conv"))

    let study = try place.write(
      "study.yaml",
      """
      study: mine
      dataset: { name: digits }
      network: { onnx: \(onnx) }
      objective: { maximize: accuracy, at_compression: 3 }
      search: { algorithm: genetic, population_size: 8, generations: 3, elite_size: 2 }
      """)
    let run = place.file("run")
    let result = try Program.run("run", study, "--run-directory", run, "--workers", "1")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try count("train", in: run) == 0)
    // The run directory is complete in itself.
    try FileManager.default.removeItem(atPath: onnx)
    #expect(try Program.run("resume", run, "--workers", "1").status == 0)
    let again = try Program.run("run", study, "--run-directory", run, "--workers", "1")
    #expect(again.status == 66 && again.errors.contains(onnx), "\(again.status) \(again.errors)")
  }

  @Test func aKilledTrainingGoesOnFromItsCheckpoint() throws {
    let place = Workplace()
    let words = ["train", "--zoo", "conv-2", "--width-multiplier", "0.2", "--dataset", "digits", "--epochs", "12"]
    func arguments(_ name: String) -> [String] {
      words + ["--checkpoint", place.file("\(name).checkpoint"), "--output", place.file("\(name).safetensors")]
    }
    let whole = try Running(arguments("whole"), errors: place.file("whole.log"))
    #expect(whole.wait() == 0, "\(whole.logText)")
    let first = try Running(
      arguments("killed"), output: place.file("killed.log"), errors: place.file("killed.log"))
    #expect(first.waitForLog { $0.contains("epoch 3 ") }, "\(first.logText)")
    first.kill9()
    #expect(!FileManager.default.fileExists(atPath: place.file("killed.safetensors")))
    let second = try Running(arguments("killed"), output: place.file("second.log"), errors: place.file("second.err"))
    #expect(second.wait() == 0, "\(second.logText)")
    let said = try String(contentsOfFile: place.file("second.log"), encoding: .utf8)
    #expect(said.contains("going on") && !said.contains("epoch 3 "), "\(said)")
    #expect(
      FileManager.default.contents(atPath: place.file("killed.safetensors"))
        == FileManager.default.contents(atPath: place.file("whole.safetensors")))
    // A checkpoint of another training is not taken for this one.
    let other = try Program.run(
      "train", "--zoo", "conv-2", "--dataset", "digits", "--checkpoint", place.file("killed.checkpoint"), "--output",
      place.file("other.safetensors"))
    #expect(other.status == 65 && other.errors.contains("another training"), "\(other.errors)")
  }
}
