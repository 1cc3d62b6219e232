/// The JSON header of a safetensors file as it stands, before any length is compared with the data.
///
/// The grammar is flat (an object of objects of strings and lists of whole numbers), so a reader of exactly that needs
/// no recursion and no tree of values. A general JSON decoder was rejected: it keeps the last of two equal keys without
/// a word, and builds a value for each byte of a hostile header.
struct SafetensorsHeader {
  struct Entry {
    let name: String
    let type: String
    let shape: [Int]
    /// Offsets in the data behind the header.
    let begin: Int
    let end: Int
    /// Where the entry stands in the file, for errors.
    let place: FormatError.Place
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]

  /// The most dimensions that a tensor may have.
  static let maximumRank = 64

  /// The header in `bytes[range]`.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` with the offset where the text leaves the grammar.
  /// - Complexity: linear in the length of the header.
  init(_ bytes: [UInt8], in range: Range<Int>) throws(FormatError) {
    var cursor = JSONCursor(bytes, in: range)
    var names: Set<String> = []
    var hasMetadata = false
    try cursor.object { (cursor, name, place) throws(FormatError) in
      if name == "__metadata__" {
        guard !hasMetadata else { throw .bad(place, found: "a second __metadata__", expected: "at most one") }
        hasMetadata = true
        try cursor.object { (cursor, key, place) throws(FormatError) in
          guard metadata.updateValue(try cursor.string(), forKey: key) == nil else {
            throw .bad(place, found: "a second \(quoted(key)) in __metadata__", expected: "each key once")
          }
        }
      } else {
        guard names.insert(name).inserted else {
          throw .bad(place, found: "a second tensor \(quoted(name))", expected: "each name once")
        }
        entries.append(try Self.entry(name, place, &cursor))
      }
    }
    try cursor.finish()
  }

  private static func entry(
    _ name: String, _ place: FormatError.Place, _ cursor: inout JSONCursor
  ) throws(FormatError) -> Entry {
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try cursor.object { (cursor, key, place) throws(FormatError) in
      switch key {
      case "dtype" where type == nil: type = try cursor.string()
      case "shape" where shape == nil: shape = try cursor.integers(atMost: maximumRank)
      case "data_offsets" where offsets == nil: offsets = try cursor.integers(atMost: 2)
      default: throw .bad(place, found: quoted(key), expected: "dtype, shape and data_offsets, each once")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw .bad(place, found: "an incomplete tensor \(quoted(name))", expected: "dtype, shape and two data_offsets")
    }
    return Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1], place: place)
  }
}

/// Text from a file for an error message: short, and without control characters.
func quoted(_ text: String) -> String {
  let short = text.unicodeScalars.prefix(80).map { $0.value < 32 ? " " : String($0) }.joined()
  return "'\(short)\(text.unicodeScalars.count > 80 ? "…" : "")'"
}
