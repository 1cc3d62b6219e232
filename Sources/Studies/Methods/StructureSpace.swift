package import Models
package import Randomness

/// The genomes that lead from one network to others of one size, and how they vary.
///
/// Every genome that leaves it is possible: no layer loses more than it has to keep, no network on the way has more
/// parameters than the budget (but where all begin with more), and the last one, in cycles every one, has as many as
/// whole neurons allow. That holds behind each moment; in between layers change one after another.
package struct StructureSpace: Sendable {
  package let moves: StructurePlan.Moves
  package let moments: Int
  /// Channels of each site at the beginning.
  let first: [Int]
  /// Those of the network whose size is the budget.
  let target: [Int]
  let least: [Int]
  let most: [Int]
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
    most = zip(first, self.target).map { Self.widest * max($0, $1) }
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

  /// Whatever comes and goes anywhere.
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

  /// Changes become others, moments change places, or a layer hands a part of what comes to another one; once or several
  /// times, by chance without effect.
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

  /// The genome with as much of each change as is possible, and so much more that the size is the budget.
  package func fitted(_ genome: StructureGenome) -> StructureGenome {
    var (genome, counts) = (genome, first)
    for moment in 0..<moments {
      for site in first.indices {
        let change = genome.moments[moment][site]
        let removed = moves == .growOnly ? 0 : max(0, min(change.removed, counts[site] - least[site]))
        let room = most[site] - counts[site] + removed
        genome.moments[moment][site] = StructureChange(
          removed: removed, added: moves == .pruneOnly ? 0 : max(0, min(change.added, room)))
      }
      let isLast = moment == moments - 1
      // What is too small at the end gets its neurons back there.
      if moves == .pruneOnly, !isLast { bound(&genome.moments[moment], counts) }
      if moves == .pruneOnly, isLast { shrink(&genome.moments[moment], counts) }
      if moves != .pruneOnly { cut(&genome.moments[moment], counts) }
      if moves == .cycles || moves != .pruneOnly && isLast { fill(&genome.moments[moment], counts) }
      counts = applied(genome.moments[moment], counts)
    }
    if moves == .pruneOnly { restore(&genome, counts) }
    return genome
  }

  /// The widths behind a moment.
  func applied(_ moment: [StructureChange], _ counts: [Int]) -> [Int] {
    zip(counts, moment).map { $0 - $1.removed + $1.added }
  }

  /// Lets so much less come that the size stays within the budget.
  private func cut(_ moment: inout [StructureChange], _ counts: [Int]) {
    let whole = moment
    moment = Self.largest { part in
      whole.map { StructureChange(removed: $0.removed, added: $0.added * part / Self.parts) }
    } where: {
      size(applied($0, counts)) <= budget
    }
  }

  /// Lets so much less go that the size does not fall below the budget.
  private func bound(_ moment: inout [StructureChange], _ counts: [Int]) {
    let whole = moment
    moment = Self.largest { part in
      whole.map { StructureChange(removed: $0.removed * part / Self.parts) }
    } where: {
      size(applied($0, counts)) >= budget
    }
  }

  /// The largest amount, in parts, with which a condition holds that holds for none.
  private static func largest(
    _ moment: (Int) -> [StructureChange], where holds: ([StructureChange]) -> Bool
  ) -> [StructureChange] {
    var (low, high) = (0, parts)
    while low < high {
      let middle = (low + high + 1) / 2
      if holds(moment(middle)) { low = middle } else { high = middle - 1 }
    }
    return moment(low)
  }

  /// Lets so much more go, in proportion, that the size is within the budget.
  private func shrink(_ moment: inout [StructureChange], _ counts: [Int]) {
    let whole = moment
    let now = applied(moment, counts)
    moment = Self.largest { part in
      whole.indices.map { site in
        let more = (now[site] - least[site]) * (Self.parts - part) / Self.parts
        return StructureChange(removed: whole[site].removed + more)
      }
    } where: {
      size(applied($0, counts)) <= budget
    }
  }

  /// Lets so much more come that no neuron fits any more: in proportion first, then one in each layer after another.
  private func fill(_ moment: inout [StructureChange], _ counts: [Int]) {
    let whole = moment
    let room = zip(applied(moment, counts), most).map { $1 - $0 }
    moment = Self.largest { part in
      whole.indices.map { site in
        StructureChange(
          removed: whole[site].removed, added: whole[site].added + room[site] * part / Self.parts)
      }
    } where: {
      size(applied($0, counts)) <= budget
    }
    var now = applied(moment, counts)
    whileOneFits(&now) { site, count in
      guard count < most[site] else { return false }
      moment[site].added += 1
      return true
    } else: {
      moment[$0].added -= 1
    }
  }

  /// Lets neurons stay, of those that go last, one in each layer after another, as long as one fits.
  private func restore(_ genome: inout StructureGenome, _ counts: [Int]) {
    var now = counts
    var last = 0
    whileOneFits(&now) { site, _ in
      guard let moment = genome.moments.lastIndex(where: { $0[site].removed > 0 }) else { return false }
      last = moment
      genome.moments[moment][site].removed -= 1
      return true
    } else: {
      genome.moments[last][$0].removed += 1
    }
  }

  /// Goes from layer to layer as long as one neuron more fits somewhere.
  ///
  /// - Parameters:
  ///   - add: adds one to a layer that has so many; false where it cannot.
  ///   - remove: takes it back, since the budget does not hold it.
  private func whileOneFits(
    _ counts: inout [Int], _ add: (_ site: Int, _ count: Int) -> Bool, else remove: (_ site: Int) -> Void
  ) {
    var isDone = false
    while !isDone {
      isDone = true
      for site in counts.indices where add(site, counts[site]) {
        counts[site] += 1
        if size(counts) <= budget {
          isDone = false
        } else {
          counts[site] -= 1
          remove(site)
        }
      }
    }
  }
}
