import Foundation
import Testing

/// What `train`, `evaluate`, `export` and `inspect` refuse before they work, and what they take.
@Suite struct ModelCommandTests {
  private func refuses(
    _ arguments: [String], _ status: Int32 = 64, _ parts: String..., location: SourceLocation = #_sourceLocation
  ) throws {
    let result = try Program.run(arguments)
    #expect(result.status == status, "\(arguments): \(result.errors)", sourceLocation: location)
    for part in parts {
      #expect(result.errors.contains(part), "\(arguments): \(result.errors)", sourceLocation: location)
    }
    #expect(!result.output.contains("epoch"), "it worked first: \(result.output)", sourceLocation: location)
  }

  @Test func resultsThatCannotBeKept() throws {
    let place = Workplace()
    let train = ["train", "--zoo", "mlp-8", "--dataset", "digits", "--epochs", "1"]
    for name in ["m.pt", "m.onnx.gz", "m"] {
      try refuses(train + ["--output", place.file(name)], 64, "--output", ".safetensors")
      try refuses(["export", "in.onnx", "--output", place.file(name)], 64, "--output", ".safetensors")
    }
    let nowhere = place.file("none/m.onnx")
    try refuses(train + ["--output", nowhere], 74, nowhere, "No such file")
    try refuses(train + ["--output", place.file("m.onnx"), "--checkpoint", nowhere], 74, nowhere)
    // The result's place comes first, so the model that is not there is not missed.
    try refuses(["export", "in.onnx", "--output", nowhere], 74, nowhere)
    try refuses(["evaluate", "in.onnx", "--dataset", "digits", "--logits", nowhere], 74, nowhere)
    let file = try place.write("file", "")
    try refuses(train + ["--output", "\(file)/m.onnx"], 74, "\(file)/m.onnx")
    try FileManager.default.createDirectory(atPath: place.file("f.onnx"), withIntermediateDirectories: false)
    try refuses(train + ["--output", place.file("f.onnx")], 74, "directory")
  }

  @Test func optionsThatWouldDoNothing() throws {
    let place = Workplace()
    let train = ["train", "--output", place.file("m.onnx")]
    let digits = train + ["--zoo", "mlp-8", "--dataset", "digits"]
    for option in [
      ["--y", "y.npy"], ["--classes", "3"], ["--test-x", "x.npy"], ["--test-y", "y.npy"], ["--scale", "16"],
      ["--label-column", "0"], ["--channels-last"],
    ] {
      try refuses(digits + option, 64, option[0], "--x")
    }
    try refuses(train + ["--zoo", "mlp-8", "--x", "x.npy", "--data", "."], 64, "--data is for --dataset")
    try refuses(digits + ["--outputs", "20"], 64, "--outputs", "--classes")
    try refuses(digits + ["--prune-classifier"], 64, "--prune-classifier needs --mask")
    for option in [["--shape", "1,8,8"], ["--width-multiplier", "2"], ["--outputs", "3"]] {
      try refuses(["inspect", "m.onnx"] + option, 64, "\(option[0]) needs --zoo")
    }
    try refuses(train + ["--from", "m.onnx", "--dataset", "digits", "--shape", "1,8,8"], 64, "--shape needs --zoo")
    try refuses(
      ["export", "m.onnx", "--form", "compact", "--output", place.file("o.onnx")], 64, "compact needs --mask")
    for option in [["--momentum", "0.3"], ["--nesterov"]] {
      try refuses(digits + ["--optimizer", "adam"] + option, 64, "\(option[0]) needs --optimizer sgd, found adam")
    }
    for name in ["beta1", "beta2", "epsilon"] {
      try refuses(digits + ["--\(name)", "0.5"], 64, "--\(name) needs --optimizer adam or adamw, found sgd")
    }
    try refuses(digits + ["--minimum-delta", "0.1"], 64, "--minimum-delta needs --patience")
  }

  @Test func valuesOutOfRange() throws {
    let files = ["evaluate", "m.onnx", "--x", "x.csv"]
    for count in ["1", "257", "1000"] { try refuses(files + ["--classes", count], 64, "--classes", "2 to 256") }
    for scale in ["0", "65537"] { try refuses(files + ["--scale", scale], 64, "--scale", "1 to 65536") }
    let place = Workplace()
    let digits = ["train", "--output", place.file("m.onnx"), "--zoo", "mlp-8", "--dataset", "digits"]
    for list in ["@", "", "@0.1", "3,,4", "3@", "3,@0.1", "3@0.1@2"] {
      try refuses(digits + ["--schedule", "milestones:\(list)"], 64, "--schedule")
    }
    try refuses(digits + ["--optimizer", "adam", "--beta1", "1"], 64, "betas")
    try refuses(digits + ["--validation", "0.1", "--patience", "2", "--minimum-delta=-1"], 64, "--minimum-delta")
  }

