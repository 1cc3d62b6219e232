import Digests
import Models
import Pruning
import Studies
import Testing

/// How a study trains: in which jobs, from where, and with which weights it goes on.
@Suite struct TrainingTests {
  /// A study of 70 training samples, and so of 4 steps an epoch, the last of 10 samples.
  private func study(epochs: Int, _ segment: SegmentLength) throws -> Study {
    var study = try smallStudy()
    study.training = TrainingRecipe(epochs: epochs, batchSize: 20)
    study.segment = segment
    return study
  }

  @Test(
    "Training is a chain of segments, each from the state of the one before, the last one as short as need be",
    arguments: [
      (.epochs(1), [4, 8, 12]), (.epochs(2), [8, 12]), (.epochs(3), [12]), (.epochs(100), [12]),
      (.steps(1), Array(1...12)), (.steps(3), [3, 6, 9, 12]), (.steps(5), [5, 10, 12]), (.steps(12), [12]),
      (.steps(1_000_000_000), [12]),
    ] as [(SegmentLength, [Int])])
  func segments(length: SegmentLength, ends: [Int]) throws {
    let study = try study(epochs: 3, length)
    let drive = try Drive.whole(study, generations: 1)
    let starts = [0] + ends.dropLast()
    #expect(drive.segments.map(\.steps) == zip(starts, ends).map { $0..<$1 })
    #expect(drive.segments.map(\.start) == [.fresh] + ends.dropLast().map { .state(digest("state after \($0)")) })
    for segment in drive.segments {
      #expect(segment.slice == sampleSplits.train && segment.seed == study.seed && segment.recipe == study.training)
      #expect(segment.network == study.network && segment.numerics == study.numerics)
    }
    #expect(drive.run.planner.currentParameters == Digest(of: drive.worker.parameters(after: 12)))
    #expect(drive.evaluations.allSatisfy { $0.parameters == Digest(of: drive.worker.parameters(after: 12)) })
  }

  @Test("One segment is out at a time, and progress counts parts of epochs")
  func progress() throws {
    let study = try study(epochs: 2, .steps(3))
    var drive = Drive(try planner(study, generations: 1), FakeWorker(study))
    try drive.advance()
    var seen: [Double] = []
    while drive.run.planner.currentParameters == nil {
      #expect(drive.outstanding.count == 1)
      seen.append(drive.run.planner.trainedEpochs)
      drive.answer(0)
      try drive.advance()
    }
    #expect(seen == [0, 0, 0.75, 1.5])
    #expect(drive.run.planner.trainedEpochs == 2)
  }

  @Test(
    "A step that diverges within an epoch is told by its epoch", arguments: [(0, 0), (3, 0), (4, 1), (7, 1), (11, 2)])
  func diverged(step: Int, epoch: Int) throws {
    let study = try study(epochs: 3, .steps(5))
    var drive = Drive(try planner(study, generations: 1), FakeWorker(study, divergesIn: step))
    let failure = #expect(throws: StudyFailure.self) { try drive.finish() }
    #expect(failure?.description.contains("diverged in epoch \(epoch + 1);") == true)
  }

  /// Losses of the judgements (nil: not finite), and what early stopping makes of them in a training of 6 segments.
  struct Course: Sendable, CustomTestStringConvertible {
    let rule: EarlyStopping
    let losses: [Double?]
    /// Segments that are trained.
    let trained: Int
    /// The segment, from 1, whose weights are searched on.
    let best: Int

    init(patience: Int, delta: Double = 0, _ losses: [Double?], trained: Int, best: Int) {
      rule = EarlyStopping(patience: patience, minimumDelta: delta)
      (self.losses, self.trained, self.best) = (losses, trained, best)
    }

    var testDescription: String { "patience \(rule.patience), delta \(rule.minimumDelta): \(losses)" }
  }

  @Test(
    "Early stopping trains as long as its patience lasts and goes on with the best weights",
    arguments: [
      Course(patience: 1, [6, 5, 4, 3, 2, 1], trained: 6, best: 6),
      Course(patience: 1, [6, 6, 4, 3, 2, 1], trained: 2, best: 1),
      Course(patience: 1, [6, 7, 4, 3, 2, 1], trained: 2, best: 1),
      Course(patience: 2, [6, 7, 5, 6, 5, 1], trained: 5, best: 3),
      Course(patience: 2, [3, 2, 2.5, 1, 1.5, 1], trained: 6, best: 4),
      Course(patience: 3, [1, 2, 3, 0.5, 3, 2], trained: 6, best: 4),
      Course(patience: 100, [1, 2, 3, 4, 5, 6], trained: 6, best: 1),
      Course(patience: 2, delta: 0.5, [3, 2.6, 2.5, 1, 1, 1], trained: 3, best: 1),
      Course(patience: 2, delta: 0.5, [3, 2.6, 2.4, 2, 2, 1], trained: 5, best: 3),
      Course(patience: 2, [nil, 5, nil, nil, 1, 1], trained: 4, best: 2),
      Course(patience: 3, [nil, nil, 5, 6, 4, nil], trained: 6, best: 5),
    ])
  func earlyStopping(course: Course) throws {
    for length in [SegmentLength.epochs(1), .steps(4)] {
      var study = try study(epochs: 6, length)
      study.earlyStopping = course.rule
      let judgements = course.losses.map { loss in
        loss.map { Score.exact(correct: 1, count: 10, loss: $0) } ?? .nonfinite
      }
      let drive = try Drive.whole(study, generations: 2, FakeWorker(study, judgements: judgements))
      func weights(_ segment: Int) -> Digest { Digest(of: drive.worker.parameters(after: 4 * segment)) }

      #expect(drive.segments.map(\.steps) == (0..<course.trained).map { 4 * $0..<4 * $0 + 4 })
      let judged = drive.evaluations.prefix(course.trained)
      #expect(judged.map(\.parameters) == (1...course.trained).map(weights))
      #expect(judged.allSatisfy { $0.slice == sampleSplits.validation && $0.mask == nil })
      let searched = drive.evaluations.dropFirst(course.trained)
      #expect(searched.allSatisfy { $0.parameters == weights(course.best) && $0.slice == sampleSplits.search })
      #expect(drive.run.planner.currentParameters == weights(course.best))
      for contestant in drive.run.planner.contestants {
        #expect(contestant.jobs.map(\.inputs[0]) == [weights(course.best)])
      }
      // Judgements are no trials.
      #expect(searched.count == drive.run.evaluations)
      #expect(drive.records.count == 4 + 2 * 16)
      #expect(drive.run.planner.trainedEpochs == Double(course.trained))
    }
  }

