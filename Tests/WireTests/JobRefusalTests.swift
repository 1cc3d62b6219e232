import Digests
import Foundation
import Models
import Pruning
import Scheduling
import Studies
import SwiftProtobuf
import Testing
import Wire

/// Jobs that a coordinator may not give: each case is a valid one with one thing changed.
@Suite struct JobRefusalTests: RefusalSamples {
  @Test("The samples themselves are accepted")
  func samples() throws {
    for parcel in [evaluation(), training(), evaluationAfterRetraining(), maskedTraining()] {
      guard case .parcel(let jobs) = try WireCodec.coordinatorMessage(try sealed { $0.parcel = parcel }).message else {
        Issue.record("another message")
        return
      }
      #expect(jobs.count == 2)
    }
  }

  @Test("A job whose digest is not that of its content")
  func jobDigest() throws {
    var wrong: [PBParcel] = [
      evaluation {
        $0.prunesClassifier = false; $0.slice.digest = Data(repeating: 1, count: 32)
      },
      evaluation { $0.parameters = Data(repeating: 1, count: 32) },
      evaluation { $0.mask.words[0] ^= 1 }, evaluation { $0.clearMask() }, training { $0.seed = 2 },
      training { $0.recipe = Data(TrainingRecipe(epochs: 3, batchSize: 10, learningRate: 0.2).canonicalBytes.bytes) },
      training { $0.endStep = 6 }, training { $0.firstStep = 1 }, training { $0.network = 0 },
      training { $0.from = Data(repeating: 0, count: 32) }, training { $0.numerics = "another" },
      training { $0.mask = PBMask(Mask(count: 30)) }, training { $0.endStep = 0 }, maskedTraining { $0.clearMask() },
      maskedTraining { $0.mask.words[0] ^= 1 }, maskedTraining { $0.fromWeights = false },
      maskedTraining { $0.from = Data() }, maskedTraining { $0.from = Data(repeating: 0, count: 32) },
      evaluation { $0.samples = 1 }, evaluation { $0.leastAccuracy = 0 }, evaluation { $0.mostLoss = .infinity },
      evaluationAfterRetraining { $0.samples = 0 }, evaluationAfterRetraining { $0.samples = 1 << 32 },
      evaluationAfterRetraining { $0.clearRetraining() }, evaluationAfterRetraining { $0.threshold = nil },
      evaluationAfterRetraining { $0.leastAccuracy = 0.5.nextUp }, evaluationAfterRetraining { $0.mostLoss = 0.5 },
      evaluationAfterRetraining {
        $0.retraining.recipe = Data(TrainingRecipe(epochs: 4, batchSize: 10).canonicalBytes.bytes)
      },
      evaluationAfterRetraining { $0.retraining.firstStep = 0 }, evaluationAfterRetraining { $0.retraining.draw = 4 },
      evaluationAfterRetraining { $0.retraining.slice.digest = Data(repeating: 1, count: 32) },
      evaluationAfterRetraining { $0.retraining.samplesPerClass = 0 },
      evaluationAfterRetraining { $0.retraining.seed = 6 },
      evaluationAfterRetraining { $0.retraining.numerics = "another" },
    ]
    // The content of a fitness evaluation is no test evaluation.
    var asTest = evaluation()
    asTest.job[1].test = asTest.job[1].evaluate
    wrong.append(asTest)
    // Both networks are possible, but not where the other one was.
    var swapped = training()
    swapped.network.swapAt(0, 1)
    swapped.job.removeFirst()
    wrong.append(swapped)
    for parcel in wrong { #expect(try refused(parcel).contains("digest is not that of its content")) }
  }

  @Test("Evaluations without weights and without a training that gives some")
  func noWeights() throws {
    #expect(try refused(evaluation { $0.parameters = Data() }).contains("neither weights nor a training"))
    #expect(try refused(evaluation { $0.parameters = Data(repeating: 1, count: 31) }).contains("evaluate.parameters"))
    let fresh = try refused(evaluationAfterRetraining { $0.parameters = Data() })
    #expect(fresh.contains("digest is not that of its content"))
  }

  @Test("Masks with bits beyond their end, of the wrong length, or of another network")
  func masks() throws {
    for change: (inout PBEvaluate) -> Void in [
      { $0.mask.words[8] |= 2 }, { $0.mask.words[15] |= 0x80 }, { $0.mask.words.removeLast() },
      { $0.mask.words.append(0) }, { $0.mask.count = 64 }, { $0.mask.count = 66 },
      { $0.mask.count = 1 << 33 }, { $0.mask.count = .max }, { $0.mask.count = 0 }, { $0.prunesClassifier = true },
      { $0.mask = PBMask() },
    ] {
      #expect(try refused(evaluation(change)).contains("mask"))
    }
    for change: (inout PBTrain) -> Void in [
      { $0.mask.words[5] |= 1 }, { $0.mask.words[7] |= 0x80 }, { $0.mask.words.removeLast() },
      { $0.mask.words.append(0) },
      { $0.mask.count = 30 }, { $0.mask.count = 39 }, { $0.mask.count = .max }, { $0.mask.count = 1 << 33 },
      { $0.mask = PBMask() }, { $0.mask = PBMask(Mask(count: 30)) }, { $0.mask = PBMask(Mask(count: 67)) },
      { $0.prunesClassifier = false },
    ] { #expect(try refused(maskedTraining(change)).contains("mask")) }
    // Without words it is what it flips of none, and that is nothing.
    #expect(try refused(evaluation { $0.mask.words = Data() }).contains("a job's digest"))
    var other = evaluation()
    other.network.append(Data(networks[1].canonicalBytes.bytes))
    other.job[1].evaluate.network = 1
    #expect(try refused(other).contains("a mask of 65 weights is not of the job's network"))
  }

  @Test("A job of a network that the parcel does not have")
  func places() throws {
    for place: UInt32 in [1, 2, .max] {
      #expect(try refused(evaluation { $0.network = place }).contains("network \(place), the parcel has 1"))
    }
    #expect(try refused(training { $0.network = 2 }).contains("network 2, the parcel has 2"))
    for parcel in [evaluation(), training()] {
      var none = parcel
      none.network = []
      #expect(try refused(none).contains("network 0, the parcel has 0"))
    }
  }

  @Test("Networks that are none, whether a job names them or not")
  func networksThatAreNone() throws {
    for bytes in ImpossibleNetwork.all {
      var named = evaluation()
      named.network[0] = Data(bytes)
      #expect(try refused(named).contains("network"))
      var beside = evaluation()
      beside.network.append(Data(bytes))
      #expect(try refused(beside).contains("network"))
      named = training()
      named.network[1] = Data(bytes)
      #expect(try refused(named).contains("network"))
    }
  }

  @Test("The writer of impossible networks can write possible ones")
  func possibleNetwork() throws {
    #expect(try NetworkDescription(canonical: ImpossibleNetwork.bytes()) == networks[0])
  }

  @Test("Recipes that are none")
  func recipes() throws {
    var impossible: [TrainingRecipe] = []
    for change: (inout TrainingRecipe) -> Void in [
      { $0.epochs = -1 }, { $0.epochs = 100_001 }, { $0.batchSize = 0 }, { $0.batchSize = 65_537 },
      { $0.learningRate = .nan }, { $0.learningRate = 0 }, { $0.learningRate = .infinity },
      { $0.optimizer = .sgd(momentum: .infinity, nesterov: false) },
      { $0.optimizer = .sgd(momentum: 1, nesterov: false) },
      { $0.optimizer = .sgd(momentum: -0.1, nesterov: false) }, { $0.optimizer = .sgd(momentum: 0, nesterov: true) },
      { $0.optimizer = .adam(.init(beta1: 1)) }, { $0.optimizer = .adamW(.init(beta2: .nan)) },
      { $0.optimizer = .adam(.init(epsilon: 0)) }, { $0.l1 = .nan }, { $0.l1 = -1 }, { $0.l2 = -.infinity },
      { $0.schedule = .milestones([2, 2], gamma: 0.1) }, { $0.schedule = .milestones([0], gamma: 0.1) },
      { $0.schedule = .milestones([1], gamma: 0) }, { $0.schedule = .milestones([1], gamma: .nan) },
      { $0.schedule = .cosine(horizon: 0) }, { $0.schedule = .cosine(horizon: .max) }, { $0.warmupEpochs = -1 },
      { $0.augmentation.cropPadding = 65 }, { $0.augmentation.cropPadding = -1 },
    ] {
      var recipe = TrainingRecipe(epochs: 3, batchSize: 10)
      change(&recipe)
      impossible.append(recipe)
    }
    let valid = TrainingRecipe(epochs: 3, batchSize: 10).canonicalBytes.bytes
    // Behind the heading, epochs, batch size and rate stands the kind of the optimizer.
    var optimizer = valid
    optimizer[8 + "sentei/recipe/v1".utf8.count + 24] = 9
    var damaged = [[], valid + [0], optimizer, networks[0].canonicalBytes.bytes]
    for length in valid.indices { damaged.append(Array(valid[..<length])) }
    for bytes in impossible.map(\.canonicalBytes.bytes) + damaged {
      #expect(try refused(training { $0.recipe = Data(bytes) }).contains("train.recipe"))
      #expect(
        try refused(evaluationAfterRetraining { $0.retraining.recipe = Data(bytes) }).contains("retraining.recipe"))
    }
  }

  @Test("Slices and steps that are none")
  func segments() throws {
    for change: (inout PBTrain) -> Void in [
      { $0.firstStep = 6 }, { $0.firstStep = 7 }, { $0.endStep = 16 }, { $0.endStep = .max },
      {
        $0.firstStep = 15; $0.endStep = 16
      },
      {
        $0.firstStep = .max - 1; $0.endStep = .max
      },
      {
        $0.firstStep = 5; $0.endStep = 4
      },
    ] { #expect(try refused(training(change)).contains("step")) }
    for change: (inout PBTrain) -> Void in [
      { $0.slice.count = 0 }, { $0.slice.count = 1 << 33 }, { $0.slice.count = .max }, { $0.slice.digest = Data() },
      { $0.slice.digest.append(0) }, { $0.from = Data([1]) }, { $0.numerics = String(repeating: "n", count: 257) },
    ] { _ = try refused(training(change)) }
    var unknown = PBParcel()
    unknown.job = [PBJob()]
    #expect(try refused(unknown).contains("kind"))
  }

  @Test("Retrainings, samples and thresholds that are none, and a test with a threshold")
  func judging() throws {
    for change: (inout PBRetraining) -> Void in [
      { $0.firstStep = 1 << 49 }, { $0.firstStep = .max }, { $0.samplesPerClass = 1 << 33 },
      { $0.samplesPerClass = .max }, { $0.draw = 1 << 33 }, { $0.draw = .max }, { $0.slice = PBSlice() },
      { $0.slice.count = 1 << 33 }, { $0.slice.count = .max }, { $0.slice.digest = Data() },
      { $0.slice.digest.append(0) }, { $0.numerics = String(repeating: "n", count: 257) }, { $0 = PBRetraining() },
    ] {
      let text = try refused(evaluationAfterRetraining { change(&$0.retraining) })
      #expect(text.contains("retraining") || text.contains("slice"), "\(text)")
    }
    for samples in [1 << 33, UInt64.max] {
      #expect(try refused(evaluationAfterRetraining { $0.samples = samples }).contains("evaluate.samples"))
    }
    for value in [Double.nan, -.nan, .signalingNaN] {
      #expect(try refused(evaluationAfterRetraining { $0.leastAccuracy = value }).contains("threshold"))
      #expect(try refused(evaluationAfterRetraining { $0.mostLoss = value }).contains("threshold"))
    }
    // With the digest that a test of this content would have, if it could be one.
    for threshold in [PBEvaluate.OneOf_Threshold.leastAccuracy(0), .mostLoss(.infinity)] {
      var generator = generator
      var test = PBParcel([
        .test(
          Evaluation(
            network: networks[0], scope: PruningScope(), parameters: generator.digest(),
            mask: Mask(count: 65, keeping: [64]), slice: generator.slice(TestUse.self)))
      ])
      test.job[0].test.threshold = threshold
      #expect(try refused(test).contains("a test with a threshold"))
    }
  }
}
