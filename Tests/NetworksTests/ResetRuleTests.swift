import Models
import Networks
import Pruning
import Randomness
import Testing

@Suite struct ResetRuleTests {
  @Test("Kept weights get other magnitudes, with their signs where the rule says so; nothing else changes")
  func rules() throws {
    let network = try NetworkDescription(name: "small", widths: [12, 10, 8, 4])
    let scope = PruningScope()
    let layout = ParameterLayout(network, scope: scope)
    for seed in 1..<20 as Range<UInt64> {
      let initial = initialParameters(network, seed: seed)
      let mask = Samples.mask(seed, count: layout.prunableCount, density: 0.4)
      for magnitudes in ResetRule.Magnitudes.allCases {
        for keepsSigns in [false, true] {
          let rule = ResetRule(magnitudes, keepsSigns: keepsSigns, seed: seed + 100)
          let values = rule.parameters(from: initial, keeping: mask, of: network, scope: scope)
          #expect(values == rule.parameters(from: initial, keeping: mask, of: network, scope: scope))
          for tensor in layout.tensors {
            let toBit = tensor.maskRange.map { $0.lowerBound - tensor.range.lowerBound }
            let changed = tensor.range.filter { values[$0] != initial[$0] }
            guard let toBit else {
              #expect(changed.isEmpty, "seed \(seed)")
              continue
            }
            #expect(changed.allSatisfy { mask[$0 + toBit] }, "seed \(seed)")
            let kept = tensor.range.filter { mask[$0 + toBit] }
            #expect(changed.count > kept.count / 2, "seed \(seed) \(rule)")
            let same = kept.count { (values[$0] < 0) == (initial[$0] < 0) }
            #expect(keepsSigns ? same == kept.count : same < kept.count, "seed \(seed) \(rule)")
            switch magnitudes {
            case .constant:
              let mean =
                tensor.range.reduce(0.0) { $0 + Double(initial[$1] * initial[$1]) } / Double(tensor.range.count)
              #expect(kept.allSatisfy { abs(Double(abs(values[$0])) - mean.squareRoot()) < 1e-6 }, "seed \(seed)")
            case .shuffled:
              #expect(kept.map { abs(values[$0]) }.sorted() == kept.map { abs(initial[$0]) }.sorted(), "seed \(seed)")
            case .fresh:
              let other = initialParameters(network, seed: seed + 100)
              #expect(kept.allSatisfy { abs(values[$0]) == abs(other[$0]) }, "seed \(seed)")
            }
          }
        }
      }
    }
  }
}
