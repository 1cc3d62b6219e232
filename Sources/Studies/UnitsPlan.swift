internal import Digests
package import Models
package import Pruning

/// What a search over masks varies.
package enum MaskGenome: String, Hashable, Sendable, CaseIterable {
  /// The masks themselves.
  case masks
  /// One sparsity a layer, from which a mask follows by the scores within each layer.
  case layerSparsities = "layer_sparsities"
}

/// What a study's masks have bits for, and how much of it they keep.
package struct UnitsPlan: Hashable, Sendable {
  package var granularity: Granularity
  /// Names of layers that stay as they are.
  package var excluded: Set<String>
  package var floor: LayerFloor
  /// What compression is measured in.
  package var measure: CostMeasure
  package var genome: MaskGenome

  package init(
    granularity: Granularity = .weights, excluded: Set<String> = [], floor: LayerFloor = LayerFloor(),
    measure: CostMeasure = .keptWeights, genome: MaskGenome = .masks
  ) {
    self.granularity = granularity
    self.excluded = excluded
    self.floor = floor
    self.measure = measure
    self.genome = genome
  }

  /// The units of a network.
  ///
  /// - Throws: `UnitsError` for layers that it has not, or where nothing could be removed.
  package func units(of network: NetworkDescription, scope: PruningScope) throws(UnitsError) -> Units {
    try Units(granularity, of: network, scope: scope, excluding: excluded)
  }

  func append(to bytes: inout CanonicalBytes) {
    switch granularity {
    case .weights: bytes.append(0)
    case .blocks(let rows, let columns):
      bytes.append(1)
      bytes.append(rows)
      bytes.append(columns)
    case .pattern(let kept, let group):
      bytes.append(2)
      bytes.append(kept)
      bytes.append(group)
    case .neurons: bytes.append(3)
    }
    bytes.append(list: excluded.sorted()) { $0.append($1) }
    bytes.append(floor.units)
    bytes.append(floor.fraction)
    bytes.append(measure.rawValue)
    bytes.append(genome.rawValue)
  }
}
