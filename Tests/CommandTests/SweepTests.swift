import Foundation
import Testing

/// Studies of methods with real workers: killed, resumed, checked, reported.
@Suite struct SweepTests {
  private static let study = """
    study: small-sweep
    seed: 5
    replicates: 2
    dataset: { name: digits }
    network: { zoo: lenet-300-100, train: { epochs: 4, epochs_per_segment: 2 } }
    retrain: { epochs: 2, epochs_per_segment: 1 }
    sweep:
      strategies:
        - RandomPruning
        - GlobalMagWeight
        - LayerMagGrad
        - GlobalFisher
        - LayerOBD
        - GlobalOBS
        - SNIP
        - { name: GlobalMagActivation, schedule: { agp: 2 } }
      compressions: [2, 4, 8, 16, 32]
      search: { algorithm: genetic, population_size: 8, generations: 3 }
    """

  private static let tickets = """
    study: small-tickets
    seed: 2
    replicates: 2
    dataset: { name: digits }
    network: { zoo: mlp-24, train: { epochs: 4, epochs_per_segment: 1, early_stopping: { patience: 9 } } }
    prune: { classifier: true }
    retrain: { start: rewind, rewinding_steps: 5it }
    tickets: { levels: 3, one_shot: true, controls: [randomly_reinitialize, randomly_prune_layerwise] }
    """

  @Test("A sweep that is killed and resumed has the history of an undisturbed one, and its report can be traced")
  func sweep() throws {
    let place = Workplace()
    let file = try place.write("study.yaml", Self.study)
    let whole = place.file("whole")
    let first = try Program.run("run", file, "--run-directory", whole, "--workers", "2")
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output.contains("LayerMagGrad") && first.output.contains("GeneticAlgorithm"))
    let history = try Program.run("history", whole).output
    let found = history.split(separator: "\n").count { $0.contains(" size_nz=") }
    // Of two replicates: dense, seven strategies and a search at five sizes, and two rounds of AGP at five.
    #expect(found == 2 * (1 + 8 * 5 + 2 * 5))

