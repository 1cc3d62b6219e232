import Foundation
import Testing

/// Checkpoints of `sentei train`, and losses that are not finite.
@Suite struct TrainTests {
  private func train(_ place: Workplace, _ more: [String], data: [String] = ["--dataset", "digits"]) throws
    -> Program.Result
  {
    try Program.run(
      ["train", "--zoo", "mlp-8", "--output", place.file("m.safetensors")] + data + more)
  }

  @Test func aCheckpointIsForOneWayToStop() throws {
    let place = Workplace()
    let checkpoint = ["--validation", "0.2", "--checkpoint", place.file("c")]
    let ways = [
      [], ["--patience", "1000"], ["--patience", "1000", "--minimum-delta", "0.01"], ["--patience", "999"],
    ]
    for first in ways {
      try? FileManager.default.removeItem(atPath: place.file("c"))
      #expect(try train(place, checkpoint + first + ["--epochs", "2"]).status == 0)
      let again = try train(place, checkpoint + first + ["--epochs", "2"])
      #expect(again.status == 0 && again.output.contains("going on"), "\(again.errors)")
      for second in ways where second != first {
        let refused = try train(place, checkpoint + second + ["--epochs", "2"])
        #expect(refused.status == 65 && refused.errors.contains("another training"), "\(refused.errors)")
      }
    }
  }

  @Test func aDamagedCheckpointIsRefused() throws {
    let place = Workplace()
    let words = ["--validation", "0.2", "--patience", "9", "--epochs", "2", "--checkpoint", place.file("c")]
    #expect(try train(place, words).status == 0)
    let model = FileManager.default.contents(atPath: place.file("m.safetensors"))
    let whole = try #require(FileManager.default.contents(atPath: place.file("c")))
    func refuses(_ content: Data, _ what: String) throws {
      _ = FileManager.default.createFile(atPath: place.file("c"), contents: content)
      let refused = try train(place, words)
      #expect(refused.status == 65 && refused.errors.contains(place.file("c")), "\(what): \(refused.errors)")
      #expect(refused.errors.split(separator: "\n").count == 1, "\(what): \(refused.errors)")
    }
    for index in stride(from: 0, to: whole.count, by: whole.count / 9) + [whole.count - 1] {
      var content = whole
      content[index] ^= 4
      try refuses(content, "byte \(index)")
    }
    for count in [0, 1, 31, 32, 60, whole.count / 2, whole.count - 1] {
      try refuses(whole.prefix(count), "\(count) bytes")
    }
    try refuses(whole + [0], "a byte more")
    #expect(FileManager.default.contents(atPath: place.file("m.safetensors")) == model)
  }

  /// Two clusters, and one sample whose values overflow the scores.
  private func samples(_ place: Workplace) throws -> String {
    var lines = (0..<40).map { $0 % 2 == 0 ? "1,0,0" : "0,1,1" }
    lines[7] = "3e38,3e38,1"
    return try place.write("x.csv", lines.joined(separator: "\n") + "\n")
  }

  @Test func aValidationLossThatIsNotFiniteIsNeverBetter() throws {
    let place = Workplace()
    // With this seed the sample is held out.
    let words = ["--validation", "0.5", "--epochs", "2", "--seed", "1", "--checkpoint", place.file("c")]
    let data = ["--x", try samples(place)]
    let trained = try train(place, words, data: data)
    #expect(trained.status == 0, "\(trained.errors)")
    #expect(trained.output.components(separatedBy: "validation not finite").count == 3, "\(trained.output)")
    #expect(FileManager.default.fileExists(atPath: place.file("c")))

    try FileManager.default.removeItem(atPath: place.file("c"))
    try FileManager.default.removeItem(atPath: place.file("m.safetensors"))
    let chosen = try train(place, words + ["--patience", "5"], data: data)
    #expect(chosen.status == 70 && chosen.errors.contains("no loss on validation was finite"), "\(chosen.errors)")
    #expect(!FileManager.default.fileExists(atPath: place.file("m.safetensors")))
  }
}
