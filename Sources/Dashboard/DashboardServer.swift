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

/// The web server of a coordinator: a page for people, JSON and metrics for programs; it only reads.
package struct DashboardServer: Sendable {
  private let board: Board
  private let host: String
  private let port: Int
  private let token: DashboardToken?
  private let version: String

  /// - Parameters:
  ///   - host: the address to listen at; beyond loopback `token` is needed.
  ///   - port: 0 for a free one.
  package init(_ board: Board, host: String, port: Int, token: DashboardToken?, version: String) {
    precondition(token != nil || Self.isLoopback(host), "a dashboard for others has a token")
    (self.board, self.host, self.port, self.token, self.version) = (board, host, port, token, version)
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
      router: router, configuration: .init(address: .hostname(host, port: port), serverName: nil),
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? port
        onListening("http://\(host.contains(":") ? "[\(host)]" : host):\(port)/")
      }, logger: quiet)
    try await withGracefulShutdownHandler {
      do { try await application.run() } catch let error as IOError {
        throw DashboardError(description: "the dashboard cannot listen at \(host) port \(port): \(error)")
      }
    } onGracefulShutdown: { [board] in
      // The server waits for its answers, and these would have no end.
      board.close()
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
