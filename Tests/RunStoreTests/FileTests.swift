import Digests
import Foundation
import RunStore
import Testing

@Suite struct BlobTests {
  let scratch = Scratch()

  @Test func blobsComeBackAndStoringTwiceIsOnce() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    let blobs = [[], [7], [UInt8](repeating: 3, count: 300_000)].map { $0 as [UInt8] }
    for bytes in blobs {
      let digest = try store.storeBlob(bytes)
      #expect(digest == Digest(of: bytes))
      #expect(try store.storeBlob(bytes) == digest)
      #expect(store.hasBlob(digest))
      #expect(try store.blob(digest) == bytes)
    }
    #expect(try store.blobs() == blobs.map { Digest(of: $0) }.sorted())
    #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/partial") == [])
    #expect(throws: RunStoreError.noBlob(digest("none"), path: path)) { try store.blob(digest("none")) }
    try store.removeBlob(Digest(of: [7]))
    #expect(!store.hasBlob(Digest(of: [7])))
  }

  @Test func anyFlippedByteOfABlobIsFoundAndStoringMendsIt() throws {
    let store = try RunStore.open(at: scratch.run(), mode: .writing)
    let bytes = Array("weights of a network".utf8)
    let digest = try store.storeBlob(bytes)
    let file = store.layout.blob(digest)
    for position in bytes.indices {
      var wrong = bytes
      wrong[position] ^= 0x10
      try Data(wrong).write(to: URL(fileURLWithPath: file))
      let error = #expect(throws: RunStoreError.self) { try store.blob(digest) }
      guard case .damagedBlob(digest, _, _) = error, error?.description.contains(file) == true else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
    try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: file))
    #expect(throws: RunStoreError.self) { try store.blob(digest) }
    #expect(store.failure == nil)
    try store.storeBlob(bytes)
    #expect(try store.blob(digest) == bytes)
  }

  @Test func aBlobInPiecesAppearsOnlyWhenItIsRight() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let digest = Digest(of: bytes)
    let writer = try store.blobWriter(for: digest, byteCount: bytes.count)
    for start in stride(from: 0, to: bytes.count, by: BlobWriter.chunkSize) {
      #expect(writer.received == start)
      #expect(!store.hasBlob(digest))
      try writer.append(Array(bytes[start..<min(start + BlobWriter.chunkSize, bytes.count)]))
    }
    try writer.finish()
    #expect(try store.blob(digest) == bytes)
    #expect(throws: RunStoreError.self) { try writer.append([1]) }
    #expect(throws: RunStoreError.self) { try writer.finish() }
  }

  @Test func wrongPiecesCostTheWriterAndNotTheStore() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    let wanted = Digest(of: [1, 2, 3])
    for (pieces, count) in [([[1, 2, 4]], 3), ([[1, 2]], 3), ([[]], 0)] as [([[UInt8]], Int)] {
      let writer = try store.blobWriter(for: wanted, byteCount: count)
      for piece in pieces { try writer.append(piece) }
      guard case .rejected = #expect(throws: RunStoreError.self, performing: { try writer.finish() }) else {
        Issue.record("not rejected")
        return
      }
    }
    let greedy = try store.blobWriter(for: wanted, byteCount: 3)
    #expect(throws: RunStoreError.self) { try greedy.append([1, 2, 3, 4]) }
    greedy.discard()
    do { _ = try store.blobWriter(for: wanted, byteCount: 3) }
    #expect(!store.hasBlob(wanted))
    #expect(store.failure == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/partial") == [])
  }

  @Test func leftoversGoAtTheNextOpeningForWriting() throws {
    let path = try scratch.run()
    try Data("half a blob".utf8).write(to: URL(fileURLWithPath: path + "/partial/9.partial"))
    _ = try RunStore.open(at: path, mode: .reading)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/partial") == ["9.partial"])
    _ = try RunStore.open(at: path, mode: .writing)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/partial") == [])
  }
}

@Suite struct SnapshotTests {
  let scratch = Scratch()

  @Test func theNewestThreeAreKept() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    #expect(try store.newestSnapshot().snapshot == nil)
    for observed in [0, 9, 10, 200, 1000] {
      try store.writeSnapshot(observed: observed, state: Array("state \(observed)".utf8))
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: path + "/snapshots").sorted() == [
        "10.snapshot", "1000.snapshot", "200.snapshot",
      ])
    let newest = try store.newestSnapshot()
    #expect(newest.snapshot?.observed == 1000)
    #expect(newest.snapshot?.state == Array("state 1000".utf8))
    #expect(newest.damage == [])
    try store.removeSnapshots(after: 200)
    #expect(try store.newestSnapshot().snapshot?.observed == 200)
  }

  @Test func aDamagedSnapshotMeansTheOneBefore() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    for observed in [10, 20, 30] {
      try store.writeSnapshot(observed: observed, state: [UInt8](repeating: 5, count: 40))
    }
    let sound = try Image(of: path + "/snapshots")
    for position in sound["30.snapshot"].indices {
      var image = sound
      image["30.snapshot"][position] ^= 1
      try image.write(to: path + "/snapshots")
      let found = try store.newestSnapshot()
      #expect(found.snapshot?.observed == 20)
      #expect(found.damage.count == 1)
    }
    var image = sound
    image["30.snapshot"] = Data()
    image["20.snapshot"] = sound["10.snapshot"]
    image["10.snapshot"] = sound["10.snapshot"].dropLast()
    image["notes.txt"] = Data("mine".utf8)
    try image.write(to: path + "/snapshots")
    let found = try store.newestSnapshot()
    #expect(found.snapshot == nil)
    #expect(found.damage.count == 3)
    #expect(found.damage.first?.description.contains("30.snapshot") == true)
  }
}
