import Foundation
import FoundationNetworking
import Testing

/// A coordinator's page and metrics, as people and programs see them.
@Suite struct DashboardCommandTests {
  /// A run that is at work, and where its dashboard is.
  private func start(
    _ study: String, in place: Workplace, _ more: String...
  ) throws -> (process: Running, address: String) {
    let file = try place.write("study.yaml", study)
    let process = try Running(
      ["run", file, "--run-directory", place.file("run"), "--workers", "1", "--dashboard", "127.0.0.1:0"] + more,
      errors: place.file("log"))
    #expect(process.says("dashboard address="), "\(process.logText)")
    let line = try #require(Chronicle(process.logText).all("dashboard").first)
    return (process, try #require(line.fields["address"]))
  }

  private func text(_ address: String, _ path: String) -> String? {
    URL(string: address + path).flatMap { try? String(contentsOf: $0, encoding: .utf8) }
  }

  /// The value of a metric without labels.
  private func metric(_ name: String, _ address: String) -> Double? {
    text(address, "metrics")?.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
      .flatMap { Double($0.dropFirst(name.count + 1)) }
  }

  @Test func metricsGrowWhileASearchRunsAndChangeNothing() throws {
    let place = Workplace()
    let study = Studies.quick(seed: 11, generations: 120).replacing("mlp-32", with: "lenet-300-100")
    let (process, address) = try start(study, in: place)
    var last = 0.0
    for _ in 0..<3 {
      while (metric("sentei_evaluations_total", address) ?? 0) <= last, process.isRunning { usleep(20_000) }
      last = try #require(metric("sentei_evaluations_total", address))
    }
    let metrics = try #require(text(address, "metrics"))
    if (try? Program.tool(["promtool", "--version"]))?.status == 0 {
      let file = try place.write("metrics", metrics)
      let check = try Program.tool(["/bin/sh", "-c", "promtool check metrics < \"$0\"", file])
      #expect(check.status == 0 && check.errors.isEmpty, "\(check.output)\(check.errors)")
    } else {
      print("promtool is not here: the metrics were not checked by it")
    }
    process.send(SIGTERM)
    #expect(process.wait() == 75, "\(process.logText.suffix(1000))")
    #expect(text(address, "healthz") == nil, "nobody is there any more")
    #expect(try Program.run("resume", place.file("run"), "--workers", "1").status == 0)

    let whole = try Program.run(
      "run", place.file("study.yaml"), "--run-directory", place.file("whole"), "--workers", "1")
    #expect(whole.status == 0, "\(whole.errors)")
    let digests = try ["run", "whole"].map { try Program.run("history", place.file($0), "--digest").output }
    #expect(digests[0] == digests[1] && digests[0].count == 65)
    #expect(try Program.run("verify", place.file("run")).status == 0)
  }

  /// The configuration of cluster/prometheus, with the coordinator's address and the token that it asks for.
  @Test(.enabled(if: Prometheus.isInstalled, "Prometheus scrapes the metrics"))
  func prometheusSeesTheSearchGoOn() throws {
    let place = Workplace()
    let token = try place.write("token", "0123456789abcdef0123456789abcdef\n")
    chmod(token, 0o600)
    let study = Studies.quick(seed: 13, generations: 4000).replacing("mlp-32", with: "lenet-300-100")
    let (process, address) = try start(study, in: place, "--dashboard-token", token)
    defer { process.kill9() }
    let prometheus = try Prometheus(scraping: #require(URL(string: address)), token: token, in: place)
    let first = try prometheus.value(of: "sentei_evaluations_total") { $0 > 0 }
    let second = try prometheus.value(of: "sentei_evaluations_total") { $0 > first }
    #expect(second > first)
    #expect(try prometheus.value(of: "up") { $0 == 1 } == 1)
    #expect(try prometheus.value(of: "count(ALERTS{alertstate=\"firing\"}) or vector(0)") { _ in true } == 0)
  }

  @Test(.enabled(if: Browser.isInstalled, "chromium-headless-shell draws the page"))
  func aBrowserDrawsItAndFollowsTheSearch() throws {
    let place = Workplace()
    let study = Studies.quick(seed: 12, generations: 4000).replacing("mlp-32", with: "lenet-300-100")
    let (process, address) = try start(study, in: place)
    defer { process.kill9() }
    let browser = try Browser()
    let evaluations =
      "Number([...document.querySelectorAll('#tiles div')].find((tile) => "
      + "tile.firstChild.textContent === 'evaluations').lastChild.textContent.replaceAll(',', ''))"
    for (width, height, isDark) in [(1280, 1500, false), (390, 2000, true), (320, 700, false)] {
      try browser.open(address, width: width, height: height, isDark: isDark)
      try browser.wait(for: "document.querySelectorAll('#charts figure path.series').length > 1")
      try browser.wait(for: "document.querySelector('#link').dataset.state === 'live'")
      let before = try browser.value(of: evaluations, as: Double.self)
      try browser.wait(for: "\(evaluations) > \(before)")
      // Rows of workers and of the log, a picture of the first layer, bars of both.
      try browser.wait(for: "document.querySelectorAll('#workers tbody tr').length === 1")
      try browser.wait(for: "document.querySelector('#log').textContent.includes('worker joined')")
      try browser.wait(for: "document.querySelectorAll('svg.mask rect').length > 20")
      #expect(try browser.value(of: "document.querySelectorAll('meter').length", as: Int.self) == 2)
      let overflow = try browser.value(of: "document.documentElement.scrollWidth - innerWidth", as: Int.self)
      #expect(overflow <= 0, "at \(width) the page is \(overflow) too wide")
      // For who looks at pictures of a test.
      if let folder = ProcessInfo.processInfo.environment["SENTEI_SCREENSHOTS"] {
        try browser.screenshot().write(to: URL(fileURLWithPath: "\(folder)/dashboard-\(width).png"))
      }
    }
    // Who reads the numbers is not thrown out of them by what is drawn again.
    let figure = "document.querySelector('#charts figure')"
    _ = try browser.value(
      of: "\(figure).querySelector('summary').focus(), \(figure).querySelector('details').open = true", as: Bool.self)
    let seen = try browser.value(of: "\(figure).querySelector('tbody').textContent", as: String.self)
    try browser.wait(for: "\(figure).querySelector('tbody').textContent !== \(quoted(seen))")
    #expect(try browser.value(of: "document.activeElement.tagName", as: String.self) == "SUMMARY")
    #expect(try browser.value(of: "\(figure).querySelector('details').open", as: Bool.self))
    #expect(try browser.value(of: "document.querySelectorAll('#charts details').length", as: Int.self) == 1)
    #expect(browser.complaints.isEmpty, "\(browser.complaints)")
    let others = browser.requests.filter { !$0.hasPrefix(address) && $0 != "about:blank" }
    #expect(others.isEmpty && browser.requests.contains("\(address)events"), "\(others)")

    process.send(SIGTERM)
    #expect(process.wait() == 75)
    try browser.wait(for: "document.querySelector('#link').dataset.state === 'lost'")
  }

  @Test(.enabled(if: Browser.isInstalled, "chromium-headless-shell draws the page"))
  func aFrontAndTheAcceptedMovesAreDrawn() throws {
    let studies = [
      (
        "Pareto front", "objective: { pareto: [accuracy, size], compression: [2, 6] }",
        "{ algorithm: nsga2, population_size: 16, generations: 4000 }"
      ),
      (
        "accepted moves", "objective: { minimize: loss, at_compression: 5 }",
        "{ algorithm: annealing, chains: 4, cooling_steps: 4000, evaluations: 60000 }"
      ),
    ]
    for (title, objective, search) in studies {
      let place = Workplace()
      let study = """
        study: drawn
        seed: 3
        dataset: { name: digits }
        network: { zoo: mlp-32, train: { epochs: 3 } }
        \(objective)
        search: \(search)
        """
      let (process, address) = try start(study, in: place)
      defer { process.kill9() }
      let browser = try Browser()
      try browser.open(address, width: 390, height: 1500, isDark: false)
      let figure =
        "[...document.querySelectorAll('#charts figure')].find((it) => it.firstChild.textContent.includes('\(title)'))"
      try browser.wait(for: "\(figure)?.querySelector('path.series')?.getAttribute('d').length > 20")
      if let folder = ProcessInfo.processInfo.environment["SENTEI_SCREENSHOTS"] {
        try browser.screenshot().write(to: URL(fileURLWithPath: "\(folder)/\(title).png"))
      }
      #expect(browser.complaints.isEmpty, "\(browser.complaints)")
    }
  }

  /// A text as JavaScript's own.
  private func quoted(_ text: String) -> String { String(decoding: try! JSONEncoder().encode(text), as: UTF8.self) }

  @Test func otherAddressesNeedATokenThatNobodyElseCouldRead() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick())
    func refused(_ arguments: String...) throws -> Program.Result {
      let result = try Program.run(["run", study, "--run-directory", place.file("run")] + arguments)
      #expect(!FileManager.default.fileExists(atPath: place.file("run")), "a run was left behind")
      return result
    }
    for address in ["8080", "127.0.0.1", "127.0.0.1:99999", ":80", "http://127.0.0.1:80"] {
      let result = try refused("--dashboard", address)
      #expect(result.status == 64 && result.errors.contains("HOST:PORT"), "\(address): \(result.errors)")
    }
    for address in ["0.0.0.0:0", "127.example.org:0", "127.0.0.256:0", "[::]:0"] {
      let exposed = try refused("--dashboard", address)
      #expect(exposed.status == 64 && exposed.errors.contains("--dashboard-token"), "\(address): \(exposed.errors)")
    }
    #expect(try refused("--dashboard-token", "x").status == 64)
    #expect(try refused("--dashboard", "0.0.0.0:0", "--dashboard-token", place.file("none")).status == 66)
    let token = try place.write("token", "0123456789abcdef\n")
    chmod(token, 0o644)
    let readable = try refused("--dashboard", "0.0.0.0:0", "--dashboard-token", token)
    #expect(readable.status == 77 && readable.errors.contains("chmod 600"), "\(readable.errors)")
    chmod(token, 0o600)
    try "short".write(toFile: token, atomically: false, encoding: .utf8)
    #expect(try refused("--dashboard", "0.0.0.0:0", "--dashboard-token", token).status == 64)
  }

