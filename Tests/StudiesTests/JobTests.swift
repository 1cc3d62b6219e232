import Digests
import Models
import Pruning
import Studies
import Testing

/// The identity of jobs: equal for equal content, different for all that can change the outcome.
@Suite struct JobTests {
  private static func network(_ name: String, _ widths: [Int]) -> NetworkDescription {
    guard let network = try? NetworkDescription(name: name, widths: widths) else { preconditionFailure() }
    return network
  }

  private let small = network("small", [6, 8, 3])

  private func segment(
    _ network: NetworkDescription? = nil, recipe: TrainingRecipe = TrainingRecipe(), seed: UInt64 = 1,
    slice: String = "train", start: TrainingSegment.Start = .fresh, mask: Mask? = nil, classifier: Bool = false,
    steps: Range<Int> = 0..<5, numerics: NumericsClass = .portable
  ) -> Job {
    .train(
      TrainingSegment(
        network: network ?? small, recipe: recipe, seed: seed, slice: Slice(digest: digest(slice), count: 9),
        start: start, mask: mask, scope: PruningScope(prunesClassifier: classifier), steps: steps, numerics: numerics))
  }

  private func evaluation<Use>(
    _ use: Use.Type, _ network: NetworkDescription? = nil, classifier: Bool = false, parameters: String = "weights",
    mask: Mask? = Mask(count: 48, keeping: [1, 5]), slice: String = "slice", samples: Int? = nil,
    retraining: Retraining? = nil, threshold: Threshold? = nil
  ) -> Evaluation<Use> {
    Evaluation(
      network: network ?? small, scope: PruningScope(prunesClassifier: classifier), parameters: digest(parameters),
      mask: mask, slice: Slice(digest: digest(slice), count: 9), samples: samples, retraining: retraining,
      threshold: threshold)
  }

  private func retraining(
    _ recipe: TrainingRecipe = TrainingRecipe(), firstStep: Int = 0, slice: String = "train", perClass: Int? = nil,
    draw: Int = 0, seed: UInt64 = 1, numerics: NumericsClass = .portable
  ) -> Retraining {
    Retraining(
      recipe: recipe, firstStep: firstStep, slice: Slice(digest: digest(slice), count: 30), samplesPerClass: perClass,
      draw: draw, seed: seed, numerics: numerics)
  }

  private let recipes = recipeChanges.map { change in
    var recipe = TrainingRecipe()
    change(&recipe)
    return recipe
  }

  @Test func onlyMasksOfTheSameWeightsOnTheSameSliceAreDoneTogether() {
    let job = Job.evaluate(evaluation(FitnessUse.self))
    let together = [
      evaluation(FitnessUse.self, mask: Mask(count: 48, keeping: [2])), evaluation(FitnessUse.self, mask: nil),
      evaluation(FitnessUse.self, samples: 4), evaluation(FitnessUse.self, threshold: .loss(atMost: 1)),
    ]
    for other in together { #expect(Job.evaluate(other).shares(inputsOf: job)) }
    let apart: [Job] = [
      .evaluate(evaluation(FitnessUse.self, Self.network("other", [6, 9, 3]))),
      .evaluate(evaluation(FitnessUse.self, classifier: true)),
      .evaluate(evaluation(FitnessUse.self, parameters: "others")),
      .evaluate(evaluation(FitnessUse.self, slice: "another")),
      .evaluate(evaluation(FitnessUse.self, retraining: retraining())), .test(evaluation(TestUse.self)), segment(),
    ]
    for other in apart {
      #expect(!other.shares(inputsOf: job) && !job.shares(inputsOf: other))
    }
  }

  /// Every digest differs from every other.
  private func expectDistinct(_ jobs: [Job], sourceLocation: SourceLocation = #_sourceLocation) {
    for (index, job) in jobs.enumerated() {
      for other in jobs[(index + 1)...] {
        #expect(job.digest != other.digest, "\(job) and \(other)", sourceLocation: sourceLocation)
      }
    }
  }

  @Test("Each field of a training job matters")
  func training() {
    let mask = Mask(count: 48, keeping: [1, 5])
    expectDistinct(
      [
        segment(), segment(Self.network("small", [6, 9, 3])), segment(seed: 2), segment(slice: "other"),
        segment(start: .state(digest("state"))), segment(start: .state(digest("other state"))),
        segment(start: .weights(digest("state"))), segment(start: .weights(digest("other state"))),
        segment(steps: 0..<4), segment(steps: 1..<5), segment(steps: 0..<0), segment(mask: mask),
        segment(mask: mask, classifier: true), segment(mask: Mask(count: 48, keeping: [1, 6])),
        segment(mask: Mask(count: 49, keeping: [1, 5])), segment(mask: Mask(count: 48)),
        segment(numerics: NumericsClass("another")),
      ] + recipes.map { segment(recipe: $0) })
    #expect(segment().digest == segment(Self.network("another name", [6, 8, 3])).digest, "a name is no identity")
    #expect(segment().digest == segment(classifier: true).digest, "without a mask nothing is in a scope")
  }

  @Test("Each field of a retraining matters, and so do the samples and the threshold")
  func retrainings() {
    let retrainings =
      [
        retraining(), retraining(firstStep: 1), retraining(slice: "other"), retraining(perClass: 1),
        retraining(perClass: 2), retraining(draw: 1), retraining(seed: 2), retraining(numerics: NumericsClass("other")),
      ] + recipes.map { retraining($0) }
    let thresholds: [Threshold] = [
      .accuracy(atLeast: 0.5), .accuracy(atLeast: 0.5.nextUp), .accuracy(atLeast: 0), .loss(atMost: 0.5),
      .loss(atMost: 0), .loss(atMost: .infinity),
    ]
    expectDistinct(
      [evaluation(FitnessUse.self)].map(Job.evaluate)
        + [1, 2, 8].map { .evaluate(evaluation(FitnessUse.self, samples: $0)) }
        + [1, 2].map { .test(evaluation(TestUse.self, samples: $0)) }
        + retrainings.map { .evaluate(evaluation(FitnessUse.self, retraining: $0)) }
        + retrainings.map { .test(evaluation(TestUse.self, retraining: $0)) }
        + thresholds.map { .evaluate(evaluation(FitnessUse.self, threshold: $0)) })
    // As many samples as there are, or more, are all of them.
    for samples in [9, 10, .max] {
      #expect(
        Job.evaluate(evaluation(FitnessUse.self, samples: samples)).digest
          == Job.evaluate(evaluation(FitnessUse.self)).digest)
    }
  }