    let killed = place.file("killed")
    for life in 1...3 {
      let coordinator = try Running(
        ["run", file, "--run-directory", killed, "--workers", "2", "--log-level", "debug"],
        errors: place.file("life\(life)"))
      #expect(coordinator.waitForLog { committed($0) >= 30 }, "\(coordinator.logText.suffix(1000))")
      coordinator.kill9()
      #expect(!coordinator.logText.contains("search phase"), "life \(life) came to the end of the study")
    }
    let resumed = try Program.run("resume", killed, "--workers", "1")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try Program.run("history", killed).output == history)
    let verified = try Program.run("verify", killed)
    #expect(verified.status == 0 && verified.output.contains("50 of 50"), "\(verified.output)")

    try trace(whole, in: place)
  }

  /// Files of a report, and one of its numbers from the stored mask and weights.
  private func trace(_ run: String, in place: Workplace) throws {
    let (html, csv, markdown) = (place.file("r.html"), place.file("r.csv"), place.file("r.md"))
    let report = try Program.run("report", run, "--html", html, "--csv", csv, "--markdown", markdown)
    #expect(report.status == 0, "\(report.errors)")
    #expect(try String(contentsOfFile: html, encoding: .utf8).contains("<svg"))
    #expect(try String(contentsOfFile: markdown, encoding: .utf8).contains("| GlobalMagWeight | 8.0 |"))
    let rows = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\r\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    func cell(_ row: [String], _ column: String) throws -> String { row[try #require(rows[0].firstIndex(of: column))] }
    // A dense network, and 5 × (7 + 2 rounds + a search) others, each twice.
    #expect(rows.count == 1 + 2 * (1 + 5 * 10))
    let row = try #require(
      rows.dropFirst().first {
        (try? cell($0, "strategy")) == "LayerMagGrad" && (try? cell($0, "compression")) == "8.0"
          && (try? cell($0, "seed")) == "6"
      })
    let dense = try #require(
      rows.dropFirst().first { (try? cell($0, "strategy")) == "Dense" && (try? cell($0, "seed")) == "6" })
    for column in ["dense_acc1", "pre_acc1", "post_acc1"] {
      #expect(try cell(dense, column) == cell(row, "dense_acc1"), "\(column)")
    }
    #expect(try Double(cell(row, "pre_acc1")) != nil && cell(row, "completed_epochs") == "2")
    let name = try cell(row, "name")
    let vague = try Program.run("evaluate", run, "--strategy", "LayerMagGrad")
    #expect(vague.status == 64 && vague.errors.contains("10 such networks"), "\(vague.errors)")
    let judged = try Program.run("evaluate", run, "--strategy", name, "--json")
    #expect(judged.status == 0, "\(judged.errors)")
    let found = try JSONDecoder().decode(Judged.self, from: Data(judged.output.utf8))
    let (top1, top5, mask) = (try cell(row, "post_acc1"), try cell(row, "post_acc5"), try cell(row, "mask"))
    #expect("\(found.top1)" == top1 && "\(found.top5)" == top5)
    #expect(try Program.run("history", run).output.contains("\n\(name) \(mask) "))
  }

  private struct Judged: Decodable {
    let top1: Double
    let top5: Double
  }

  @Test("A finished run may be asked for accuracies on train, and keeps that it was")
  func trainAccuracy() throws {
    let place = Workplace()
    let text = """
      study: asked-later
      dataset: { name: digits }
      network: { zoo: mlp-24, train: { epochs: 2 } }
      tickets: { levels: 1 }
      """
    let plain = try place.write("plain.yaml", text)
    let asking = try place.write("asking.yaml", text + "\ntrain_accuracy: true\n")
    let (run, csv) = (place.file("run"), place.file("r.csv"))
    func columns() throws -> [[String]] {
      #expect(try Program.run("report", run, "--csv", csv).status == 0)
      return try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\r\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
    }
    var histories: [String] = []
    // The last file does not ask, but the run remembers.
    for (file, isAsked) in [(plain, false), (asking, true), (plain, true)] {
      let result = try Program.run("run", file, "--run-directory", run, "--workers", "1")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("train_acc1") == isAsked)
      #expect(result.output.contains("Gap between train and test") == isAsked)
      #expect(try Program.run("report", run).output.contains("train_acc1") == isAsked)
      let rows = try columns()
      let column = try #require(rows[0].firstIndex(of: "train_acc1"))
      #expect(rows.count == 3)
      // Of 359 samples, which is a fifth of the digits.
      for row in rows.dropFirst() {
        let correct = Double(row[column]).map { $0 * 359 }
        #expect(correct.map { abs($0 - $0.rounded()) < 1e-6 && $0 > 100 } == (isAsked ? true : nil), "\(row)")
      }
      #expect(try Program.run("verify", run).status == 0)
      histories.append(try Program.run("history", run, "--digest").output)
    }
    #expect(Set(histories).count == 1)
  }

  @Test("Tickets have the published sizes, and the same history with one worker and with three")
  func tickets() throws {
    let place = Workplace()
    let file = try place.write("study.yaml", Self.tickets)
    var histories: [String] = []
    for workers in ["1", "3"] {
      let run = place.file("run\(workers)")
      let result = try Program.run("run", file, "--run-directory", run, "--workers", workers)
      #expect(result.status == 0, "\(result.errors)")
      for share in ["80.0%", "64.0%", "51.2%"] { #expect(result.output.contains(share), "\(share)") }
      for name in ["WinningTicket", "RandomReinit", "ShuffledLayers/one-shot"] { #expect(result.output.contains(name)) }
      #expect(result.output.contains("step_to_dense") && result.output.contains("step_difference"))
      let said = result.output.contains("No result was checked by another worker.")
      #expect(workers == "1" ? said : said || result.output.contains("computed by a second worker"), "\(result.output)")
      histories.append(try Program.run("history", run, "--digest").output)
      #expect(try Program.run("verify", run).status == 0)
      #expect(try Program.run("status", run).output.contains("networks      38 of 38"))
    }
    #expect(histories[0] == histories[1])
  }
}
