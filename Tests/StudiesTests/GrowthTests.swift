import Models
import Pruning
import Randomness
import Search
import Studies
import Testing

/// Networks that grow while they are trained.
@Suite struct GrowthTests {
  /// Two hidden layers of 8 and 6, 40 samples in batches of 20: two steps an epoch.
  static func study(
    _ plans: [GrowthPlan], epochs: Int = 12, replicates: Int = 1
  ) throws -> MethodStudy {
    let study = try shortStudy()
    let network = try NetworkDescription(name: "grown", widths: [study.network.inputCount, 8, 6, 3])
    let recipe = TrainingRecipe(epochs: epochs, batchSize: 20, zerosLearn: true)
    let subject = MethodSubject(
      name: "grown", dataset: study.dataset, splits: study.splits, network: network, training: recipe,
      segment: .epochs(1),
      retraining: MethodRetraining(start: .finetune, recipe: recipe, segment: .epochs(1)))
    return MethodStudy(
      name: "growing", seed: 5, replicates: replicates, subjects: [subject], procedures: plans.map(Procedure.growth))
  }

  static func plan(
    _ method: GrowthMethod? = .gradMax, _ order: GrowthPlan.Order = .roundRobin, share: Double = 0.5, growths: Int = 3,
    timing: GrowthPlan.Timing = .every(4), amount: GrowthPlan.Amount = .even, layers: [GrowthPlan.NewLayer] = []
  ) -> GrowthPlan {
    GrowthPlan(
      method, share: share, order: order, timing: timing, firstStep: 4, growths: growths, amount: amount,
      layers: layers, samples: 10, lookEvery: 4)
  }

