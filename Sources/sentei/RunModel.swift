import ArgumentParser
import Digests
import Models
import Pruning
import RunStore
import Services
import Studies

/// A network of a finished run's comparison, with the weights that it was put on `test` with.
struct RunModel {
  let model: Model
  /// Nil for whole networks.
  let mask: Mask?
  let scope: PruningScope
  private let splits: Splits
  private let store: RunStore

  /// - Parameters:
  ///   - strategy: the name of its line.
  ///   - asPruned: whether it is the network in front of its retraining.
  /// - Throws: `ValidationError` where the run has no such line, or is not finished; what reading the run throws.
  init(directory: String, strategy: String, asPruned: Bool = false) throws {
    let run = try OpenRun.look(directory: directory)
    let facts = run.facts
    let (planned, isFinished) = try Replay.history(
      of: run.run, outcome: { facts[$0] }, blob: { try run.store.blob($0) }
    ) { _ in }
    guard isFinished else { throw ValidationError("\(directory): the run is not finished; resume it first") }
    let contestants = planned.contestants
    // The name of a search with one line alone means that line, such as Cycle5 for "Cycle5 (missed)".
    let own = contestants.filter { $0.account.rawValue == strategy }
    let alike = contestants.filter { $0.strategy.rawValue == strategy }
    let exact = contestants.first { $0.name == strategy }
    if exact == nil, alike.count > 1 {
      throw ValidationError(
        "--strategy \(strategy): the run has \(alike.count) such networks; name one of them, such as \(alike[0].name), as "
          + "`sentei history \(directory)` does")
    }
    let named = exact ?? alike.first ?? (own.count == 1 ? own.first : nil)
    if asPruned, let named, named.jobsBefore.isEmpty {
      throw ValidationError("--as-pruned: \(strategy) was not retrained behind its pruning; leave it out")
    }
    guard let contestant = named,
      case .test(let job)? = (asPruned ? contestant.jobsBefore : contestant.jobs).first
    else {
      let names = contestants.map(\.name).joined(separator: ", ")
      throw ValidationError("--strategy \(strategy): the run has no such line; expected one of \(names)")
    }
    var parameters = try job.parameters.map { try Parameters.values(canonical: try run.store.blob($0)) }
    if let retraining = job.retraining {
      let images = try LabelledData(canonical: try run.store.blob(retraining.slice.digest))
      guard let trained = try Judging.train(job, retraining, parameters, images) else {
        throw ValidationError("--strategy \(strategy): its retraining left the finite numbers")
      }
      parameters = trained
    }
    guard let parameters else { preconditionFailure("a job without weights and without training") }
    model = try Model(network: job.network, parameters: parameters)
    (mask, scope, splits, store) = (job.mask, job.scope, contestant.splits, run.store)
  }

  /// The samples of one of the slices that it was made with.
  func samples(_ slice: EvaluateCommand.RunSlice) throws -> LabelledData {
    let digest =
      switch slice {
      case .train: splits.train.digest
      case .search: splits.search.digest
      case .validation: splits.validation.digest
      case .test: splits.test.digest
      }
    return try LabelledData(canonical: try store.blob(digest))
  }
}
