/// The data sets that can be asked for by name, and where they are.
package enum DataFolder {
  /// The names that ``load(named:folder:)`` knows.
  package static let known = ["digits"] + Catalogue.entries.map(\.name)

  /// The data set of a name.
  ///
  /// - Parameters:
  ///   - name: One of ``known``.
  ///   - folder: Where the files of a data set lie that does not come inside the binary; nil or empty if none was
  ///     given. The environment is not read here.
  /// - Throws: ``FormatError`` for an unknown name, a folder that is needed and was not given, and for missing,
  ///   unreadable or damaged files.
  package static func load(named name: String, folder: String?) throws(FormatError) -> DataSet {
    if name == "digits" { return DataSet(name: name, training: Digits.load(), officialTest: nil) }
    guard let entry = Catalogue.entry(named: name) else { throw .unknownDataSet(name: name, known: known) }
    let place = try DataPlace.find(entry, in: folder)
    switch name {
    case "cifar10": return try CIFAR.ten.load(from: place)
    case "cifar100": return try CIFAR.hundred.load(from: place)
    default: return try MNIST.load(from: place)
    }
  }
}
