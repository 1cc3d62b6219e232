internal import Pruning
internal import Search
package import Studies

/// How the searches of a run went, from its history: counts of each, and what each says of its own course.
package struct SearchReport: Sendable {
  /// What one search did.
  struct Tally: Hashable, Sendable {
    var trials = 0
    var evaluations = 0
    var hits = 0
    /// Children with one parent and with two, and how many of them were better.
    var children = [0, 0]
    var better = [0, 0]
  }

  private let objective: Objective
  private(set) var tallies: [Strategy: Tally] = [:]
  /// Fitnesses of the present round by trial, which children are compared with.
  private var marks: [Strategy: [TrialID: Fitness]] = [:]
  private var round = 0

  package init(_ study: Study) { objective = study.objective }

  /// Takes a trial, in the order of the history; baselines are no search.
  ///
  /// - Complexity: O(1); memory for the fitnesses of a round.
  package mutating func note(_ record: TrialRecord) {
    guard record.trial.place.search != nil else { return }
    if record.round != round { (round, marks) = (record.round, [:]) }
    var tally = tallies[record.strategy] ?? Tally()
    defer { tallies[record.strategy] = tally }
    tally.trials += 1
    tally.evaluations += record.draws.count { !$0.isRepeat }
    if record.isRepeat { tally.hits += 1 }
    // Fitnesses on a part of the samples compare with nothing.
    guard record.evaluation.samples == nil else { return }
    let place = record.trial.place
    let parents = place.parents.compactMap { marks[record.strategy]?[$0] }
    if (1...2).contains(place.parents.count), parents.count == place.parents.count {
      tally.children[parents.count - 1] += 1
      if record.trial.fitness.map({ isBetter($0, than: parents) }) ?? false { tally.better[parents.count - 1] += 1 }
    }
    if let fitness = record.trial.fitness { marks[record.strategy, default: [:]][place.id] = fitness }
  }

  /// Better than all parents; on the way to a front, dominating one.
  private func isBetter(_ fitness: Fitness, than parents: [Fitness]) -> Bool {
    objective.isPareto ? parents.contains(where: fitness.dominates) : parents.allSatisfy { fitness > $0 }
  }

  /// The text for a terminal: a paragraph for each search.
  ///
  /// - Parameter states: where the searches stand; with cycles, those of the last round.
  package func text(_ states: [SearchState]) -> String {
    let reference = states.lazy.compactMap(\.diagnostics.reference).first
    return states.map { state in
      ([heading(state)] + children(state) + front(state, reference) + tables(state.diagnostics)).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  private func heading(_ state: SearchState) -> String {
    let tally = tallies[state.strategy] ?? Tally()
    return
      "\(state.strategy): \(tally.trials) trials, \(Self.percent(tally.hits, of: tally.trials)) of them answered from "
      + "the cache, \(tally.evaluations) evaluations"
  }

  private func children(_ state: SearchState) -> [String] {
    guard let tally = tallies[state.strategy] else { return [] }
    let what = objective.isPareto ? "dominating a parent" : "better than their parents"
    let parts = [(1, "of two parents"), (0, "of one")].filter { tally.children[$0.0] > 0 }.map { place, name in
      "\(Self.percent(tally.better[place], of: tally.children[place])) of \(tally.children[place]) children \(name)"
    }
    return parts.isEmpty ? [] : ["\(what): \(parts.joined(separator: ", "))"]
  }

  private func front(_ state: SearchState, _ reference: [Double]?) -> [String] {
    guard objective.isPareto, !state.front.isEmpty else { return [] }
    let count = state.front.count
    var line = "front: \(count) trial\(count == 1 ? "" : "s")"
    if count > SearchStudy.largestFront {
      line += ", of which the table has \(SearchStudy.largestFront), spread evenly"
    }
    if let reference {
      line += "; hypervolume \(Hypervolume.of(state.front, reference: reference).short) above "
      line += objective.words(Fitness(reference))
    }
    return [line]
  }

  private func tables(_ diagnostics: SearchDiagnostics) -> [String] {
    var out: [String] = []
    if !diagnostics.acceptance.isEmpty { out.append(Self.acceptance(diagnostics)) }
    let volumes = diagnostics.hypervolumes
    if !volumes.isEmpty {
      let places = Self.places(volumes.count)
      if places.count < volumes.count { out.append("\(places.count) of \(volumes.count) generations, spread evenly:") }
      out.append(
        TextTable.aligned(
          header: ["generation", "hypervolume"], rows: places.map { ["\($0 + 1)", volumes[$0].short] }))
    }
    return out
  }

  /// A line for each temperature or block of steps; exchanges stand beside the lower of their two temperatures.
  private static func acceptance(_ diagnostics: SearchDiagnostics) -> String {
    let exchanges = diagnostics.exchanges
    let header = ["temperature", "proposed", "accepted", "rate"]
    let rows = diagnostics.acceptance.enumerated().map { place, count in
      let own = [count.temperature.short, "\(count.proposed)", "\(count.accepted)", count.rate.fixed(digits: 3)]
      guard !exchanges.isEmpty else { return own }
      guard place < exchanges.count else { return own + ["-", "-", "-"] }
      let exchange = exchanges[place]
      return own + ["\(exchange.proposed)", "\(exchange.accepted)", exchange.rate.fixed(digits: 3)]
    }
    return TextTable.aligned(
      header: exchanges.isEmpty ? header : header + ["exchanges", "exchanged", "exchange_rate"], rows: rows)
  }

  /// At most 50 places of a list, both ends among them.
  private static func places(_ count: Int) -> [Int] {
    count <= 50 ? Array(0..<count) : (0..<50).map { $0 * (count - 1) / 49 }
  }

  private static func percent(_ part: Int, of whole: Int) -> String {
    "\((whole == 0 ? 0 : 100 * Double(part) / Double(whole)).fixed(digits: 1)) %"
  }
}
