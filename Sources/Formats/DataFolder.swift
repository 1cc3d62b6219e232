/// The data sets that can be asked for by name, and where they are.
package enum DataFolder {
  /// The names that ``load(named:folder:)`` knows.
  package static let known = ["digits", "mnist"]

  /// The data set of a name.
  ///
  /// - Parameters:
  ///   - name: One of ``known``.
  ///   - folder: Where the files of a data set lie that does not come inside the binary; nil or empty if none was
  ///     given. The environment is not read here.
  /// - Throws: ``FormatError`` for an unknown name, a folder that is needed and was not given, and for missing,
  ///   unreadable or damaged files.
  package static func load(named name: String, folder: String?) throws(FormatError) -> DataSet {
    switch name {
    case "digits":
      return DataSet(name: name, training: Digits.load(), officialTest: nil)
    case "mnist":
      guard let folder, !folder.isEmpty else { throw .folderNeeded(dataSet: name) }
      return try MNIST.load(folder: folder)
    case let other:
      throw .unknownDataSet(name: other, known: known)
    }
  }
}