  @Test func adamTakesItsOptions() throws {
    let place = Workplace()
    func weights(_ options: String...) throws -> Data? {
      let result = try Program.run(
        ["train", "--zoo", "mlp-8", "--dataset", "digits", "--epochs", "1", "--optimizer", "adam", "--output"]
          + [place.file("m.safetensors")] + options)
      #expect(result.status == 0, "\(result.errors)")
      return FileManager.default.contents(atPath: place.file("m.safetensors"))
    }
    let plain = try weights()
    #expect(try weights("--beta1", "0.9", "--beta2", "0.999", "--epsilon", "1e-8") == plain)
    for option in ["--beta1", "--beta2", "--epsilon"] { #expect(try weights(option, "0.5") != plain, "\(option)") }
  }

  @Test func dataThatLackTheHighestClasses() throws {
    let place = Workplace()
    func table(_ name: String, _ labels: [Int]) throws -> String {
      try place.write(
        name, (["a,b"] + (0..<12).map { "\($0 % 5),\(labels[$0 % labels.count])" }).joined(separator: "\n"))
    }
    let (whole, part, more) = (
      try table("whole.csv", [0, 1, 2]), try table("part.csv", [0, 1]), try table("more.csv", [0, 4])
    )
    let model = place.file("m.safetensors")
    let trained = try Program.run("train", "--zoo", "mlp-8", "--x", whole, "--epochs", "1", "--output", model)
    #expect(trained.status == 0, "\(trained.errors)")

    let listed = try Program.run("evaluate", model, "--x", part)
    let line = listed.output.split(separator: "\n").first { $0.hasPrefix("2 ") }?.split(separator: " ")
    #expect(listed.status == 0 && line == ["2", "0", "0", "-"], "\(listed.output)\(listed.errors)")
    let json = try Program.run("evaluate", model, "--x", part, "--json")
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    let accuracies = try #require(object?["per_class"] as? [Any])
    #expect(accuracies.count == 3 && accuracies[2] is NSNull && accuracies[0] is NSNumber, "\(json.output)")
    let further = try Program.run("train", "--from", model, "--x", part, "--epochs", "1", "--output", model)
    #expect(further.status == 0, "\(further.errors)")

    try refuses(["evaluate", model, "--x", part, "--classes", "2"], 64, "--classes 2", "3")
    try refuses(["evaluate", model, "--x", more], 65, "3 classes", "5")
  }

  @Test func labelsInAColumnByPlaceOrByName() throws {
    let place = Workplace()
    let lines = (0..<12).map { "\($0 % 3),\($0 % 5),\($0 % 7)" }
    let named = try place.write("named.csv", (["kind,a,b"] + lines).joined(separator: "\n"))
    let last = try place.write(
      "last.csv", (0..<12).map { "\($0 % 5),\($0 % 7),\($0 % 3)" }.joined(separator: "\n"))
    let model = place.file("m.safetensors")
    #expect(try Program.run("train", "--zoo", "mlp-8", "--x", last, "--epochs", "2", "--output", model).status == 0)
    let expected = try Program.run("evaluate", model, "--x", last).output
    for column in ["0", "kind"] {
      let result = try Program.run("evaluate", model, "--x", named, "--label-column", column)
      #expect(result.output == expected && !expected.isEmpty, "\(result.output)\(result.errors)")
    }
    try refuses(["evaluate", model, "--x", named, "--label-column", "sort"], 65, "named.csv", "'sort'")
    try refuses(["evaluate", model, "--x", named, "--label-column", "3"], 65, "named.csv", "column 3")
  }

  @Test func aModelUnderTheNameOfAnotherFormat() throws {
    let place = Workplace()
    let (safetensors, onnx) = (place.file("a.safetensors"), place.file("a.onnx"))
    let result = try Program.run(
      "train", "--zoo", "mlp-8", "--dataset", "digits", "--epochs", "0", "--output", safetensors)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try Program.run("export", safetensors, "--output", onnx).status == 0)
    let (wrongONNX, wrongSafetensors) = (place.file("b.onnx"), place.file("b.safetensors"))
    try FileManager.default.copyItem(atPath: safetensors, toPath: wrongONNX)
    try FileManager.default.copyItem(atPath: onnx, toPath: wrongSafetensors)
    try refuses(["inspect", wrongONNX], 65, wrongONNX, "found a safetensors file, expected an ONNX file")
    try refuses(["inspect", wrongSafetensors], 65, wrongSafetensors, "found an ONNX file, expected a safetensors file")
  }
}
