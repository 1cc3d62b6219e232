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

  /// Whoever comes last has the file; nobody sees parts of two.
  @Test func manyWritersOfOneFile() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    let contents = (0..<8).map { [UInt8](repeating: UInt8($0), count: 100_000 + $0) }
    await withTaskGroup(of: Void.self) { group in
      for content in contents {
        group.addTask {
          for _ in 0..<5 {
            #expect(throws: Never.self) { try WholeFile.replace(path, with: content) }
            let found = try? WholeFile.readIfThere(path)
            #expect(found.map { contents.contains($0) } == true)
          }
        }
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"], "nothing else is left behind")
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
    #expect(ModelFile.canSave(as: "a.onnx") && ModelFile.canSave(as: "a.safetensors"))
    for path in ["a.onnx.gz", "a.pt", "onnx", ""] { #expect(!ModelFile.canSave(as: path)) }
    // A file under the other format's name is called what it is, packed or not.
    let (onnx, safetensors) = (ONNX.write(model), Safetensors.write(model))
    for (name, bytes, found) in [
      ("s.onnx", safetensors, "a safetensors file"), ("o.safetensors", onnx, "an ONNX file"),
      ("s.onnx.gz", gzipStored(safetensors), "a safetensors file"),
    ] {
      try folder.write(name, bytes)
      let text = complaint { try ModelFile.load(path: "\(folder.path)/\(name)") }
      #expect(text?.contains("\(name): found \(found), expected ") == true, "\(text ?? "nothing")")
    }
    // A damaged file of the format that its name tells is not taken for the other.
    try folder.write("cut.safetensors", Array(safetensors.prefix(40)))
    let cut = complaint { try ModelFile.load(path: "\(folder.path)/cut.safetensors") }
    #expect(cut?.contains("ONNX") == false)
    let other = try NetworkDescription(name: "other", widths: [2, 2])
    let mismatch = complaint { try ModelFile.load(path: "\(folder.path)/good.onnx", network: other) }
    #expect(mismatch?.contains("another network than other") == true)
  }
}