  private func finding(_ plan: GrowthPlan, epochs: Int = 60) throws -> (finding: Finding, jobs: [Job]) {
    var drive = MethodDrive(try Self.study([plan], epochs: epochs))
    try drive.finish()
    return (try #require(drive.run.findings.first), drive.jobs)
  }

  @Test(
    "Layers grow in turn, all at once, or where it is worth most, to the whole network",
    arguments: GrowthPlan.Order.allCases)
  func orders(_ order: GrowthPlan.Order) throws {
    let (finding, jobs) = try finding(Self.plan(.gradMax, order))
    let course = try #require(finding.growth)
    let network = try #require(finding.network)
    #expect(network.shapes.filter { $0.count == 1 }.map { $0[0] }.contains(8))
    #expect(network.digest == (try Self.study([])).subjects[0].network.digest)
    // 4 of 8 and 3 of 6 neurons in three steps each: 1, 1, 2 and 1, 1, 1.
    let first = course.events.filter { $0.layer == "dense1" }
    let second = course.events.filter { $0.layer == "dense2" }
    #expect(first.map(\.count).sorted() == [1, 1, 2] && second.map(\.count) == [1, 1, 1])
    #expect(course.events.map(\.step).allSatisfy { $0 >= 4 && $0 % 4 == 0 })
    let steps = Set(course.events.map(\.step)).count
    #expect(steps == (order == .allAtOnce ? 3 : 6))
    let asked = jobs.filter { if case .grow = $0 { true } else { false } }.count
    #expect(order == .largestGain ? asked > 6 : asked == 6)
    if order == .roundRobin {
      #expect(course.events.map(\.layer).prefix(4) == ["dense1", "dense2", "dense1", "dense2"])
    }
    #expect(finding.metrics.sizeNonzero == finding.metrics.size && finding.metrics.realCompression == 1)
    // Looks every four steps, from the first to the last.
    let total = 60 * TrainingRecipe(epochs: 1, batchSize: 20).stepsPerEpoch(samples: sampleSplits.train.count)
    #expect(course.looks.dropLast().map(\.step) == Array(stride(from: 0, to: total, by: 4)))
    #expect(course.looks.last?.step == total)
    #expect(zip(course.looks, course.looks.dropFirst()).allSatisfy { $0.multiplyAdds < $1.multiplyAdds })
  }

  @Test("The layer with the largest gain for its multiply-adds is taken")
  func largestGain() throws {
    var drive = MethodDrive(try Self.study([Self.plan(.gradMax, .largestGain)], epochs: 60))
    try drive.finish()
    let course = try #require(drive.run.findings.first?.growth)
    for event in course.events {
      let rivals = drive.jobs.compactMap { job -> (layer: String, worth: Double, gain: Double)? in
        guard case .grow(let growing) = job, growing.step == event.step,
          case .grown(let grown)? = drive.facts[job.digest],
          case .neurons(let producer, _) = growing.growth.place
        else { return nil }
        let more = ParameterLayout(growing.grown).multiplyAdds - ParameterLayout(growing.network).multiplyAdds
        return (growing.network.nodes[producer].name, grown.gain / Double(more), grown.gain)
      }
      let best = try #require(rivals.max { $0.worth < $1.worth })
      #expect(best.layer == event.layer && best.gain == event.gain, "step \(event.step)")
    }
    #expect(course.events.count == 6)
  }

  @Test("Baselines do not grow, and cost what their networks do")
  func baselines() throws {
    let (big, small) = (try finding(Self.plan(nil, share: 1)), try finding(Self.plan(nil)))
    let grown = try finding(Self.plan())
    #expect(big.finding.strategy == .baselineBig && small.finding.strategy == .baselineSmall)
    for finding in [big.finding, small.finding] { #expect(finding.growth!.events.isEmpty) }
    func cost(_ finding: Finding) -> Double { finding.growth!.looks.last!.multiplyAdds }
    let network = try Self.study([]).subjects[0].network
    let samples = Double(sampleSplits.train.count)
    #expect(cost(big.finding) == 3 * 60 * samples * Double(ParameterLayout(network).multiplyAdds))
    #expect(cost(small.finding) < cost(grown.finding))
    #expect(small.finding.metrics.realCompression > 1.5 && big.finding.metrics.realCompression == 1)
  }

  @Test("Neurons in numbers or as a fraction of those that are there, never more than the network is to have")
  func amounts() throws {
    let numbers = try finding(Self.plan(amount: .neurons(3))).finding.growth!.events
    #expect(numbers.filter { $0.layer == "dense1" }.map(\.count) == [3, 1])
    let fraction = try finding(Self.plan(amount: .fraction(0.5))).finding.growth!.events
    #expect(fraction.filter { $0.layer == "dense1" }.map(\.count) == [2, 2])
  }

  @Test("New layers come behind the last neurons")
  func layers() throws {
    let layers = [
      GrowthPlan.NewLayer(behind: "relu1", .identity), GrowthPlan.NewLayer(behind: "dense2", .residual(channels: 4)),
    ]
    let found = try finding(Self.plan(.gradMax, .allAtOnce, growths: 1, layers: layers)).finding
    let events = found.growth!.events
    #expect(events.map(\.count) == [4, 3, 0, 0] && events.suffix(2).map(\.layer) == ["relu1", "dense2"])
    #expect(found.network!.nodes.count == (try Self.study([])).subjects[0].network.nodes.count + 6)
    #expect(found.metrics.sizeNonzero > found.metrics.size)
  }

  @Test("A plateau of the training loss makes it grow, and nothing before the first step")
  func plateau() throws {
    let rule = EarlyStopping(patience: 2, minimumDelta: 10)
    // No loss is lower than another by 10, so that each third look is one of a plateau.
    let course = try finding(Self.plan(.gradMax, .allAtOnce, growths: 2, timing: .plateau(rule))).finding.growth!
    let steps = course.events.map(\.step)
    #expect(course.events.count == 4 && steps[0] == steps[1] && steps[2] == steps[3])
    #expect(steps[0] > 4 && steps[2] - steps[0] >= 8, "\(steps)")
  }

  @Test("One history for outcomes in any order, and no blob goes that is needed")
  func anyOrder() throws {
    let plans = [
      Self.plan(nil, share: 1), Self.plan(nil), Self.plan(), Self.plan(.random(zero: .incoming), .largestGain),
    ]
    let study = try Self.study(plans, replicates: 3)
    try expectOneHistory(study, lines: 12, seeds: 1...20)
  }

  @Test("Each part of a plan is part of the study's identity")
  func identity() throws {
    let plans = [
      Self.plan(), Self.plan(.random(zero: .incoming)), Self.plan(.gradMax, .allAtOnce), Self.plan(share: 0.4),
      Self.plan(growths: 4), Self.plan(timing: .every(5)), Self.plan(timing: .plateau(EarlyStopping(patience: 1))),
      Self.plan(amount: .neurons(1)), Self.plan(amount: .fraction(0.1)),
      Self.plan(layers: [GrowthPlan.NewLayer(behind: "relu1", .identity)]),
      Self.plan(.firefly(candidates: 3, rounds: 2)),
      Self.plan(.firefly(candidates: 3, rounds: 4)),
    ]
    #expect(Set(try plans.map { try Self.study([$0]).digest }).count == plans.count)
  }
}
