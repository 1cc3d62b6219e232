import Decoders
import Formats
import Testing

/// Whatever bytes a reader is given, it gives a value or a `FormatError`, within bounded time and memory.
@Suite(.timeLimit(.minutes(2))) struct FuzzTests {
  private static let inputs = 100_000
  private static let limit = 1 << 16

  /// Reads mutations of the seeds; names the input that a failed check is about.
  ///
  /// - Parameters:
  ///   - accepted: The least number that must come through, or the mutations are too coarse to reach the checks behind
  ///     the first.
  ///   - read: Whether the value that came of an input is one that may.
  private func fuzz(
    _ seeds: [[UInt8]], seed: UInt64, accepted least: Int, read: ([UInt8]) throws(FormatError) -> Bool
  ) {
    var accepted = 0
    var refused = 0
    for number in 0..<Self.inputs {
      var mutator = Mutator(seed: seed << 32 | UInt64(number))
      let bytes = mutator.mutate(seeds[number % seeds.count])
      do throws(FormatError) {
        let isSound = try read(bytes)
        if !isSound { Issue.record("seed \(seed), input \(number): accepted, but unsound: \(bytes.prefix(200))") }
        accepted += 1
      } catch {
        switch error {
        case .badData, .tooLarge: refused += 1
        case .unknownDataSet, .folderNeeded, .missingFolder, .missingFile, .unreadable, .unwritable:
          Issue.record("seed \(seed), input \(number): \(error)")
        }
      }
    }
    #expect(accepted >= least, "seed \(seed): \(accepted) accepted")
    #expect(refused >= Self.inputs / 4, "seed \(seed): \(refused) refused")
  }

  @Test func gzip() {
    let seeds = [gzipStored(Array("a gzip member".utf8)), gzipStored([1]) + gzipStored([2, 3]), Self.deflatedGzip]
    fuzz(seeds, seed: 1, accepted: 100) { bytes throws(FormatError) in
      try Gzip.decompress(bytes, limit: Self.limit).count <= Self.limit
    }
  }

  @Test func idx() {
    let seeds = [
      IDX.write(IDXArray(dimensions: [2, 2, 3], values: Array(1...12))!),
      IDX.write(IDXArray(dimensions: [3], values: [0, 1, 2])!),
    ]
    fuzz(seeds, seed: 2, accepted: 1000) { bytes throws(FormatError) in try IDX.write(IDX.read(bytes)) == bytes }
  }

  @Test func csv() {
    let seeds = ["1,2,3\n4,5,6\n", "a,b,c\n0.5,-1e3,7\r\n.25, 2 ,9", "\u{FEFF}1,1\n2,2\n"].map { Array($0.utf8) }
    fuzz(seeds, seed: 3, accepted: 1000) { bytes throws(FormatError) in
      let table = try CSV.readTable(bytes, label: .last)
      return table.values.count == table.labels.count * table.columns && table.values.allSatisfy(\.isFinite)
    }
    fuzz(seeds, seed: 4, accepted: 1000) { bytes throws(FormatError) in
      try CSV.readIntegers(bytes, columns: [0...9, -5...5, 0...9]).count.isMultiple(of: 3)
    }
  }

  @Test func npy() {
    fuzz(
      [NumPy.floats, NumPy.fortran, NPY.write(NPYArray(shape: [3], values: .bytes([1, 2, 3]))!)], seed: 5,
      accepted: 1000
    ) {
      bytes throws(FormatError) in
      let array = try NPY.read(bytes)
      if case .floats = array.values { return array.shape.reduce(1, *) == array.values.count }
      return try NPY.read(NPY.write(array)) == array
    }
  }

  @Test func npz() {
    fuzz([NumPy.stored, NumPy.deflated, NPZ.write([])], seed: 6, accepted: 1000) { bytes throws(FormatError) in
      let archive = try NPZ(bytes, limit: Self.limit)
      var total = 0
      for name in archive.names { total += try archive.array(name)?.values.count ?? 0 }
      return total <= Self.limit
    }
  }

  @Test func cifar() {
    for (kind, labels) in [(CIFAR.ten, [7]), (.hundred, [3, 42])] as [(CIFAR, [UInt8])] {
      let record = labels + [UInt8](repeating: 5, count: CIFAR.imageLength)
      fuzz([record, record + record], seed: kind == .ten ? 7 : 8, accepted: 1000) { bytes throws(FormatError) in
        let records = try kind.read(bytes)
        return records.pixels.count == records.labels.count * CIFAR.imageLength
          && records.labels.allSatisfy { Int($0) < kind.classes }
      }
    }
  }

  @Test func tarArchive() {
    let seeds = [
      tar([("folder/a", "0", [1, 2, 3])]), tar([("f/", "5", []), ("f/b", "0", [4])]),
      tar([("p", "x", Array("13 mtime=1.5\n8 a=b=c\n".utf8)), ("a", "0", [1])]),
    ]
    fuzz(seeds, seed: 9, accepted: 1000) { bytes throws(FormatError) in
      try Tar.read(bytes).allSatisfy { $0.content.upperBound <= bytes.count && !$0.name.hasPrefix("/") }
    }
  }

  /// 65,536 zero bytes in 96.
  private static let deflatedGzip: [UInt8] =
    [31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 1, 1, 0, 0, 0, 128, 144, 254, 175, 238, 8, 10]
    + [UInt8](repeating: 0, count: 63) + [106, 235, 142, 151, 215, 0, 0, 1, 0]
}
