import Foundation
import RunStore
import Testing

/// What a run says of itself: the table, the report, and that it is sound.
@Suite struct ReportTests {
  private func run(_ text: String) throws -> (place: Workplace, run: String, output: String) {
    let place = Workplace()
    let study = try place.write("study.yaml", text)
    let result = try Program.run("run", study, "--run-directory", place.file("run"), "--workers", "1")
    #expect(result.status == 0, "\(result.errors)")
    return (place, place.file("run"), result.output)
  }

  /// The cells of the table by the names of its columns.
  private func rows(_ output: String) -> [[String: String]] {
    let lines = output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    guard let header = lines.first(where: { $0.first == "strategy" }) else { return [] }
    // A name may be of two words; numbers are not.
    return lines.filter { $0.count >= header.count && $0.last!.contains(".") && Double($0.last!) != nil }.map { cells in
      let name = cells.dropLast(header.count - 1).joined(separator: " ")
      return Dictionary(uniqueKeysWithValues: zip(header, [name] + cells.suffix(header.count - 1)))
    }
  }

  private func asked(_ run: String) throws -> Int {
    let status = try Program.run("status", run).output
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("evaluations") })
    return try #require(Int(line.split(separator: " ")[1]))
  }

  private func objective(_ objective: String, _ search: String, _ extra: String = "") -> String {
    """
    study: report
    dataset: { name: digits }
    network: { zoo: mlp-32-16, train: { epochs: 4, learning_rate: 0.1 } }
    objective: \(objective)
    search: \(search)
    \(extra)
    """
  }

  @Test func aFrontHasALineForEachOfItsNetworksAndTheReportItsHypervolumes() throws {
    let (place, run, output) = try run(
      objective(
        "{ pareto: [accuracy, size], compression: [2, 10] }",
        "{ algorithm: nsga2, population_size: 16, generations: 6 }"))
    defer { withExtendedLifetime(place) {} }
    let rows = rows(output)
    let front = rows.filter { $0["strategy"]!.hasPrefix("NSGA-II/") }
    try #require((2...16).contains(front.count) && rows.count > 5, "\(output)")
    #expect(front.map { $0["strategy"]! } == (1...front.count).map { "NSGA-II/\($0)" })
    let sizes = front.map { Int($0["size_nz"]!)! }
    #expect(sizes == sizes.sorted(by: >) && Set(sizes).count == sizes.count)
    #expect(front.allSatisfy { $0["compression"] == "2-10" } && rows[1]["compression"] == "10.0")
    #expect(Set(front.map { $0["evaluations"]! }).count == 1, "each line has the cost of the whole search")
    let searches = try ["NSGA-II/1", "RandomSearch/1"].map { name in
      try #require(rows.first { $0["strategy"] == name }.flatMap { Int($0["evaluations"]!) })
    }
    // The dense network and five masks that need no search.
    #expect(try asked(run) == searches.reduce(0, +) + 6)

    let report = try Program.run("report", run)
    #expect(report.status == 0 && report.output.contains(output.split(separator: "\n").last!), "\(report.errors)")
    #expect(report.output.contains("NSGA-II: 96 trials, "), "\(report.output)")
    let volumes = report.output.split(separator: "\n").drop { !$0.hasPrefix("generation  hypervolume") }.dropFirst(2)
      .prefix(6).map { $0.split(separator: " ") }
    #expect(volumes.map { Int($0[0]) } == [1, 2, 3, 4, 5, 6], "\(report.output)")
    #expect(volumes.allSatisfy { Double($0[1])! > 0 })
    let history = try Program.run("history", run).output.split(separator: "\n")
    #expect(history.allSatisfy { $0.split(separator: " ")[3].split(separator: ",").count == 2 })
  }

  @Test func acceptanceStandsByTemperatureAndEveryAnswerCanBeVerified() throws {
    let (place, run, _) = try run(
      objective(
        "{ minimize: loss, at_compression: 8 }",
        """
        [{ algorithm: annealing, chains: 4, calibration_steps: 2, cooling_steps: 20, evaluations: 120 },
          { algorithm: tempering, temperatures: 4, calibration_steps: 2, exchange_interval: 2 }]
        """))
    defer { withExtendedLifetime(place) {} }
    let report = try Program.run("report", run).output
    let lines = report.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    let starts = lines.indices.filter { lines[$0].first == "temperature" }
    try #require(starts.count == 2, "\(report)")
    // 30 steps of four chains: a founder and two steps of calibration, 27 of annealing.
    let annealing = lines[(starts[0] + 2)...].prefix(27)
    #expect(annealing.allSatisfy { $0.count == 4 && $0[1] == "4" }, "\(report)")
    let temperatures = annealing.map { Double($0[0])! }
    #expect(temperatures.first! > temperatures.last! && temperatures == temperatures.sorted(by: >))
    let tempering = lines[(starts[1] + 2)...].prefix(4)
    #expect(tempering.allSatisfy { $0.count == 7 && $0[1] == "27" }, "\(report)")
    #expect(tempering.last![4] == "-")

    let history = try Program.run("history", run).output
    #expect(history.contains(" worse "), "nothing was cut off by racing")
    let trials = history.split(separator: "\n").count
    let verified = try Program.run("verify", run, "--sample", "1000")
    #expect(
      verified.status == 0 && verified.output.contains("\(trials) of \(trials) sampled masks"), "\(verified.output)")
  }

  /// A copy of a run in which some facts say something else.
  private func forged(_ run: String, at path: String, _ change: (inout [FactRow]) -> Void) throws {
    let original = try RunStore.open(at: run, mode: .reading)
    try RunStore.create(
      at: path, studyText: original.studyText(), studyDigest: original.identity.study, runID: original.identity.run)
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(run)/blobs") {
      try FileManager.default.copyItem(atPath: "\(run)/blobs/\(name)", toPath: "\(path)/blobs/\(name)")
    }
    let copy = try RunStore.open(at: path, mode: .writing)
    try copy.appendBudgets(try original.budgets())
    try copy.setMeta("inputs", try #require(try original.meta("inputs")))
    var facts: [FactRow] = []
    try original.forEachFact { facts.append($0) }
    change(&facts)
    _ = try copy.commit(facts, attempts: [])
  }

  @Test func aStoredWorseThatIsNoneIsFound() throws {
    let (place, run, _) = try run(
      objective(
        "{ minimize: loss, at_compression: 8 }",
        "{ algorithm: annealing, chains: 4, evaluations: 160, random_search: false }"))
    defer { withExtendedLifetime(place) {} }
    try forged(run, at: place.file("forged")) { facts in
      // The last ones judge the contestants on other slices.
      let judged = facts.indices.filter { facts[$0].kind == "evaluate" }.dropLast(30)
      // "Worse than the threshold" has no numbers.
      let worse = judged.map { facts[$0].outcome }.min { $0.count < $1.count }!
      let last = judged.last { facts[$0].outcome != worse }!
      facts[last] = FactRow(job: facts[last].job, kind: "evaluate", outcome: worse)
    }
    let verified = try Program.run("verify", place.file("forged"), "--sample", "1000")
    #expect(verified.status == 65, "\(verified.output)\(verified.errors)")
    #expect(verified.output.contains("stored as worse than "), "\(verified.output)")
  }

  @Test func aWrongDrawThatIsNotTheLastIsFound() throws {
    let (place, run, _) = try run(
      objective(
        "{ minimize: loss, at_compression: 8 }",
        "{ population_size: 4, generations: 2, elite_size: 1, random_search: false }",
        "fitness: { retrain: finetune, samples_per_class: 1, draws: 2 }"))
    defer { withExtendedLifetime(place) {} }
    #expect(try Program.run("verify", run).status == 0)
    try forged(run, at: place.file("forged")) { facts in
      let judged = facts.indices.filter { facts[$0].kind == "evaluate" }
      // The dense network's is the first.
      let (one, other) = (judged[1], judged.last!)
      facts[one] = FactRow(job: facts[one].job, kind: "evaluate", outcome: facts[other].outcome)
    }
    let verified = try Program.run("verify", place.file("forged"))
    #expect(verified.status == 65, "\(verified.output)\(verified.errors)")
    #expect(verified.output.split(separator: "\n").count { $0.contains("computed") } == 1, "\(verified.output)")
  }

  @Test func everyDrawOfATrialIsCounted() throws {
    let (place, run, output) = try run(
      objective(
        "{ minimize: loss, at_compression: 8 }", "{ population_size: 4, generations: 2, elite_size: 1 }",
        "fitness: { retrain: finetune, samples_per_class: 1, draws: 2 }"))
    defer { withExtendedLifetime(place) {} }
    let rows = rows(output)
    #expect(rows.map { Int($0["evaluations"]!)! }.reduce(0, +) == (try asked(run)), "\(output)")
    let genetic = try #require(rows.first { $0["strategy"] == "GeneticAlgorithm" })
    #expect(Int(genetic["evaluations"]!)! % 2 == 0 && Int(genetic["evaluations"]!)! > 8, "each draw counts")
  }

  @Test func cyclesPayForThemselves() throws {
    let (place, run, output) = try run(
      objective(
        "{ minimize: loss, at_compression: 3 }",
        "{ population_size: 8, generations: 2, elite_size: 2, random_search: false }",
        "cycles: { rounds: 2, compression_step: 2, train: { epochs: 1 } }"))
    defer { withExtendedLifetime(place) {} }
    let rows = rows(output)
    #expect(rows.map { $0["strategy"]! } == ["Dense", "Cycle1", "Cycle2"])
    #expect(rows.map { $0["compression"]! } == ["1", "3.0", "6.0"] && rows[0]["evaluations"] == "0", "\(output)")
    #expect(rows.map { Int($0["evaluations"]!)! }.reduce(0, +) == (try asked(run)), "\(output)")
    #expect(try Program.run("report", run).output.contains("GeneticAlgorithm: 32 trials, "))
  }

  @Test func aPatternIsWhatWasAskedFor() throws {
    let (place, _, output) = try run(
      objective(
        "{ minimize: loss }", "{ population_size: 4, generations: 1, elite_size: 1 }",
        "prune: { granularity: pattern, pattern: \"2:4\" }"))
    defer { withExtendedLifetime(place) {} }
    let rows = rows(output)
    #expect(rows.count == 6 && rows.dropFirst().allSatisfy { $0["compression"] == "2:4" }, "\(output)")
  }

  @Test func anotherBudgetInTheSameDirectoryIsRefused() throws {
    let place = Workplace()
    let run = place.file("run")
    func start(_ generations: Int) throws -> Program.Result {
      let study = try place.write("study-\(generations).yaml", Studies.quick(population: 8, generations: generations))
      return try Program.run("run", study, "--run-directory", run, "--workers", "1")
    }
    #expect(try start(2).status == 0)
    let before = place.contents(of: run)
    let more = try start(3)
    #expect(more.status == 73 && more.errors.contains("sentei extend \(run) --evaluations 24"), "\(more.errors)")
    let fewer = try start(1)
    #expect(fewer.status == 73 && !fewer.errors.contains("sentei extend"), "\(fewer.errors)")
    #expect(place.contents(of: run) == before)
    let extended = try Program.run("extend", run, "--evaluations", "24", "--workers", "1")
    #expect(extended.status == 0, "\(extended.errors)")
    // Both files say what the run has or had.
    #expect(try start(3).status == 0 && start(2).status == 0)
    #expect(try start(4).status == 73)
  }

  @Test func runsOfTwoSeedsAreComparedInPairs() throws {
    let search = "{ population_size: 8, generations: 2, elite_size: 2 }"
    let text = objective("{ minimize: loss, at_compression: 5 }", search)
    let runs = try [1, 2].map { try run(text + "\nseed: \($0)") }
    defer { withExtendedLifetime(runs.map(\.place)) {} }
    func accuracies(_ name: String) throws -> [Double] {
      try runs.map { run in
        Double(try #require(rows(run.output).first { $0["strategy"] == name }?["post_acc1"]))!
      }
    }
    let result = try Program.run("compare", runs[0].run, runs[1].run)
    #expect(result.status == 0, "\(result.errors)")
    let line = try #require(result.output.split(separator: "\n").first { $0.hasPrefix("GeneticAlgorithm") })
    let cells = line.split(separator: " ").map(String.init)
    let (own, reference) = (try accuracies("GeneticAlgorithm"), try accuracies("GlobalMagWeight"))
    // Strategy, compression, runs, two losses, validation, then accuracy, deviation and difference.
    #expect(cells[1] == "5.0" && cells[2] == "2", "\(line)")
    #expect(abs(Double(cells[6])! - (own[0] + own[1]) / 2) < 2e-4, "\(line)")
    let difference = (own[0] - reference[0] + own[1] - reference[1]) / 2
    #expect(abs(Double(cells[8])! - difference) < 2e-4, "\(line)")
    #expect(!line.contains("*"), "two runs are too few for a star")
    let refused = try Program.run("compare", runs[0].run, "--reference", "Nothing")
    #expect(refused.status == 64 && refused.errors.contains("GlobalMagWeight"), "\(refused.errors)")
  }

  @Test func aLineOfTheTableIsExportedWithItsWeightsAndMask() throws {
    let search = "{ population_size: 8, generations: 1, elite_size: 2, random_search: false }"
    let neurons = "prune: { granularity: neurons }\nfitness: { retrain: finetune }"
    let (place, run, output) = try run(
      objective("{ minimize: loss, at_compression: 2 }", search, neurons))
    let file = place.file("small.onnx")
    let exported = try Program.run("export", run, "--strategy", "GeneticAlgorithm", "--form", "compact", "-o", file)
    #expect(exported.status == 0, "\(exported.errors)")
    let size = try #require(rows(output).first { $0["strategy"] == "GeneticAlgorithm" }?["size_nz"])
    #expect(exported.output.contains(": \(size) parameters"), "\(exported.output)\(output)")
    #expect(try Program.run("evaluate", file, "--dataset", "digits").status == 0)
    let refused = try Program.run("export", run, "--strategy", "Nothing", "-o", file)
    #expect(refused.status == 64 && refused.errors.contains("GlobalMagWeight"), "\(refused.errors)")
  }
}
