import Foundation
import Testing

/// `export --form` beyond dense and masked, and `measure`.
@Suite struct ExportFormTests {
  private func refuses(
    _ arguments: [String], _ status: Int32, _ parts: String..., location: SourceLocation = #_sourceLocation
  ) throws {
    let result = try Program.run(arguments)
    #expect(result.status == status, "\(arguments): \(result.errors)", sourceLocation: location)
    for part in parts {
      #expect(result.errors.contains(part), "\(arguments): \(result.errors)", sourceLocation: location)
    }
    #expect(result.output.isEmpty, "\(result.output)", sourceLocation: location)
  }

  @Test func whatCannotBe() throws {
    let place = Workplace()
    let (onnx, safetensors) = (place.file("o.onnx"), place.file("o.safetensors"))
    for form in ["csr", "shared"] {
      try refuses(
        ["export", "m.onnx", "--form", form, "--output", onnx], 64, "--form \(form)", ".safetensors alone", onnx)
      try refuses(["export", "m.onnx", "--form", form, "--output", safetensors], 66, "m.onnx")
    }
    let export = ["export", "m.onnx", "--output", safetensors]
    try refuses(export + ["--bits", "4"], 64, "--bits needs --form shared")
    try refuses(export + ["--form", "csr", "--convolution-bits", "4"], 64, "--convolution-bits needs --form shared")
    for bits in ["0", "9", "-1"] {
      try refuses(export + ["--form", "shared", "--bits=\(bits)"], 64, "--bits takes a number from 1 to 8", bits)
      try refuses(["measure", "m.onnx", "--convolution-bits=\(bits)"], 64, "--convolution-bits takes", bits)
    }
    try refuses(["measure", "m.onnx", "--rounds", "19"], 64, "--rounds takes a number from 20", "19")
    try refuses(["measure", "m.onnx", "--json", "--csv"], 64, "--json or --csv")
    try refuses(["measure", "run", "--strategy", "Dense", "--mask", "m.npy"], 64, "expected no --mask")
    try refuses(["measure", "m.onnx"], 66, "m.onnx")
    try refuses(["measure", place.path, "--strategy", "Dense"], 66, "holds no run")
  }

  /// The cells of a table's line by the names of its columns.
  private func rows(_ table: String) -> [[String: String]] {
    let lines = table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    guard let start = lines.firstIndex(where: { $0.first == "layer" || $0.first == "form" }) else { return [] }
    return lines[(start + 2)...].prefix { $0.count == lines[start].count }.map {
      Dictionary(uniqueKeysWithValues: zip(lines[start], $0))
    }
  }

