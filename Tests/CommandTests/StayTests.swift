import Foundation
import FoundationNetworking
import Monitoring
import Testing

/// Processes that something else starts, watches and ends: a container's engine, a cluster.
@Suite struct StayTests {
  private func status(_ address: String) -> String? {
    URL(string: address).flatMap { try? String(contentsOf: $0, encoding: .utf8) }
  }

  private func health(_ file: String) throws -> Int32 {
    try Program.run(["healthy"], environment: ["SENTEI_HEALTH_FILE": file]).status
  }

  @Test func aCoordinatorStaysBehindTheEndForWhoLooks() throws {
    let place = Workplace()
    let (run, file) = (place.file("run"), place.file("health"))
    let coordinator = try Running(
      [
        "run", try place.write("study.yaml", Studies.quick(generations: 5)), "--run-directory", run, "--workers", "2",
        "--dashboard", "127.0.0.1:0", "--stay",
      ], output: place.file("out"), errors: place.file("log"), environment: ["SENTEI_HEALTH_FILE": file])
    #expect(coordinator.says("finished; staying"), "\(coordinator.logText)")
    let address = try #require(Chronicle(coordinator.logText).all("dashboard").first?.fields["address"])
    #expect(status("\(address)healthz") == "ok\n" && status("\(address)readyz") == "ok\n")
    #expect(status("\(address)snapshot.json")?.contains("\"phase\":\"finished\"") == true)
    // The last picture is of the whole search.
    let search = try JSONDecoder().decode(SearchSnapshot.self, from: Data((status("\(address)search.json") ?? "").utf8))
    #expect(search.trials == (try Program.run("history", run).output.split(separator: "\n").count))
    #expect(try health(file) == 0)
    #expect(try Program.run("status", run).output.contains("finished"))
    #expect(try String(contentsOfFile: place.file("out"), encoding: .utf8).contains("GeneticAlgorithm"))
    // What it came to stands beside its facts, and in the list of runs.
    let listed = try JSONDecoder().decode([FinishedRun].self, from: Data((status("\(address)runs.json") ?? "").utf8))
    #expect(listed.map(\.directory) == ["run"] && listed.first?.summary.searches.first == "GeneticAlgorithm")
    let table = try Program.run("report", run).output
    for row in try #require(listed.first).summary.rows {
      #expect(row.allSatisfy { table.contains($0) }, "\(row) is not in \(table)")
    }
    coordinator.send(SIGTERM)
    #expect(coordinator.wait() == 0, "\(coordinator.logText)")
    #expect(!coordinator.logText.contains("died"), "\(coordinator.logText)")
    #expect(try Program.run("verify", run).status == 0)

    // Started again behind its end, as a cluster does.
    let again = try Running(
      ["resume", run, "--workers", "1", "--dashboard", "127.0.0.1:0", "--stay"], errors: place.file("again"),
      environment: ["SENTEI_HEALTH_FILE": file])
    #expect(again.says("finished; staying"), "\(again.logText)")
    let other = try #require(Chronicle(again.logText).all("dashboard").first?.fields["address"])
    while again.isRunning, status("\(other)readyz") != "ok\n" { usleep(10_000) }
    #expect(try health(file) == 0)
    again.send(SIGTERM)
    #expect(again.wait() == 0, "\(again.logText)")

