internal import Studies

/// The strategies of a chart, or of one of several where a single one could not tell so many apart.
struct ChartPart: Hashable {
  /// What a title says of it; empty for all there are.
  let words: String
  /// Names of its series, in their order.
  let names: [String]

  /// All in one chart as long as their looks differ; else tickets, methods over the whole network, methods layer by layer
  /// and all others by themselves, each in as many charts as it needs.
  ///
  /// - Parameters:
  ///   - series: names with their strategies, in order, each once.
  ///   - yardsticks: what the others are compared with: the first in every chart, so that it looks the same there.
  /// - Complexity: O(series²).
  static func parts(_ series: [(name: String, strategy: Strategy)], yardsticks: [Strategy] = []) -> [ChartPart] {
    guard series.count > SeriesStyle.count else { return [ChartPart(words: "", names: series.map(\.name))] }
    let shared = series.filter { yardsticks.contains($0.strategy) }.map(\.name).prefix(SeriesStyle.count / 4).map { $0 }
    let others = series.filter { !shared.contains($0.name) }
    return Kind.allCases.flatMap { kind -> [ChartPart] in
      let own = others.filter { Kind($0.strategy) == kind }.map(\.name)
      guard !own.isEmpty else { return [] }
      let room = SeriesStyle.count - shared.count
      let count = (own.count + room - 1) / room
      return (0..<count).map { place in
        let range = own.count * place / count..<own.count * (place + 1) / count
        return ChartPart(
          words: kind.rawValue + (count == 1 ? "" : " (\(place + 1) of \(count))"), names: Array(shared + own[range]))
      }
    }
  }

  /// What stands apart from the others.
  private enum Kind: String, CaseIterable {
    case tickets
    case global = "over the whole network"
    case layer = "layer by layer"
    case other = "others"

    init(_ strategy: Strategy) {
      if strategy.isOfTickets {
        self = .tickets
      } else if strategy.rawValue.hasPrefix("Global") || strategy.rawValue.hasPrefix("SNIP") {
        self = .global
      } else {
        self = strategy.rawValue.hasPrefix("Layer") ? .layer : .other
      }
    }
  }
}
