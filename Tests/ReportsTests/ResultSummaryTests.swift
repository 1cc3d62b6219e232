import Foundation
import Reports
import Studies
import Testing

@Suite struct ResultSummaryTests {
  private func line(
    _ summary: ResultSummary, _ strategy: String, _ requested: RequestedSize? = nil
  ) throws -> ResultSummary.Line {
    try #require(
      summary.lines.first { line in
        line.strategy == Strategy(strategy) && (requested.map { $0 == line.requested } ?? true)
      })
  }

  /// The cell of the first line of a strategy under the first column of a name.
  private func cell(_ table: ResultSummary.Table, _ strategy: String, _ column: String, behind: String? = nil) throws
    -> String
  {
    let start = try behind.map { name in try #require(table.header.firstIndex(of: name)) } ?? 0
    let place = try #require(table.header[start...].firstIndex(of: column))
    return try #require(table.rows.first { $0[0] == strategy })[place]
  }

  /// Student's t by the closed form of one degree of freedom, of two differences.
  private func probability(_ first: Double, _ second: Double) -> Double {
    1 - 2 / .pi * atan(abs(first + second) / abs(second - first))
  }

  @Test("Lines are means over seeds, and differences pairs of the same seed")
  func means() throws {
    let summary = ResultSummary(sampleRows())
    #expect(summary.references == [.globalMagnitude] && summary.repetitions == 3)
    #expect(summary.lines.count == 2 * 7)
    let line = try #require(summary.lines.first { $0.strategy.rawValue.hasPrefix("Random") })
    // 30 + 500 / 15 and 60 + 500 / 15, with the same seeds.
    #expect(abs(line.difference!.spread.mean + 0.3) < 1e-12 && line.difference!.spread.deviation! < 1e-12)
    #expect(abs(line.after.mean - 0.64) < 1e-12 && abs(line.dense.mean - 0.98) < 1e-12)
    #expect(abs(line.pruned!.mean - 0.54) < 1e-12)
    #expect(!line.difference!.isSignificant, "three seeds are too few")
    func random(_ rows: [ResultRow]) throws -> PairedDifference {
      try #require(ResultSummary(rows).lines.first { $0.strategy.rawValue.hasPrefix("Random") }?.difference)
    }
    let ten = try random(sampleRows(seeds: 5) + sampleRows(seeds: 5, from: 6, run: "runs/b"))
    #expect(ten.spread.count == 10 && ten.isSignificant)
    let twice = try random(sampleRows(seeds: 5) + sampleRows(seeds: 5, run: "runs/b"))
    #expect(twice.spread.count == 10 && !twice.isSignificant, "five seeds are five, however often they are run")
  }

  @Test("Means stand beside their 95 % t intervals")
  func intervals() throws {
    let rows = zip([880, 900, 920], [100, 200, 300]).enumerated().map { seed, found in
      resultRow("GlobalMagWeight", .compression(2), seed: seed, accuracy: found.0, bestStep: found.1)
    }
    let line = try #require(ResultSummary(rows).lines.first)
    // t of two degrees of freedom is 4.302653 (tables of Student's distribution); the deviation of 0.88, 0.9, 0.92 is 0.02.
    let half = 4.302653 * 0.02 / 3.0.squareRoot()
    #expect(abs(line.after.margin()! - half) < 1e-6)
    #expect(abs(line.bestStep!.margin()! - half * 5000) < 5e-3)
    let table = ResultSummary(rows).tables("lenet/digits")[0]
    #expect(try cell(table, "GlobalMagWeight", "post_acc1") == "0.9000")
    #expect(try cell(table, "GlobalMagWeight", "ci95", behind: "post_acc1") == "±0.0497")
    #expect(try cell(table, "GlobalMagWeight", "best_step") == "200")
    #expect(try cell(table, "GlobalMagWeight", "ci95", behind: "best_step") == "±248")
    let single = ResultSummary([rows[0]]).tables("lenet/digits")[0]
    #expect(try cell(single, "GlobalMagWeight", "ci95", behind: "post_acc1") == "-")
  }

  @Test("Accuracies and steps are compared with the dense network of the same run and seed, whatever stands where")
  func denseNetworks() throws {
    // The third seed has no dense step, the fourth row is of another run with the same seed.
    let rows =
      [
        resultRow("SNIP", .compression(4), seed: 2, accuracy: 890, dense: 920, bestStep: 150),
        denseRow(seed: 1, accuracy: 900, bestStep: 100), denseRow(seed: 2, accuracy: 920, bestStep: 500),
        resultRow("SNIP", .compression(4), seed: 1, accuracy: 890, dense: 900, bestStep: 130),
        denseRow(seed: 3, accuracy: 910),
        resultRow("SNIP", .compression(4), seed: 3, accuracy: 905, dense: 910, bestStep: 700),
        resultRow("SNIP", .compression(4), seed: 1, accuracy: 880, dense: 930, bestStep: 9, run: "runs/b"),
      ]
    let line = try line(ResultSummary(rows), "SNIP")
    #expect(line.toDense!.spread.count == 4 && line.toDense!.seeds == 3)
    #expect(abs(line.toDense!.spread.mean - (-0.03 - 0.01 - 0.005 - 0.05) / 4) < 1e-12)
    #expect(line.stepToDense!.spread.count == 2 && line.stepToDense!.spread.mean == (30.0 - 350) / 2)
    // The deviation of 30 and −350 is 380 / √2; t of one degree is 12.7062.
    #expect(abs(line.stepToDense!.spread.margin()! - 12.7062 * 190) < 0.01)
    let dense = try self.line(ResultSummary(rows), "Dense")
    #expect(dense.bestStep!.mean == 300 && dense.bestStep!.count == 2, "the dense networks' own")
    #expect(dense.toDense == nil && dense.stepToDense == nil && dense.reference == nil)
    let tables = ResultSummary(rows).tables("lenet/digits")
    #expect(tables.count == 3 && tables[1].rows.count == 1 && tables[2].rows.count == 1)
    #expect(try cell(tables[1], "SNIP", "to_dense") == "-0.0238")
    #expect(try cell(tables[2], "SNIP", "step_to_dense") == "-160")
    #expect(try cell(tables[2], "SNIP", "ci95") == "±2414")
  }

  @Test("Without steps there are no columns of them, and without retraining no accuracy before it")
  func columns() {
    func header(_ rows: [ResultRow], top5: Bool? = nil) -> [String] {
      ResultSummary(rows, top5: top5).tables("lenet/digits").flatMap(\.header)
    }
    let plain = [denseRow(), resultRow("SNIP", .compression(2), accuracy: 880, pruned: 880)]
    #expect(!header(plain).contains { $0.contains("step") || $0 == "pre_acc1" || $0 == "post_acc5" })
    #expect(header(plain).contains("to_dense") && header(plain).contains("dense_acc1"))
    #expect(header([denseRow(), resultRow("SNIP", .compression(2), accuracy: 880, pruned: 700)]).contains("pre_acc1"))
    #expect(header(plain, top5: true).contains("post_acc5"))
    let hundred = [resultRow("SNIP", .compression(2), accuracy: 880, classes: 100)]
    #expect(header(hundred).contains("post_acc5") && !header(hundred, top5: false).contains("post_acc5"))
    #expect(!header([resultRow("SNIP", .compression(2), accuracy: 880, classes: 10)]).contains("post_acc5"))
    let summary = ResultSummary(plain)
    #expect(Set(summary.columns).count == summary.columns.count, "programs read them by name")
    #expect(summary.lines.allSatisfy { summary.cells($0).count == summary.columns.count })
  }

  @Test("The gap between train and test is a mean of differences in points, shown where somebody looked")
  func gaps() throws {
    let rows = [
      denseRow(seed: 1, accuracy: 900, train: 990), denseRow(seed: 2, accuracy: 910, train: 980),
      resultRow("SNIP", .compression(2), seed: 1, accuracy: 880, train: 870),
      resultRow("SNIP", .compression(2), seed: 2, accuracy: 870, train: 950),
      resultRow("SNIP", .compression(4), seed: 1, accuracy: 800),
    ]
    let table = ResultSummary(rows).tables("lenet/digits")[1]
    #expect(try cell(table, "Dense", "train_acc1") == "0.9850" && cell(table, "Dense", "gap") == "8.00")
    // One point below, eight above.
    #expect(try cell(table, "SNIP", "train_acc1") == "0.9100" && cell(table, "SNIP", "gap") == "3.50")
    // t of one degree of freedom is 12.7062; half of nine points is the error of their mean.
    #expect(try cell(table, "SNIP", "ci95", behind: "gap") == "±57.18")
    let gap = try #require(try line(ResultSummary(rows), "SNIP", .compression(2)).gap)
    #expect(gap.count == 2 && abs(gap.deviation! - 9 / 2.0.squareRoot()) < 1e-9)
    #expect(try line(ResultSummary(rows), "SNIP", .compression(4)).gap == nil && table.rows.count == 2)
    let place = try #require(ResultRow.columns.firstIndex(of: "train_acc1"))
    #expect(rows.map { $0.cells[place] } == ["0.99", "0.98", "0.87", "0.95", ""])
    #expect(rows.allSatisfy { $0.cells.count == ResultRow.columns.count })
    let unasked = ResultSummary([denseRow(), resultRow("SNIP", .compression(2), accuracy: 880)])
    #expect(!unasked.columns.contains("train_acc1") && !unasked.columns.contains("gap"))
  }

  @Test("What rounds to nothing has no sign, and what is nearly impossible is not called so")
  func rounding() throws {
    let rows = (1...12).flatMap { seed in
      [
        denseRow(seed: seed, bestStep: 100),
        // 0.04 steps less on average, and an accuracy that is always much lower.
        resultRow("SNIP", .compression(2), seed: seed, accuracy: 500 + seed % 2, bestStep: seed == 1 ? 99 : 100),
      ]
    }
    let tables = ResultSummary(rows).tables("lenet/digits")
    #expect(try cell(tables[2], "SNIP", "step_to_dense") == "0")
    #expect(try cell(tables[1], "SNIP", "p_holm") == "<0.0001" && cell(tables[1], "SNIP", "to_dense") == "-0.3995 *")
  }

  @Test("Each kind of difference is a family of its own, over the whole table")
  func families() throws {
    func pair(_ strategy: String, _ accuracies: [Int], _ steps: [Int?], subject: String = "lenet/digits") -> [ResultRow]
    {
      zip(accuracies, steps).enumerated().map { seed, found in
        resultRow(
          strategy, .compression(2), seed: seed + 1, accuracy: found.0, bestStep: found.1, subject: subject)
      }
    }
    let rows =
      (1...2).map { denseRow(seed: $0, bestStep: 100) } + pair("GlobalMagWeight", [904, 902], [nil, nil])
      + pair("SNIP", [910, 911], [103, 102]) + pair("LayerMagWeight", [950, 949], [nil, nil], subject: "conv/digits")
    let summary = ResultSummary(rows)
    // Three lines are compared with dense: by 0.004 and 0.002, 0.010 and 0.011, 0.050 and 0.049.
    let expected = Holm.adjusted([probability(4, 2), probability(10, 11), probability(50, 49)])
    for (name, value) in zip(["GlobalMagWeight", "SNIP", "LayerMagWeight"], expected) {
      let found = try line(summary, name).toDense!.adjusted!
      #expect(abs(found - value) < 1e-9, "\(name)")
    }
    #expect(abs(expected[2] - 3 * probability(50, 49)) < 1e-12, "the smallest of three counts three times")
    // One line has steps, and one is compared with the reference: these are corrected for nothing.
    let snip = try line(summary, "SNIP")
    #expect(abs(snip.stepToDense!.adjusted! - probability(3, 2)) < 1e-9)
    #expect(abs(snip.difference!.adjusted! - probability(6, 9)) < 1e-9)
    #expect(try line(summary, "LayerMagWeight").difference == nil, "another network's magnitude is no reference")
    #expect(summary.caveat.contains("for each kind of difference by itself"))
  }

  @Test("Each strategy has the reference of its own group")
  func references() {
    for control in TicketControl.allCases {
      for isOneShot in [false, true] {
        let plan = TicketPlan(levels: 1, isOneShot: isOneShot)
        let strategy = Procedure.tickets(plan, control: control).strategy
        #expect(strategy.usualReference == Strategy(isOneShot ? "WinningTicket/one-shot" : "WinningTicket"))
      }
    }
    for name in ["RandomPruning", "SNIP", "GlobalMagWeight/iterative-3", "GeneticAlgorithm"] {
      #expect(Strategy(name).usualReference == .globalMagnitude)
    }
    for (name, reference) in [
      ("LayerMagGrad/iterative-3+RandomReinit", "LayerMagGrad/iterative-3"),
      ("WinningTicket/from-a/b", "WinningTicket"),
      ("WinningTicket/movement/from-a", "WinningTicket/movement"), ("Constant/movement", "WinningTicket/movement"),
    ] {
      #expect(Strategy(name).usualReference == Strategy(reference), "\(name)")
    }
    #expect(Strategy.dense.usualReference == nil && Strategy.largest.usualReference == nil)
  }

  /// A file with a sweep and tickets of both kinds, two seeds.
  private var mixed: [ResultRow] {
    (1...2).flatMap { seed -> [ResultRow] in
      func ticket(_ name: String, _ accuracy: Int, _ step: Int) -> ResultRow {
        resultRow(name, .remaining(0.8), seed: seed, accuracy: accuracy + seed, bestStep: step * seed, left: 0.8)
      }
      return [
        denseRow(seed: seed, bestStep: 100), resultRow("GlobalMagWeight", .compression(2), seed: seed, accuracy: 890),
        resultRow("RandomPruning", .compression(2), seed: seed, accuracy: 800 + seed),
        resultRow("RandomPruning", .compression(4), seed: seed, accuracy: 700),
        ticket("WinningTicket", 910, 80), ticket("RandomReinit", 880, 120), ticket("WinningTicket/one-shot", 905, 90),
        ticket("ShuffledLayers/one-shot", 870, 150),
      ]
    }
  }

  @Test("A sweep and tickets in one file are compared each with its own, unless somebody names another one")
  func groups() throws {
    let summary = ResultSummary(mixed)
    #expect(
      summary.references == [.globalMagnitude, Strategy("WinningTicket"), Strategy("WinningTicket/one-shot")])
    func mean(_ strategy: String, _ value: (ResultSummary.Line) -> PairedDifference?) throws -> Double {
      try #require(value(try line(summary, strategy))).spread.mean
    }
    #expect(abs(try mean("RandomPruning", \.difference) + 0.0885) < 1e-12)
    #expect(abs(try mean("RandomReinit", \.difference) + 0.03) < 1e-12)
    #expect(abs(try mean("ShuffledLayers/one-shot", \.difference) + 0.035) < 1e-12)
    // 40 and 80 steps later, 60 and 120.
    #expect(try mean("RandomReinit", \.stepDifference) == 60 && mean("ShuffledLayers/one-shot", \.stepDifference) == 90)
    #expect(try mean("RandomReinit", \.stepToDense) == 80)
    for name in ["GlobalMagWeight", "WinningTicket", "WinningTicket/one-shot"] {
      #expect(try line(summary, name).difference == nil && line(summary, name).reference == nil, "\(name)")
    }
    #expect(try line(summary, "RandomPruning", .compression(4)).difference == nil, "no magnitude has that size")
    #expect(summary.caveat.contains("GlobalMagWeight or WinningTicket or WinningTicket/one-shot"))

    let other = ResultSummary(mixed, reference: Strategy("RandomReinit"))
    #expect(other.references == [Strategy("RandomReinit")])
    #expect(abs(try line(other, "WinningTicket/one-shot").difference!.spread.mean - 0.025) < 1e-12)
    #expect(try line(other, "RandomPruning").difference == nil && line(other, "RandomPruning").toDense != nil)
    let dense = ResultSummary(mixed, reference: .dense)
    #expect(dense.references.isEmpty && dense.lines.allSatisfy { $0.difference == nil })
    #expect(dense.caveat.hasPrefix("Differences are to the dense network of the same seed."))
  }

  @Test("The tables of a study with everything fit a wide terminal")
  func width() {
    var rows: [ResultRow] = []
    for seed in 1...12 {
      rows.append(denseRow(seed: seed, train: 950, bestStep: 51_234 + seed))
      for name in ["WinningTicket/one-shot", "ShuffledLayers/one-shot"] {
        rows.append(
          resultRow(
            name, .remaining(0.0352), seed: seed, accuracy: 400 + 50 * (seed % 3), pruned: 100,
            train: 900, bestStep: 48_000 + 999 * seed, left: 0.035))
      }
    }
    let text = ResultSummary(rows).tables("lenet/digits").map { TextTable.aligned(header: $0.header, rows: $0.rows) }
    #expect(text.count == 4)
    for line in text.flatMap({ $0.split(separator: "\n") }) { #expect(line.count <= 165, "\(line)") }
  }
}
