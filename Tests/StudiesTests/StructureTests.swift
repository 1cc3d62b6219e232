import Digests
import Models
import Pruning
import Randomness
import Search
import Studies
import Testing

/// Searches for when and where networks grow and what of them is pruned.
@Suite struct StructureTests {
  private static func plan(
    _ moves: StructurePlan.Moves, population: Int = 6, generations: Int = 4, elite: Int = 2
  ) -> StructurePlan {
    let share: Double =
      switch moves {
      case .growAndPrune, .growOnly: 0.5
      case .pruneOnly: 2
      case .cycles: 1
      }
    return StructurePlan(
      moves, GrowthTests.plan(share: share), populationSize: population, generations: generations, eliteSize: elite)
  }

  private static func study(_ plans: [StructurePlan], replicates: Int = 1) throws -> MethodStudy {
    var study = try GrowthTests.study([GrowthTests.plan(nil, share: 1)], epochs: 12, replicates: replicates)
    study.procedures += plans.map(Procedure.structure)
    return study
  }

  private static func network(_ finding: Finding) throws -> NetworkDescription { try #require(finding.network) }

  @Test("Every genome is possible, and ends with the size that was asked for", arguments: StructurePlan.Moves.allCases)
  func genomesArePossible(_ moves: StructurePlan.Moves) throws {
    let plan = Self.plan(moves)
    let targets = try [
      (NetworkDescription(name: "target", widths: [16, 8, 6, 3]), 4),
      (NetworkDescription(name: "target", widths: [20, 40, 30, 20, 5]), 1),
      (NetworkDescription(name: "target", widths: [9, 30, 2, 7]), 7),
      (Zoo.network(named: "mobilenet-v1", shape: [3, 32, 32], classes: 10, widthMultiplier: 0.125), 3),
      (Zoo.network(named: "resnet-20", shape: [3, 32, 32], classes: 10, widthMultiplier: 0.25), 3),
    ]
    for (target, moments) in targets {
      let seedNetwork = try target.scalingChannels(by: plan.growth.share)
      let budget = ParameterLayout(target).trainableCount
      let space = try StructureSpace(from: seedNetwork, to: target, moments: moments, moves: moves)
      for seed in 0..<(target.nodes.count > 9 ? 6 : 60) as Range<UInt64> {
        var stream = RandomStream(seed: seed, .test)
        var genome = seed == 0 ? space.even : space.random(&stream)
        for _ in 0..<Int(seed % 4) {
          genome = space.mutation(space.child(genome, space.random(&stream), &stream), &stream)
        }
        let words = "seed \(seed), \(genome.words)"
        #expect(space.fitted(genome) == genome, "\(words)")
        var network = seedNetwork
        for (number, moment) in genome.moments.enumerated() {
          for (site, change) in moment.enumerated() {
            let producer = network.growthSites[site].producer
            if change.removed > 0 {
              network = try GrowthStep(.removal(producer: producer, count: change.removed), .gradMax, samples: 1)
                .grown(network)
            }
            if change.added > 0 {
              network = try GrowthStep(.neurons(producer: producer, count: change.added), .gradMax, samples: 1)
                .grown(network)
            }
            #expect(moves != .growOnly || change.removed == 0, "\(words)")
            #expect(moves != .pruneOnly || change.added == 0, "\(words)")
          }
          let size = ParameterLayout(network).trainableCount
          let isLast = number == moments - 1
          if moves == .pruneOnly {
            #expect(isLast || size >= budget, "\(words)")
          } else {
            #expect(size <= budget, "\(words)")
          }
          if moves == .cycles || isLast {
            // One neuron more in any layer would be too many, or is none that there ever was.
            for site in moment.indices {
              let isWhole = network.channelCounts[site] == seedNetwork.channelCounts[site]
              guard moves != .pruneOnly || !isWhole else { continue }
              var counts = network.channelCounts
              counts[site] += 1
              #expect(try ParameterLayout(network.withChannelCounts(counts)).trainableCount > budget, "\(words)")
            }
          }
          #expect(!isLast || size <= budget, "\(words)")
        }
      }
    }
  }

  @Test("What is best stays, children descend from it, and the lineage leads back to founders")
  func searching() throws {
    let target = try NetworkDescription(name: "target", widths: [16, 24, 12, 3])
    let seedNetwork = try target.scalingChannels(by: 0.5)
    let plan = Self.plan(.growAndPrune, population: 12, generations: 25, elite: 2)
    let space = try StructureSpace(from: seedNetwork, to: target, moments: 4, moves: .growAndPrune)
    // A second layer as wide as possible, at the cost of the first one.
    func loss(_ genome: StructureGenome) -> Double {
      100 - genome.moments.reduce(6) { $0 + Double($1[1].added - $1[1].removed) }
    }
    for seed in 1...6 as ClosedRange<UInt64> {
      var plan = plan
      if seed == 6 { plan.eliteSize = 0 }
      var search = StructureSearch(space, plan, seed: seed)
      var best = Double.infinity
      var tried = 0
      var firsts = Double.infinity
      for generation in 0..<plan.generations {
        let candidates = search.candidates()
        #expect(search.candidates().map(\.genome) == candidates.map(\.genome), "breeding twice gives the same")
        tried += candidates.count
        // Every fifth one diverges.
        search.take(
          candidates, candidates.indices.map { $0 % 5 == 4 ? nil : loss(candidates[$0].genome) })
        let now = try #require(search.best?.loss)
        #expect(now <= best && search.population.count == plan.populationSize)
        #expect(plan.eliteSize == 0 || search.population[0].loss == now)
        best = now
        if generation == 0 { firsts = now }
      }
      #expect(tried == 12 + 24 * (12 - plan.eliteSize))
      #expect(best < firsts - 5, "seed \(seed): \(firsts) to \(best)")
      let lineage = try #require(search.lineage)
      #expect(lineage.last?.loss == best && lineage.count > 3)
      #expect(lineage.allSatisfy { $0.parents.isEmpty == ($0.id.generation == 0) })
      let ids = Set(lineage.map(\.id))
      #expect(lineage.allSatisfy { $0.parents.allSatisfy(ids.contains) && $0.parents.allSatisfy { $0 < ids.max()! } })
    }
  }

  @Test("A lineage replays: its last genome, followed step by step, asks for the jobs that made the network")
  func lineageReplays() throws {
    for moves in StructurePlan.Moves.allCases {
      var drive = MethodDrive(try Self.study([Self.plan(moves)]))
      try drive.finish()
      let finding = try #require(drive.run.findings.last)
      let course = try #require(finding.growth)
      let best = try #require(course.lineage.last)
      #expect(course.lineage.allSatisfy { ($0.loss ?? .infinity) >= best.loss! }, "nothing before it is better")
      // Job by job from the weights of no step on.
      let subject = drive.run.study.subjects[0]
      var network = try subject.network.scalingChannels(by: Self.plan(moves).growth.share)
      func outcome(_ job: Job) throws -> Outcome { try #require(drive.facts[job.digest], "\(moves): \(job.kind)") }
      var state: TrainedSegment?
      func train(_ steps: Range<Int>) throws {
        let segment = TrainingSegment(
          network: network, recipe: subject.training, seed: 5, slice: sampleSplits.train,
          start: state.map { .state($0.state) } ?? .fresh, steps: steps, numerics: .portable)
        guard case .trained(let trained) = try outcome(.train(segment)) else { return }
        state = trained
      }
      try train(0..<0)
      let total = 12 * subject.training.stepsPerEpoch(samples: sampleSplits.train.count)
      var step = 0
      for (moment, changes) in zip(stride(from: 4, to: total, by: 4), best.genome.moments) {
        try train(step..<moment)
        step = moment
        for (site, change) in changes.enumerated() {
          let producer = network.growthSites[site].producer
          let places: [GrowthStep.Place] =
            (change.removed > 0 ? [.removal(producer: producer, count: change.removed)] : [])
            + (change.added > 0 ? [.neurons(producer: producer, count: change.added)] : [])
          for place in places {
            let growing = try Growing(
              network: network, recipe: subject.training, seed: 5, slice: sampleSplits.train, state: state!.state,
              step: step, growth: GrowthStep(place, .gradMax, samples: 10), numerics: .portable)
            guard case .grown(let grown) = try outcome(.grow(growing)) else { return }
            network = growing.grown
            state = TrainedSegment(state: grown.state, parameters: grown.parameters, loss: 0)
          }
        }
      }
      try train(step..<total)
      #expect(state?.parameters == finding.parameters && network == finding.network, "\(moves)")
      #expect(course.widths.map(\.count) == network.channelCounts)
      #expect(finding.line("name").hasSuffix(" genome=\(best.genome.words)"))
    }
  }

  @Test("One history for outcomes in any order, and no blob goes that is needed")
  func anyOrder() throws {
    let study = try Self.study(
      [Self.plan(.growAndPrune, generations: 3), Self.plan(.pruneOnly, population: 4, generations: 2, elite: 1)],
      replicates: 2)
    try expectOneHistory(study, lines: 6, seeds: 1...6)
  }

  @Test("Genomes whose training or growing diverges are the worst")
  func someDiverge() throws {
    var lost = 0
    for modulus in [5, 9, 15, 25] as [UInt64] {
      let study = try Self.study([Self.plan(.growAndPrune), Self.plan(.cycles)])
      func drive() -> MethodDrive {
        let drive = MethodDrive(study)
        drive.worker.diverges = { job in
          if case .train(let segment) = job, segment.steps.isEmpty { return false }
          return job.digest.firstWord % modulus == 0
        }
        return drive
      }
      var inOrder = drive()
      guard (try? inOrder.finish()) != nil else {
        lost += 1
        continue
      }
      for finding in inOrder.run.findings where !(finding.growth?.lineage.isEmpty ?? true) {
        let lineage = finding.growth!.lineage
        #expect(lineage.last?.loss != nil)
        lost += lineage.count { $0.loss == nil }
      }
      let expected = try inOrder.history()
      var stream = RandomStream(seed: modulus, .test)
      var shuffled = drive()
      try shuffled.finish(shuffling: &stream)
      #expect(try shuffled.history() == expected, "one of \(modulus)")
    }
    #expect(lost > 0, "nothing diverged")
  }

  @Test("A generation of one, and one generation, are searches too")
  func smallest() throws {
    for plan in [
      Self.plan(.growAndPrune, population: 1, generations: 3, elite: 0),
      Self.plan(.growOnly, population: 3, generations: 1, elite: 0),
    ] {
      var drive = MethodDrive(try Self.study([plan]))
      try drive.finish()
      #expect(drive.run.findings.count == 2)
    }
  }

  @Test("A search in which everything diverges ends alone")
  func divergence() throws {
    var drive = MethodDrive(try Self.study([Self.plan(.growAndPrune)]))
    drive.worker.divergesFrom = 9
    // The baseline trains the same network for as long.
    #expect(throws: StudyFailure.self) { try drive.finish() }
    #expect(drive.run.endings.count == 2 && drive.run.findings.isEmpty)
  }

  @Test("Each part of a plan is part of the study's identity")
  func identity() throws {
    let plans =
      StructurePlan.Moves.allCases.map { Self.plan($0) } + [
        Self.plan(.growAndPrune, population: 7), Self.plan(.growAndPrune, generations: 5),
        Self.plan(.growAndPrune, elite: 1),
      ]
    #expect(Set(try plans.map { try Self.study([$0]).digest }).count == plans.count)
  }
}
