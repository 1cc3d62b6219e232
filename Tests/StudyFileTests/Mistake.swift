import StudyFile
import Testing

/// A line of a file that says everything, what stands there instead, the key at fault, and parts of the message.
struct Mistake: Sendable, CustomTestStringConvertible {
  let line: String
  let other: String
  let key: String
  private(set) var parts: [String]
  let text: String

  init(_ line: String, _ other: String, _ key: String, _ parts: String..., in text: String = complete) {
    self.text = text
    self.line = line
    self.other = other
    self.key = key
    self.parts = parts
  }

  init(_ other: Mistake, in text: String) {
    self = Mistake(other.line, other.other, other.key, in: text)
    parts = other.parts
  }

  var testDescription: String { other }

  /// Makes the mistake, and reads what is said about it.
  func check() throws {
    let (text, line) = try replacing(self.line, by: other, in: text)
    let error = try #require(failure(of: text))
    #expect(error.line == line, "\(error)")
    #expect(error.key == key, "\(error)")
    for part in parts { #expect(error.problem.contains(part), "\(error) lacks \(part)") }
    #expect(error.description.hasPrefix("x.yaml:\(line): \(key): "))
    #expect(!error.description.contains("Optional"))
  }
}
