import Digests
import Foundation
import RunStore

/// How the processes of a cluster meet.
enum Transport: String, CaseIterable {
  case ipc, tcp, tls
}

/// One coordinator after another of one run, and any number of workers: processes, their logs and their journals.
final class Cluster {
  /// A life of a worker.
  final class Worker {
    let process: Running
    let number: Int
    private var journal: Tail
    fileprivate var isBuried = false
    private var isRead = false

    fileprivate init(_ process: Running, _ number: Int, journal: String) {
      self.process = process
      self.number = number
      self.journal = Tail(journal)
    }

    /// The jobs that it computed since the last call, in order: 12 digits of the digest, and the kind.
    func computed() -> [(job: String, kind: String)] {
      guard !isRead else { return [] }
      isRead = isBuried
      return journal.lines().map { (String($0.prefix(12)), String($0.dropFirst(65))) }
    }
  }

  let run: String
  private let place: Workplace
  private let name: String
  private let study: String
  private let transport: Transport
  private var address: String
  private var certificates: [String] = []
  private var log = Tail("")
  /// The living one, or the last.
  private(set) var coordinator: Running?
  /// When it was started, in seconds since 1970.
  private(set) var started = 0.0
  private(set) var lives = 0
  private(set) var workers: [Worker] = []
  /// Those that were killed or sent home.
  private(set) var former: [Worker] = []

  /// Starts nothing yet.
  init(_ place: Workplace, _ name: String, study: String, over transport: Transport = .ipc) throws {
    (self.place, self.name, self.study, self.transport) = (place, name, study, transport)
    run = place.file(name)
    switch transport {
    case .ipc: address = "ipc://\(place.file("s-\(name)/c"))"
    case .tcp: address = "tcp://127.0.0.1:0"
    case .tls:
      address = "tls://127.0.0.1:0"
      certificates = ["--certificates", place.file("certificates-\(name)")]
      guard try Program.run("certs", "create", certificates[1]).status == 0 else { throw Failure(what: "certificates") }
    }
  }

  struct Failure: Error { let what: String }

  private var way: [String] { transport == .tcp ? ["--insecure"] : certificates }

  /// Starts the next coordinator; the first one's port is kept.
  func startCoordinator() throws {
    lives += 1
    let path = place.file("\(name)-life\(lives).log")
    log = Tail(path)
    started = Date.now.timeIntervalSince1970
    let process = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", run, "--log-level", "debug"] + way,
      errors: path)
    coordinator = process
    guard address.hasSuffix(":0") else { return }
    var bound: String?
    guard
      process.waitForLog({ text in
        bound = text.range(of: "listening address=").map { String(text[$0.upperBound...].prefix { !$0.isWhitespace }) }
        return bound != nil
      }), let bound
    else { throw Failure(what: "the coordinator does not listen: \(process.logText)") }
    address = bound
  }

  /// What the living coordinator said since the last call.
  func lines() -> [CoordinatorLine] { log.lines().compactMap { CoordinatorLine($0) } }

  /// Adds a worker.
  @discardableResult
  func addWorker() throws -> Worker {
    let number = workers.count + former.count + 1
    let path = place.file("\(name)-worker\(number)")
    let process = try Running(["worker", address, "--journal", path + ".journal"] + way, errors: path + ".log")
    let worker = Worker(process, number, journal: path + ".journal")
    workers.append(worker)
    return worker
  }

  /// The life of a worker that a line of the log speaks of.
  func worker(_ process: pid_t) -> Worker? {
    workers.first { $0.process.identifier == process } ?? former.last { $0.process.identifier == process }
  }

  func kill(_ worker: Worker) {
    worker.process.kill9()
    bury(worker)
  }

  /// Sends a worker home with SIGTERM and waits for it.
  ///
  /// - Returns: whether it left as it should.
  func sendHome(_ worker: Worker) -> Bool {
    worker.process.send(SIGCONT)
    defer { bury(worker) }
    return worker.process.leaves()
  }

  private func bury(_ worker: Worker) {
    worker.isBuried = true
    workers.removeAll { $0 === worker }
    former.append(worker)
  }

  /// The durable facts by 12 digits of their jobs.
  func facts() throws -> [String: FactRow] {
    var facts: [String: FactRow] = [:]
    try RunStore.open(at: run, mode: .reading).forEachFact { facts[$0.job.short] = $0 }
    return facts
  }
}

extension Cluster {
  /// The digest of a run's history.
  static func history(_ run: String) throws -> String {
    let result = try Program.run("history", run, "--digest")
    guard result.status == 0 else { throw Failure(what: result.errors) }
    return result.output
  }

  /// Jobs and outcomes of a run, the digests of trained weights among them.
  static func facts(_ run: String) throws -> Set<FactRow> {
    var facts: Set<FactRow> = []
    try RunStore.open(at: run, mode: .reading).forEachFact { facts.insert($0) }
    return facts
  }
}

extension Running {
  /// SIGSTOP; returns when no thread runs any more.
  ///
  /// - Returns: false if the process has ended, or has a thread that waits for the disk for so long that it goes on.
  func freeze() -> Bool {
    send(SIGSTOP)
    let deadline = ContinuousClock.now + .seconds(2)
    while isRunning, ContinuousClock.now < deadline {
      if isFrozen { return true }
      usleep(1000)
    }
    send(SIGCONT)
    return false
  }

  private var isFrozen: Bool {
    let tasks = "/proc/\(identifier)/task"
    guard let threads = try? FileManager.default.contentsOfDirectory(atPath: tasks), !threads.isEmpty else {
      return false
    }
    return threads.allSatisfy { thread in
      guard let text = try? String(contentsOfFile: "\(tasks)/\(thread)/stat", encoding: .utf8) else { return false }
      // The state stands behind the name, which may have brackets of its own.
      return text.range(of: ") ", options: .backwards).map { text[$0.upperBound] == "T" } ?? false
    }
  }

  /// Memory in use, in KiB; nil once the process has ended.
  var residentKiB: Int? {
    let text = try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
    let line = text?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return line?.split(separator: " ").dropLast().last.flatMap { Int($0) }
  }
}
