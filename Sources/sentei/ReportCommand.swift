import ArgumentParser
import Foundation
import Reports

/// `sentei report`: what a run came to, and how its searches got there.
struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Print the comparison on test and how the searches went: acceptance, exchanges, hypervolumes, cache.",
    discussion:
      "Works while the run goes on; the comparison comes with its end. With cycles, acceptance and hypervolumes are those "
      + "of the last round.")

  @Argument(help: "The run's directory.")
  var run: String

  func run() async throws {
    try await reporting {
      let conclusion = try Conclusion(directory: run)
      conclusion.printTable()
      if let table = conclusion.table { print("\nOn the slices:\n\n\(table.sliceText)") }
      let text = conclusion.searches.text(conclusion.states)
      if !text.isEmpty { print("\nOn the way there, on search:\n\n\(text)") }
      if conclusion.table == nil {
        Terminal.standard.say("the run is not finished; this is how it went so far")
      }
    }
  }
}
