import ArgumentParser
import RunStore
import Services

/// `sentei gc`: give back the space of what a run needs no more.
struct GarbageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Remove the files of a run that nothing names.",
    discussion: """
      Superseded states of training, blobs and snapshots that no fact, snapshot or open job names, and files that were never \
      finished. A run that a coordinator works in is refused, and a damaged one. The run resumes, extends, verifies and \
      exports as before.
      """)

  @Argument(help: "The run's directory.")
  var run: String

  @Flag(help: "Only say what would be removed.")
  var dryRun = false

  func run() async throws {
    try await reporting {
      let swept = try GarbageCollection.collect(directory: run, dryRun: dryRun)
      print(
        "\(dryRun ? "would remove" : "removed") \(swept.blobs) blobs, \(swept.snapshots) snapshots and \(swept.unfinished) "
          + "unfinished files: \(swept.bytes) bytes")
    }
  }
}
