import ArgumentParser
import Digests
import Foundation
import Models
import Reports
import RunStore
import Search
import Services
import Studies

/// `sentei status`: what a run has done and what is left, from its directory alone.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say what a run has done and what is left; works while it runs.")

  @Argument(help: "The run's directory.")
  var run: String

  func run() async throws {
    try await reporting {
      let open = try OpenRun.look(directory: run)
      let facts = open.facts
      guard let start = open.planner else { return try Self.say(methods: open) }
      let (planned, isFinished) = try Replay.trials(
        of: start, by: .concurrent, outcome: { facts[$0] }, blob: { try open.store.blob($0) }
      ) { _ in }
      let (generation, generations, best) = planned.planner.progress
      let planner = planned.planner
      let stoppedEarly =
        planner.currentParameters != nil && planner.trainedEpochs < Double(start.study.training.epochs)
      print("study         \(start.study.name) (\(open.store.identity.study.short))")
      print("run           \(open.store.identity.run.prefix(12)), started \(open.store.identity.epoch) times")
      print("state         \(isFinished ? "finished" : "unfinished; `sentei resume \(run)` goes on")")
      let epochs = start.study.training.epochs
      let isSearched = start.study.architecture != nil
      print(
        isSearched
          ? "training      \(epochs) epochs for each candidate"
          : "training      \(planned.planner.trainedEpochs.fixed(digits: 1)) of \(epochs) epochs"
            + (stoppedEarly ? ", stopped early" : "")
      )
      print("generations   \(generation) of \(generations)")
      if let best { print("best          \(start.study.objective.words(best)) on search") }
      for (strategy, architecture) in planner.bestArchitectures {
        print("architecture  \(strategy): \(architecture.words)")
      }
      print("evaluations   \(planned.evaluations) asked for, \(planned.cacheHits) more answered from the cache")
      try Self.sayRest(of: open)
    }
  }

  /// Where a study of methods stands.
  private static func say(methods open: OpenRun) throws {
    guard let start = open.run as? MethodRun else { preconditionFailure("a study of a new kind") }
    let facts = open.facts
    let (run, isFinished) = try Replay.history(
      of: start, outcome: { facts[$0] }, blob: { try open.store.blob($0) }
    ) { _ in }
    let directory = open.store.layout.directory
    print("study         \(run.name) (\(open.store.identity.study.short))")
    print("run           \(open.store.identity.run.prefix(12)), started \(open.store.identity.epoch) times")
    print("state         \(isFinished ? "finished" : "unfinished; `sentei resume \(directory)` goes on")")
    print("networks      \(run.progress.found) of \(run.progress.expected)")
    try sayRest(of: open)
  }

  /// What is in the store.
  private static func sayRest(of open: OpenRun) throws {
    let attempts = try open.store.attemptSummary()
    let counts = try open.store.factCounts().sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    print("facts         \(counts.joined(separator: ", "))")
    let dispositions = attempts.dispositions.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    print("attempts      \(dispositions.joined(separator: ", "))")
    let checked = attempts.dispositions["audit", default: 0]
    print("audits        \(checked == 0 ? "none yet; it takes two workers" : "\(checked) answers of other workers")")
    let liars = try open.store.quarantined().count
    if liars > 0 {
      let revoked = try open.store.revokedFacts().count
      print(
        "liars         \(liars) \(liars == 1 ? "worker is" : "workers are") kept out, \(revoked) facts taken back")
    }
    print("cpu seconds   \(attempts.cpuSeconds.values.reduce(0, +).fixed(digits: 1))")
    if let note = open.note { print("data          \(note)") }
    for damage in open.damage { print("damage        \(damage)") }
  }
}
