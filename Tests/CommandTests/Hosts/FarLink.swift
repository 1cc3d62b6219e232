import Foundation
import Synchronization

/// A way through the middle of a lab that is long: it carries TCP connections to a host and holds every byte back for a
/// while, in order.
///
/// In user space, because few kernels of containers have `netem`. One thread does it all; it ends with the object.
final class FarLink: Sendable {
  let port: UInt16
  private let orders: Orders

  /// What the thread is told.
  fileprivate final class Orders: Sendable {
    let isOver = Mutex(false)
    let delay: Mutex<ClosedRange<Double>>

    init(_ delay: ClosedRange<Double>) { self.delay = Mutex(delay) }
  }

  /// - Parameter delay: seconds, drawn anew for each piece; the difference is the jitter.
  init(in network: NetworkNamespace, to address: String, _ port: UInt16, delay: ClosedRange<Double>) {
    let listening = Mutex<UInt16>(0)
    let ready = DispatchSemaphore(value: 0)
    let orders = Orders(delay)
    network.thread {
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      let bound = withAddress("0.0.0.0", 0) { bind(listener, $0, $1) }
      precondition(bound == 0 && listen(listener, 16) == 0)
      var own = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      _ = withUnsafeMutablePointer(to: &own) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
      }
      listening.withLock { $0 = UInt16(bigEndian: own.sin_port) }
      ready.signal()
      var loop = Loop(listener: listener, target: (address, port), orders: orders)
      while !orders.isOver.withLock({ $0 }) { loop.turn() }
      loop.end()
    }
    ready.wait()
    self.port = listening.withLock { $0 }
    self.orders = orders
  }

  deinit { orders.isOver.withLock { $0 = true } }

  /// Holds nothing back from here on.
  func shorten() { orders.delay.withLock { $0 = 0...0 } }
}

/// Gives an IPv4 address as the system wants it.
func withAddress<Value>(
  _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
) -> Value {
  var name = sockaddr_in()
  name.sin_family = sa_family_t(AF_INET)
  name.sin_port = port.bigEndian
  inet_pton(AF_INET, address, &name.sin_addr)
  return withUnsafePointer(to: name) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}

/// One direction of a connection: what was read and is not due yet.
private struct Lane {
  let from: Int32
  let to: Int32
  var waiting: [(due: Double, bytes: ArraySlice<UInt8>)] = []
  var lastDue = 0.0
  var hasEnded = false
}

private struct Loop {
  let listener: Int32
  let target: (String, UInt16)
  let orders: FarLink.Orders
  var lanes: [Lane] = []
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  init(listener: Int32, target: (String, UInt16), orders: FarLink.Orders) {
    (self.listener, self.target, self.orders) = (listener, target, orders)
  }

  private static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }

  /// Waits for something to do, at most a tenth of a second, and does it.
  mutating func turn() {
    var polled = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
    // Behind a megabyte its sender has to wait, as on any line.
    for lane in lanes {
      let reads = !lane.hasEnded && lane.waiting.count < 64
      polled.append(pollfd(fd: reads ? lane.from : -1, events: Int16(POLLIN), revents: 0))
    }
    let next = lanes.compactMap { $0.waiting.first?.due }.min() ?? .infinity
    poll(&polled, nfds_t(polled.count), Int32(min(100, max(1, (next - Self.now) * 1000))))
    for index in lanes.indices where polled[index + 1].revents != 0 { read(index) }
    if polled[0].revents != 0 { accept() }
    for index in lanes.indices { write(index) }
    let dead = Set(lanes.filter { $0.hasEnded && $0.waiting.isEmpty }.map(\.from))
    for lane in lanes where dead.contains(lane.from) || dead.contains(lane.to) { close(lane.from) }
    lanes.removeAll { dead.contains($0.from) || dead.contains($0.to) }
  }

  func end() { for descriptor in [listener] + lanes.map(\.from) { close(descriptor) } }

  private mutating func accept() {
    let near = Glibc.accept(listener, nil, nil)
    guard near >= 0 else { return }
    let far = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard withAddress(target.0, target.1, { connect(far, $0, $1) }) == 0 else {
      close(near)
      close(far)
      return
    }
    for descriptor in [near, far] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    lanes += [Lane(from: near, to: far), Lane(from: far, to: near)]
  }

  private mutating func read(_ index: Int) {
    let count = Glibc.read(lanes[index].from, &buffer, buffer.count)
    guard count > 0 else {
      if count == 0 || errno != EAGAIN { lanes[index].hasEnded = true }
      return
    }
    let due = max(lanes[index].lastDue, Self.now + Double.random(in: orders.delay.withLock { $0 }))
    lanes[index].lastDue = due
    lanes[index].waiting.append((due, buffer[..<count]))
  }

  private mutating func write(_ index: Int) {
    while let first = lanes[index].waiting.first, first.due <= Self.now {
      let count = first.bytes.withUnsafeBytes { send(lanes[index].to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count >= 0 else {
        if errno == EAGAIN { return }
        lanes[index].hasEnded = true
        lanes[index].waiting = []
        return
      }
      lanes[index].waiting[0].bytes = first.bytes.dropFirst(count)
      if lanes[index].waiting[0].bytes.isEmpty { lanes[index].waiting.removeFirst() }
    }
  }
}