    let summary = "\(run)/summary.json"
    let sound = try String(contentsOfFile: summary, encoding: .utf8)
    try sound.replacing("post_acc1", with: "post_acc5").write(toFile: summary, atomically: false, encoding: .utf8)
    let damaged = try Program.run("verify", run)
    #expect(damaged.status == 65 && damaged.output.contains("summary.json"), "\(damaged.output)")
    #expect(try Program.run("resume", run).status == 0)
    #expect(try String(contentsOfFile: summary, encoding: .utf8) == sound)
    #expect(try Program.run("verify", run).status == 0)
  }

  @Test(.enabled(if: Browser.isInstalled, "chromium-headless-shell draws the page"))
  func theFinishedRunComesToTheListOfWhoLooks() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 60))
    let coordinator = try Running(
      [
        "run", study, "--run-directory", place.file("run"), "--workers", "2", "--dashboard", "127.0.0.1:0", "--stay",
      ], errors: place.file("log"))
    #expect(coordinator.says("dashboard address="), "\(coordinator.logText)")
    let address = try #require(Chronicle(coordinator.logText).all("dashboard").first?.fields["address"])
    let browser = try Browser()
    try browser.open(address, width: 390, height: 900, isDark: true)
    try browser.wait(for: "document.querySelector('#runs')?.textContent.includes('none in this run')")
    try browser.wait(for: "document.querySelector('#runs')?.textContent.includes('run (')")
    // What came last holds for those who come when nothing happens any more.
    try browser.open(address, width: 390, height: 900, isDark: true)
    try browser.wait(for: "document.querySelector('#runs')?.textContent.includes('GeneticAlgorithm')")
    try browser.wait(for: "document.querySelector('#tiles')?.textContent.match(/cache hits[0-9]/)")
    let overflow = try browser.value(of: "document.documentElement.scrollWidth - innerWidth", as: Int.self)
    #expect(overflow <= 0 && browser.complaints.isEmpty, "\(overflow) \(browser.complaints)")
    if let folder = ProcessInfo.processInfo.environment["SENTEI_SCREENSHOTS"] {
      try browser.screenshot().write(to: URL(fileURLWithPath: "\(folder)/finished.png"))
    }
    coordinator.send(SIGTERM)
    #expect(coordinator.wait() == 0, "\(coordinator.logText)")
  }

  /// Else what starts again whatever ends badly would start it for ever.
  @Test func whoComesBehindTheEndIsSentHome() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 5))
    let address = "ipc://\(place.file("c"))"
    for life in ["first", "again"] {
      let coordinator = try Running(
        ["coordinator", study, "--run-directory", place.file("run"), "--listen", address, "--stay"],
        errors: place.file(life))
      for number in 1...2 {
        let worker = try Program.run("worker", address, "--wait", "60")
        #expect(worker.status == 0, "\(life), worker \(number): \(worker.errors)")
        #expect(coordinator.says("finished; staying"), "\(coordinator.logText)")
      }
      coordinator.send(SIGTERM)
      #expect(coordinator.wait() == 0, "\(coordinator.logText)")
    }
    #expect(try Program.run("verify", place.file("run")).status == 0)
  }

  /// Its web server would wait an hour for an answer to be read.
  @Test func whoDoesNotReadHoldsUpNoEnd() throws {
    let place = Workplace()
    let coordinator = try Running(
      [
        "coordinator", try place.write("study.yaml", Studies.quick(generations: 5)), "--run-directory",
        place.file("run"),
        "--listen", "ipc://\(place.file("c"))", "--dashboard", "127.0.0.1:0",
      ], errors: place.file("log"))
    #expect(coordinator.says("listening") && coordinator.says("dashboard address="), "\(coordinator.logText)")
    let address = try #require(Chronicle(coordinator.logText).all("dashboard").first?.fields["address"])
    let port = UInt16(try #require(URL(string: address)?.port))
    // More answers than the buffers between them take.
    let ask = "GET /dashboard.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    let mute = try bareConnection(to: port, saying: Array(String(repeating: ask, count: 1000).utf8))
    defer { close(mute) }
    #expect(status("\(address)readyz") == "ok\n")
    coordinator.send(SIGTERM)
    #expect(coordinator.wait() == 75, "\(coordinator.logText)")
  }

  @Test func healthIsAFileThatWasTouchedLately() throws {
    let place = Workplace()
    let file = place.file("health")
    try "left by another".write(toFile: file, atomically: false, encoding: .utf8)
    // Without any coordinator a worker is healthy, or all would be killed with it.
    let worker = try Running(
      ["worker", "ipc://\(place.file("c"))", "--wait", "0"], errors: place.file("log"),
      environment: ["SENTEI_HEALTH_FILE": file])
    #expect(worker.says("dialling"))
    while worker.isRunning, (try? String(contentsOfFile: file, encoding: .utf8)) != "" { usleep(10_000) }
    #expect(try health(file) == 0)
    worker.send(SIGTERM)
    #expect(worker.wait() == 75)

    try FileManager.default.setAttributes([.modificationDate: Date.now - 31], ofItemAtPath: file)
    #expect(try health(file) == 69)
    try FileManager.default.removeItem(atPath: file)
    #expect(try health(file) == 69)
    #expect(try Program.run(["healthy"], environment: ["SENTEI_HEALTH_FILE": ""]).status == 64)
  }

  /// The system keeps from the first process of a container each signal that it does not handle.
  @Test(arguments: [SIGTERM, SIGINT]) func theFirstProcessOfAContainerEndsAtASignal(_ number: Int32) throws {
    let place = Workplace()
    guard try Program.tool(["unshare", "--pid", "--fork", "true"]).status == 0 else {
      print("no process namespaces here: what a container's first process does was not tested")
      return
    }
    // The shell tells the child of `unshare`, which is the first process of its namespace, and ends as that one does.
    let script = """
      unshare --pid --fork --mount-proc "$@" &
      trap 'kill -\(number) $(pgrep -P $!)' TERM
      wait $!
      wait $!
      """
    let shell = try Running(
      words: [
        "sh", "-c", script, "sh", Program.path, "train", "--zoo", "lenet-300-100", "--dataset", "digits", "--epochs",
        "100000", "--output", place.file("model.safetensors"),
      ], output: place.file("log"), errors: place.file("log"), environment: [:])
    #expect(shell.says("epoch"), "\(shell.logText)")
    shell.send(SIGTERM)
    #expect(shell.wait() == 128 + number, "\(shell.logText.suffix(1000))")
  }
}
