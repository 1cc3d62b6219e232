import Dashboard
import Foundation
import FoundationNetworking
import Glibc
import Monitoring
import Synchronization
import Testing

/// A dashboard at a free port, for as long as a test takes.
func withDashboard(
  token: String? = nil, limits: DashboardLimits = .init(), board: Board = Board(),
  _ body: (Board, URL) async throws -> Void
) async throws {
  let server = DashboardServer(
    board, host: "127.0.0.1", port: 0, token: try token.map { try #require(DashboardToken($0)) }, version: "0.0.1",
    limits: limits)
  let (addresses, address) = AsyncStream.makeStream(of: String.self)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run { address.yield($0) } }
    var iterator = addresses.makeAsyncIterator()
    let text = try #require(await iterator.next())
    try await body(board, try #require(URL(string: text)))
    board.close()
    group.cancelAll()
    while let result = await group.nextResult() {
      if case .failure(let error) = result, !(error is CancellationError) { throw error }
    }
  }
}

/// What came of a request.
struct Answer {
  let status: Int
  let headers: [String: String]
  let text: String
}

/// Asks once and follows no redirection.
func get(_ url: URL, _ path: String, headers: [String: String] = [:]) async throws -> Answer {
  let session = URLSession(configuration: .ephemeral, delegate: NoRedirections(), delegateQueue: nil)
  defer { session.invalidateAndCancel() }
  var request = URLRequest(url: try #require(URL(string: path, relativeTo: url)))
  request.timeoutInterval = 60
  request.httpShouldHandleCookies = false
  for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
  let (data, response) = try await session.data(for: request)
  let http = try #require(response as? HTTPURLResponse)
  let fields = http.allHeaderFields.map { (String(describing: $0.key).lowercased(), String(describing: $0.value)) }
  return Answer(
    status: http.statusCode, headers: Dictionary(fields) { $1 }, text: String(decoding: data, as: UTF8.self))
}

private final class NoRedirections: NSObject, URLSessionTaskDelegate {
  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) { completionHandler(nil) }
}

/// Reads server-sent events as they come.
final class Watcher: NSObject, URLSessionDataDelegate {
  private let state = Mutex((text: "", hasEnded: false, status: 0))
  private let session = Mutex<URLSession?>(nil)

  init(_ url: URL) {
    super.init()
    let session = URLSession(configuration: .ephemeral, delegate: self, delegateQueue: nil)
    self.session.withLock { $0 = session }
    session.dataTask(with: url.appendingPathComponent("events")).resume()
  }

  /// Complete events so far: name and data.
  var events: [(name: String, data: String)] {
    state.withLock { $0.text }.components(separatedBy: "\n\n").dropLast().compactMap { block in
      let lines = block.split(separator: "\n")
      guard lines.count == 2 else { return nil }
      return (String(lines[0].dropFirst("event: ".count)), String(lines[1].dropFirst("data: ".count)))
    }
  }

  var status: Int { state.withLock { $0.status } }

  /// Waits until the events satisfy a condition; the test's own limit ends it otherwise.
  func wait(for condition: ([(name: String, data: String)]) -> Bool) async throws {
    while !condition(events) { try await Task.sleep(for: .milliseconds(5)) }
  }

  func waitForEnd() async throws {
    while !state.withLock({ $0.hasEnded }) { try await Task.sleep(for: .milliseconds(5)) }
  }

  func leave() { session.withLock { $0?.invalidateAndCancel() } }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    state.withLock { $0.status = (response as? HTTPURLResponse)?.statusCode ?? 0 }
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    state.withLock { $0.text += String(decoding: data, as: UTF8.self) }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    state.withLock { $0.hasEnded = true }
  }
}

/// A connection that says nothing.
final class SilentConnection {
  private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)

  init(_ url: URL) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(try #require(url.port)).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafeBytes(of: &address) {
      connect(
        descriptor, $0.bindMemory(to: sockaddr.self).baseAddress!, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
    try #require(result == 0)
  }

  /// Whether the other side has hung up.
  var isOver: Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 0
  }

  deinit { close(descriptor) }
}
