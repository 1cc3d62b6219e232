internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Monitoring
internal import NIOCore
internal import ServiceLifecycle

/// Why there is no dashboard.
package struct DashboardError: Error, CustomStringConvertible {
  package let description: String
}

/// What a dashboard takes from those who connect.
package struct DashboardLimits: Sendable {
  /// At once; further ones wait outside. Four times as many as may watch.
  package var connections = 4 * Board.watcherLimit
  /// How long a connection may be without a request.
  package var silence = Duration.seconds(30)
  /// Between two words without meaning to those who watch; common proxies hang up after a minute of silence.
  package var breath = Duration.seconds(15)

  package init() {}
}

/// The web server of a coordinator: a page for people, JSON and metrics for programs; it only reads.
package struct DashboardServer: Sendable {
  private let board: Board
  private let host: String
  private let port: Int
  private let token: DashboardToken?
  private let version: String
  private let limits: DashboardLimits

  /// - Parameters:
  ///   - host: the address to listen at; beyond loopback `token` is needed.
  ///   - port: 0 for a free one.
  package init(
    _ board: Board, host: String, port: Int, token: DashboardToken?, version: String, limits: DashboardLimits = .init()
  ) {
    precondition(token != nil || Self.isLoopback(host), "a dashboard for others has a token")
    (self.board, self.host, self.port, self.token) = (board, host, port, token)
    (self.version, self.limits) = (version, limits)
  }

  /// Whether a host is this machine alone, by an address or by its only safe name: `127.example.org` can be anybody's.
  package static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return parts.count == 4 && parts[0] == 127 && parts.allSatisfy { $0 != nil }
  }

  /// Serves until the task is cancelled or the process is asked to stop.
  ///
  /// - Parameter onListening: called with the address for a browser.
  /// - Throws: ``DashboardError`` where it cannot listen.
  package func run(onListening: @escaping @Sendable (String) -> Void) async throws {
    var quiet = Logger(label: "dashboard")
    quiet.logLevel = .critical
    let application = Application(
      router: router,
      // Who connects and says nothing, or too many at once, would take the coordinator's descriptors.
      server: .http1(configuration: .init(idleTimeout: .init(limits.silence))),
      configuration: .init(
        address: .hostname(host, port: port), serverName: nil,
        availableConnectionsDelegate: .maximum(limits.connections, logger: quiet)),
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? port
        onListening("http://\(host.contains(":") ? "[\(host)]" : host):\(port)/")
      }, logger: quiet)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do { try await application.run() } catch let error as IOError {
          throw DashboardError(description: "the dashboard cannot listen at \(host) port \(port): \(error)")
        }
      }
      group.addTask { [board, limits] in
        while true {
          try await Task.sleep(for: limits.breath)
          board.breathe()
        }
      }
      group.addTask { [board] in
        try await gracefulShutdown()
        // The server waits for its answers, and these would have no end; nor has one that nobody reads.
        board.close()
        try await Task.sleep(for: .seconds(1))
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private var router: Router<BasicRequestContext> {
    let router = Router()
    router.add(middleware: Gate<BasicRequestContext>(token: token))
    for page in Page.all {
      router.get(RouterPath(page.path)) { _, _ in
        Response(
          status: .ok, headers: [.contentType: page.mediaType], body: .init(byteBuffer: .init(bytes: page.bytes)))
      }
    }
    router.get("/snapshot.json") { [board] _, _ in Self.json(board.clusterJSON) }
    router.get("/search.json") { [board] _, _ in Self.json(board.searchJSON) }
    router.get("/runs.json") { [board] _, _ in Self.json(board.runsJSON) }
    router.get("/events") { [board] _, _ in Self.events(board) }
    router.get("/metrics") { [board, version] _, _ in
      guard let exposition = board.exposition(version: version) else { return Self.notYet }
      let text = exposition.text + ProcessMetrics.now.text
      return Response(
        status: .ok, headers: [.contentType: Exposition.mediaType], body: .init(byteBuffer: .init(string: text)))
    }
    router.get("/healthz") { [board] _, _ in Self.verdict(board.isAlive) }
    router.get("/readyz") { [board] _, _ in Self.verdict(board.isReady) }
    return router
  }

  private static let notYet = Gate<BasicRequestContext>.answer(.serviceUnavailable, "nothing is known yet\n")

  private static func verdict(_ isGood: Bool) -> Response {
    Gate<BasicRequestContext>.answer(isGood ? .ok : .serviceUnavailable, isGood ? "ok\n" : "not now\n")
  }

  private static func json(_ text: String?) -> Response {
    guard let text else { return notYet }
    return Response(
      status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: .init(string: text)))
  }

  private static func events(_ board: Board) -> Response {
    guard let events = board.watch() else {
      return Gate<BasicRequestContext>.answer(.serviceUnavailable, "too many watch already\n")
    }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream"],
      body: .init(asyncSequence: events.map { ByteBuffer(string: $0) }))
  }
}
