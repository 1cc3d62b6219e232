internal import Dispatch
internal import Glibc
internal import Synchronization

/// Finds out whether a listener on a private socket still takes a connection, hears it and sees it go.
///
/// It comes as a peer by hand, over the same door as workers do: closing such a connection is for nng a peer's leaving,
/// while a socket of nng's own could not be closed in a living process. It blocks a thread of its own for a while.
///
/// Source of the bytes: the SP mapping for IPC.
final class Canary: Sendable {
  private struct State {
    /// What the message under way says, and nobody else.
    var token: [UInt8] = []
    var pipe: PipeID?
    /// Connections on which nng has not greeted: to close one would make its listener deaf (nanomsg/nng#1518).
    var mute: [Int32] = []
  }

  private static let greeting: [UInt8] = [0, UInt8(ascii: "S"), UInt8(ascii: "P"), 0, 0, 0x30, 0, 0]

  private let state = Mutex(State())
  private let heard = DispatchSemaphore(value: 0)
  private let gone = DispatchSemaphore(value: 0)
  private let queue = DispatchQueue(label: "canary")

  /// Whether a message is the canary's own, and not a worker's; called on nng's thread.
  func takes(_ body: [UInt8], from pipe: PipeID) -> Bool {
    let isMine = state.withLock { state in
      guard !state.token.isEmpty, body == state.token else { return false }
      state.pipe = pipe
      return true
    }
    if isMine { heard.signal() }
    return isMine
  }

  /// A pipe has gone; called on nng's thread.
  func disconnected(_ pipe: PipeID) {
    let isMine = state.withLock { state in
      guard state.pipe == pipe else { return false }
      state.pipe = nil
      return true
    }
    if isMine { gone.signal() }
  }

  /// Flies to the socket file at `path`, one at a time.
  ///
  /// - Parameter patience: milliseconds for each of connection, greeting, message and removal.
  /// - Returns: what did not happen; nil where all is well.
  func fly(to path: String, patience: Int32) async -> String? {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: self.attempt(path, patience)) }
    }
  }

  private func attempt(_ path: String, _ patience: Int32) -> String? {
    let token = (0..<4).flatMap { _ in withUnsafeBytes(of: UInt64.random(in: 0 ... .max)) { Array($0) } }
    state.withLock {
      $0.token = token
      $0.pipe = nil
    }
    defer { state.withLock { $0.token = [] } }
    // Of an earlier flight, whose time had passed.
    while heard.wait(timeout: .now()) == .success {}
    while gone.wait(timeout: .now()) == .success {}
    let deadline = DispatchTimeInterval.milliseconds(Int(patience))

    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(AF_UNIX, Int32(kind), 0)
    // No file to be had says nothing about the listener.
    guard descriptor >= 0 else { return nil }
    guard connects(descriptor, to: path) else {
      let code = errno
      close(descriptor)
      // A full queue of connections says nothing about who takes them from it.
      return code == EAGAIN ? nil : "no connection could be made (\(String(cString: strerror(code))))"
    }
    guard says(Self.greeting, on: descriptor), hears(Self.greeting.count, on: descriptor, patience) else {
      state.withLock { $0.mute.append(descriptor) }
      return "a new connection got no greeting"
    }
    // One byte for the kind, eight for the length, four for the request's id, which ends the header.
    let frame: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, UInt8(4 + token.count), 0x80, 0, 0, 1] + token
    guard says(frame, on: descriptor), heard.wait(timeout: .now() + deadline) == .success else {
      close(descriptor)
      return "a message of a new connection was not heard"
    }
    close(descriptor)
    guard gone.wait(timeout: .now() + deadline) == .success else { return "the end of a connection was not noticed" }
    for old in state.withLock({ state in
      defer { state.mute = [] }
      return state.mute
    }) { close(old) }
    return nil
  }

  private func connects(_ descriptor: Int32, to path: String) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    return withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) == 0 }
    }
  }

  private func says(_ bytes: [UInt8], on descriptor: Int32) -> Bool {
    send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  private func hears(_ count: Int, on descriptor: Int32, _ patience: Int32) -> Bool {
    var left = count
    var bytes = [UInt8](repeating: 0, count: count)
    while left > 0 {
      var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&polled, 1, patience) == 1 else { return false }
      let read = recv(descriptor, &bytes, left, 0)
      guard read > 0 else { return false }
      left -= read
    }
    return true
  }
}
