import DequeModule
import Digests
import HeapModule
import Models
import Pruning
import Randomness
import Scheduling
import Studies

/// A cluster in virtual time: the coordinator's and the workers' own state machines, with threads, disk and link as queues
/// that take the time which ``ScaleModel`` says. The same arguments give the same figures.
///
/// The planner answers each fact with one candidate, as a search with a lag of that many open jobs does.
struct ScaleSimulation {
  private enum Happening {
    case desk
    case toCoordinator(Int, WorkerMessage)
    case toWorker(Int, CoordinatorMessage)
    case computed(Int, [JobResult])
    case workerTick(Int)
    case coordinatorTick
    case committed([Fact])
    case planned(Int)
  }

  private struct Entry: Comparable {
    let time: Double
    let number: Int
    let happening: Happening

    static func < (left: Entry, right: Entry) -> Bool { (left.time, left.number) < (right.time, right.number) }
    static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
  }

  private let model: ScaleModel
  private let seconds: Double
  private var agenda = Heap<Entry>()
  private var number = 0
  private var now = 0.0
  private var state: CoordinatorState
  private var workers: [WorkerState]
  private var stream = RandomStream(seed: 1, .test, 7)
  private var proposed = 0
  private var waitingForDesk: Deque<(arrived: Double, event: CoordinatorEvent, bytes: Int)> = []
  private var isDeskBusy = false
  private var facts: [Fact] = []
  private var isCommitting = false
  private var toPlan = 0
  private var isPlanning = false
  private var linkFree = 0.0
  private var busy = ScaleReport()
  private var finished = 0
  private let warmUp = 2.0

  /// - Parameter open: jobs that the planner has out at once, the first of them at no cost.
  init(workers count: Int, open: Int, seconds: Double, model: ScaleModel) {
    self.model = model
    self.seconds = seconds
    let run = Digest(of: Array("run".utf8))
    state = CoordinatorState(run: run, study: run, epoch: 1, golden: run, receiveLimit: 16 << 20, auditKey: run)
    workers = (0..<count).map { index in
      WorkerState(
        hello: Hello(
          protocolVersion: ProtocolVersion.current, build: "", worker: Digest(of: Array("worker \(index)".utf8)),
          name: "worker-\(index)", lanes: 1, receiveLimit: 16 << 20, numerics: .portable, golden: run, holding: []))
    }
    plan(open)
    for index in workers.indices {
      // They come over a second.
      let start = Double(index) / Double(count)
      handle(.connected, at: index, start)
      after(start, .workerTick(index))
    }
    after(0.25, .coordinatorTick)
  }

  mutating func run() -> ScaleReport {
    while let entry = agenda.popMin(), entry.time < warmUp + seconds {
      now = entry.time
      take(entry.happening)
    }
    busy.jobsPerSecond = Double(finished) / seconds
    busy.utilisation /= seconds * Double(workers.count)
    for part in [\ScaleReport.desk, \.persister, \.planner, \.transfers, \.link] { busy[keyPath: part] /= seconds }
    busy.backups = state.counts[.backup] ?? 0
    return busy
  }

  private mutating func after(_ delay: Double, _ happening: Happening) {
    number += 1
    agenda.insert(Entry(time: now + delay, number: number, happening: happening))
  }

  /// Adds time that something was busy for, from now on; the warm-up does not count.
  private mutating func spend(_ time: Double, on part: WritableKeyPath<ScaleReport, Double>) {
    if now >= warmUp { busy[keyPath: part] += time }
  }

  private mutating func take(_ happening: Happening) {
    switch happening {
    case .desk:
      isDeskBusy = false
      startDesk()
    case .toCoordinator(_, .blobRequest), .toCoordinator(_, .blobChunk): break
    case .toCoordinator(let worker, let message):
      spend(model.perTransfer, on: \.transfers)
      ask(.received(message, from: PeerID(UInt32(worker))), bytes: message.roughBytes)
    case .toWorker(let worker, let message): handle(.received(message), at: worker, 0)
    case .computed(let worker, let results): handle(.finished(results), at: worker, 0)
    case .workerTick(let worker):
      handle(.tick, at: worker, 0)
      after(0.25, happening)
    case .coordinatorTick:
      ask(.tick, bytes: 0)
      after(0.25, .coordinatorTick)
    case .committed(let facts):
      isCommitting = false
      if now >= warmUp { finished += facts.count }
      ask(.persisted(facts.map(\.job)), bytes: 0)
      startCommit()
    case .planned(let count):
      isPlanning = false
      plan(count)
      startPlanner()
    }
  }

  // MARK: - The coordinator's threads

  private mutating func ask(_ event: CoordinatorEvent, bytes: Int) {
    waitingForDesk.append((now, event, bytes))
    startDesk()
  }

