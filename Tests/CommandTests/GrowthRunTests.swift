import Foundation
import RunStore
import Testing

/// Networks that grow while workers train them.
@Suite(.serialized) struct GrowthRunTests {
  private static func study(_ grow: String = "") -> String {
    """
    study: growing-digits
    seed: 3
    dataset: { name: digits }
    network: { hidden: [12, 8], train: { epochs: 30, learning_rate: 0.05 } }
    grow:
      growers: [GradMax, Firefly]
      start_iteration: 45
      update_frequency: 45
      n_growth_steps: 3
      samples: 200
      look_every: 15
    \(grow)
    """
  }

  private func digest(_ run: String) throws -> String { try Program.run("history", run, "--digest").output }

  @Test func aRunThatIsKilledTenTimesInMidGrowthEndsWithTheSameWeights() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Self.study())
    let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "1")
    #expect(whole.status == 0, "\(whole.errors)")
    let run = place.file("killed")
    let address = "ipc://\(place.file("s/c"))"
    func worker(_ name: String) throws -> Running {
      try Running(["worker", address], errors: place.file("\(name).log"))
    }
    var workers = [try worker("a"), try worker("b")]
    for life in 1...10 {
      let coordinator = try Running(
        ["coordinator", study, "--listen", address, "--run-directory", run, "--log-level", "debug"],
        errors: place.file("life\(life).log"))
      // From a few facts on to a few dozens, so that the kills come at segments, looks and growths.
      #expect(
        coordinator.waitForLog { committed($0) >= 8 + 3 * life }, "life \(life): \(coordinator.logText.suffix(1000))")
      coordinator.kill9()
      #expect(!coordinator.logText.contains("search phase"), "life \(life) came to the end of the study")
      // Every second time a worker dies, too, with what it was at.
      guard life % 2 == 0 else { continue }
      workers[0].kill9()
      workers = [workers[1], try worker("c\(life)")]
    }
    let last = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", run], errors: place.file("last.log"))
    #expect(last.wait() == 0, "\(last.logText.suffix(1000))")
    for worker in workers { #expect(worker.leaves(), "\(worker.logText.suffix(1000))") }
    // The history names the digest of each network's weights.
    #expect(try digest(run) == digest(place.file("whole")))
    let history = try Program.run("history", run).output
    #expect(try history == Program.run("history", place.file("whole")).output)
    #expect(history.contains("GradMax") && history.contains("network="))
    #expect(try Program.run("verify", run).status == 0)
  }

  @Test func aSearchOfStructuresThatIsKilledEndsWithTheSameLineages() throws {
    let place = Workplace()
    let search = """
        search:
          moves: [grow_and_prune, prune_only, cycles]
          population_size: 4
          generations: 2
      """
    let study = try place.write("study.yaml", Self.study(search))
    let (run, whole) = (place.file("killed"), place.file("whole"))
    let first = try Running(
      ["run", study, "--run-directory", run, "--workers", "2", "--log-level", "debug"], errors: place.file("first.log"))
    #expect(first.waitForLog { committed($0) >= 80 }, "\(first.logText.suffix(1000))")
    first.kill9()
    #expect(!first.logText.contains("search phase"))
    let resumed = try Program.run("resume", run, "--workers", "1")
    #expect(resumed.status == 0, "\(resumed.errors)")
    let undisturbed = try Program.run("run", study, "--run-directory", whole, "--workers", "1")
    #expect(undisturbed.status == 0, "\(undisturbed.errors)")
    #expect(try digest(run) == digest(whole))
    let history = try Program.run("history", run).output
    #expect(history.split(separator: "\n").count { $0.contains(" genome=") && $0.contains(" lineage=") } == 3)
    #expect(undisturbed.output.contains("Lineages of the best genomes"))
    #expect(try Program.run("verify", run).status == 0)
    let name = "mlp-12-8/digits#1:GrowAndPrune"
    #expect(
      try Program.run("export", run, "--strategy", name, "--output", place.file("out.onnx")).status == 0)
  }

  @Test func plateausGainsAndNewLayersAreWords() throws {
    let place = Workplace()
    let text = Self.study("  order: largest_gain\n  layers: [{ behind: relu1, kind: residual, channels: 4 }]")
      .replacingOccurrences(of: "update_frequency: 45", with: "plateau: { patience: 1, minimum_delta: 0.01 }")
    let study = try place.write("study.yaml", text)
    let result = try Program.run("run", study, "--run-directory", place.file("run"), "--workers", "2")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("Training loss at the end"))
    #expect(result.output.contains("Baseline-Small"))
    let page = place.file("page.html")
    let sheet = place.file("rows.csv")
    #expect(try Program.run("report", place.file("run"), "--html", page, "--csv", sheet).status == 0)
    #expect(try String(contentsOfFile: page, encoding: .utf8).contains("Norm of the gradient"))
    let rows = try String(contentsOfFile: sheet, encoding: .utf8).split(separator: "\r\n")
    #expect(rows.count == 5 && rows[0].contains("train_loss,training_flops"))
    // The last growths leave the network's own layers and the new one.
    let out = place.file("grown.safetensors")
    #expect(
      try Program.run(
        "export", place.file("run"), "--strategy", "GradMax", "--output", out
      ).status == 0)
  }

  @Test func whatCannotGrowIsRefused() throws {
    let place = Workplace()
    func refusal(_ change: (String) -> String) throws -> String {
      let study = try place.write("study.yaml", change(Self.study()))
      let result = try Program.run("run", study, "--run-directory", place.file("run"), "--workers", "1")
      #expect(result.status != 0)
      return result.errors
    }
    #expect(try refusal { $0.replacingOccurrences(of: "[GradMax, Firefly]", with: "[Grow]") }.contains("grow.growers"))
    #expect(
      try refusal { $0.replacingOccurrences(of: "  look_every: 15", with: "  share: 0.99") }.contains(
        "so none can grow"))
    #expect(
      try refusal { $0.replacingOccurrences(of: "  look_every: 15", with: "  layers: [{ behind: nowhere }]") }.contains(
        "has no layer nowhere"))
    #expect(
      try refusal { $0.replacingOccurrences(of: "start_iteration: 45", with: "start_iteration: 45000") }.contains(
        "growing has to begin before, found 45000"))
    #expect(
      try refusal { $0.replacingOccurrences(of: "  update_frequency: 45\n", with: "") }.contains(
        "grow.update_frequency"))
    #expect(
      try refusal { $0.replacingOccurrences(of: "  look_every: 15", with: "  neurons: 2") }.contains("n_growth_steps"))
    func refusalOfSearch(_ keys: String) throws -> String {
      try refusal { $0.replacingOccurrences(of: "  look_every: 15", with: "  search: { \(keys) }") }
    }
    #expect(try refusalOfSearch("moves: [shrink]").contains("grow.search.moves"))
    #expect(try refusalOfSearch("population_size: 3, elite_size: 3").contains("grow.search.elite_size"))
    #expect(try refusalOfSearch("wide_share: 2").contains("grow.search.wide_share"))
    #expect(try refusalOfSearch("grower: Random").contains("grow.search.grower"))
    #expect(
      try refusal {
        $0.replacingOccurrences(of: "update_frequency: 45", with: "plateau: { patience: 1 }")
          .replacingOccurrences(of: "  look_every: 15", with: "  search: {}")
      }.contains("grow.search"))
  }
}
