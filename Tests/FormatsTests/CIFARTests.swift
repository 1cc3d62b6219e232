import Formats
import Foundation
import Models
import Testing

@Suite struct CIFARTests {
  /// A record with this label whose pixels tell it apart.
  private func record(_ labels: [UInt8], _ fill: UInt8) -> [UInt8] {
    labels + (0..<CIFAR.imageLength).map { UInt8(truncatingIfNeeded: $0 >> 5) &+ fill }
  }

  private func batches(_ count: Int) -> [(name: String, bytes: [UInt8])] {
    (0..<count).map { ("data_batch_\($0 + 1).bin", record([UInt8($0)], UInt8($0)) + record([9], UInt8($0))) }
      + [("test_batch.bin", record([3], 100))]
  }

  @Test("Labels and pixels of both kinds are told apart")
  func records() throws {
    let two = try CIFAR.ten.read(record([7], 1) + record([9], 2))
    #expect(two.labels == [7, 9])
    #expect(two.pixels == Array(record([], 1) + record([], 2)))
    let fine = try CIFAR.hundred.read(record([19, 99], 1))
    #expect(fine.labels == [99] && fine.pixels == record([], 1))
  }

  @Test("Other lengths and labels out of range are refused with their offset")
  func refusals() {
    for bytes in [[], [0], Array(record([0], 0).dropLast()), record([0], 0) + [1]] {
      #expect(throws: FormatError.self) { try CIFAR.ten.read(bytes) }
    }
    #expect(
      throws: FormatError.badData(
        file: nil, place: .byte(3073), found: "label 10", expected: "a label from 0 to 9")
    ) { try CIFAR.ten.read(record([0], 0) + record([10], 0)) }
    #expect(throws: FormatError.self) { try CIFAR.hundred.read(record([0, 100], 0)) }
    #expect(throws: FormatError.self) { try CIFAR.hundred.read(record([20, 0], 0)) }
  }

  @Test(
    "Batches are found in the folder and below, plain or packed", arguments: ["", "cifar10/", "cifar-10-batches-bin/"])
  func places(below: String) throws {
    let folder = try TemporaryFolder()
    for (index, (name, bytes)) in batches(5).enumerated() {
      try folder.write(below + name + (index % 2 == 0 ? "" : ".gz"), index % 2 == 0 ? bytes : gzipStored(bytes))
    }
    let set = try DataFolder.load(named: "cifar10", folder: folder.path)
    #expect(set.training.labels == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9])
    #expect(set.training.shape == [3, 32, 32] && set.training.classes == 10)
    #expect(
      set.training.values
        == .bytes(batches(5).dropLast().flatMap { $0.bytes[1..<3073] + $0.bytes[3074...] }, scale: 255))
    #expect(set.officialTest?.labels == [3] && set.note == nil)
  }

  @Test("The first batches are enough, and the note says how many; a gap or no test batch is refused")
  func some() throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    for (name, bytes) in batches(2) { try folder.write(name, bytes) }
    let set = try DataFolder.load(named: "cifar10", folder: path)
    #expect(set.training.count == 4)
    #expect(set.note == "4 of 50,000 training images: 2 of 5 batches")
    try folder.write("data_batch_4.bin", record([1], 1))
    #expect(throws: FormatError.missingFile(name: "data_batch_3.bin", folders: [path])) {
      try DataFolder.load(named: "cifar10", folder: path)
    }
    try FileManager.default.removeItem(atPath: path + "/data_batch_4.bin")
    try FileManager.default.removeItem(atPath: path + "/test_batch.bin")
    #expect(throws: FormatError.missingFile(name: "test_batch.bin", folders: [path])) {
      try DataFolder.load(named: "cifar10", folder: path)
    }
    try folder.write("test_batch.bin", [1, 2])
    let error = #expect(throws: FormatError.self) { try DataFolder.load(named: "cifar10", folder: path) }
    #expect(error?.description.hasPrefix(path + "/test_batch.bin, byte 0: found 2 bytes") == true)
  }

  @Test("The authors' archive is read as it is, and told by its checksum")
  func archive() throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    let files = [("train.bin", record([1, 42], 1) + record([2, 7], 2)), ("test.bin", record([3, 99], 3))]
    let archive = tar(
      [("cifar-100-binary/", "5", []), ("cifar-100-binary/fine_label_names.txt", "0", [65])]
        + files.map { ("cifar-100-binary/" + $0.0, "0", $0.1) })
    try folder.write("cifar100/cifar-100-binary.tar.gz", gzipStored(archive))
    let set = try DataFolder.load(named: "cifar100", folder: path)
    #expect(set.training.labels == [42, 7] && set.officialTest?.labels == [99] && set.training.classes == 100)

    let entry = try #require(Catalogue.entry(named: "cifar100"))
    let place = try DataPlace.find(entry, in: path)
    let findings = DataCheck.findings(in: place)
    #expect(findings.map(\.name) == ["cifar-100-binary.tar.gz"])
    guard case .different = findings[0].state else {
      Issue.record("\(findings[0].state)")
      return
    }
    let content = try DataArchive.read(try #require(place.archivePath), of: entry)
    #expect(content.content(of: "train.bin").map { Array($0) } == files[0].1)
    #expect(content.content(of: "fine_label_names.txt") == nil)
    try folder.write("cifar100/cifar-100-binary.tar.gz", gzipStored(archive.dropLast(1024) + archive))
    #expect(throws: FormatError.self) { try DataFolder.load(named: "cifar100", folder: path) }
  }

  @Test(
    "The rebuilt subset is read, and verified as what it is", .enabled(if: publicData != nil, "no data: SENTEI_DATA"))
  func subset() throws {
    let entry = try #require(Catalogue.entry(named: "cifar10"))
    guard let place = try? DataPlace.find(entry, in: publicData) else { return }
    let set = try DataFolder.load(named: "cifar10", folder: publicData)
    #expect(set.training.count % 10_000 == 0 && set.officialTest?.count == 10_000)
    let findings = DataCheck.findings(in: place)
    #expect(findings.count == 6)
    for finding in findings {
      switch finding.state {
      case .original, .different: #expect(finding.path != nil)
      case .missing: #expect(finding.path == nil)
      case .unknown, .unreadable: Issue.record("\(finding.name): \(finding.state)")
      }
    }
  }
}
