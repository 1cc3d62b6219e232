internal import Digests
package import Search

/// A search for when and where a network grows and what of it is pruned, at one size of the result: the subject's network's
/// parameters, however they are spread over its layers.
///
/// Growing by gradients and pruning by magnitude in turn: Dai, Yin, Jha, "NeST: a neural network synthesis tool based on a
/// grow-and-prune paradigm", IEEE Transactions on Computers 68(10), 2019. There a rule says when; here a genome does.
package struct StructurePlan: Hashable, Sendable {
  package enum Moves: String, Hashable, Sendable, CaseIterable {
    case growAndPrune = "grow_and_prune"
    case growOnly = "grow_only"
    /// From a wider network than the subject's.
    case pruneOnly = "prune_only"
    /// From the subject's network, whose size stays: as much comes at each moment as goes.
    case cycles
  }

  package var moves: Moves
  /// How neurons begin and at which steps something may change. Its share is that of the network to begin with.
  package var growth: GrowthPlan
  package var populationSize: Int
  package var generations: Int
  /// The best genomes of a generation, which stay.
  package var eliteSize: Int

  package init(_ moves: Moves, _ growth: GrowthPlan, populationSize: Int, generations: Int, eliteSize: Int) {
    self.moves = moves
    self.growth = growth
    self.populationSize = populationSize
    self.generations = generations
    self.eliteSize = eliteSize
  }

  /// The name of its lines in reports.
  package var strategy: Strategy {
    switch moves {
    case .growAndPrune: .growAndPrune
    case .growOnly: .growOnly
    case .pruneOnly: .pruneOnly
    case .cycles: .pruneGrowCycles
    }
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(moves.rawValue)
    growth.append(to: &bytes)
    bytes.append(populationSize)
    bytes.append(generations)
    bytes.append(eliteSize)
  }
}

/// A genome on the way from the founders of a search to its best one.
package struct StructureAncestor: Hashable, Sendable {
  package let id: TrialID
  /// Two for a child of two, one for one that stayed or was mutated; none for founders.
  package let parents: [TrialID]
  package let genome: StructureGenome
  /// On `search`; nil where training diverged.
  package let loss: Double?
}

extension GrowthCourse {
  /// Over all genomes of the lineage with their losses.
  var lineageDigest: Digest {
    var bytes = CanonicalBytes(kind: "structure-lineage", version: 1)
    bytes.append(list: lineage) { bytes, ancestor in
      bytes.append(ancestor.id.description)
      bytes.append(list: ancestor.parents) { $0.append($1.description) }
      ancestor.genome.append(to: &bytes)
      bytes.append(list: ancestor.loss.map { [$0] } ?? []) { $0.append($1) }
    }
    return bytes.digest
  }
}

extension Strategy {
  package static let growAndPrune = Strategy("GrowAndPrune")
  package static let growOnly = Strategy("GrowOnly")
  package static let pruneOnly = Strategy("PruneOnly")
  package static let pruneGrowCycles = Strategy("PruneGrowCycles")
}
