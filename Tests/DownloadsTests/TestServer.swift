import Foundation
import Synchronization

/// A bare HTTP server on a free loopback port, one connection after the other on a thread of its own.
final class TestServer: Sendable {
  /// What a path is answered with.
  enum Answer: Sendable {
    /// Status line, headers and body as they are, then the end of the connection.
    case bytes([UInt8])
    /// These bytes, and then nothing while the server lives.
    case silence(after: [UInt8])
    /// The first bytes; then, once ``release()`` is called, the others so many times, unless the client hangs up.
    case late(first: [UInt8], then: [UInt8], count: Int)

    /// A sound answer with its length.
    static func whole(_ body: [UInt8], status: String = "200 OK", headers: [String] = []) -> Answer {
      let head = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)", "Connection: close"] + headers + ["", ""]
      return .bytes(Array(head.joined(separator: "\r\n").utf8) + body)
    }
  }

  let port: UInt16
  private let listener: Int32
  private let open = Mutex<[Int32]>([])
  private let log = Mutex<[String]>([])
  private let mayGoOn = DispatchSemaphore(value: 0)
  private let (ends, end) = AsyncStream.makeStream(of: Int.self)

  /// The paths asked for so far.
  var requests: [String] { log.withLock { $0 } }

  /// - Parameter answers: By path; anything else is 404.
  init(_ answers: [String: Answer]) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard isListening else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    port = UInt16(bigEndian: address.sin_port)
    let thread = Thread { [weak self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let self else {
          close(listener)
          return
        }
        self.serve(connection, answers)
      }
    }
    thread.start()
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    open.withLock { for connection in $0 { close(connection) } }
  }

  func address(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Lets a late answer go on; how many times its bytes were sent before the client hung up, or in all.
  func release() async -> Int {
    mayGoOn.signal()
    for await count in ends { return count }
    return 0
  }

  private func serve(_ connection: Int32, _ answers: [String: Answer]) {
    var request: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while request.suffix(4) != Array("\r\n\r\n".utf8) {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      request += buffer[..<count]
    }
    let words = String(decoding: request, as: UTF8.self).split(separator: " ")
    let path = words.count > 1 ? String(words[1]) : ""
    log.withLock { $0.append(path) }
    switch answers[path] ?? .whole([], status: "404 Not Found") {
    case .bytes(let bytes):
      send(bytes, to: connection)
      shutdown(connection, Int32(SHUT_WR))
      close(connection)
    case .silence(let bytes):
      send(bytes, to: connection)
      open.withLock { $0.append(connection) }
    case .late(let first, let then, let count):
      send(first, to: connection)
      mayGoOn.wait()
      var sent = 0
      while sent < count, send(then, to: connection) { sent += 1 }
      close(connection)
      end.yield(sent)
    }
  }

  /// Whether all of it went.
  @discardableResult
  private func send(_ bytes: [UInt8], to connection: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
