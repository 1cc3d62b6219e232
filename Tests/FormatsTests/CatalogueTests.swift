import Digests
import Formats
import Foundation
import Models
import Testing

@Suite struct CatalogueTests {
  @Test("Every known data set but the embedded one has an entry whose numbers agree")
  func entries() {
    #expect(["digits"] + Catalogue.entries.map(\.name) == KnownDataset.all.map(\.name))
    for entry in Catalogue.entries {
      #expect(Set(entry.files.map(\.name)).count == entry.files.count)
      #expect(!entry.downloads.isEmpty && !entry.sources.isEmpty)
      #expect(entry.sources.allSatisfy { $0.hasPrefix("http") && $0.hasSuffix("/") })
      let values = entry.dataset.shape.reduce(1, *)
      let pixels = (entry.trainingCount + entry.testCount) * values
      let total = entry.files.reduce(0) { $0 + $1.size }
      let perSample = ["cifar10": 1, "cifar100": 2][entry.name]
      #expect(
        total == pixels + (perSample ?? 1) * (entry.trainingCount + entry.testCount) + (perSample == nil ? 48 : 0))
      if !entry.isArchive {
        #expect(entry.downloads.map(\.name) == entry.files.map { $0.name + ".gz" })
        #expect(entry.downloads.map(\.sha256) == entry.files.map { $0.packed })
      }
    }
  }

  @Test(
    "MNIST as its authors made it is verified, packed or not; changed or missing files are told",
    .enabled(if: publicData != nil, "no data: SENTEI_DATA"))
  func mnist() throws {
    let entry = try #require(Catalogue.entry(named: "mnist"))
    let place = try DataPlace.find(entry, in: publicData)
    let findings = DataCheck.findings(in: place)
    #expect(findings.map(\.state) == [.original, .original, .original, .original])

    let packed = try #require(
      FileManager.default.contents(atPath: place.folder + "/t10k-labels-idx1-ubyte.gz").map(Array.init))
    let plain = try Gzip.decompress(packed, limit: 1 << 20)
    let folder = try TemporaryFolder()
    try folder.write("t10k-labels-idx1-ubyte", plain)
    try folder.write("train-labels-idx1-ubyte.gz", Array(packed.dropLast()))
    let changed = Array(plain.dropLast() + [9])
    try folder.write("t10k-images-idx3-ubyte", changed)
    let found = DataCheck.findings(in: try DataPlace.find(entry, in: folder.path))
    #expect(found[0].state == .missing && found[0].path == nil)
    guard case .unreadable = found[1].state else {
      Issue.record("\(found[1].state)")
      return
    }
    #expect(found[2].state == .different(Digest(of: changed)))
    #expect(found[3].state == .original)
    try folder.write("t10k-labels-idx1-ubyte.gz", gzipStored(plain))
    try folder.write("t10k-labels-idx1-ubyte", gzipStored(plain))
    #expect(DataCheck.findings(in: try DataPlace.find(entry, in: folder.path))[3].state == .original)
  }

  @Test("A plain file of Fashion-MNIST is of the right length or different, but not known to be the original")
  func unpublished() throws {
    let entry = try #require(Catalogue.entry(named: "fashion-mnist"))
    let folder = try TemporaryFolder()
    let labels = IDX.write(IDXArray(dimensions: [10_000], values: [UInt8](repeating: 1, count: 10_000))!)
    try folder.write("fashion-mnist/t10k-labels-idx1-ubyte", labels)
    try folder.write("fashion-mnist/train-labels-idx1-ubyte", [1])
    let findings = DataCheck.findings(in: try DataPlace.find(entry, in: folder.path))
    #expect(
      findings.map(\.state)
        == [.missing, .different(Digest(of: [1])), .missing, .unknown(Digest(of: labels))])
  }
}