  @Test func everyFormOfARunsNetwork() throws {
    let place = Workplace()
    let run = place.file("run")
    let study = Studies.quick(generations: 4).replacing("mlp-32", with: "mlp-100")
    let result = try Program.run(
      "run", try place.write("study.yaml", study), "--run-directory", run, "--workers", "1")
    #expect(result.status == 0, "\(result.errors)")
    let strategy = ["--strategy", "GlobalMagWeight"]
    func export(_ form: String) throws -> (file: String, output: String) {
      let file = place.file("\(form).safetensors")
      let result = try Program.run(["export", run] + strategy + ["--form", form, "--output", file])
      #expect(result.status == 0, "\(result.errors)")
      return (file, result.output)
    }
    func size(_ file: String) throws -> Int { try #require(FileManager.default.contents(atPath: file)).count }

    // Sparse rows are smaller, and every command takes them for what they are.
    let (masked, csr) = (try export("masked").file, try export("csr"))
    let report = "parameters in \(try size(csr.file)) bytes, dense1.weight as sparse rows"
    #expect(csr.output.contains(report), "\(csr.output)")
    #expect(try size(csr.file) < size(masked) / 2)
    let evaluations = try [masked, csr.file].map { try Program.run("evaluate", $0, "--dataset", "digits").output }
    #expect(evaluations[0] == evaluations[1] && evaluations[0].contains("top-1"))
    let back = place.file("back.safetensors")
    #expect(try Program.run("export", csr.file, "--output", back).status == 0)
    #expect(FileManager.default.contents(atPath: back) == FileManager.default.contents(atPath: masked))

    // Shared weights are smaller still; their table adds up.
    let shared = try export("shared")
    #expect(try size(shared.file) < size(csr.file))
    let layers = rows(shared.output)
    #expect(layers.map { $0["layer"] } == ["dense1.weight", "dense2.weight"], "\(shared.output)")
    let first = try #require(layers.first?.mapValues { Int($0) ?? -1 })
    let centroids = try #require(first["centroids"])
    #expect(first["weights"] == 6400 && (2...32).contains(centroids) && first["codebook_bytes"] == 4 * centroids)
    let packed = ["position_bytes", "index_bytes", "codebook_bytes", "length_bytes"].reduce(0) { $0 + first[$1]! }
    let bits = try #require(Double(layers[0]["bits_per_weight"]!))
    #expect(abs(bits - Double(8 * packed) / 6400) < 0.001, "\(shared.output)")

    let measured = try Program.run(["measure", run] + strategy + ["--json"])
    #expect(measured.status == 0, "\(measured.errors)")
    let object = try JSONSerialization.jsonObject(with: Data(measured.output.utf8)) as? [String: Any]
    let forms = try #require(object?["forms"] as? [[String: Any]])
    #expect(forms.map { $0["form"] as? String } == ["dense", "masked", "csr", "compact", "shared"])
    func numbers(_ key: String) -> [Double] { forms.map { ($0[key] as? NSNumber)?.doubleValue ?? .nan } }
    let sizes = try [masked, csr.file, shared.file].map { Double(try size($0)) }
    let bytes = numbers("bytes")
    #expect([bytes[1], bytes[2], bytes[4]] == sizes)
    #expect(numbers("gzipped_bytes").allSatisfy { $0 > 0 })
    let (accuracies, speedups) = (numbers("accuracy"), numbers("theoretical_speedup"))
    // The weights that the run's network lacks have no meaning, so the whole of them has no accuracy.
    #expect(accuracies[0].isNaN && accuracies.dropFirst().allSatisfy { (0...1).contains($0) })
    #expect(accuracies[1] == accuracies[2])
    let test = try Program.run(["evaluate", run] + strategy + ["--json"])
    let top1 = try JSONSerialization.jsonObject(with: Data(test.output.utf8)) as? [String: Any]
    #expect((top1?["top1"] as? NSNumber)?.doubleValue == accuracies[1], "\(test.output)")
    #expect(speedups[0] == 1 && speedups[1] == speedups[2] && speedups[1] > 4 && speedups[3] >= speedups[1])
    for form in forms {
      let latency = try #require(form["latency"] as? [[String: Any]])
      #expect(latency.map { $0["batch"] as? Int } == [1, 256])
      #expect(latency.allSatisfy { ($0["seconds"] as? NSNumber).map { $0.doubleValue > 0 } == true })
    }

    // Without a run there is no accuracy, and the zeros of the file count.
    let table = try Program.run("measure", csr.file)
    let lines = rows(table.output)
    #expect(lines.map { $0["form"] } == ["dense", "masked", "csr", "compact", "shared"], "\(table.output)")
    #expect(lines.allSatisfy { $0["accuracy"] == nil } && table.output.contains("scripts/peers onnx"))
    #expect(lines[1]["nonzero"] == (forms[1]["nonzero"] as? NSNumber)?.stringValue)
    let csv = try Program.run("measure", csr.file, "--csv").output.split(separator: "\n")
    #expect(csv.count == 6 && csv[0].hasPrefix("form,parameters,nonzero,bytes"), "\(csv)")
    #expect(Set(csv.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }) == [14])
  }
}
