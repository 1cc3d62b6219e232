import Foundation
import Synchronization

/// A network of its own, without a way to any other; the system removes it with all that is in it once nobody holds it,
/// also if this process is killed.
final class NetworkNamespace: Sendable {
  private let descriptor: Int32
  /// For `nsenter --net=` and `ip`, while this lives.
  let path: String

  /// Glibc shows these to those alone who define `_GNU_SOURCE`.
  private typealias Unshare = @convention(c) (Int32) -> Int32
  private typealias SetNamespace = @convention(c) (Int32, Int32) -> Int32
  private static let unshare = unsafeBitCast(dlsym(nil, "unshare"), to: Unshare.self)
  private static let setns = unsafeBitCast(dlsym(nil, "setns"), to: SetNamespace.self)
  private static let network: Int32 = 0x4000_0000

  /// - Returns: nil where this process may not make one.
  init?() {
    let made = Mutex<Int32>(-1)
    let ended = DispatchSemaphore(value: 0)
    // A namespace belongs to a thread: the test's own stays where it is.
    let thread = Thread {
      defer { ended.signal() }
      guard Self.unshare(Self.network) == 0 else { return }
      made.withLock { $0 = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC) }
    }
    thread.start()
    ended.wait()
    descriptor = made.withLock { $0 }
    path = "/proc/\(getpid())/fd/\(descriptor)"
    if descriptor < 0 { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Starts a thread whose new sockets are in this network.
  func thread(_ body: @escaping @Sendable () -> Void) {
    Thread {
      precondition(Self.setns(self.descriptor, Self.network) == 0)
      body()
    }.start()
  }

  /// Runs a command in this network to its end.
  func run(_ words: String...) throws { try run(words) }

  func run(_ words: [String]) throws {
    let ended = try Program.tool(["nsenter", "--net=\(path)"] + words)
    guard ended.status == 0 else {
      throw Refused(description: "\(words.joined(separator: " ")): \(ended.errors)")
    }
  }

  struct Refused: Error, CustomStringConvertible { let description: String }
}