  @Test func anAddressThatIsTakenIsSaidClearly() throws {
    let place = Workplace()
    let (first, address) = try start(Studies.quick(generations: 4000), in: place)
    defer { first.kill9() }
    let port = try #require(URL(string: address)?.port)
    let second = try Program.run(
      "run", place.file("study.yaml"), "--run-directory", place.file("second"), "--dashboard", "127.0.0.1:\(port)")
    #expect(second.status == 69 && second.errors.contains("127.0.0.1 port \(port)"), "\(second.errors)")
  }

  @Test func topShowsTheSameInATerminal() throws {
    let place = Workplace()
    let (process, address) = try start(Studies.quick(generations: 4000), in: place)
    defer { process.kill9() }
    #expect(process.says("worker joined"))
    var shown = try Program.run("top", address)
    while !shown.output.contains("searching: generation"), process.isRunning { shown = try Program.run("top", address) }
    #expect(shown.status == 0 && shown.output.hasPrefix("quick   run "), "\(shown.output)\(shown.errors)")
    #expect(shown.output.contains("workers: 1 with 1 lanes") && shown.output.contains("oldest lease"))
    process.send(SIGTERM)
    #expect(process.wait() == 75)
    let gone = try Program.run("top", address)
    #expect(gone.status == 69 && gone.errors.contains("no dashboard answers at \(address)"), "\(gone.errors)")
    #expect(try Program.run("top", "127.0.0.1").status == 64)
  }

  @Test func aLogOfObjectsIsReadByPrograms() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 3))
    let result = try Program.run(
      "run", study, "--run-directory", place.file("run"), "--log-format", "json", "--log-level", "debug")
    #expect(result.status == 0, "\(result.errors)")
    let objects = result.errors.split(separator: "\n").filter { $0.hasPrefix("{") }.compactMap {
      try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String]
    }
    #expect(objects.count == result.errors.split(separator: "\n").count && objects.count > 10, "\(result.errors)")
    #expect(objects.allSatisfy { $0["time"] != nil && $0["level"] != nil && $0["message"] != nil })
    #expect(objects.contains { $0["message"] == "worker joined" && $0["lanes"] == "1" && $0["level"] == "info" })
  }
}
