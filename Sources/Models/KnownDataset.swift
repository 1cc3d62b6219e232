/// The data sets that a study can name, with what a network must know of them.
package struct KnownDataset: Hashable, Sendable {
  package let name: String
  /// The shape of one sample: [channels, height, width].
  package let shape: [Int]
  package let classes: Int

  /// The UCI optical digits, embedded in the product.
  package static let digits = KnownDataset(name: "digits", shape: [1, 8, 8], classes: 10)
  /// MNIST, from a folder of IDX files.
  package static let mnist = KnownDataset(name: "mnist", shape: [1, 28, 28], classes: 10)
  /// Fashion-MNIST, from a folder of IDX files.
  package static let fashionMNIST = KnownDataset(name: "fashion-mnist", shape: [1, 28, 28], classes: 10)
  /// CIFAR-10, from a folder of its binary files.
  package static let cifar10 = KnownDataset(name: "cifar10", shape: [3, 32, 32], classes: 10)
  /// CIFAR-100 with its fine labels, from a folder of its binary files.
  package static let cifar100 = KnownDataset(name: "cifar100", shape: [3, 32, 32], classes: 100)

  package static let all = [digits, mnist, fashionMNIST, cifar10, cifar100]

  /// The data set of that name, if it is known.
  package static func named(_ name: String) -> KnownDataset? { all.first { $0.name == name } }
}
