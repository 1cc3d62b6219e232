/// The NPZ format of NumPy: a zip archive of NPY files, one for each named array.
package struct NPZ: Sendable {
  private let archive: ZipArchive

  /// The names of the arrays, without `.npy`, in the order of the archive.
  package let names: [String]

  /// The archive with its directory checked; the arrays are unpacked when they are asked for.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - limit: The most bytes that all arrays together may unpack to.
  /// - Throws: ``FormatError`` as ``ZipArchive/init(_:limit:)`` does, and for a member that is not called `NAME.npy`.
  package init(_ bytes: [UInt8], limit: Int) throws(FormatError) {
    archive = try ZipArchive(bytes, limit: limit)
    var names: [String] = []
    for member in archive.members {
      guard member.name.hasSuffix(".npy"), member.name.utf8.count > 4 else {
        throw .bad(nil, found: "a member '\(member.name)'", expected: "members called NAME.npy")
      }
      names.append(String(member.name.dropLast(4)))
    }
    self.names = names
  }

  /// The array of a name; nil if there is none.
  ///
  /// - Throws: ``FormatError`` where the member is damaged or no NPY file; offsets in it count in the unpacked member.
  package func array(_ name: String) throws(FormatError) -> NPYArray? {
    guard let index = names.firstIndex(of: name) else { return nil }
    let content = try archive.content(of: archive.members[index])
    do { return try NPY.read(content) } catch { throw error.naming("the member '\(name).npy'") }
  }

  /// The bytes of an archive with these arrays, stored.
  ///
  /// - Parameter arrays: Distinct names of printable ASCII without slashes; below 2 GiB together.
  package static func write(_ arrays: [(name: String, array: NPYArray)]) -> [UInt8] {
    ZipArchive.write(arrays.map { ("\($0.name).npy", NPY.write($0.array)) })
  }
}