  @Test("Each field of an evaluation matters, the mask's bits and the test slice's use included")
  func evaluations() {
    let jobs: [Job] = [
      .evaluate(evaluation(FitnessUse.self)), .evaluate(evaluation(FitnessUse.self, Self.network("small", [6, 9, 3]))),
      .evaluate(evaluation(FitnessUse.self, classifier: true)),
      .evaluate(evaluation(FitnessUse.self, parameters: "others")), .evaluate(evaluation(FitnessUse.self, mask: nil)),
      .evaluate(evaluation(FitnessUse.self, mask: Mask(count: 48, keeping: [1, 6]))),
      .evaluate(evaluation(FitnessUse.self, mask: Mask(count: 49, keeping: [1, 5]))),
      .evaluate(evaluation(FitnessUse.self, mask: Mask(count: 48))),
      .evaluate(evaluation(FitnessUse.self, slice: "other")), .test(evaluation(TestUse.self)),
      .test(evaluation(TestUse.self, mask: nil)),
    ]
    expectDistinct(jobs)
    for position in 0..<48 {
      var mask = Mask(count: 48, keeping: [1, 5])
      mask[position].toggle()
      #expect(Job.evaluate(evaluation(FitnessUse.self, mask: mask)).digest != jobs[0].digest, "bit \(position)")
    }
  }

  @Test("Each field of a split matters")
  func splits() {
    func job(_ dataset: String = "data", _ sizes: SplitSizes = SplitSizes(), seed: UInt64 = 1) -> Job {
      .split(SplitJob(dataset: digest(dataset), sizes: sizes, seed: seed))
    }
    expectDistinct([
      job(), job("other"), job(seed: 2), job("data", SplitSizes(search: .fraction(0.3))),
      job("data", SplitSizes(validation: .fraction(0.2))), job("data", SplitSizes(test: .fraction(0.1))),
      job("data", SplitSizes(search: .count(1))), job("data", SplitSizes(search: .fraction(1))),
    ])
  }

  @Test("Equal content made twice is one job")
  func equal() {
    #expect(segment().digest == segment().digest)
    #expect(
      Job.evaluate(evaluation(FitnessUse.self)).digest
        == Job.evaluate(evaluation(FitnessUse.self, Self.network("renamed", [6, 8, 3]))).digest)
    var flipped = Mask(count: 48, keeping: [1, 5, 9])
    flipped[9] = false
    #expect(
      Job.evaluate(evaluation(FitnessUse.self)).digest
        == Job.evaluate(evaluation(FitnessUse.self, mask: flipped)).digest)
  }

  @Test("Inputs are the blobs that the job reads; only training is bound to a numerics class")
  func inputs() {
    #expect(segment().inputs == [digest("train")])
    #expect(segment(start: .state(digest("state"))).inputs == [digest("train"), digest("state")])
    #expect(segment(start: .weights(digest("w"))).inputs == [digest("train"), digest("w")])
    #expect(Job.evaluate(evaluation(FitnessUse.self)).inputs == [digest("weights"), digest("slice")])
    #expect(Job.test(evaluation(TestUse.self)).inputs == [digest("weights"), digest("slice")])
    #expect(segment().numerics == .portable && Job.test(evaluation(TestUse.self)).numerics == nil)
    #expect(Job.evaluate(evaluation(FitnessUse.self)).numerics == nil)
    let retraining = retraining(slice: "images", numerics: NumericsClass("another"))
    for job in [
      Job.evaluate(evaluation(FitnessUse.self, retraining: retraining)),
      .test(evaluation(TestUse.self, retraining: retraining)),
    ] {
      #expect(job.inputs == [digest("weights"), digest("slice"), digest("images")])
      #expect(job.numerics == NumericsClass("another"))
    }
  }
}
