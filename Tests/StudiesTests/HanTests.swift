import Digests
import Models
import Pruning
import Randomness
import Studies
import Testing

/// Han's procedure: what layers bear, dead neurons, dropout that shrinks, layers in turn.
struct HanTests {
  private static let rounds = 3

  /// Two convolutions and two dense layers with dropout between them, 4 times smaller in rounds.
  private func study(
    alternates: Bool, criterion: PruningCriterion = .sensitivity, controls: [TicketControl] = []
  ) throws -> MethodStudy {
    var study = try smallMethods()
    var builder = NetworkBuilder(input: [1, 6, 6])
    builder.convolution(3, kernel: 3)
    builder.relu()
    builder.convolution(4, kernel: 3)
    builder.relu()
    builder.flatten()
    builder.dense(8)
    builder.relu()
    builder.add(.dropout(rate: 0.5))
    builder.dense(3)
    study.subjects[0].network = try builder.network(name: "convolutions")
    study.subjects[0].scope = PruningScope(prunesClassifier: true)
    study.subjects[0].retraining.alternates = alternates
    study.subjects[0].retraining.scalesDropout = true
    study.removesDeadNeurons = true
    study.sensitivity = SensitivityPlan(densities: [0.5, 0.2], tolerance: 0.1)
    let method = PruningMethod(criterion, .global, schedule: .iterative(rounds: Self.rounds))
    let pruning = Procedure.pruning(method, compression: 4)
    study.procedures = [.dense, pruning] + controls.map { .controlled(pruning, $0) }
    return study
  }

  private func finished(_ study: MethodStudy) throws -> MethodDrive {
    var drive = MethodDrive(study)
    try drive.finish()
    return drive
  }

