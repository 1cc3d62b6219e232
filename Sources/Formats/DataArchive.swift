/// The unpacked `tar.gz` in which a data set is distributed.
package struct DataArchive: Sendable {
  package let path: String
  private let bytes: [UInt8]
  private let members: [String: Range<Int>]

  /// The archive at a path, with the files of a data set in it.
  ///
  /// - Throws: ``FormatError`` where it is missing, unreadable, too large or damaged, or two members have the name of
  ///   one file.
  /// - Complexity: linear in its length; the whole unpacked archive is held.
  package static func read(_ path: String, of entry: CatalogueEntry) throws(FormatError) -> DataArchive {
    let file = try SampleFile.read(path, limit: CIFAR.fileLimit)
    var members: [String: Range<Int>] = [:]
    do throws(FormatError) {
      for member in try Tar.read(file.bytes) {
        guard let name = member.name.split(separator: "/").last.map(String.init),
          entry.files.contains(where: { $0.name == name })
        else { continue }
        guard members.updateValue(member.content, forKey: name) == nil else {
          throw FormatError.bad(.byte(member.content.lowerBound), found: "'\(name)' twice", expected: "each file once")
        }
      }
    } catch { throw error.naming(file.name) }
    return DataArchive(path: path, bytes: file.bytes, members: members)
  }

  /// The content of the file that a data set calls `name`, whatever folder it lies in there; nil if it is not there.
  package func content(of name: String) -> ArraySlice<UInt8>? { members[name].map { bytes[$0] } }
}
