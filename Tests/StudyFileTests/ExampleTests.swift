import Foundation
import StudyFile
import Testing

/// The studies that the documentation shows.
@Suite struct ExampleTests {
  private static var documentation: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "docs")
  }

  @Test("Every example can be read")
  func examples() throws {
    let files = try FileManager.default.contentsOfDirectory(
      at: Self.documentation.appending(path: "examples"), includingPropertiesForKeys: nil)
    #expect(files.count { $0.pathExtension == "yaml" } >= 4)
    for file in files where file.pathExtension == "yaml" {
      let document = try AnyStudyDocument(
        text: String(contentsOf: file, encoding: .utf8), file: file.lastPathComponent)
      #expect(document.trials ?? 1 > 0, "\(file.lastPathComponent)")
    }
  }

  @Test("Every study that the texts show can be read")
  func texts() throws {
    var shown = 0
    for file in try FileManager.default.contentsOfDirectory(at: Self.documentation, includingPropertiesForKeys: nil)
    where file.pathExtension == "md" {
      for block in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "```yaml\n").dropFirst() {
        let text = block.components(separatedBy: "```")[0]
        _ = try AnyStudyDocument(text: text, file: file.lastPathComponent)
        shown += 1
      }
    }
    #expect(shown > 0)
  }

  @Test("The references name every key that a study file can have")
  func reference() throws {
    let text = try ["study-file.md", "searches.md", "methods.md"].map {
      try String(contentsOf: Self.documentation.appending(path: $0), encoding: .utf8)
    }.joined()
    let keys = (complete + "\n" + own).split(separator: "\n").compactMap { line -> Substring? in
      let key = line.drop { $0 == " " }.prefix { $0 != ":" }
      return key.isEmpty || line.allSatisfy { $0 == " " } ? nil : key
    }
    for key in Set(keys) { #expect(text.contains(key), "\(key)") }
  }
}