  @Test(arguments: [false, true])
  func theOrderOfArrivalChangesNothing(_ alternates: Bool) throws {
    let study = try study(alternates: alternates, controls: TicketControl.allCases.filter { $0 != .none })
    let expected = try finished(study).history()
    #expect(expected.count == 2 * (1 + Self.rounds + TicketControl.allCases.count - 1))
    for seed in 0..<4 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      var drive = MethodDrive(study)
      try drive.finish(shuffling: &stream)
      #expect(try drive.history() == expected, "seed \(seed)")
      var resumed = MethodDrive(study, facts: drive.facts)
      for job in drive.jobs { _ = resumed.worker.outcome(of: job) }
      try resumed.finish()
      #expect(resumed.jobs.isEmpty, "seed \(seed): a finished study asks for something")
    }
  }

  @Test func aScanPrunesOneLayerAtATimeByMagnitude() throws {
    let study = try study(alternates: false)
    let drive = try finished(study)
    let layout = ParameterLayout(study.subjects[0].network, scope: study.subjects[0].scope)
    let trained = try #require(drive.run.findings.first { $0.strategy == .dense }).parameters
    let values = try Parameters.values(canonical: try #require(drive.worker.blob(trained)))
    let magnitudes = layout.prunableValues(of: values).map { abs($0) }
    let masks = drive.jobs.compactMap { job -> Mask? in
      if case .evaluate(let job) = job, job.parameters == trained { job.mask } else { nil }
    }
    #expect(masks.count == layout.prunable.count * study.sensitivity.densities.count)
    for (index, mask) in masks.enumerated() {
      let (layer, density) = index.quotientAndRemainder(dividingBy: 2)
      for (number, tensor) in layout.prunable.enumerated() {
        let range = tensor.maskRange!
        let share = number == layer ? study.sensitivity.densities[density] : 1
        #expect(mask.population(in: range) == max(1, Int((Double(range.count) * share).rounded())))
        let gone = range.filter { !mask[$0] }.map { magnitudes[$0] }
        let kept = range.filter { mask[$0] }.map { magnitudes[$0] }
        #expect((gone.max() ?? 0) <= kept.min()!)
      }
    }
    let scan = try #require(drive.run.findings.first { $0.place.level == 1 && $0.place.procedure == 1 }?.scan)
    #expect(scan.layers.map(\.name) == ["conv1", "conv2", "dense1", "dense2"])
    #expect(drive.run.findings.allSatisfy { ($0.scan != nil) == ($0.place.level == 1 && $0.place.procedure == 1) })
  }

  @Test("What a layer bears lies between two densities, by the logarithm")
  func leastDensity() {
    func score(_ accuracy: Double) -> Score { .exact(correct: Int(accuracy * 1000), count: 1000, loss: 1) }
    let plan = SensitivityPlan(densities: [0.4, 0.1], tolerance: 0.05)
    let layers = [
      SensitivityScan.Layer(name: "bears", scores: [score(0.9), score(0.86)]),
      SensitivityScan.Layer(name: "halfway", scores: [score(0.9), score(0.8)]),
      SensitivityScan.Layer(name: "early", scores: [score(0.8), score(0.9)]),
      SensitivityScan.Layer(name: "spoilt", scores: [score(0.9), .nonfinite]),
    ]
    let scan = SensitivityScan(plan: plan, whole: score(0.9), layers: layers)
    #expect(scan.leastDensity(ofLayer: 0) == 0.1)
    #expect(abs(scan.leastDensity(ofLayer: 1) - 0.2) < 1e-12)
    #expect(abs(scan.leastDensity(ofLayer: 2) - 0.4.squareRoot()) < 1e-12)
    #expect(scan.leastDensity(ofLayer: 3) > 0.3)
  }

  @Test func sizesAreMetWithoutDeadNeurons() throws {
    for criterion in [PruningCriterion.sensitivity, .deviation, .magnitude, .random] {
      let study = try study(alternates: false, criterion: criterion)
      let (network, scope) = (study.subjects[0].network, study.subjects[0].scope)
      let dead = DeadChannels(network, scope: scope)
      for finding in try finished(study).run.findings {
        guard let mask = finding.mask, case .compression(let compression) = finding.requested else { continue }
        #expect(dead.removed(from: mask, within: Mask(count: mask.count, keeping: true)) == mask)
        let most = Int((Double(finding.metrics.size) / compression).rounded(.down))
        #expect(finding.metrics.sizeNonzero <= most, "\(criterion)")
        // One weight more may bring a neuron to life, or leave a dead one dead.
        #expect(finding.metrics.sizeNonzero > most - 20, "\(criterion): \(finding.metrics.sizeNonzero) of \(most)")
      }
    }
  }

  @Test func denseLayersGoFirstAndTheOthersStayFixed() throws {
    let study = try study(alternates: true)
    let drive = try finished(study)
    let subject = study.subjects[0]
    let layout = ParameterLayout(subject.network, scope: subject.scope)
    let retrainings = drive.jobs.compactMap { job -> TrainingSegment? in
      if case .train(let segment) = job, segment.mask != nil { segment } else { nil }
    }
    #expect(retrainings.allSatisfy { $0.recipe.part != .all })
    for replicate in 0..<2 {
      let seed = study.seed(ofReplicate: replicate)
      let own = retrainings.filter { segment in
        guard segment.seed == seed else { return false }
        if case .state = segment.start { return false }
        return true
      }
      #expect(own.map(\.recipe.part) == (0..<Self.rounds).flatMap { _ in [TrainingRecipe.Part.dense, .convolutions] })
      var before = Mask(count: layout.prunableCount, keeping: true)
      for (first, second) in stride(from: 0, to: own.count, by: 2).map({ (own[$0], own[$0 + 1]) }) {
        for tensor in layout.prunable where tensor.shape.count == 4 {
          for place in tensor.maskRange! { #expect(first.mask![place] == before[place]) }
        }
        #expect(second.mask!.subtracting(before).population == 0)
        before = second.mask!
      }
    }
    for finding in drive.run.findings where finding.mask != nil {
      #expect(own(retrainings, finding.mask!).contains { $0.recipe.part == .convolutions })
    }
  }

  private func own(_ segments: [TrainingSegment], _ mask: Mask) -> [TrainingSegment] {
    segments.filter { $0.mask == mask }
  }

  @Test func dropoutShrinksWithTheRootOfItsLayer() throws {
    let study = try study(alternates: false)
    let drive = try finished(study)
    let layout = ParameterLayout(study.subjects[0].network, scope: study.subjects[0].scope)
    let layer = try #require(layout.prunable.first { $0.name == "dense1.weight" }).maskRange!
    var rates: Set<Double> = []
    for job in drive.jobs {
      guard case .train(let segment) = job else { continue }
      let found = segment.network.nodes.compactMap { if case .dropout(let rate) = $0.layer { rate } else { nil } }
      let share = segment.mask.map { Double($0.population(in: layer)) / Double(layer.count) } ?? 1
      #expect(found.count == 1 && abs(found[0] - 0.5 * share.squareRoot()) < 1e-12)
      rates.formUnion(found)
    }
    #expect(rates.count > Self.rounds)
  }

  /// The jobs that trained a finding's weights.
  private func trainings(of finding: Finding, _ drive: MethodDrive) -> [TrainingSegment] {
    drive.jobs.compactMap { job in
      guard case .train(let segment) = job, case .trained(let trained) = drive.facts[job.digest],
        trained.parameters == finding.parameters
      else { return nil }
      return segment
    }
  }

  @Test func controlsAreAsLargeAsTheirProcedureAndTrainedLikeIt() throws {
    let controls = TicketControl.allCases.filter { $0 != .none }
    var study = try study(alternates: false, criterion: .magnitude, controls: controls)
    let snip = Procedure.pruning(PruningMethod(.snip, .global), compression: 4)
    study.procedures += [snip] + controls.map { .controlled(snip, $0) }
    let drive = try finished(study)
    let layout = ParameterLayout(study.subjects[0].network, scope: study.subjects[0].scope)
    let layer = try #require(layout.prunable.first { $0.name == "dense1.weight" }).maskRange!
    let ends = drive.run.findings.filter(\.isResult)
    for finding in ends where finding.place.procedure > 1 {
      let isOfSnip = finding.place.procedure > 1 + controls.count
      let number = finding.place.procedure - (isOfSnip ? 3 + controls.count : 2)
      guard number >= 0 else { continue }
      let control = controls[number]
      let target = try #require(
        ends.first {
          $0.place.procedure == (isOfSnip ? 2 + controls.count : 1) && $0.place.replicate == finding.place.replicate
        })
      #expect(finding.strategy.rawValue.hasPrefix("\(target.strategy)+"))
      let (mask, other) = (try #require(finding.mask), try #require(target.mask))
      #expect(mask.population == other.population, "\(finding.strategy)")
      let isShuffled = control == .shuffle || control == .shuffleLayers
      #expect(isShuffled != (mask == other), "\(finding.strategy)")
      guard control != .supermask, control != .supermaskConstant else {
        #expect(finding.recipe.epochs == 0 && trainings(of: finding, drive).allSatisfy { $0.steps.isEmpty })
        continue
      }
      // Random masks are in the method's place; fresh and reset weights have the whole recipe.
      #expect(finding.recipe == (isShuffled && !isOfSnip ? target.recipe : study.subjects[0].training))
      let own = trainings(of: finding, drive).filter { !$0.steps.isEmpty }
      #expect(!own.isEmpty && own.allSatisfy { $0.mask == mask && $0.recipe == finding.recipe }, "\(finding.strategy)")
      let rate = 0.5 * (Double(mask.population(in: layer)) / Double(layer.count)).squareRoot()
      for segment in own {
        let found = segment.network.nodes.compactMap { if case .dropout(let rate) = $0.layer { rate } else { nil } }
        #expect(found.count == 1 && abs(found[0] - rate) < 1e-12, "\(finding.strategy)")
      }
    }
  }

  @Test func randomMasksOfAlternatingMethodsAlternate() throws {
    let study = try study(alternates: true, criterion: .magnitude, controls: [.shuffle, .shuffleLayers])
    let drive = try finished(study)
    for finding in drive.run.findings where finding.place.procedure > 1 {
      let segments = drive.jobs.compactMap { job -> TrainingSegment? in
        if case .train(let segment) = job, segment.mask == finding.mask { segment } else { nil }
      }
      #expect(segments.contains { $0.recipe.part == .convolutions }, "\(finding.strategy)")
      #expect(trainings(of: finding, drive).allSatisfy { $0.recipe.part == .convolutions }, "\(finding.strategy)")
    }
  }

  @Test func aBudgetNextToTheWholeNetworkIsMet() throws {
    var study = try study(alternates: false, criterion: .magnitude)
    let size = ParameterLayout(study.subjects[0].network).trainableCount
    study.procedures = [
      .pruning(PruningMethod(.magnitude, .global), compression: Double(size) / (Double(size) - 0.5))
    ]
    let findings = try finished(study).run.findings
    #expect(findings.map(\.metrics.sizeNonzero) == [size - 1, size - 1])
  }
}
