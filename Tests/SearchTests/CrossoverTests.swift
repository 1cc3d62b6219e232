import Pruning
import Randomness
import Search
import Testing

/// Children of two masks: the exact count, all that both parents keep, nothing that neither keeps.
@Suite struct CrossoverTests {
  /// Pairs of parents from equal over nearly equal to unrelated.
  private func parents(_ space: MaskSpace, kept: Int, _ stream: inout RandomStream) -> [(Mask, Mask)] {
    let first = randomMask(space.count, kept: kept, &stream)
    let near = space.mutation(.magnitude, of: first, amount: 0.0001, stream: &stream)
    let far = space.mutation(.magnitude, of: first, amount: 1, stream: &stream)
    return [(first, first), (first, near), (first, far), (first, randomMask(space.count, kept: kept, &stream))]
  }

  @Test("Exact count between what both keep and what either keeps", arguments: [1, 2, 5, 64, 130, 200, 259, 260])
  func bounds(kept: Int) throws {
    let space = try maskSpace(kept: kept)
    for operation in Crossover.allCases {
      for seed in 0..<20 as Range<UInt64> {
        var stream = RandomStream(seed: seed, .test, UInt64(kept))
        for (first, second) in parents(space, kept: kept, &stream) {
          let child = space.crossover(operation, first, second, stream: &stream)
          #expect(child.population == kept, "\(operation), seed \(seed)")
          #expect(first.intersection(second).subtracting(child).population == 0, "\(operation), seed \(seed)")
          #expect(child.subtracting(first).subtracting(second).population == 0, "\(operation), seed \(seed)")
        }
      }
    }
  }

  @Test("Floors and bounds at once: nothing that neither keeps, all that both keep", arguments: Crossover.allCases)
  func floors(operation: Crossover) throws {
    let space = MaskSpace(
      scores: Array(repeating: 1, count: 60), layers: (0..<6).map { $0 * 10..<($0 + 1) * 10 },
      neurons: (0..<60).map { $0..<$0 + 1 }, size: .exactly(14), floors: [2, 2, 2, 2, 2, 2], seed: 1)
    for seed in 0..<200 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let first = space.mutation(.bitFlip, of: space.selected((0..<60).map(Float.init)), amount: 1, stream: &stream)
      let second = space.mutation(.bitFlip, of: space.selected((0..<60).map { -Float($0) }), amount: 1, stream: &stream)
      let child = space.crossover(operation, first, second, stream: &stream)
      #expect(space.contains(first) && space.contains(second) && space.contains(child), "seed \(seed)")
      #expect(first.intersection(second).subtracting(child).population == 0, "seed \(seed)")
      #expect(child.subtracting(first).subtracting(second).population == 0, "seed \(seed)")
    }
  }

  @Test("Uniform crossover takes about half of the differing weights from each parent")
  func halves() throws {
    let space = try maskSpace(kept: 130)
    let first = Mask(count: 260, keeping: 0..<130)
    let second = Mask(count: 260, keeping: 130..<260)
    var fromFirst = 0
    for seed in 0..<200 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      fromFirst += space.crossover(.uniform, first, second, stream: &stream).intersection(first).population
    }
    #expect(abs(Double(fromFirst) / 200 - 65) < 3)
  }

  @Test(
    "Where parents agree on each neuron's count, neuron crossover copies whole neurons",
    arguments: 0..<10 as Range<UInt64>)
  func wholeNeurons(seed: UInt64) throws {
    let space = try maskSpace(kept: 13 * 7)
    var stream = RandomStream(seed: seed, .test)
    func parent() -> Mask {
      Mask(
        count: 260, keeping: space.neurons.flatMap { neuron in stream.choose(7, of: 20).map { neuron.lowerBound + $0 } }
      )
    }
    let first = parent()
    let second = parent()
    let child = space.crossover(.neuron, first, second, stream: &stream)
    func bits(_ mask: Mask, _ neuron: Range<Int>) -> [Bool] { neuron.map { mask[$0] } }
    let sides = space.neurons.map { neuron in
      (bits(child, neuron) == bits(first, neuron), bits(child, neuron) == bits(second, neuron))
    }
    #expect(sides.allSatisfy { $0.0 || $0.1 })
    #expect(sides.contains { $0.0 } && sides.contains { $0.1 }, "one parent alone gave everything")
  }

  @Test("The neurons of a space are the rows of its tensors, without gaps")
  func neurons() throws {
    let space = try maskSpace(kept: 5)
    #expect(space.neurons == (0..<13).map { $0 * 20..<($0 + 1) * 20 })
  }

  @Test("The same stream breeds the same child, another stream another", arguments: [Crossover.uniform, .neuron])
  func keyed(operation: Crossover) throws {
    let space = try maskSpace(kept: 130)
    var stream = RandomStream(seed: 1, .test)
    let (first, second) = parents(space, kept: 130, &stream)[3]
    let children = [2, 2, 3 as UInt64].map { seed -> Mask in
      var stream = RandomStream(seed: seed, .test)
      return space.crossover(operation, first, second, stream: &stream)
    }
    #expect(children[0] == children[1] && children[0] != children[2])
  }
}
