internal import Models
internal import Pruning
internal import Search
internal import Studies

/// What networks that grew came to on the way: training losses, gradients, and what training cost, over all seeds.
struct GrowthSummary: Hashable, Sendable {
  /// The networks of one strategy, one a seed.
  struct Group: Hashable, Sendable {
    let strategy: Strategy
    let rows: [ResultRow]

    /// The training loss at the end.
    var losses: [Double] { rows.map { $0.growth!.looks.last!.train.loss } }
    /// Multiply-adds of the whole training.
    var costs: [Double] { rows.map { $0.growth!.looks.last!.multiplyAdds } }
  }

  let groups: [Group]

  /// Nil where nothing grew.
  ///
  /// - Parameter rows: of one network with its data.
  init?(_ rows: [ResultRow]) {
    let own = rows.filter { !($0.growth?.looks.isEmpty ?? true) }
    var strategies: [Strategy] = []
    for row in own where !strategies.contains(row.strategy) { strategies.append(row.strategy) }
    guard own.contains(where: { !$0.growth!.events.isEmpty }) else { return nil }
    // What others are compared with comes last, so that the others look the same in all charts.
    strategies = strategies.filter { !$0.isYardstickOfGrowth } + strategies.filter(\.isYardstickOfGrowth)
    groups = strategies.map { strategy in Group(strategy: strategy, rows: own.filter { $0.strategy == strategy }) }
  }

  /// What others are compared with: growing by random directions, if that is there.
  var random: Group? { groups.first { $0.strategy == .randomGrowth } }
  var big: Group? { groups.first { $0.strategy == .baselineBig } }

  /// Values of a group less those of another one, in the same run and seed.
  static func pairs(
    _ group: Group, less other: Group?, _ value: (GrowthCourse) -> Double?
  ) -> [PairedDifference.Pair] {
    guard let other, other.strategy != group.strategy else { return [] }
    return group.rows.compactMap { row in
      guard let rival = other.rows.first(where: { $0.seed == row.seed && $0.run == row.run }),
        let own = value(row.growth!), let others = value(rival.growth!), (own - others).isFinite
      else { return nil }
      return PairedDifference.Pair(seed: row.seed, value: own - others)
    }
  }

  /// What training cost as a part of what it costs with the whole network from the beginning.
  func share(_ group: Group) -> Double? {
    big.map { Spread(group.costs).mean / max(Spread($0.costs).mean, 1) }
  }

  /// The most moments of growth that a network of the group has.
  func growths(_ group: Group) -> Int { group.rows.map { $0.growth!.moments.count }.max() ?? 0 }
}

extension GrowthCourse {
  /// The steps at which something grew.
  var moments: [Int] { events.map(\.step).reduce(into: []) { if $0.last != $1 { $0.append($1) } } }

  /// The training loss behind a growth: where the next one begins, or at the end. Nil where it did not grow so often.
  ///
  /// - Parameter growth: counted from 0.
  func loss(behind growth: Int) -> Double? {
    let moments = moments
    guard growth < moments.count else { return nil }
    let step = growth + 1 < moments.count ? moments[growth + 1] : looks.last!.step
    return looks.first { $0.step == step }?.train.loss
  }
}

