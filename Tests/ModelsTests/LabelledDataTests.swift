import Digests
import Models
import Randomness
import Testing

@Suite struct LabelledDataTests {
  private static let normalization = LabelledData.Normalization(mean: [0.5, -1, 2], deviation: [0.25, 3, 0.1])

  private func floats() throws -> LabelledData {
    try LabelledData(
      shape: [3, 1, 2], classes: 4, values: .floats((0..<12).map { Float($0) / 7 - 0.0 }), labels: [3, 0],
      normalization: Self.normalization)
  }

  private func bytes() throws -> LabelledData {
    try LabelledData(shape: [2, 2], classes: 2, scale: 255, pixels: [0, 1, 254, 255, 7, 7, 8, 9], labels: [0, 1])
  }

  @Test func aPlaneIsOneChannel() throws {
    let data = try bytes()
    #expect(data.shape == [1, 2, 2])
    #expect(data.count == 2)
    #expect(data.featureCount == 4)
    #expect(data.channels == 1)
    let features = try LabelledData(shape: [4], classes: 2, scale: 255, pixels: [1, 2, 3, 4], labels: [0])
    #expect(features.shape == [4])
    #expect(features.channels == 1)
  }

  @Test func bytesAreDividedByTheScale() throws {
    #expect(try bytes().inputs(of: 0) == [0, 1 / 255, 254 / 255, 1])
    let sixteenth = try LabelledData(shape: [2], classes: 2, scale: 16, pixels: [16, 1], labels: [0])
    #expect(sixteenth.inputs(of: 0) == [1, 0.0625])
  }

  @Test("Each channel is seen through its own mean and deviation, after the division")
  func normalisation() throws {
    let data = try floats()
    let (mean, deviation) = (Self.normalization.mean, Self.normalization.deviation)
    for sample in 0..<2 {
      let expected = (0..<6).map { (Float(6 * sample + $0) / 7 - mean[$0 / 2]) / deviation[$0 / 2] }
      #expect(data.inputs(of: sample) == expected)
    }
    let pixels = try bytes().normalized(by: LabelledData.Normalization(mean: [0.5], deviation: [2]))
    let plain: [Float] = [0, 1 / 255, 254 / 255, 1]
    #expect(pixels.inputs(of: 0) == plain.map { ($0 - 0.5) / 2 })
    #expect(try pixels.normalized(by: nil) == bytes())
  }

  @Test func aSelectionKeepsOrderValuesAndNormalisation() throws {
    for data in [try floats(), try bytes()] {
      let chosen = data.selecting([1, 0, 1])
      #expect(chosen.labels == [data.labels[1], data.labels[0], data.labels[1]])
      #expect(chosen.inputs(of: 0) == data.inputs(of: 1))
      #expect(chosen.inputs(of: 1) == data.inputs(of: 0))
      #expect(chosen.inputs(of: 2) == data.inputs(of: 1))
      #expect(chosen.normalization == data.normalization)
      #expect(data.selecting([]).count == 0)
    }
  }

  @Test func comesBackFromItsStoredForm() throws {
    let data = [try floats(), try bytes(), try floats().normalized(by: nil), try bytes().selecting([])]
    for data in data {
      #expect(try LabelledData(canonical: data.canonicalBytes.bytes) == data)
    }
    #expect(Set(data.map(\.canonicalBytes.digest)).count == data.count)
  }

  @Test func negativeZeroAndSmallestNumbersKeepTheirBits() throws {
    let values: [Float] = [-0.0, .leastNonzeroMagnitude, -.greatestFiniteMagnitude]
    let data = try LabelledData(shape: [3], classes: 2, values: .floats(values), labels: [1])
    let back = try LabelledData(canonical: data.canonicalBytes.bytes)
    #expect(back.inputs(of: 0).map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test("Truncated or damaged bytes end in an error or in other valid data", arguments: 0..<10 as Range<UInt64>)
  func damage(seed: UInt64) throws {
    for data in [try floats(), try bytes()] {
      let bytes = data.canonicalBytes.bytes
      for length in 0..<bytes.count {
        #expect(throws: CanonicalError.self) { try LabelledData(canonical: Array(bytes.prefix(length))) }
      }
      var stream = RandomStream(seed: seed, .test, 2)
      for _ in 0..<300 {
        var damaged = bytes
        damaged[stream.below(bytes.count)] = UInt8(stream.below(256))
        do {
          let other = try LabelledData(canonical: damaged)
          #expect(other.featureCount * other.count == other.values.count, "seed \(seed)")
        } catch { #expect(!error.description.isEmpty) }
      }
    }
  }

  @Test("What contradicts itself is refused")
  func refusals() {
    func data(
      _ shape: [Int], classes: Int = 2, values: LabelledData.Values = .bytes([1, 2, 3, 4], scale: 255),
      labels: [UInt8] = [0], _ normalization: LabelledData.Normalization? = nil
    ) throws -> LabelledData {
      try LabelledData(shape: shape, classes: classes, values: values, labels: labels, normalization: normalization)
    }
    #expect(throws: Never.self) { try data([4]) }
    for shape in [[], [0], [-4], [1, 1, 2, 2], [3], [5], [2, 3], [.max, .max], [1 << 25]] {
      #expect(throws: NetworkError.self, "\(shape)") { try data(shape) }
    }
    for classes in [0, 1, -1, 257] { #expect(throws: NetworkError.self) { try data([4], classes: classes) } }
    for labels: [UInt8] in [[], [0, 0], [2], [255]] {
      #expect(throws: NetworkError.self) { try data([4], labels: labels) }
    }
    for scale in [0, -1, 65_537] {
      #expect(throws: NetworkError.self) { try data([4], values: .bytes([1, 2, 3, 4], scale: scale)) }
    }
    for value in [Float.nan, .infinity, -.infinity] {
      let error = #expect(throws: NetworkError.self) {
        try data([2], values: .floats([1, 2, 3, value]), labels: [0, 1])
      }
      #expect(error?.description.contains("value 1 of sample 1") == true)
    }
    let normalizations: [([Float], [Float])] = [
      ([], []), ([0], []), ([0, 0], [1, 1]), ([.nan], [1]), ([0], [0]), ([0], [-1]), ([0], [.infinity]), ([0], [.nan]),
    ]
    for (mean, deviation) in normalizations {
      #expect(throws: NetworkError.self, "\(mean) \(deviation)") {
        try data([4], LabelledData.Normalization(mean: mean, deviation: deviation))
      }
    }
  }
}
