import Digests
import Models
import Randomness
import Testing

/// Data whose samples have targets.
@Suite struct TargetsTests {
  private static let targets: [Float] = [0.5, -1, 0.5, -0.0, 0, 3e38]

  private func data(_ targets: [Float]? = targets, labels: [UInt8] = [0, 2]) throws -> LabelledData {
    try LabelledData(
      shape: [2], classes: 3, values: .floats([1, 2, 3, 4]), labels: labels,
      normalization: .init(mean: [1], deviation: [2]), targets: targets)
  }

  @Test("Selections and other normalisations keep targets")
  func kept() throws {
    let data = try data()
    #expect(data.selecting([1, 0, 1]).targets == [-0.0, 0, 3e38, 0.5, -1, 0.5, -0.0, 0, 3e38])
    #expect(data.selecting([]).targets == [])
    #expect(try data.normalized(by: nil).targets == Self.targets)
    #expect(try data.normalized(by: nil).normalized(by: data.normalization) == data)
  }

  @Test("The stored form without targets is as it was before there were any; with them they stand behind it")
  func storedForm() throws {
    func written(version: Int) -> CanonicalBytes {
      var bytes = CanonicalBytes(kind: "data", version: version)
      bytes.append(list: [2]) { $0.append($1) }
      bytes.append(3)
      bytes.append(0)
      for values: [Float] in [[1, 2, 3, 4], [1], [2]] { Parameters.append(values, to: &bytes) }
      bytes.append(raw: [0, 2])
      return bytes
    }
    #expect(try data(nil).canonicalBytes.bytes == written(version: 2).bytes)
    var full = written(version: 3)
    Parameters.append(Self.targets, to: &full)
    #expect(try data().canonicalBytes.bytes == full.bytes)
  }

  @Test func comesBackFromItsStoredForm() throws {
    for data in [try data(), try data(nil), try data().selecting([]), try data(nil).selecting([])] {
      let back = try LabelledData(canonical: data.canonicalBytes.bytes)
      #expect(back == data)
      #expect(back.targets?.map(\.bitPattern) == data.targets?.map(\.bitPattern))
    }
    #expect(try data().canonicalBytes.digest != data(nil).canonicalBytes.digest)
  }

  @Test("Truncated or damaged bytes end in an error or in other valid data", arguments: 0..<10 as Range<UInt64>)
  func damage(seed: UInt64) throws {
    let bytes = try data().canonicalBytes.bytes
    for length in 0..<bytes.count {
      #expect(throws: CanonicalError.self) { try LabelledData(canonical: Array(bytes.prefix(length))) }
    }
    #expect(throws: CanonicalError.self) { try LabelledData(canonical: bytes + [0]) }
    var stream = RandomStream(seed: seed, .test, 3)
    for _ in 0..<300 {
      var damaged = bytes
      damaged[stream.below(bytes.count)] = UInt8(stream.below(256))
      guard let other = try? LabelledData(canonical: damaged) else { continue }
      #expect(other.targets?.count == other.count * other.classes, "seed \(seed)")
      #expect(other.canonicalBytes.bytes == damaged, "seed \(seed)")
    }
  }

  @Test("What contradicts itself is refused in words")
  func refusals() {
    let wrong: [([Float], [UInt8], String)] = [
      ([], [0, 2], "2 samples of 3 targets need 6, found 0"),
      ([1, 2, 3], [2, 2], "need 6, found 3"),
      ([0.5, -1, .nan, 0, 0, 1], [0, 2], "target 2 of sample 0 is nan"),
      ([0.5, -1, 0, 0, .infinity, 1], [0, 1], "target 1 of sample 1 is inf"),
      ([0.5, -1, 0.5, 0, 0, 1], [2, 2], "the first largest target of sample 0 is 0, its label 2"),
      ([0.5, -1, 0.5, 0, 0, 1], [0, 1], "the first largest target of sample 1 is 2, its label 1"),
      // 0 is not larger than −0.
      ([0.5, -1, 0.5, -0.0, 0, -1], [0, 1], "the first largest target of sample 1 is 0, its label 1"),
    ]
    for (targets, labels, words) in wrong {
      let error = #expect(throws: NetworkError.self) { try data(targets, labels: labels) }
      #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }
  }
}
