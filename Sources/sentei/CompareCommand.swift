import ArgumentParser
import Foundation
import Reports
import Studies

/// `sentei compare`: finished runs of one study under several seeds, as means and paired differences.
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare strategies over finished runs: mean, deviation, paired differences to a reference.",
    discussion: """
      Give runs that differ in their seed. Differences are paired by run and requested size, with a 95 % t interval, the t \
      test's probability after Holm's correction over all lines, and Wilcoxon's beside it. A star needs ten runs.
      """)

  @Option(help: "The strategy that the others are compared with.")
  var reference = "GlobalMagWeight"

  @Argument(help: "The runs' directories.")
  var runs: [String]

  func run() async throws {
    try await reporting {
      var tables: [ComparisonTable] = []
      for directory in runs {
        guard let table = try Conclusion(directory: directory).table else {
          throw ValidationError("\(directory): the run is not finished; resume it first")
        }
        tables.append(table)
      }
      let names = Set(tables.flatMap { $0.rows.map(\.strategy) })
      guard names.contains(Strategy(reference)) else {
        throw ValidationError(
          "--reference \(reference): no run has it; expected one of "
            + names.map(\.rawValue).sorted().joined(separator: ", "))
      }
      print(RunComparison(tables, reference: Strategy(reference)).text)
    }
  }
}
