import Models
import Randomness
import Studies
import Testing

/// The four slices of a data set.
@Suite struct StratifiedSplitTests {
  /// Samples that carry their own number in two pixels, with classes of very different sizes.
  private func data(_ sizes: [Int], seed: UInt64 = 1) throws -> LabelledData {
    var labels = sizes.enumerated().flatMap { Array(repeating: UInt8($0.offset), count: $0.element) }
    var stream = RandomStream(seed: seed, .test)
    stream.shuffle(&labels)
    let pixels = labels.indices.flatMap { [UInt8($0 / 256), UInt8($0 % 256)] }
    return try LabelledData(shape: [2], classes: sizes.count, scale: 255, pixels: pixels, labels: labels)
  }

  private func numbers(_ data: LabelledData) -> [Int] {
    guard case .bytes(let pixels, 255) = data.values else { return [] }
    return (0..<data.count).map { Int(pixels[2 * $0]) * 256 + Int(pixels[2 * $0 + 1]) }
  }

  private let shapes: [[Int]] = [
    [100, 100, 100], [178, 182, 177, 183, 181, 182, 181, 179, 174, 180], [500, 3, 20], [1, 1, 1, 1, 96], [50, 0, 50],
  ]

  @Test("Disjoint and complete, exact in size, each class within 2 of its share, labels beside their samples")
  func properties() throws {
    for shape in shapes {
      for seed in 1...4 as ClosedRange<UInt64> {
        let all = try data(shape, seed: seed)
        let sizes = SplitSizes(search: .fraction(0.2), validation: .count(11), test: .fraction(0.25))
        let slices = try StratifiedSplit.slices(of: all, officialTest: nil, sizes: sizes, seed: seed)
        let parts = [slices.train, slices.search, slices.validation, slices.test]
        let total = Double(all.count)
        let wanted = [Int((0.2 * total).rounded()), 11, Int((0.25 * total).rounded())]
        #expect(parts.map(\.count) == [all.count - wanted.reduce(0, +)] + wanted, "\(shape), seed \(seed)")
        #expect(parts.flatMap(numbers).sorted() == Array(0..<all.count), "\(shape), seed \(seed)")
        for part in parts {
          #expect(zip(numbers(part), part.labels).allSatisfy { all.labels[$0] == $1 }, "\(shape), seed \(seed)")
          for (label, size) in shape.enumerated() {
            let here = part.labels.count { Int($0) == label }
            let share = Double(part.count * size) / total
            #expect(abs(Double(here) - share) < 2, "\(shape), seed \(seed): \(here) of class \(label), not \(share)")
          }
        }
      }
    }
  }

  @Test("The seed decides: the same one cuts the same slices, another others")
  func seeds() throws {
    let all = try data([60, 60])
    func cut(_ seed: UInt64) throws -> [[Int]] {
      let slices = try StratifiedSplit.slices(of: all, officialTest: nil, sizes: SplitSizes(), seed: seed)
      return [slices.train, slices.search, slices.validation, slices.test].map(numbers)
    }
    #expect(try cut(1) == cut(1))
    #expect(try cut(1) != cut(2))
  }

  @Test("An official test part is passed through, and takes nothing from the training part")
  func officialTest() throws {
    let all = try data([60, 40])
    let official = try data([3, 4], seed: 9)
    let sizes = SplitSizes(search: .count(20), validation: .count(10), test: .count(1_000_000))
    let slices = try StratifiedSplit.slices(of: all, officialTest: official, sizes: sizes, seed: 1)
    #expect(slices.test == official)
    #expect([slices.train, slices.search, slices.validation].flatMap(numbers).sorted() == Array(0..<100))
    #expect(slices.train.count == 70 && slices.search.count == 20 && slices.validation.count == 10)
  }

  @Test("All but one sample can be shared out")
  func leastTraining() throws {
    let sizes = SplitSizes(search: .count(97), validation: .count(1), test: .count(1))
    let slices = try StratifiedSplit.slices(of: try data([60, 40]), officialTest: nil, sizes: sizes, seed: 1)
    #expect(slices.train.count == 1)
  }

  @Test("An empty slice, or none left to train on, is refused with the key and the numbers")
  func errors() throws {
    let all = try data([60, 40])
    for (sizes, part) in [
      (SplitSizes(search: .count(0)), "splits.search: 0 of 100"),
      (SplitSizes(validation: .fraction(0.001)), "splits.validation: 0 of 100"),
      (SplitSizes(test: .count(-5)), "splits.test: -5 of 100"),
      (SplitSizes(search: .count(60), validation: .count(30), test: .count(10)), "100 samples asked for, 100 there"),
      (SplitSizes(search: .count(1000)), "none left to train on"),
    ] {
      let error = #expect(throws: SplitError.self) {
        try StratifiedSplit.slices(of: all, officialTest: nil, sizes: sizes, seed: 1)
      }
      #expect(error?.description.contains(part) == true, "\(error?.description ?? "-") lacks \(part)")
    }
  }
}
