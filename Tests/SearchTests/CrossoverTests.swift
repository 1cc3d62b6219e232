import Pruning
import Randomness
import Search
import Testing

/// Children of two masks: the exact count, all that both parents keep, nothing that neither keeps.
@Suite struct CrossoverTests {
  private enum Operator: CaseIterable {
    case uniform
    case neuron

    func child(_ first: Mask, _ second: Mask, in space: SearchSpace, stream: inout RandomStream) -> Mask {
      switch self {
      case .uniform: Breeding.uniformCrossover(first, second, in: space, stream: &stream)
      case .neuron: Breeding.neuronCrossover(first, second, in: space, stream: &stream)
      }
    }
  }

  /// Pairs of parents from equal over nearly equal to unrelated.
  private func parents(_ space: SearchSpace, _ stream: inout RandomStream) -> [(Mask, Mask)] {
    let count = space.tables.count
    let first = randomMask(count, kept: space.budget.kept, &stream)
    let near = Breeding.swapMutation(first, count: 1, in: space, stream: &stream)
    let far = Breeding.swapMutation(first, count: count, in: space, stream: &stream)
    return [(first, first), (first, near), (first, far), (first, randomMask(count, kept: space.budget.kept, &stream))]
  }

  @Test("Exact count between what both keep and what either keeps", arguments: [1, 2, 5, 64, 130, 200, 259, 260])
  func bounds(kept: Int) throws {
    let space = try space(kept: kept)
    for operation in Operator.allCases {
      for seed in 0..<40 as Range<UInt64> {
        var stream = RandomStream(seed: seed, .test, UInt64(kept))
        for (first, second) in parents(space, &stream) {
          let child = operation.child(first, second, in: space, stream: &stream)
          #expect(child.population == kept, "\(operation), seed \(seed)")
          #expect(first.intersection(second).subtracting(child).population == 0, "\(operation), seed \(seed)")
          #expect(child.subtracting(first).subtracting(second).population == 0, "\(operation), seed \(seed)")
        }
      }
    }
  }

  @Test("Uniform crossover takes about half of the differing weights from each parent")
  func halves() throws {
    let space = try space(kept: 130)
    let first = Mask(count: 260, keeping: 0..<130)
    let second = Mask(count: 260, keeping: 130..<260)
    var fromFirst = 0
    for seed in 0..<200 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      fromFirst += Breeding.uniformCrossover(first, second, in: space, stream: &stream).intersection(first).population
    }
    #expect(abs(Double(fromFirst) / 200 - 65) < 3)
  }

  @Test(
    "Where parents agree on each neuron's count, neuron crossover copies whole neurons",
    arguments: 0..<10 as Range<UInt64>)
  func wholeNeurons(seed: UInt64) throws {
    let space = try space(kept: 13 * 7)
    var stream = RandomStream(seed: seed, .test)
    func parent() -> Mask {
      Mask(
        count: 260, keeping: space.neurons.flatMap { neuron in stream.choose(7, of: 20).map { neuron.lowerBound + $0 } }
      )
    }
    let first = parent()
    let second = parent()
    let child = Breeding.neuronCrossover(first, second, in: space, stream: &stream)
    func bits(_ mask: Mask, _ neuron: Range<Int>) -> [Bool] { neuron.map { mask[$0] } }
    let sides = space.neurons.map { neuron in
      (bits(child, neuron) == bits(first, neuron), bits(child, neuron) == bits(second, neuron))
    }
    #expect(sides.allSatisfy { $0.0 || $0.1 })
    #expect(sides.contains { $0.0 } && sides.contains { $0.1 }, "one parent alone gave everything")
  }

  @Test("The neurons of a space are the rows of its tensors, without gaps")
  func neurons() throws {
    let space = try space(kept: 5)
    #expect(space.neurons == (0..<13).map { $0 * 20..<($0 + 1) * 20 })
  }

  @Test("The same stream breeds the same child, another stream another")
  func keyed() throws {
    let space = try space(kept: 130)
    var stream = RandomStream(seed: 1, .test)
    let (first, second) = parents(space, &stream)[3]
    for operation in Operator.allCases {
      let children = [2, 2, 3 as UInt64].map { seed -> Mask in
        var stream = RandomStream(seed: seed, .test)
        return operation.child(first, second, in: space, stream: &stream)
      }
      #expect(children[0] == children[1] && children[0] != children[2], "\(operation)")
    }
  }
}
