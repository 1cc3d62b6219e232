import Foundation
import RunStore
import Testing

/// A run on the hosts of a lab: the coordinator on the first, workers on others.
final class Site {
  let lab: Lab
  private let place = Workplace()
  private let study: String
  private let certificates: String?
  private let generations: Int
  /// Nothing else lives in this network.
  private static let port: UInt16 = 4433
  private(set) var workers: [Running] = []
  private var links: [FarLink] = []

  /// Small populations, so that with a far worker the way there and back, and not the processor, sets the pace.
  private static func text(_ generations: Int) -> String {
    """
    study: hosts
    seed: 6
    dataset: { name: digits }
    network: { zoo: mlp-32, train: { epochs: 60, learning_rate: 0.1, epochs_per_segment: 60 } }
    objective: { minimize: loss, at_compression: 5 }
    search: { algorithm: genetic, population_size: 8, generations: \(generations), elite_size: 2, random_search: false }

    """
  }

  /// - Parameter encrypted: whether peers talk by TLS, or by plain TCP.
  /// - Returns: nil where there can be no lab.
  init?(hosts: Int, generations: Int, encrypted: Bool = true) throws {
    guard let lab = try Lab(hosts: hosts) else { return nil }
    self.lab = lab
    self.generations = generations
    study = try place.write("study.yaml", Self.text(generations))
    certificates = encrypted ? place.file("certificates") : nil
    if let certificates {
      let made = try Program.run("certs", "create", certificates)
      #expect(made.status == 0, "\(made.errors)")
    }
  }

  var run: String { place.file("run") }

  func file(_ name: String) -> String { place.file(name) }

  private var trust: [String] { certificates.map { ["--certificates", $0] } ?? ["--insecure"] }

  private func address(_ host: String, _ port: UInt16) -> String {
    "\(certificates == nil ? "tcp" : "tls")://\(host):\(port)"
  }

  func coordinator(_ name: String = "coordinator") throws -> Running {
    let coordinator = try lab.hosts[0].start(
      [
        "coordinator", study, "--listen", address(lab.hosts[0].address, Self.port), "--run-directory", run,
        "--log-level", "debug",
      ] + trust, log: place.file("\(name).log"))
    #expect(coordinator.waitForLog { $0.contains("listening") }, "\(coordinator.logText)")
    return coordinator
  }

  /// - Parameter link: the way to the coordinator; nil for the direct one.
  func worker(on host: Int, through link: FarLink? = nil) throws -> Running {
    let place = link.map { (Lab.middleAddress, $0.port) } ?? (lab.hosts[0].address, Self.port)
    let worker = try lab.hosts[host].start(
      ["worker", address(place.0, place.1)] + trust, log: file("worker\(host).log"))
    workers.append(worker)
    return worker
  }

  /// A long way to the coordinator, which is there as long as this.
  func farLink(delay: ClosedRange<Double>) -> FarLink {
    let link = FarLink(in: lab.middle, to: lab.hosts[0].address, Self.port, delay: delay)
    links.append(link)
    return link
  }

  /// Waits for the end, from here on without long ways, and looks whether it is that of an undisturbed run.
  func expectTheSameEnd(of coordinator: Running, location: SourceLocation = #_sourceLocation) throws {
    for link in links { link.shorten() }
    #expect(coordinator.wait() == 0, "\(coordinator.logText.suffix(3000))", sourceLocation: location)
    for worker in workers {
      // One that was not connected when the run ended would wait for another coordinator.
      #expect(worker.leaves(), "\(worker.logText.suffix(1000))", sourceLocation: location)
    }
    let verified = try Program.run("verify", run)
    #expect(verified.status == 0, "\(verified.output) \(verified.errors)", sourceLocation: location)
    let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "1")
    #expect(whole.status == 0, "\(whole.errors)", sourceLocation: location)
    let digests = try [run, place.file("whole")].map { try Program.run("history", $0, "--digest").output }
    #expect(digests[0] == digests[1] && digests[0].count == 65, sourceLocation: location)
  }

  /// How many recorded answers each worker gave, by what they were.
  func attempts() throws -> [pid_t: [String: Int]] {
    var out: [pid_t: [String: Int]] = [:]
    try RunStore.open(at: run, mode: .reading).forEachAttempt { row in
      guard let row else { return }
      for worker in workers where row.worker.contains("-\(worker.identifier) ") {
        out[worker.identifier, default: [:]][row.disposition, default: 0] += 1
      }
    }
    return out
  }
}

extension Running {
  /// How often something stands in the log.
  func count(of text: String) -> Int { logText.components(separatedBy: text).count - 1 }

  /// Waits until something stands in the log more than so many times.
  func says(_ text: String, moreThan times: Int = 0) -> Bool {
    waitForLog { $0.components(separatedBy: text).count - 1 > times }
  }

  /// Waits until so many more facts are on the disk.
  func commits(_ more: Int) -> Bool {
    let before = count(of: "debug: committed")
    return says("debug: committed", moreThan: before + more - 1)
  }
}

/// A worker's connection, looked at from some moment on.
struct Connection {
  private let worker: Running
  private let losses: Int
  private let welcomes: Int

  init(of worker: Running) {
    self.worker = worker
    losses = worker.count(of: "connection lost")
    welcomes = worker.count(of: "welcomed")
  }

  /// Waits until the worker has noticed that it is gone.
  func isLost() -> Bool { worker.says("connection lost", moreThan: losses) }

  /// Waits until there is another one.
  func isBack() -> Bool { worker.says("welcomed", moreThan: welcomes) }
}