  @Test("Losses that are never finite end the study, with patience or without", arguments: [2, 100])
  func neverFinite(patience: Int) throws {
    var study = try study(epochs: 3, .epochs(1))
    study.earlyStopping = EarlyStopping(patience: patience)
    var drive = Drive(
      try planner(study, generations: 1), FakeWorker(study, judgements: Array(repeating: .nonfinite, count: 3)))
    let failure = #expect(throws: StudyFailure.self) { try drive.finish() }
    #expect(failure?.description.contains("finite") == true)
    #expect(drive.segments.count == min(patience, 3))
  }

  @Test("Fine-tuning that only makes weights from outside worse gives them back")
  func fineTuningInVain() throws {
    var study = try study(epochs: 6, .epochs(1))
    study.pretrained = FakeWorker.pretrained(study)
    study.earlyStopping = EarlyStopping(patience: 2)
    let losses = [1, 2, 3].map { Score.exact(correct: 1, count: 10, loss: $0) }
    let drive = try Drive.whole(study, generations: 1, FakeWorker(study, judgements: losses))
    #expect(drive.segments.count == 2)
    #expect(drive.run.planner.currentParameters == study.pretrained)
    #expect(!drive.removed.contains(study.pretrained!))
  }

  @Test("A segment is judged before the next one is asked for")
  func judgedFirst() throws {
    let (_, study, worker) = try trainingVariants()[2]
    let drive = try Drive.whole(study, generations: 1, worker)
    let kinds = drive.jobs.prefix(9).map(\.kind)
    #expect(kinds == ["split"] + Array(repeating: ["train", "evaluate"], count: 4).flatMap { $0 })
  }

  @Test("Weights from outside and no epochs: nothing is trained or judged", arguments: [true, false])
  func pretrained(stops: Bool) throws {
    var study = try smallStudy()
    let weights = FakeWorker.pretrained(study)
    study.pretrained = weights
    study.training.epochs = 0
    study.earlyStopping = stops ? EarlyStopping(patience: 1) : nil
    let drive = try Drive.whole(study, generations: 2)
    #expect(drive.segments.isEmpty && drive.jobs.count == 1 + drive.run.evaluations)
    #expect(drive.evaluations.allSatisfy { $0.parameters == weights && $0.slice == sampleSplits.search })
    #expect(drive.run.planner.currentParameters == weights)
    #expect(drive.run.planner.trainedEpochs == 0 && drive.removed.isEmpty)
  }

  @Test("Fine-tuning begins with the weights from outside, and the rest is a training as any")
  func fineTuned() throws {
    let study = try study(epochs: 2, .steps(3))
    var tuned = study
    tuned.pretrained = FakeWorker.pretrained(study)
    let drives = try [study, tuned].map { try Drive.whole($0, generations: 1) }
    #expect(
      drives[1].segments.map(\.start) == [
        .weights(tuned.pretrained!), .state(digest("state after 3")), .state(digest("state after 6")),
      ])
    #expect(drives[1].segments.map(\.steps) == drives[0].segments.map(\.steps))
    #expect(Job.train(drives[1].segments[0]).digest != Job.train(drives[0].segments[0]).digest)
    #expect(Job.train(drives[1].segments[0]).inputs == [digest("train"), tuned.pretrained!])
    // They may be wanted again, by a study that trains them otherwise.
    #expect(!drives[1].removed.contains(tuned.pretrained!))
  }

  @Test("Given up are all states but the last and all weights but those that the study is about")
  func superseded() throws {
    for (name, study, worker) in try trainingVariants() {
      let drive = try Drive.whole(study, generations: 1, worker)
      var expected: Set<Digest> = []
      for case .trained(let segment) in drive.facts.values { expected.formUnion([segment.state, segment.parameters]) }
      expected.remove(drive.run.planner.currentParameters!)
      if let last = drive.segments.last { expected.remove(digest("state after \(last.steps.upperBound)")) }
      #expect(drive.removed == expected, "\(name)")
    }
  }
}
