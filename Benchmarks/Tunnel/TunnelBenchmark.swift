import Certificates
import Foundation
import Logging
import Messaging
import Tunnel

/// What the way between machines costs: messages a second and processor time a message, by private sockets, by plain
/// TCP and through both tunnels, everything in one process on one machine.
///
/// A worker sends messages of one size, eight unanswered at a time; the coordinator answers each with 72 bytes.
@main
struct TunnelBenchmark {
  static func main() async throws {
    var template = Array("/tmp/sentei-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no folder in /tmp") }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let ipc = try Link(listening: "ipc://\(folder)/a/c") { $0 }
    let tcp = try Link(listening: "tcp://127.0.0.1:0") { $0 }
    let certificates = CertificateFolder(path: folder + "/certs")
    _ = try certificates.create(workers: [], days: 1, now: .now)
    let log = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
    let gate = try CoordinatorTunnel(
      certificates.credentials(.coordinator, now: .now), host: "127.0.0.1", port: 0, log: log)
    let port = try await gate.listen(carryingTo: folder + "/b/c")
    let tunnel = try WorkerTunnel(
      certificates.credentials(.worker, now: .now), host: "127.0.0.1", port: port, log: log)
    try await tunnel.listen(at: folder + "/w")
    let tls = try Link(listening: "ipc://\(folder)/b/c") { _ in try Address("ipc://\(folder)/w") }

    print("messages a second, MB/s, processor time a message in microseconds")
    for (size, count) in [(33_000, 20_000), (1_250_000, 1_000), (200, 40_000)] {
      for (name, link) in [("ipc", ipc), ("tcp", tcp), ("tls", tls)] {
        try await link.send(count / 10, of: size)
        let (start, spent) = (ContinuousClock.now, processorSeconds())
        try await link.send(count, of: size)
        let time = (ContinuousClock.now - start) / .seconds(1)
        let rate = Double(count) / time
        let cost = (processorSeconds() - spent) / Double(count) * 1e6
        let numbers = [rate, rate * Double(size) * 1e-6, cost].map { String(format: "%10.0f", $0) }
        print("\(size) bytes by \(name):", numbers.joined())
      }
    }
    try? FileManager.default.removeItem(atPath: folder)
    fflush(nil)
    // nng's sockets are never closed in a process that goes on.
    _exit(0)
  }

  /// User and system time of all threads so far.
  private static func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
  }
}

/// A coordinator's and a worker's socket that are connected.
private final class Link: Sendable {
  private let worker: WorkerSocket

  init(listening text: String, dialling address: (Address) throws -> Address) throws {
    let coordinator = try CoordinatorSocket(receiveLimit: 16 << 20)
    let bound = try coordinator.listen(try Address(text))
    worker = try WorkerSocket(receiveLimit: 16 << 20)
    try worker.dial(try address(bound))
    Task {
      let answer = [UInt8](repeating: 1, count: 72)
      for await event in coordinator.events {
        if case .message(let pipe, _) = event { try? await coordinator.send(answer, to: pipe) }
      }
    }
  }

  /// Sends so many messages and returns when all are answered.
  func send(_ count: Int, of size: Int) async throws {
    let message = [UInt8](repeating: 7, count: size)
    var (sent, answered) = (0, 0)
    while sent < min(8, count) {
      try await worker.send(message)
      sent += 1
    }
    for await event in worker.events {
      guard case .message = event else { continue }
      answered += 1
      if answered == count { return }
      if sent < count {
        try await worker.send(message)
        sent += 1
      }
    }
  }
}