  private mutating func startDesk() {
    guard !isDeskBusy, let (arrived, event, bytes) = waitingForDesk.popFirst() else { return }
    isDeskBusy = true
    if now >= warmUp { busy.deskDelay = max(busy.deskDelay, now - arrived) }
    let effects = state.handle(event, at: instant(now))
    var cost = event.cost(model) + Double(bytes) * model.perByte
    if case .tick = event { cost = Double(workers.count + state.openJobs) * model.perTickPart }
    for effect in effects {
      switch effect {
      case .send(let message, let peer):
        let bytes = message.roughBytes(model)
        cost += message.cost(model) + Double(bytes) * model.perByte
        let onWire = Double(bytes) / model.bandwidth
        linkFree = max(linkFree, now + cost) + onWire
        spend(onWire, on: \.link)
        spend(model.perTransfer, on: \.transfers)
        after(linkFree - now + model.latency, .toWorker(Int(peer.value), message))
      case .persist(let fresh, _): facts += fresh
      case .deliver(let known): toPlan += known.count
      default: break
      }
    }
    spend(cost, on: \.desk)
    after(cost, .desk)
    startCommit()
    startPlanner()
  }

  private mutating func startCommit() {
    guard !isCommitting, !facts.isEmpty else { return }
    isCommitting = true
    let group = facts
    facts = []
    let time = model.commit + Double(group.count) * model.perFact
    spend(Double(group.count) * model.perFact, on: \.persister)
    after(time, .committed(group))
  }

  private mutating func startPlanner() {
    guard !isPlanning, toPlan > 0 else { return }
    isPlanning = true
    let count = min(toPlan, 64)
    toPlan -= count
    let time = Double(count) * model.perCandidate
    spend(time, on: \.planner)
    after(time / model.planners, .planned(count))
  }

  private mutating func plan(_ count: Int) {
    let jobs = (proposed..<proposed + count).map { number in
      Job.evaluate(
        Evaluation(
          network: Self.network, scope: PruningScope(), parameters: Self.blob,
          mask: Mask(count: 40, words: [UInt64(number)])!, slice: Slice(digest: Self.blob, count: 10000)))
    }
    proposed += count
    ask(.submitted(jobs), bytes: 0)
  }

  private static let network = try! NetworkDescription(name: "small", widths: [8, 4, 2])
  private static let blob = Digest(of: Array("blob".utf8))

  // MARK: - Workers

  private mutating func handle(_ event: WorkerEvent, at worker: Int, _ delay: Double) {
    for effect in workers[worker].handle(event, at: instant(now + delay)) {
      switch effect {
      case .send(let message): after(delay + model.latency, .toCoordinator(worker, message))
      case .start(let jobs):
        let times = jobs.map { _ in model.job * (1 + model.spread * (2 * stream.uniform() - 1)) }
        let total = times.reduce(0, +)
        let start = now + delay
        busy.utilisation += max(0, min(start + total, warmUp + seconds) - max(start, warmUp))
        let results = zip(jobs, times).map { job, time in
          JobResult(
            job: job.digest, answer: .outcome(.evaluated(.exact(correct: 9000, count: 10000, loss: 0.25))),
            cost: Cost(wallSeconds: time, cpuSeconds: time))
        }
        after(delay + total, .computed(worker, results))
      case .giveUpFetching, .exit, .note: break
      }
    }
  }

  private func instant(_ seconds: Double) -> Instant { Instant(nanoseconds: UInt64((seconds + 1) * 1e9)) }
}

extension CoordinatorEvent {
  fileprivate func cost(_ model: ScaleModel) -> Double {
    switch self {
    case .submitted(let jobs): model.perMessage + Double(jobs.count) * model.perSubmitted
    case .received(.results(let results), _): model.perMessage + Double(results.count) * model.perResult
    case .persisted(let jobs): model.perMessage + Double(jobs.count) * model.perPersisted
    default: model.perMessage
    }
  }
}

extension WorkerMessage {
  fileprivate var roughBytes: Int {
    switch self {
    case .results(let results): 20 + 124 * results.count
    case .heartbeat(let holding): 20 + 34 * holding.count
    case .hello(let hello): 300 + 34 * hello.holding.count
    default: 40
    }
  }
}

extension CoordinatorMessage {
  fileprivate func cost(_ model: ScaleModel) -> Double {
    switch self {
    case .parcel(let jobs): model.perParcel + Double(jobs.count) * model.perParcelJob
    default: model.perMessage
    }
  }

  fileprivate func roughBytes(_ model: ScaleModel) -> Int {
    switch self {
    case .parcel(let jobs): 300 + (130 + Int(model.maskBytes)) * jobs.count
    case .acknowledge(let jobs), .cancel(let jobs): 20 + 34 * jobs.count
    default: 100
    }
  }
}
