import Digests
import Foundation
import Models
import Pruning
import Scheduling
import Studies
import SwiftProtobuf
import Testing
import Wire

extension PBParcel {
  /// Jobs of a connection that has carried nothing yet.
  init(_ jobs: [Job]) {
    var shelf = MaskShelf.none
    self.init(jobs, on: &shelf)
  }
}

/// Valid messages with one thing changed, and how each side refuses them.
protocol RefusalSamples {}

extension RefusalSamples {
  var generator: Generator { Generator(seed: 1) }

  func sealed(_ change: (inout PBEnvelope) -> Void) throws -> [UInt8] {
    var envelope = PBEnvelope()
    change(&envelope)
    return Seal.sealed(try envelope.serializedBytes())
  }

  func refusedByWorker(_ change: (inout PBEnvelope) -> Void) throws -> String {
    let bytes = try sealed(change)
    return #expect(throws: WireError.self) { try WireCodec.coordinatorMessage(bytes) }?.description ?? ""
  }

  func refusedByCoordinator(_ change: (inout PBEnvelope) -> Void) throws -> String {
    let bytes = try sealed(change)
    return #expect(throws: WireError.self) { try WireCodec.workerMessage(bytes) }?.description ?? ""
  }

  /// Two networks, so that a job can name the wrong one of them.
  var networks: [NetworkDescription] {
    [[65, 1, 2], [6, 5, 2]].map { widths in
      guard let network = try? NetworkDescription(name: "n", widths: widths) else { preconditionFailure() }
      return network
    }
  }

  func evaluation(keeping kept: Int) -> Job {
    var generator = generator
    return .evaluate(
      Evaluation(
        network: networks[0], scope: PruningScope(), parameters: generator.digest(),
        mask: Mask(count: 65, keeping: [kept]), slice: generator.slice(FitnessUse.self)))
  }

  /// A valid job and behind it a valid evaluation of a mask of 65 weights with one change.
  func evaluation(_ change: (inout PBEvaluate) -> Void = { _ in }) -> PBParcel {
    var parcel = PBParcel([evaluation(keeping: 3), evaluation(keeping: 64)])
    change(&parcel.job[1].evaluate)
    return parcel
  }

  /// A valid job and behind it a valid evaluation that trains first and has a threshold, with one change.
  func evaluationAfterRetraining(_ change: (inout PBEvaluate) -> Void = { _ in }) -> PBParcel {
    var generator = generator
    let retraining = Retraining(
      recipe: TrainingRecipe(epochs: 3, batchSize: 10), firstStep: 4,
      slice: Slice(digest: generator.digest(), count: 41), samplesPerClass: 2, draw: 3, seed: 5, numerics: .portable)
    var parcel = PBParcel([
      evaluation(keeping: 3),
      .evaluate(
        Evaluation(
          network: networks[0], scope: PruningScope(), parameters: generator.digest(),
          mask: Mask(count: 65, keeping: [64]), slice: Slice(digest: generator.digest(), count: 50), samples: 20,
          retraining: retraining, threshold: .accuracy(atLeast: 0.5))),
    ])
    change(&parcel.job[1].evaluate)
    return parcel
  }

  /// A valid job and behind it a valid training of what a mask of 40 weights keeps, with one change.
  func maskedTraining(_ change: (inout PBTrain) -> Void = { _ in }) -> PBParcel {
    var generator = generator
    var parcel = PBParcel([
      evaluation(keeping: 3),
      .train(
        TrainingSegment(
          network: networks[1], recipe: TrainingRecipe(epochs: 3, batchSize: 10), seed: 1,
          slice: Slice(digest: generator.digest(), count: 41), start: .weights(generator.digest()),
          mask: Mask(count: 40, keeping: [1, 29]), scope: PruningScope(prunesClassifier: true), steps: 0..<5,
          numerics: .portable)),
    ])
    change(&parcel.job[1].train)
    return parcel
  }

  /// A valid job and behind it a valid training of 3 epochs of 5 steps with one change.
  func training(_ change: (inout PBTrain) -> Void = { _ in }) -> PBParcel {
    var generator = generator
    var parcel = PBParcel([
      evaluation(keeping: 3),
      .train(
        TrainingSegment(
          network: networks[1], recipe: TrainingRecipe(epochs: 3, batchSize: 10), seed: 1,
          slice: Slice(digest: generator.digest(), count: 41), start: .fresh, steps: 0..<5, numerics: .portable)),
    ])
    change(&parcel.job[1].train)
    return parcel
  }

  func refused(_ parcel: PBParcel) throws -> String { try refusedByWorker { $0.parcel = parcel } }
}
