import Foundation
import Messaging
import Testing

/// A private directory with room for a socket, removed at the end of the test.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array((NSTemporaryDirectory() + "/sentei-XXXXXX").utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func address(_ name: String = "coordinator.sock") throws -> Address {
    try Address("ipc://\(path)/\(name)")
  }
}

/// Reads the events of one socket, one by one; the test's time limit is what ends a wait in vain.
struct Inbox {
  struct Ended: Error {}

  private var iterator: AsyncStream<SocketEvent>.Iterator

  init(_ events: AsyncStream<SocketEvent>) {
    iterator = events.makeAsyncIterator()
  }

  mutating func event() async throws -> SocketEvent {
    guard let event = await iterator.next(isolation: #isolation) else { throw Ended() }
    return event
  }

  /// The next message; what connects and disconnects before it is skipped.
  mutating func message() async throws -> (pipe: PipeID, bytes: [UInt8]) {
    while true {
      if case .message(let pipe, let bytes) = try await event() { return (pipe, bytes) }
    }
  }

  mutating func connected() async throws -> PipeID {
    while true {
      if case .connected(let pipe) = try await event() { return pipe }
    }
  }

  mutating func disconnected() async throws -> PipeID {
    while true {
      if case .disconnected(let pipe) = try await event() { return pipe }
    }
  }
}

/// Varied bytes that are cheap to make in a debug build: windows on one random array.
enum Payload {
  static let sizes = [0, 1, 63, 64, 65, 262_144]
  private static let base: [UInt8] = {
    var state: UInt64 = 7
    return (0..<263_144).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }()

  static func bytes(_ index: Int, size: Int) -> [UInt8] {
    let start = index * 7919 % 1000
    return Array(base[start..<start + size])
  }

  /// Compares as C does: the generic comparison of a debug build takes seconds here.
  static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && memcmp(left, right, left.count) == 0
  }
}

extension WorkerSocket {
  /// Sends again and again until a connection takes the message; for sockets with short time-outs.
  func sendEventually(_ bytes: [UInt8]) async throws {
    while true {
      do throws(MessagingError) {
        return try await send(bytes)
      } catch {
        guard case .timedOut = error else { throw error }
      }
    }
  }
}

func text(_ string: String) -> [UInt8] { Array(string.utf8) }
