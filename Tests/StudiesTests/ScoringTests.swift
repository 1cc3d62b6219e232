import Digests
import Models
import Pruning
import Search
import Studies
import Testing

/// Scores of weights: the jobs, and what a study makes of their outcomes.
@Suite struct ScoringTests {
  private func scoring(
    _ criterion: Scoring.Criterion = .gradient, widths: [Int] = [6, 8, 3], classifier: Bool = false,
    parameters: String = "weights", slice: String = "train", samples: Int? = nil, numerics: NumericsClass = .portable
  ) throws -> Scoring {
    Scoring(
      network: try NetworkDescription(name: "small", widths: widths), scope: PruningScope(prunesClassifier: classifier),
      parameters: digest(parameters), slice: Slice(digest: digest(slice), count: 90), samples: samples,
      criterion: criterion, numerics: numerics)
  }

  private func popup(
    _ recipe: TrainingRecipe = TrainingRecipe(), kept: [Int] = [20], seed: UInt64 = 1
  ) -> Scoring.Criterion {
    .edgePopup(Scoring.PopupTraining(recipe: recipe, kept: kept, seed: seed))
  }

  @Test("Each field of a scoring matters")
  func identity() throws {
    let recipes = recipeChanges.map { change in
      var recipe = TrainingRecipe()
      change(&recipe)
      return recipe
    }
    let jobs =
      try [
        scoring(), scoring(.activation), scoring(widths: [6, 9, 3]), scoring(classifier: true),
        scoring(parameters: "x"),
        scoring(slice: "x"), scoring(samples: 89), scoring(numerics: NumericsClass("x")), scoring(popup()),
        scoring(popup(kept: [21])), scoring(popup(kept: [])), scoring(popup(seed: 2)),
      ].map(Job.score) + recipes.map { .score(try scoring(popup($0))) }
    #expect(Set(jobs.map(\.digest)).count == jobs.count)
    #expect(try Job.score(scoring(samples: 90)).digest == jobs[0].digest, "all samples are all samples")
    #expect(jobs[0].inputs == [digest("weights"), digest("train")] && jobs[0].numerics == .portable)
    #expect(jobs[0].kind == "score")
  }

