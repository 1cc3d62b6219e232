import ArgumentParser
import Foundation
import Reports
import Search
import Services
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
      var studies: [(study: Study, directory: String)] = []
      for directory in runs {
        let conclusion = try Conclusion(try OpenRun.look(directory: directory))
        guard let table = conclusion.table else {
          throw ValidationError("\(directory): the run is not finished; resume it first")
        }
        try Self.check(conclusion.study, directory, beside: studies)
        studies.append((conclusion.study, directory))
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

  /// Refuses what would be no repetition: another study, a front, or the same seed once more.
  private static func check(
    _ study: Study, _ directory: String, beside others: [(study: Study, directory: String)]
  ) throws {
    guard !study.objective.isPareto else {
      throw ValidationError("\(directory): a Pareto study has fronts, whose places do not pair over runs")
    }
    for other in others {
      guard other.study.seed != study.seed else {
        throw ValidationError("\(directory) has seed \(study.seed) as \(other.directory); expected another seed")
      }
      var same = other.study
      (same.seed, same.name) = (study.seed, study.name)
      guard same == study else {
        throw ValidationError(
          "\(directory) is of another study than \(other.directory); they may differ in their seed alone")
      }
    }
  }
}
