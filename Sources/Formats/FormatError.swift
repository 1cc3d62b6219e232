/// Why bytes from outside did not become a value.
///
/// The cases tell a caller which exit code fits: a mistake in the command (``unknownDataSet(name:known:)``,
/// ``folderNeeded(dataSet:)``), something that is not there (``missingFolder(path:)``,
/// ``missingFile(name:folders:)``), a file that the system will not give or take (``unreadable(path:reason:)``,
/// ``unwritable(path:reason:)``), or bytes that are not what they claim to be (``tooLarge(file:limit:)``,
/// ``badData(file:place:found:expected:)``).
package enum FormatError: Error, Hashable, Sendable {
  /// A data set that is asked for by a name that no reader answers to.
  case unknownDataSet(name: String, known: [String])
  /// A data set that lies in files, asked for without a folder.
  case folderNeeded(dataSet: String)
  /// The data folder is not there.
  case missingFolder(path: String)
  /// A file of this name, plain or gzipped, is in none of the folders.
  case missingFile(name: String, folders: [String])
  /// The operating system refused to open or read the file.
  case unreadable(path: String, reason: String)
  /// The operating system refused to write the file.
  case unwritable(path: String, reason: String)
  /// More than `limit` bytes, in the file or after unpacking.
  case tooLarge(file: String?, limit: Int)
  /// The content contradicts its format; `file` is nil while only bytes were at hand.
  case badData(file: String?, place: Place?, found: String, expected: String)

  /// Where in the content something is wrong.
  package enum Place: Hashable, Sendable {
    /// An offset in bytes, from 0.
    case byte(Int)
    /// A line, from 1.
    case line(Int)
    /// A named part, such as a tensor or a layer.
    case part(String)
  }

  /// Wrong content at a place, of a file that is not known yet.
  static func bad(_ place: Place?, found: String, expected: String) -> FormatError {
    .badData(file: nil, place: place, found: found, expected: expected)
  }

  /// The same error with the file that the bytes came from, unless it names one already.
  func naming(_ file: String) -> FormatError {
    switch self {
    case .tooLarge(nil, let limit):
      .tooLarge(file: file, limit: limit)
    case .badData(nil, let place, let found, let expected):
      .badData(file: file, place: place, found: found, expected: expected)
    case .unknownDataSet, .folderNeeded, .missingFolder, .missingFile, .unreadable, .unwritable, .tooLarge, .badData:
      self
    }
  }
}

extension FormatError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownDataSet(let name, let known):
      "unknown data set '\(name)', expected one of: \(known.joined(separator: ", "))"
    case .folderNeeded(let dataSet):
      "the data set \(dataSet) is read from files: give their folder with --data DIR or SENTEI_DATA"
    case .missingFolder(let path):
      "the data folder \(path) does not exist: give another with --data DIR or SENTEI_DATA"
    case .missingFile(let name, let folders):
      "no file \(name) or \(name).gz found, expected it in \(folders.joined(separator: " or "))"
    case .unreadable(let path, let reason):
      "cannot read \(path): \(reason)"
    case .unwritable(let path, let reason):
      "cannot write \(path): \(reason)"
    case .tooLarge(let file, let limit):
      "\(file ?? "the data"): found more than \(limit) bytes, expected at most that many"
    case .badData(let file, let place, let found, let expected):
      "\(file ?? "the data")\(place.map { ", \($0)" } ?? ""): found \(found), expected \(expected)"
    }
  }
}

extension FormatError.Place: CustomStringConvertible {
  package var description: String {
    switch self {
    case .byte(let offset): "byte \(offset)"
    case .line(let number): "line \(number)"
    case .part(let name): name
    }
  }
}
