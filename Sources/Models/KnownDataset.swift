/// The data sets that a study can name, with what a network must know of them.
package struct KnownDataset: Hashable, Sendable {
  package let name: String
  /// The shape of one sample.
  package let shape: [Int]
  package let classes: Int

  /// The UCI optical digits, embedded in the product.
  package static let digits = KnownDataset(name: "digits", shape: [8, 8], classes: 10)
  /// MNIST, from a folder of IDX files.
  package static let mnist = KnownDataset(name: "mnist", shape: [28, 28], classes: 10)

  package static let all = [digits, mnist]

  /// The data set of that name, if it is known.
  package static func named(_ name: String) -> KnownDataset? { all.first { $0.name == name } }

  /// The number of values of one sample.
  package var inputs: Int { shape.reduce(1, *) }
}
