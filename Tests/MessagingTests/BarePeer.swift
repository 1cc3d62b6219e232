import Foundation
import Testing

/// A peer that speaks the scalability protocols by hand, so that it can misbehave and close as it likes.
///
/// Source: the SP mappings for TCP and IPC: eight bytes of greeting, then messages with a length of eight bytes before
/// them, over IPC with a byte 1 before that.
final class BarePeer {
  private var descriptor: Int32
  static let request: UInt8 = 0x30

  /// Connects to the socket file at `path` and greets as `protocolNumber`.
  init(path: String, protocolNumber: UInt8 = request) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let code = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(code == 0)
    try write([0, UInt8(ascii: "S"), UInt8(ascii: "P"), 0, 0, protocolNumber, 0, 0])
    var greeting = [UInt8](repeating: 0, count: 8)
    try #require(recv(descriptor, &greeting, 8, Int32(MSG_WAITALL)) == 8)
  }

  deinit { disconnect() }

  func write(_ bytes: [UInt8]) throws {
    try #require(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
  }

  /// Sends a message whose header is already part of `payload`.
  func sendMessage(_ payload: [UInt8], announcing length: UInt64? = nil) throws {
    let length = length ?? UInt64(payload.count)
    try write([1] + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) } + payload)
  }

  func disconnect() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
  }
}

/// A socket that listens by hand and closes whatever comes before it has said a word.
final class BareListener {
  private let descriptor: Int32
  private let path: String

  init(path: String) throws {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    try #require(descriptor >= 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let code = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(code == 0 && listen(descriptor, 8) == 0)
  }

  /// Waits for a connection and ends it.
  ///
  /// - Returns: false if none came in that time.
  func turnsAwayOne(within time: Duration) async -> Bool {
    let deadline = ContinuousClock.now + time
    while ContinuousClock.now < deadline {
      let peer = accept(descriptor, nil, nil)
      if peer >= 0 {
        close(peer)
        return true
      }
      try? await Task.sleep(for: .milliseconds(2))
    }
    return false
  }

  func end() {
    close(descriptor)
    unlink(path)
  }
}
