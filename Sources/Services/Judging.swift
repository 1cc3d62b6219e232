internal import Digests
package import Models
package import Networks
package import Pruning
package import Studies

/// Scores evaluations of one worker's lane, or of a check: with retraining first, where the job says so.
///
/// Keeps the evaluator of its last inputs. Not thread-safe: each lane has its own.
package final class Judging {
  private struct Key: Hashable {
    let network: Digest
    let scope: PruningScope
    let parameters: Digest?
    let slice: Digest
  }

  private var evaluator: (key: Key, evaluator: MaskedEvaluator)?

  package init() {}

  /// The scores of jobs with the same inputs, or of one with retraining; nil where one is worse than its threshold.
  ///
  /// - Parameters:
  ///   - parameters: the weights that the jobs name; nil where they begin with fresh ones.
  ///   - data: the slice that judges.
  ///   - images: the slice of the retraining, if there is one.
  /// - Throws: `NetworkError` if the inputs are not those of the jobs' network.
  package func scores(
    _ jobs: [Evaluation<FitnessUse>], parameters: [Float]?, data: EvaluationData, images: LabelledData?
  ) throws(NetworkError) -> [Score?] {
    guard let first = jobs.first else { return [] }
    guard let evaluator = try evaluator(of: first, parameters, data, images) else {
      return jobs.map { $0.threshold == nil ? .nonfinite : nil }
    }
    return evaluator.evaluate(
      jobs.map { MaskedEvaluator.Query(mask: $0.mask, samples: $0.samples, threshold: $0.threshold) })
  }

  /// What is to be said about a job on `test`; parameters and errors as ``scores(_:parameters:data:images:)``.
  package func test(
    _ job: Evaluation<TestUse>, parameters: [Float]?, data: EvaluationData, images: LabelledData?
  ) throws(NetworkError) -> TestScore {
    guard let report = try evaluator(of: job, parameters, data, images)?.report(job.mask) else {
      return TestScore(.nonfinite, top5: 0)
    }
    return TestScore(.exact(correct: report.top1, count: report.count, loss: report.loss), top5: report.top5)
  }

  /// What evaluates the network of a job, with retraining first, where the job says so; nil where that left the finite
  /// numbers.
  private func evaluator<Use>(
    of job: Evaluation<Use>, _ parameters: [Float]?, _ data: EvaluationData, _ images: LabelledData?
  ) throws(NetworkError) -> MaskedEvaluator? {
    if let retraining = job.retraining {
      guard let trained = try Self.train(job, retraining, parameters, images!) else { return nil }
      return try MaskedEvaluator(network: job.network, scope: job.scope, parameters: trained, data: data)
    }
    let key = Key(
      network: job.network.digest, scope: job.scope, parameters: job.parameters, slice: job.slice.digest)
    if let evaluator, evaluator.key == key { return evaluator.evaluator }
    guard let parameters else { throw NetworkError("a job without weights and without training") }
    evaluator = nil
    let fresh = try MaskedEvaluator(network: job.network, scope: job.scope, parameters: parameters, data: data)
    evaluator = (key, fresh)
    return fresh
  }

  /// The weights that the job's retraining gives to what its mask keeps; nil where it left the finite numbers.
  ///
  /// - Throws: `NetworkError` if the inputs are not those of the job's network.
  package static func train<Use>(
    _ job: Evaluation<Use>, _ retraining: Retraining, _ given: [Float]?, _ images: LabelledData
  ) throws(NetworkError) -> [Float]? {
    var data = images
    if let perClass = retraining.samplesPerClass {
      data = images.selecting(
        FewShot.samples(of: images, perClass: perClass, seed: retraining.seed, draw: retraining.draw))
    }
    let seed = FewShot.seed(retraining.seed, draw: retraining.draw)
    let trainer = try Trainer(
      network: job.network, recipe: retraining.recipe, data: data, seed: seed, mask: job.mask, scope: job.scope)
    let parameters = given ?? initialParameters(job.network, seed: seed)
    guard parameters.count == ParameterLayout(job.network).count else {
      throw NetworkError("\(parameters.count) parameters are not of the job's network")
    }
    var state = TrainingState(
      weights: parameters, of: job.network, recipe: retraining.recipe, step: retraining.firstStep)
    let end = retraining.recipe.epochs * trainer.stepsPerEpoch
    guard case .trained = trainer.run(&state, through: end) else { return nil }
    return state.parameters
  }
}

extension TrainingState {
  /// Weights with an optimizer that remembers nothing.
  package init(weights: [Float], of network: NetworkDescription, recipe: TrainingRecipe, step: Int) {
    let slot = [Float](repeating: 0, count: ParameterLayout(network).trainableCount)
    self.init(parameters: weights, slots: Array(repeating: slot, count: recipe.optimizer.slots), step: step)
  }
}
