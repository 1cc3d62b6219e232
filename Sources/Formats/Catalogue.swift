internal import Digests
internal import Models

/// The known data sets that lie in files.
///
/// Checksums of downloads are those that TensorFlow Datasets publishes with their lengths
/// (`tensorflow_datasets/url_checksums`), and for MNIST also those of the files themselves. Checksums of unpacked
/// content: MNIST computed, CIFAR from ankane/torchvision-ruby; of Fashion-MNIST none has been published.
package enum Catalogue {
  package static let entries = [mnist, fashionMNIST, cifar10, cifar100]

  /// The entry of a data set; nil for names that are not known or need no files.
  package static func entry(named name: String) -> CatalogueEntry? { entries.first { $0.name == name } }

  private static let mnist = idx(
    .mnist, folder: "mnist", mayLieOpen: true,
    sources: ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"],
    packedSizes: [9_912_422, 28_881, 1_648_877, 4542],
    packed: [
      "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
      "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
      "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
      "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ],
    content: [
      "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
      "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
      "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
      "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ])

  private static let fashionMNIST = idx(
    .fashionMNIST, folder: "fashion-mnist", mayLieOpen: false,
    sources: ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
    packedSizes: [26_421_880, 29_515, 4_422_102, 5148],
    packed: [
      "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
      "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
      "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
      "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ],
    content: nil)

  private static let cifar10 = CatalogueEntry(
    dataset: .cifar10, trainingCount: 50_000, testCount: 10_000, folder: "cifar10",
    otherFolders: ["cifar-10-batches-bin", "cifar10/cifar-10-batches-bin"], mayLieOpen: true,
    trainingFiles: [
      file("data_batch_1.bin", 30_730_000, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
      file("data_batch_2.bin", 30_730_000, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
      file("data_batch_3.bin", 30_730_000, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
      file("data_batch_4.bin", 30_730_000, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
      file("data_batch_5.bin", 30_730_000, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
    ],
    testFiles: [
      file("test_batch.bin", 30_730_000, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b")
    ],
    downloads: [
      .init(
        name: "cifar-10-binary.tar.gz", size: 170_052_171,
        sha256: digest("c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"))
    ],
    isArchive: true, sources: ["https://www.cs.toronto.edu/~kriz/"])

  private static let cifar100 = CatalogueEntry(
    dataset: .cifar100, trainingCount: 50_000, testCount: 10_000, folder: "cifar100",
    otherFolders: ["cifar-100-binary", "cifar100/cifar-100-binary"], mayLieOpen: true,
    trainingFiles: [
      file("train.bin", 153_700_000, "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29")
    ],
    testFiles: [file("test.bin", 30_740_000, "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a")],
    downloads: [
      .init(
        name: "cifar-100-binary.tar.gz", size: 168_513_733,
        sha256: digest("58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"))
    ],
    isArchive: true, sources: ["https://www.cs.toronto.edu/~kriz/"])

  /// The names and lengths that MNIST and Fashion-MNIST share, in the order of the lists of checksums.
  private static let idxFiles = [
    ("train-images-idx3-ubyte", 47_040_016), ("train-labels-idx1-ubyte", 60_008),
    ("t10k-images-idx3-ubyte", 7_840_016), ("t10k-labels-idx1-ubyte", 10_008),
  ]

  private static func idx(
    _ dataset: KnownDataset, folder: String, mayLieOpen: Bool, sources: [String], packedSizes: [Int],
    packed: [String], content: [String]?
  ) -> CatalogueEntry {
    let files = idxFiles.indices.map { index in
      CatalogueEntry.File(
        name: idxFiles[index].0, size: idxFiles[index].1, content: content.map { digest($0[index]) },
        packed: digest(packed[index]))
    }
    let downloads = files.indices.map { index in
      CatalogueEntry.Download(
        name: files[index].name + ".gz", size: packedSizes[index], sha256: digest(packed[index]))
    }
    return CatalogueEntry(
      dataset: dataset, trainingCount: 60_000, testCount: 10_000, folder: folder, otherFolders: [],
      mayLieOpen: mayLieOpen, trainingFiles: Array(files[..<2]), testFiles: Array(files[2...]), downloads: downloads,
      isArchive: false, sources: sources)
  }

  private static func file(_ name: String, _ size: Int, _ content: String) -> CatalogueEntry.File {
    .init(name: name, size: size, content: digest(content), packed: nil)
  }

  private static func digest(_ hex: String) -> Digest {
    guard let digest = Digest(hex: hex) else { preconditionFailure("'\(hex)' is no SHA-256") }
    return digest
  }
}
