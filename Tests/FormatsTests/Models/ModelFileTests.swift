import Formats
import Foundation
import Models
import Testing

@Suite struct ModelFileTests {
  @Test(arguments: ["model.onnx", "model.safetensors"])
  func whatIsSavedIsLoaded(name: String) throws {
    let folder = try TemporaryFolder()
    let model = try randomModel(3)
    let path = "\(folder.path)/\(name)"
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
    try ModelFile.save(model, to: path)
    #expect(try ModelFile.load(path: path) == model)
    #expect(try ModelFile.load(path: path, network: model.network) == model)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name], "nothing else is left behind")

    // Packed, under names that tell the format and names that do not.
    let packed = gzipStored([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    try folder.write("\(name).gz", packed)
    try folder.write("unnamed", packed)
    #expect(try ModelFile.load(path: "\(folder.path)/\(name).gz") == model)
    #expect(try ModelFile.load(path: "\(folder.path)/unnamed") == model)
  }

  @Test func refusals() throws {
    let folder = try TemporaryFolder()
    let model = try randomModel(3)
    #expect(throws: FormatError.unwritable(path: "m.pt", reason: "a model file ends in .onnx or .safetensors")) {
      try ModelFile.save(model, to: "m.pt")
    }
    let nowhere = "\(folder.path)/none/m.onnx"
    #expect(throws: FormatError.unwritable(path: nowhere, reason: "No such file or directory")) {
      try ModelFile.save(model, to: nowhere)
    }
    #expect(throws: FormatError.self) { try ModelFile.load(path: nowhere) }
    try folder.write("bad.onnx", [1, 2, 3])
    let text = complaint { try ModelFile.load(path: "\(folder.path)/bad.onnx") }
    #expect(text?.contains("bad.onnx") == true)
    try folder.write("good.onnx", ONNX.write(model))
    let other = try NetworkDescription(name: "other", widths: [2, 2])
    let mismatch = complaint { try ModelFile.load(path: "\(folder.path)/good.onnx", network: other) }
    #expect(mismatch?.contains("another network than other") == true)
  }
}
