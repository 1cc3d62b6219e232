internal import Yams

/// A mapping of the study file that is read key by key, so that every error can name its line and its key and no key
/// is overlooked.
struct Section {
  let file: String
  /// The keys above, for example `network.train`.
  let path: String
  let line: Int?
  private let entries: [(key: String, line: Int?, value: Node)]
  private var read: Set<String> = []

  /// - Throws: ``StudyFileError`` if the node is no mapping or a key is no text.
  init(_ node: Node, file: String, path: String) throws(StudyFileError) {
    self.file = file
    self.path = path
    line = node.mark?.line
    guard case .mapping(let mapping) = node else {
      throw StudyFileError(
        file: file, line: node.mark?.line, key: path.isEmpty ? nil : path,
        problem: "expected keys and values, found \(Self.describe(node))")
    }
    var entries: [(key: String, line: Int?, value: Node)] = []
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        throw StudyFileError(file: file, line: key.mark?.line, key: nil, problem: "expected a name as key")
      }
      entries.append((name, key.mark?.line, value))
    }
    self.entries = entries
  }

  /// Marks the key as known and gives its value; nil where it is absent or null.
  mutating func node(_ key: String) -> Node? {
    read.insert(key)
    guard let value = entries.first(where: { $0.key == key })?.value else { return nil }
    if case .scalar(let scalar) = value, scalar.style == .plain, ["", "~", "null"].contains(scalar.string) {
      return nil
    }
    return value
  }

  /// Whether a key stands here, or one within its group; it does not count as read.
  func has(_ key: String, _ inner: String? = nil) -> Bool {
    guard let value = entries.first(where: { $0.key == key })?.value else { return false }
    return inner.map { value[$0] != nil } ?? true
  }

  /// An error about a key of this section.
  func error(_ key: String, _ problem: String) -> StudyFileError {
    let line = entries.first { $0.key == key }?.line ?? line
    return StudyFileError(file: file, line: line, key: full(key), problem: problem)
  }

  /// - Throws: ``StudyFileError`` for anything but a list of texts.
  mutating func names(_ key: String) throws(StudyFileError) -> [String]? {
    guard let value = node(key) else { return nil }
    guard case .sequence(let items) = value, items.allSatisfy({ $0.scalar != nil }) else {
      throw error(key, "expected a list of names, found \(Self.describe(value))")
    }
    return items.map { $0.scalar!.string }
  }

  /// - Throws: ``StudyFileError`` for anything but a list of some of the choices.
  mutating func texts(_ key: String, oneOf choices: [String]) throws(StudyFileError) -> [String]? {
    guard let value = node(key) else { return nil }
    guard case .sequence(let items) = value, !items.isEmpty else {
      throw error(key, "expected a list of \(Self.list(choices)), found \(Self.describe(value))")
    }
    if let wrong = items.first(where: { !choices.contains($0.scalar?.string ?? "") }) {
      throw error(key, "expected a list of \(Self.list(choices)), found \(Self.describe(wrong)) in it")
    }
    return items.map { $0.scalar!.string }
  }

  /// - Throws: ``StudyFileError`` for a value that is no mapping.
  mutating func section(_ key: String) throws(StudyFileError) -> Section? {
    guard let value = node(key) else { return nil }
    return try Section(value, file: file, path: full(key))
  }

  /// - Throws: ``StudyFileError`` for anything but a whole number in `range`.
  mutating func int(_ key: String, _ range: ClosedRange<Int>) throws(StudyFileError) -> Int? {
    guard let value = node(key) else { return nil }
    guard let text = plain(value), let number = Int(text), range.contains(number) else {
      throw error(key, "expected a whole number \(Self.words(range)), found \(Self.describe(value))")
    }
    return number
  }

  /// - Throws: ``StudyFileError`` for anything but a number that `accepts` takes; `expected` says which.
  mutating func double(
    _ key: String, _ expected: String, _ accepts: (Double) -> Bool
  ) throws(StudyFileError) -> Double? {
    guard let value = node(key) else { return nil }
    guard let text = plain(value), let number = Double(text), number.isFinite, accepts(number) else {
      throw error(key, "expected \(expected), found \(Self.describe(value))")
    }
    return number
  }

  /// - Throws: ``StudyFileError`` for anything but a list of numbers that `accepts` takes; `expected` says which.
  mutating func doubles(
    _ key: String, _ expected: String, _ accepts: (Double) -> Bool
  ) throws(StudyFileError) -> [Double]? {
    guard let value = node(key) else { return nil }
    guard case .sequence(let items) = value else {
      throw error(key, "expected a list of \(expected), found \(Self.describe(value))")
    }
    var numbers: [Double] = []
    for item in items {
      guard let number = plain(item).flatMap(Double.init), number.isFinite, accepts(number) else {
        throw error(key, "expected a list of \(expected), found \(Self.describe(item)) in it")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// - Throws: ``StudyFileError`` for anything but a list of whole numbers in `range`.
  mutating func ints(_ key: String, _ range: ClosedRange<Int>) throws(StudyFileError) -> [Int]? {
    let values = try doubles(key, "whole numbers \(Self.words(range))") {
      $0 == $0.rounded() && $0 >= Double(range.lowerBound) && $0 <= Double(range.upperBound)
    }
    return values?.map { Int($0) }
  }

  /// A number between 0 and 1.
  mutating func fraction(_ key: String) throws(StudyFileError) -> Double? {
    try double(key, "a number from 0 to 1") { (0...1).contains($0) }
  }

  /// - Throws: ``StudyFileError`` for anything but true or false.
  mutating func bool(_ key: String) throws(StudyFileError) -> Bool? {
    guard let value = node(key) else { return nil }
    switch plain(value) {
    case "true": return true
    case "false": return false
    default: throw error(key, "expected true or false, found \(Self.describe(value))")
    }
  }

  /// - Throws: ``StudyFileError`` for anything but a text, or one that is not among `choices`.
  mutating func text(_ key: String, oneOf choices: [String]? = nil) throws(StudyFileError) -> String? {
    guard let value = node(key) else { return nil }
    guard let text = value.scalar?.string, !text.isEmpty else {
      throw error(key, "expected a text, found \(Self.describe(value))")
    }
    if let choices, !choices.contains(text) {
      throw error(key, "expected \(Self.list(choices)), found \(text)")
    }
    return text
  }

  /// - Throws: ``StudyFileError`` where the key is absent.
  func required<Value>(_ key: String, _ value: Value?, _ what: String) throws(StudyFileError) -> Value {
    guard let value else {
      throw StudyFileError(file: file, line: line, key: full(key), problem: "is missing; expected \(what)")
    }
    return value
  }

  /// Ends the reading of a section.
  ///
  /// - Throws: ``StudyFileError`` naming the first key that nobody asked for.
  func finish() throws(StudyFileError) {
    guard let unknown = entries.first(where: { !read.contains($0.key) }) else { return }
    throw StudyFileError(
      file: file, line: unknown.line, key: full(unknown.key),
      problem: "unknown key; expected \(Self.list(read.sorted()))")
  }

  /// A key with the path of the group in front.
  func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func plain(_ node: Node) -> String? {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return nil }
    return scalar.string
  }

  static func describe(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): scalar.style == .plain ? scalar.string : "the text \"\(scalar.string)\""
    case .mapping: "a group of keys"
    case .sequence: "a list"
    case .alias: "an alias"
    }
  }

  static func list(_ choices: [String]) -> String {
    choices.count < 2 ? choices.joined() : choices.dropLast().joined(separator: ", ") + " or " + choices.last!
  }

  private static func words(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max
      ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
  }
}
