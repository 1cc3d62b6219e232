import Dashboard
import Foundation
import Monitoring
import Synchronization
import Testing

/// What a dashboard says, and to whom.
@Suite(.timeLimit(.minutes(3))) struct DashboardTests {
  private let cluster = ClusterSnapshot(study: "s\"</script>", run: "r", epoch: 1)

  @Test func thePageAndItsFilesComeFromHereAlone() async throws {
    try await withDashboard { _, url in
      for (path, type) in [
        ("/", "text/html"), ("/dashboard.css", "text/css"), ("/dashboard.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
      ] {
        let answer = try await get(url, path)
        #expect(answer.status == 200 && answer.headers["content-type"]?.hasPrefix(type) == true, "\(path)")
        #expect(answer.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        #expect(answer.headers["x-content-type-options"] == "nosniff" && answer.headers["cache-control"] == "no-store")
        // An address of another host but the name of SVG itself.
        let others = answer.text.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
        #expect(!others.contains("http://") && !others.contains("https://") && !others.contains("//cdn"), "\(path)")
      }
      #expect(try await get(url, "/nothing").status == 404)
    }
  }

  @Test func beforeAnythingIsKnownItSaysSo() async throws {
    try await withDashboard { board, url in
      for path in ["/snapshot.json", "/search.json", "/metrics", "/healthz", "/readyz"] {
        #expect(try await get(url, path).status == 503, "\(path)")
      }
      board.post(cluster, CoordinatorMetrics(), nil)
      #expect(try await get(url, "/healthz").status == 200)
      #expect(try await get(url, "/readyz").status == 503)
      board.listening()
      #expect(try await get(url, "/readyz").status == 200)
      #expect(try await get(url, "/search.json").status == 503)
      let said = try JSONDecoder().decode(
        ClusterSnapshot.self, from: Data(try await get(url, "/snapshot.json").text.utf8))
      #expect(said == cluster)
      let metrics = try await get(url, "/metrics")
      #expect(metrics.headers["content-type"] == Exposition.mediaType)
      #expect(
        metrics.text.contains("sentei_evaluations_total 0\n") && metrics.text.contains("process_cpu_seconds_total "))
    }
  }

  @Test func aCoordinatorThatSaysNothingForLongIsNotHealthy() async throws {
    let start = ContinuousClock.now
    let passed = Mutex(Duration.zero)
    let board = Board { passed.withLock { start + $0 } }
    board.listening()
    board.post(cluster, CoordinatorMetrics(), nil)
    try await withDashboard(board: board) { _, url in
      for (seconds, status) in [(29, 200), (31, 503)] {
        passed.withLock { $0 = .seconds(seconds) }
        for path in ["/healthz", "/readyz"] {
          let answer = try await get(url, path)
          #expect(answer.status == status, "\(path) after \(seconds) s")
        }
      }
    }
  }

  @Test func finishedRunsAreAskedForWhenSomebodyWantsThem() async throws {
    let summary = RunSummary(
      study: "s</td>", run: "r", testSamples: 3, columns: ["strategy", "post_acc1"], rows: [["Dense", "0.9"]],
      searches: [], chosen: nil)
    try await withDashboard { board, url in
      #expect(try await get(url, "/runs.json").status == 503)
      let watcher = Watcher(url)
      try await watcher.wait { $0.map(\.name) == ["log"] }
      var runs: [FinishedRun] = []
      for count in 1...2 {
        runs.append(FinishedRun(directory: "run-\(count)", finished: 1.5, summary: summary))
        board.list { [runs] in runs }
        let said = try await get(url, "/runs.json").text
        #expect(try JSONDecoder().decode([FinishedRun].self, from: Data(said.utf8)) == runs)
      }
      board.runsChanged()
      try await watcher.wait { $0.map(\.name) == ["log", "runs"] }
    }
  }

  @Test func whoWatchesHearsWhatIsKnownAndWhatIsNewAndTheEnd() async throws {
    try await withDashboard { board, url in
      board.post(cluster, CoordinatorMetrics(), SearchSnapshot())
      board.log("first")
      let watchers = (0..<3).map { _ in Watcher(url) }
      for watcher in watchers { try await watcher.wait { $0.map(\.name) == ["cluster", "search", "log"] } }
      var next = cluster
      next.evaluations = 12
      board.post(next, CoordinatorMetrics(), SearchSnapshot())
      board.post(next, CoordinatorMetrics(), SearchSnapshot())
      board.log("second")
      for watcher in watchers {
        // The same picture is not told twice.
        try await watcher.wait { $0.map(\.name) == ["cluster", "search", "log", "cluster", "log"] }
        #expect(watcher.events[2].data == "[\"first\"]" && watcher.events[4].data == "[\"second\"]")
        let said = try JSONDecoder().decode(ClusterSnapshot.self, from: Data(watcher.events[3].data.utf8))
        #expect(said.evaluations == 12)
      }
      board.close()
      for watcher in watchers {
        try await watcher.waitForEnd()
        #expect(watcher.events.last?.name == "end")
      }
      #expect(try await get(url, "/events").status == 503)
    }
  }

  @Test func thoseWhoLeaveMakePlaceAndTooManyAreRefused() async throws {
    try await withDashboard { board, url in
      board.post(cluster, CoordinatorMetrics(), nil)
      let watchers = (0..<64).map { _ in Watcher(url) }
      for watcher in watchers { try await watcher.wait { $0.count == 2 } }
      let late = Watcher(url)
      try await late.waitForEnd()
      #expect(late.status == 503)
      for watcher in watchers { watcher.leave() }
      // A connection that ended is noticed by the next event for it.
      var next = cluster
      var again = Watcher(url)
      while again.events.isEmpty {
        next.evaluations += 1
        board.post(next, CoordinatorMetrics(), nil)
        try await Task.sleep(for: .milliseconds(20))
        if again.status == 503 { again = Watcher(url) }
      }
      again.leave()
    }
  }

  /// What leaves is seen at the next write, so there has to be one, also behind the end of a study.
  @Test func aWordWithoutMeaningFreesThePlacesOfThoseWhoLeft() async throws {
    try await withDashboard { board, url in
      let watchers = (0..<64).map { _ in Watcher(url) }
      for watcher in watchers { try await watcher.wait { $0.count == 1 } }
      board.breathe()
      for watcher in watchers { watcher.leave() }
      var again = Watcher(url)
      while again.events.isEmpty {
        board.breathe()
        try await Task.sleep(for: .milliseconds(20))
        if again.status == 503 { again = Watcher(url) }
      }
      #expect(again.events.map(\.name) == ["log"])
      again.leave()
    }
  }

  @Test func whoSaysNothingIsHungUpOnAndTooManyWaitOutside() async throws {
    var limits = DashboardLimits()
    (limits.connections, limits.silence) = (4, .milliseconds(500))
    try await withDashboard(limits: limits) { board, url in
      board.post(cluster, CoordinatorMetrics(), nil)
      let silent = try (0..<4).map { _ in try SilentConnection(url) }
      #expect(try await get(url, "/healthz").status == 200)
      // Not before there was room.
      #expect(silent.contains { $0.isOver })
      while !silent.allSatisfy(\.isOver) { try await Task.sleep(for: .milliseconds(5)) }
    }
  }

  @Test func withoutATokenOnlyNamesOfThisMachineAreAnswered() async throws {
    try await withDashboard { board, url in
      board.post(cluster, CoordinatorMetrics(), nil)
      let port = try #require(url.port)
      for host in ["localhost:\(port)", "127.0.0.1", "127.9.8.7:1", "[::1]:\(port)"] {
        #expect(try await get(url, "/snapshot.json", headers: ["Host": host]).status == 200, "\(host)")
      }
      for host in ["example.org", "127.0.0.1.example.org", "127.0.0.1x", "localhost.example.org:\(port)", "10.0.0.1"] {
        #expect(try await get(url, "/snapshot.json", headers: ["Host": host]).status == 421, "\(host)")
        // A probe of Kubernetes comes by the pod's address; it learns one word.
        #expect(try await get(url, "/healthz", headers: ["Host": host]).status == 200, "\(host)")
      }
    }
  }

  @Test func withATokenWhoeverSaysIt() async throws {
    let token = "0123456789abcdef-XYZ"
    try await withDashboard(token: token) { board, url in
      board.post(cluster, CoordinatorMetrics(), nil)
      for path in ["/", "/dashboard.js", "/snapshot.json", "/metrics", "/events"] {
        let answer = try await get(url, path)
        #expect(answer.status == 401 && !answer.text.contains(token), "\(path)")
        for wrong in ["", "0123456789abcdef-XYz", token + "x", String(token.dropLast())] {
          #expect(try await get(url, path, headers: ["Authorization": "Bearer \(wrong)"]).status == 401)
          #expect(try await get(url, path, headers: ["Cookie": "sentei-token-\(url.port!)=\(wrong)"]).status == 401)
          #expect(try await get(url, "\(path)?token=\(wrong)").status == 401)
        }
      }
      #expect(try await get(url, "/healthz").status == 200)
      let headers = ["Authorization": "Bearer \(token)", "Host": "sentei.example.org"]
      #expect(try await get(url, "/metrics", headers: headers).status == 200)
      let entry = try await get(url, "/?token=\(token)")
      #expect(entry.status == 303 && entry.headers["location"] == "/")
      let cookie = try #require(entry.headers["set-cookie"])
      #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "\(cookie)")
      let pair = String(cookie.prefix { $0 != ";" })
      #expect(try await get(url, "/snapshot.json", headers: ["Cookie": pair]).status == 200)
      // Cookies do not know ports: another dashboard of this host has a name of its own for it.
      #expect(pair.hasPrefix("sentei-token-\(url.port!)="))
    }
  }

  @Test func aTokenIsLongAndOfCharactersThatGoEverywhere() {
    #expect(DashboardToken("0123456789abcde") == nil)
    for character in [" ", ";", "é", "\n", "\"", "%"] { #expect(DashboardToken("0123456789abcdef\(character)") == nil) }
    #expect(DashboardToken("aZ09-_.~aZ09-_.~") != nil)
  }
}
