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
    slice: String = "train", from: Digest? = nil, steps: Range<Int> = 0..<5, numerics: NumericsClass = .portable
  ) -> Job {
    .train(
      TrainingSegment(
        network: network ?? small, recipe: recipe, seed: seed, slice: Slice(digest: digest(slice), count: 9),
        from: from, steps: steps, numerics: numerics))
  }

  private func evaluation<Use>(
    _ use: Use.Type, _ network: NetworkDescription? = nil, classifier: Bool = false, parameters: String = "weights",
    mask: Mask? = Mask(count: 48, keeping: [1, 5]), slice: String = "slice"
  ) -> Evaluation<Use> {
    Evaluation(
      network: network ?? small, scope: PruningScope(prunesClassifier: classifier), parameters: digest(parameters),
      mask: mask, slice: Slice(digest: digest(slice), count: 9))
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
    let recipes = recipeChanges.map { change in
      var recipe = TrainingRecipe()
      change(&recipe)
      return recipe
    }
    expectDistinct(
      [
        segment(), segment(Self.network("small", [6, 9, 3])), segment(seed: 2), segment(slice: "other"),
        segment(from: digest("state")), segment(from: digest("other state")), segment(steps: 0..<4),
        segment(steps: 1..<5), segment(numerics: NumericsClass("another")),
      ] + recipes.map { segment(recipe: $0) })
    #expect(segment().digest == segment(Self.network("another name", [6, 8, 3])).digest, "a name is no identity")
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
    #expect(segment(from: digest("state")).inputs == [digest("train"), digest("state")])
    #expect(Job.evaluate(evaluation(FitnessUse.self)).inputs == [digest("weights"), digest("slice")])
    #expect(Job.test(evaluation(TestUse.self)).inputs == [digest("weights"), digest("slice")])
    #expect(segment().numerics == .portable && Job.test(evaluation(TestUse.self)).numerics == nil)
  }
}
