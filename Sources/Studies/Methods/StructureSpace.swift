package import Models
package import Randomness

/// The genomes that lead from one network to others of one size, and how they vary.
///
/// Every genome that leaves it is possible: no layer loses more than it has to keep, no network on the way has more
/// parameters than the budget (but where all begin with more), and the last one, in cycles every one, has as many as the
/// moment's whole neurons allow.
package struct StructureSpace: Sendable {
  package let moves: StructurePlan.Moves
  package let moments: Int
  /// Channels of each site at the beginning.
  let first: [Int]
  /// Those of the network whose size is the budget.
  let target: [Int]
  let least: [Int]
  let size: ParameterCount
  let budget: Int

  /// No layer gets more than so many times what the target has.
  private static let widest = 4
  /// Parts into which an amount is cut to fit.
  private static let parts = 1 << 10

  /// - Throws: ``NetworkError`` where a network would be larger than networks may be.
  package init(from seed: NetworkDescription, to target: NetworkDescription, moments: Int, moves: StructurePlan.Moves)
    throws(NetworkError)
  {
    (self.moves, self.moments) = (moves, moments)
    (first, self.target) = (seed.channelCounts, target.channelCounts)
    least = target.growthSites.map { target.least($0) }
    size = try ParameterCount(target)
    budget = size(self.target)
  }

  // MARK: Beginnings

  /// All layers go from the first widths to the target's, by equal amounts; in cycles an eighth of each is replaced.
  package var even: StructureGenome {
    fitted(
      StructureGenome(
        (0..<moments).map { moment in
          zip(first, target).map { first, target in
            guard moves != .cycles else {
              return StructureChange(removed: max(1, target / 8), added: max(1, target / 8))
            }
            let step = (target - first) * (moment + 1) / moments - (target - first) * moment / moments
            return StructureChange(removed: max(0, -step), added: max(0, step))
          }
        }))
  }

  /// Something comes and goes everywhere.
  package func random(_ stream: inout RandomStream) -> StructureGenome {
    var genome = StructureGenome(Array(repeating: [], count: moments))
    for moment in 0..<moments {
      for site in first.indices { genome.moments[moment].append(change(site, &stream)) }
    }
    return fitted(genome)
  }

  /// What could become of a layer at a moment: as much as makes it the target's in half of them, and of what it has up to
  /// a quarter the other way.
  private func change(_ site: Int, _ stream: inout RandomStream) -> StructureChange {
    let way = 2 * (abs(target[site] - first[site]) + moments - 1) / moments
    let back = max(1, min(first[site], target[site]) / 4)
    var change = StructureChange()
    switch moves {
    case .growAndPrune:
      if stream.chance(0.5) { change.removed = 1 + stream.below(back) }
      change.added = stream.below(way + 1) + (change.removed > 0 ? stream.below(change.removed + 1) : 0)
    case .growOnly: change.added = stream.below(way + 1)
    case .pruneOnly: change.removed = stream.below(way + 1)
    case .cycles:
      if stream.chance(0.5) { change.removed = 1 + stream.below(back) }
      change.added = stream.below(2 * back + 1)
    }
    return change
  }

  // MARK: Children

  /// Each moment is that of one parent.
  package func child(_ one: StructureGenome, _ other: StructureGenome, _ stream: inout RandomStream) -> StructureGenome
  {
    var child = one
    for moment in 0..<moments where stream.chance(0.5) { child.moments[moment] = other.moments[moment] }
    return fitted(child)
  }

  /// One change at least becomes another, or two moments or layers exchange theirs.
  package func mutation(_ genome: StructureGenome, _ stream: inout RandomStream) -> StructureGenome {
    var genome = genome
    repeat {
      let (moment, site) = (stream.below(moments), stream.below(first.count))
      switch stream.below(4) {
      case 0: genome.moments.swapAt(moment, stream.below(moments))
      case 1:
        let other = stream.below(first.count)
        guard other != site else { continue }
        // Layers differ in width: the amount that goes over is a share.
        let amount = genome.moments[moment][site].added
        let share = stream.below(amount + 1)
        genome.moments[moment][site].added -= share
        genome.moments[moment][other].added += share * target[other] / max(1, target[site])
      default: genome.moments[moment][site] = change(site, &stream)
      }
    } while stream.chance(0.5)
    return fitted(genome)
  }

  // MARK: What is possible

  /// The genome with as much of each change as is possible, and so much at the last moment that the size is the budget.
  package func fitted(_ genome: StructureGenome) -> StructureGenome {
    var (genome, counts) = (genome, first)
    for moment in 0..<moments {
      for site in first.indices {
        let change = genome.moments[moment][site]
        let removed = moves == .growOnly ? 0 : max(0, min(change.removed, counts[site] - least[site]))
        let room = Self.widest * max(target[site], first[site]) - counts[site] + removed
        genome.moments[moment][site] = StructureChange(
          removed: removed, added: moves == .pruneOnly ? 0 : max(0, min(change.added, room)))
      }
      let isLast = moment == moments - 1
      // What is too small at the end gets its neurons back there.
      if moves == .pruneOnly, !isLast { bound(&genome.moments[moment], counts) }
      if moves != .pruneOnly { cut(&genome.moments[moment], counts) }
      if isLast || moves == .cycles { finish(&genome.moments[moment], counts) }
      counts = applied(genome.moments[moment], counts)
    }
    return genome
  }

  /// The widths behind a moment.
  func applied(_ moment: [StructureChange], _ counts: [Int]) -> [Int] {
    zip(counts, moment).map { $0 - $1.removed + $1.added }
  }

  /// Lets so much less come that the size stays within the budget.
  private func cut(_ moment: inout [StructureChange], _ counts: [Int]) {
    let whole = moment
    moment = Self.most { part in
      whole.map { StructureChange(removed: $0.removed, added: $0.added * part / Self.parts) }
    } where: {
      size(applied($0, counts)) <= budget
    }
  }

  /// Lets so much less go that the size does not fall below the budget.
  private func bound(_ moment: inout [StructureChange], _ counts: [Int]) {
    let whole = moment
    moment = Self.most { part in
      whole.map { StructureChange(removed: $0.removed * part / Self.parts) }
    } where: {
      size(applied($0, counts)) >= budget
    }
  }

  /// The largest amount, in parts, with which a condition holds that holds for none.
  private static func most(
    _ moment: (Int) -> [StructureChange], where holds: ([StructureChange]) -> Bool
  ) -> [StructureChange] {
    var (low, high) = (0, parts)
    while low < high {
      let middle = (low + high + 1) / 2
      if holds(moment(middle)) { low = middle } else { high = middle - 1 }
    }
    return moment(low)
  }

  /// Makes the size the budget: in proportion first, then one neuron of each layer after another.
  private func finish(_ moment: inout [StructureChange], _ counts: [Int]) {
    let whole = moment
    let now = applied(moment, counts)
    if moves == .pruneOnly {
      // As much as it takes to be within the budget, and not one neuron more.
      moment = Self.most { part in
        whole.indices.map { site in
          let more = (now[site] - least[site]) * (Self.parts - part) / Self.parts
          return StructureChange(removed: whole[site].removed + more)
        }
      } where: {
        size(applied($0, counts)) <= budget
      }
      restore(&moment, counts)
    } else {
      moment = Self.most { part in
        whole.indices.map { site in
          var change = whole[site]
          change.added += (Self.widest * max(target[site], first[site]) - now[site]) * part / Self.parts
          return change
        }
      } where: {
        size(applied($0, counts)) <= budget
      }
      step(&moment, counts) { $0.added += 1 }
    }
  }

  /// Takes back what was removed too much.
  private func restore(_ moment: inout [StructureChange], _ counts: [Int]) {
    step(&moment, counts) { if $0.removed > 0 { $0.removed -= 1 } }
  }

  /// Goes from layer to layer as long as one more neuron fits somewhere.
  private func step(
    _ moment: inout [StructureChange], _ counts: [Int], _ change: (inout StructureChange) -> Void
  ) {
    var isDone = false
    while !isDone {
      isDone = true
      for site in moment.indices {
        var next = moment
        change(&next[site])
        let after = applied(next, counts)
        guard next != moment, after[site] <= Self.widest * max(target[site], first[site]), size(after) <= budget else {
          continue
        }
        moment = next
        isDone = false
      }
    }
  }
}
