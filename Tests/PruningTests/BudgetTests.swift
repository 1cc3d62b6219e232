import Models
import Pruning
import Randomness
import Testing

/// The kept count that a compression asks for, and what is refused.
@Suite struct BudgetTests {
  private func lenet() throws -> ParameterLayout {
    ParameterLayout(try NetworkDescription(name: "lenet-300-100", widths: [784, 300, 100, 10]))
  }

  @Test("LeNet-300-100 at ten-fold compression keeps 26,661 parameters, 1,410 of them fixed")
  func known() throws {
    #expect(try Budget(compression: 10, layout: lenet()).kept == 26_661 - 1410)
  }

  @Test(
    "A compression that is none, or that the fixed parameters forbid, is refused",
    arguments: [0.5, 1, 0, -3, .nan, .infinity, 189, 1000, 1e300])
  func refusedCompression(compression: Double) throws {
    let layout = try lenet()
    #expect(throws: BudgetError.self) { try Budget(compression: compression, layout: layout) }
  }

  @Test("The error names the compression and the parameters that are never pruned")
  func message() throws {
    let layout = try lenet()
    let error = #expect(throws: BudgetError.self) { try Budget(compression: 1000, layout: layout) }
    for part in ["compression 1000", "266610", "1410", "less compression"] {
      #expect(error?.description.contains(part) == true, "\(part)")
    }
  }

  @Test("A kept count lies between one weight a tensor and the whole network")
  func keptCounts() throws {
    let layout = try lenet()
    for kept in [2, 3, 265_200] { #expect(try Budget(kept: kept, layout: layout).kept == kept) }
    for kept in [-1, 0, 1, 265_201, .max] {
      #expect(throws: BudgetError.self, "\(kept)") { try Budget(kept: kept, layout: layout) }
    }
  }

  @Test("The real compression is at least the requested one, and one weight more would miss it")
  func tight() throws {
    for seed in 0..<200 as Range<UInt64> {
      let layout = try someTensors(seed: seed)
      var stream = RandomStream(seed: seed, .test, 3)
      let compression = 1.01 + 4 * stream.uniform()
      guard let budget = try? Budget(compression: compression, layout: layout) else {
        let left = Int(Double(layout.count) / compression) - (layout.count - layout.prunableCount)
        #expect(left < layout.prunable.count || left > layout.prunableCount, "seed \(seed): refused without need")
        continue
      }
      func realCompression(_ kept: Int) -> Double {
        SizeMetrics(layout, mask: Mask(count: layout.prunableCount, keeping: 0..<kept)).realCompression
      }
      #expect(realCompression(budget.kept) >= compression, "seed \(seed)")
      if budget.kept < layout.prunableCount { #expect(realCompression(budget.kept + 1) < compression, "seed \(seed)") }
    }
  }
}