  @Test("Scores, and a step in which they left the finite numbers, answer a scoring alone")
  func answers() throws {
    let job = Job.score(try scoring())
    let training = Job.score(try scoring(popup(TrainingRecipe(epochs: 2, batchSize: 20))))
    let scored = Outcome.scored(digest("scores"))
    #expect(scored.answers(job) && scored.answers(training) && scored.blobs == [digest("scores")])
    for (step, first, second) in [
      (-1, false, false), (0, true, true), (1, false, true), (9, false, true), (10, false, false),
    ] {
      #expect(Outcome.diverged(step: step).answers(job) == first, "\(step)")
      #expect(Outcome.diverged(step: step).answers(training) == second, "\(step)")
    }
    #expect(!Outcome.evaluated(.nonfinite).answers(job))
    let drive = try Drive.whole(try smallStudy(), generations: 1)
    for other in drive.jobs { #expect(!scored.answers(other), "\(other.kind)") }
    #expect(Observation(scored) == .scored(digest("scores")))
  }

  @Test("The baselines are the best by the scores, at the exact size, and stand in the comparison")
  func baselines() throws {
    var study = try smallStudy()
    study.baselines = Baselines(gradient: true, edgePopup: TrainingRecipe(epochs: 2))
    let drive = try Drive.whole(study, generations: 2)
    let scorings = drive.jobs.compactMap { if case .score(let scoring) = $0 { scoring } else { nil } }
    #expect(scorings.map(\.parameters) == [drive.run.planner.currentParameters!, drive.run.planner.currentParameters!])
    #expect(scorings.allSatisfy { $0.slice == sampleSplits.train })
    let layout = ParameterLayout(study.network)
    let kept = 17
    let shares = Apportionment.shares(of: kept, sizes: layout.prunable.map(\.range.count))
    let best = drive.run.planner.contestants
    func scores(_ place: Int) throws -> [Float] {
      guard case .scored(let blob)? = drive.facts[Job.score(scorings[place]).digest] else {
        throw Missing(what: "fact")
      }
      return try Parameters.values(canonical: drive.worker.blob(blob))
    }
    func mask(_ name: String) -> Mask? { best.first { $0.strategy.rawValue == name }?.mask }
    let budget = Budget(exactly: kept)
    #expect(try mask("GlobalMagGrad") == ScorePruning.global(scores: scores(0), budget: budget))
    #expect(try mask("LayerMagGrad") == ScorePruning.perLayer(scores: scores(0), budget: budget, layout: layout))
    #expect(try mask("EdgePopup") == ScorePruning.perLayer(scores: scores(1), budget: budget, layout: layout))
    guard case .edgePopup(let training) = scorings[1].criterion else { throw Missing(what: "edge-popup") }
    #expect(training.kept == shares && training.seed == study.seed && scorings[1].samples == nil)
    let names = best.map(\.strategy.rawValue)
    #expect(
      names == [
        "Dense", "RandomPruning", "LayerMagWeight", "GlobalMagWeight", "LayerMagGrad", "GlobalMagGrad", "EdgePopup",
        "GeneticAlgorithm", "RandomSearch",
      ])
    for name in names { #expect(drive.records.contains { $0.strategy.rawValue == name }, "\(name)") }
  }

  @Test("Of structured units the scores of the weights make the unit's")
  func structured() throws {
    for granularity in [Granularity.neurons, .blocks(rows: 2, columns: 2), .pattern(kept: 1, of: 2)] {
      var study = try smallStudy()
      study.units = UnitsPlan(granularity: granularity)
      study.scope = PruningScope(prunesClassifier: granularity == .neurons)
      study.baselines.gradient = true
      study.searches = study.searches.map { SearchPlan($0.strategy, $0.settings, scores: .gradient) }
      let drive = try Drive.whole(study, generations: 2)
      let names = Set(drive.run.planner.contestants.map(\.strategy.rawValue))
      #expect(names.contains("GlobalMagGrad"), "\(granularity)")
      if case .pattern = granularity { continue }
      #expect(names.contains("LayerMagGrad"), "\(granularity)")
    }
  }

  @Test("A search's scores decide its founders, and nobody else's")
  func searchScores() throws {
    let plain = try smallStudy()
    var scored = plain
    scored.searches[0] = SearchPlan(.genetic, .genetic(smallGenetic), scores: .gradient)
    let (first, second) = (try Drive.whole(plain, generations: 1), try Drive.whole(scored, generations: 1))
    func lines(_ drive: Drive, _ strategy: Strategy) -> [String] {
      drive.records.filter { $0.strategy == strategy }.map(\.line)
    }
    #expect(lines(first, .genetic) != lines(second, .genetic))
    #expect(lines(first, .randomSearch) == lines(second, .randomSearch))
    #expect(lines(first, .globalMagnitude) == lines(second, .globalMagnitude))
  }

  @Test("Without finite gradients their baselines are left out, but a search that asks for them ends the study")
  func nonfinite() throws {
    let (_, study, worker) = try #require(scoreVariants().first { $0.name == "no gradients" })
    let drive = try Drive.whole(study, generations: 1, worker)
    let names = drive.run.planner.contestants.map(\.strategy.rawValue)
    #expect(names.contains("EdgePopup") && !names.contains { $0.contains("Grad") })
    var searching = study
    searching.searches[0] = SearchPlan(.genetic, .genetic(smallGenetic), scores: .gradient)
    #expect(throws: StudyFailure.self) { try Drive.whole(searching, generations: 1, worker) }
  }

  @Test("Edge-popup that diverges ends the study with the key to change")
  func diverged() throws {
    var study = try smallStudy()
    study.baselines.edgePopup = TrainingRecipe(epochs: 2)
    var drive = Drive(try planner(study, generations: 1), FakeWorker(study))
    try drive.advance()
    while drive.outstanding.first?.kind != "score" {
      drive.answer(0)
      try drive.advance()
    }
    drive.answer(0, with: .diverged(step: 1))
    let failure = #expect(throws: StudyFailure.self) { try drive.advance() }
    #expect(failure?.description.contains("baselines.edge_popup.learning_rate") == true)
  }

  @Test("Stored scores of another network, or that are none, end the study")
  func foreign() throws {
    var study = try smallStudy()
    study.baselines.gradient = true
    let whole = try Drive.whole(study, generations: 1)
    for values in [
      [], [Float](repeating: 1, count: 59), [Float](repeating: .nan, count: 60),
      [-1] + [Float](repeating: 1, count: 59),
    ] {
      var run = PlannerRun(try planner(study, generations: 1))
      var needed = 0
      let failure = #expect(throws: StudyFailure.self) {
        while true {
          switch try run.step({ whole.facts[$0] }) {
          case .needs(let digest):
            needed += 1
            try run.supply(needed == 2 ? Parameters.canonicalBytes(of: values) : whole.worker.blob(digest))
          case .blocked, .finished: return
          case .submit, .trial, .found, .ended, .snapshotMoment, .superseded: break
          }
        }
      }
      #expect(failure?.description.contains("stored scores") == true)
    }
  }

  @Test("Fresh weights are the weights of a segment without steps")
  func fresh() throws {
    var study = try smallStudy()
    study.training.epochs = 0
    let drive = try Drive.whole(study, generations: 1)
    #expect(drive.segments.map(\.steps) == [0..<0] && drive.segments.map(\.start) == [.fresh])
    #expect(drive.run.planner.currentParameters == Digest(of: drive.worker.parameters(after: 0)))
  }
}