extension ResultSummary {
  /// The tables of networks that grew.
  static func tables(_ growth: GrowthSummary) -> [Table] {
    var rows = growth.groups.map { group -> [String] in
      let (losses, norms) = (Spread(group.losses), Spread(group.rows.map { $0.growth!.looks.last!.gradientNorm }))
      return [
        group.strategy.rawValue, Spread(group.rows.map { Double($0.metrics.sizeNonzero) }).mean.short,
        number(losses.mean), losses.margin().map { "±\(number($0))" } ?? "-", number(losses.deviation),
        "\(losses.count)", number(norms.mean), number(Spread(group.costs).mean),
        growth.share(group).map { "\((100 * $0).fixed(digits: 1)) %" } ?? "-",
      ]
    }
    let end = Table(
      caption: "Training loss at the end, and multiply-adds of training with those of growing",
      header: [
        "strategy", "size_nz", "train_loss", "ci95", "std", "n", "gradient_norm", "training_flops", "of_big",
      ], rows: rows)
    let toBig = PairedDifference.family(
      growth.groups.map { GrowthSummary.pairs($0, less: growth.big) { $0.looks.last!.train.loss } }, resolution: 0)
    let toRandom = PairedDifference.family(
      growth.groups.map { GrowthSummary.pairs($0, less: growth.random) { $0.looks.last!.train.loss } }, resolution: 0)
    rows = growth.groups.indices.filter { toBig[$0] != nil || toRandom[$0] != nil }.map { index in
      [growth.groups[index].strategy.rawValue] + cells(toBig[index]) + cells(toRandom[index])
    }
    let differences = Table(
      caption: "Differences in the training loss at the end: paired by run and seed",
      header: ["strategy", "to_big", "ci95", "p_holm", "wilcoxon", "to_random", "ci95", "p_holm", "wilcoxon"],
      rows: rows)
    return ([end, differences, behindGrowths(growth)] + structures(growth)).filter { !$0.rows.isEmpty }
  }

  /// What searches of structures came to, and from where.
  private static func structures(_ growth: GrowthSummary) -> [Table] {
    let found = growth.groups.flatMap { group in
      group.rows.filter { !$0.growth!.lineage.isEmpty }.map { (group.strategy.rawValue, "\($0.seed)", $0.growth!) }
    }
    let widths = Table(
      caption: "Neurons of each layer, as the best genomes made them",
      header: ["strategy", "seed"] + (found.first?.2.widths.map(\.layer) ?? []),
      rows: found.map { [$0, $1] + $2.widths.map { "\($0.count)" } })
    let lineages = Table(
      caption:
        "Lineages of the best genomes: moments divided by |, layers by spaces; -4+6 is four neurons that go and six "
        + "that come",
      header: ["strategy", "seed", "trial", "parents", "search_loss", "genome"],
      rows: found.flatMap { strategy, seed, course in
        course.lineage.map { ancestor in
          [
            strategy, seed, ancestor.id.description,
            ancestor.parents.isEmpty ? "-" : ancestor.parents.map(\.description).joined(separator: " "),
            number(ancestor.loss), ancestor.genome.words,
          ]
        }
      })
    return [widths, lineages]
  }

  private static func behindGrowths(_ growth: GrowthSummary) -> Table {
    var places: [(group: GrowthSummary.Group, growth: Int)] = []
    if let random = growth.random {
      for group in growth.groups where group.strategy.isOfGrowth && group.strategy != .baselineSmall {
        // Genomes have their own moments, and may only take away.
        guard group.strategy != random.strategy, !group.strategy.isOfStructure else { continue }
        places += (0..<min(growth.growths(group), growth.growths(random))).map { (group, $0) }
      }
    }
    let found = PairedDifference.family(
      places.map { place in
        GrowthSummary.pairs(place.group, less: growth.random) { $0.loss(behind: place.growth) }
      }, resolution: 0)
    return Table(
      caption: "Training loss behind each growth, up to the next: less that of Random, paired by run and seed",
      header: ["strategy", "growth", "difference", "ci95", "p_holm", "wilcoxon"],
      rows: places.indices.filter { found[$0] != nil }.map { index in
        [places[index].group.strategy.rawValue, "\(places[index].growth + 1)"] + cells(found[index])
      })
  }

  private static func cells(_ difference: PairedDifference?) -> [String] {
    guard let difference else { return ["-", "-", "-", "-"] }
    func probability(_ value: Double?) -> String {
      value.map { $0 < 0.0001 ? "<0.0001" : $0.fixed(digits: 4) } ?? "-"
    }
    return [
      number(difference.spread.mean) + (difference.isSignificant ? " *" : ""),
      difference.spread.margin().map { "±\(number($0))" } ?? "-", probability(difference.adjusted),
      probability(difference.wilcoxon),
    ]
  }

  /// Four digits that count, as losses have any size.
  private static func number(_ value: Double?) -> String { value.map { $0.significant(digits: 4) } ?? "-" }
}
