import Digests
import Foundation
import Models
import Pruning
import Randomness
import RunStore
import Scheduling
import Studies
import Wire

/// What the coordinator itself spends on a candidate between the planner and the disk: leases, messages both ways, facts,
/// commits. No sockets and no planner; workers answer at once, in messages of all that they hold, up to 16.
struct DispatchBenchmark {
  let network: NetworkDescription
  let workers: Int
  /// Jobs that are kept open.
  let open: Int
  let count: Int
  /// Facts in a commit.
  var group = 256

  private struct Worker {
    var held: [Digest] = []
    var isQueued = false
  }

  /// - Returns: seconds of processor time by part, those of a tick in the middle of it, and bytes each way.
  func run() throws -> (costs: Costs, tick: Double, sent: Int, received: Int) {
    let folder = NSTemporaryDirectory() + "dispatch-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let study = Digest(of: Array("study".utf8))
    try RunStore.create(at: folder, studyText: "study: benchmark", studyDigest: study, runID: "benchmark")
    let store = try RunStore.open(at: folder, mode: .writing)
    var state = CoordinatorState(
      run: study, study: study, epoch: 1, golden: study, receiveLimit: WireCodec.receiveLimit, auditKey: study)
    var costs = Costs()
    var holders = [Worker](repeating: Worker(), count: workers)
    var shelf = MaskShelf.sender
    shelf.keep(atMost: (128 << 20) / workers)
    var shelves = Array(repeating: shelf, count: workers)
    var candidates = Candidates(network)
    var ready: [Int] = []
    var facts: [Fact] = []
    var attempts: [Attempt] = []
    var (sent, received, submitted, committed) = (0, 0, 0, 0)
    var ticks = Costs()

    func carryOut(_ effects: [CoordinatorEffect]) {
      for effect in effects {
        switch effect {
        case .send(let message, let peer):
          let worker = Int(peer.value)
          let bytes = costs.measure("encode") { WireCodec.encode(message, epoch: 1, on: &shelves[worker]) }
          sent += bytes.count
          guard case .parcel(let jobs) = message else { continue }
          holders[worker].held += jobs.map(\.digest)
          if !holders[worker].isQueued {
            holders[worker].isQueued = true
            ready.append(worker)
          }
        case .persist(let fresh, let tries):
          facts += fresh
          attempts += tries
        default: break
        }
      }
    }
    func tell(_ event: CoordinatorEvent, _ name: String) {
      let now = Instant(nanoseconds: DispatchTime.now().uptimeNanoseconds)
      carryOut(costs.measure(name) { state.handle(event, at: now) })
    }
    func commit() throws {
      let (group, tries) = (facts, attempts)
      (facts, attempts) = ([], [])
      _ = try costs.measure("commit") {
        let rows = group.map { FactRow(job: $0.job, kind: $0.kind, outcome: $0.outcome.canonicalBytes) }
        let tried = tries.map {
          AttemptRow(
            job: $0.job, kind: $0.kind, worker: $0.name, secondsWaited: 0, started: 0, finished: 1, cpuSeconds: 0,
            disposition: $0.disposition.rawValue)
        }
        return try store.commit(rows, attempts: tried)
      }
      committed += group.count
      tell(.persisted(group.map(\.job)), "persisted")
    }

    for worker in 0..<workers {
      let hello = Hello(
        protocolVersion: ProtocolVersion.current, build: "", worker: Digest(of: Array("worker \(worker)".utf8)),
        name: "worker-\(worker)", lanes: 1, receiveLimit: WireCodec.receiveLimit, numerics: .portable, golden: study,
        holding: [])
      tell(.received(.hello(hello), from: PeerID(UInt32(worker))), "join")
    }
    while committed < count {
      if submitted < count, submitted - committed <= open / 2 {
        let jobs = (submitted..<min(count, committed + open)).map { _ in candidates.next() }
        submitted += jobs.count
        tell(.submitted(jobs), "submit")
      }
      if let worker = ready.first {
        ready.removeFirst()
        let done = Array(holders[worker].held.prefix(16))
        holders[worker].held.removeFirst(done.count)
        holders[worker].isQueued = !holders[worker].held.isEmpty
        if holders[worker].isQueued { ready.append(worker) }
        let results = done.map { digest in
          JobResult(
            job: digest, answer: .outcome(.evaluated(.exact(correct: 9000, count: 10000, loss: 0.25))),
            cost: Cost(wallSeconds: 0.003, cpuSeconds: 0.003))
        }
        let bytes = WireCodec.encode(WorkerMessage.results(results), epoch: 1)
        received += bytes.count
        let message = try costs.measure("decode") { try WireCodec.workerMessage(bytes).message }
        tell(.received(message, from: PeerID(UInt32(worker))), "results")
      }
      if facts.count >= group || ready.isEmpty { try commit() }
      if ticks.seconds.isEmpty, committed >= count / 2 {
        let now = Instant(nanoseconds: DispatchTime.now().uptimeNanoseconds)
        carryOut(ticks.measure("tick") { state.handle(.tick, at: now) })
      }
    }
    return (costs, ticks.total, sent, received)
  }
}

/// Evaluations of different masks. Tiny ones count; large ones keep a tenth and are a common mask but for a 250th of its
/// weights, and after each 64 one of them is the common one: so two differ in about 2,000 of 265,200, those of a converging
/// search in 600 to 3,700 (docs/scaling.md).
private struct Candidates {
  let network: NetworkDescription
  private var stream = RandomStream(seed: 1, .test, 1)
  private var common: Mask
  private var number = 0

  init(_ network: NetworkDescription) {
    self.network = network
    let count = network.prunableCount(PruningScope())
    common = Mask(count: count, keeping: stream.choose(count / 10, of: count))
  }

  mutating func next() -> Job {
    defer { number += 1 }
    return .evaluate(
      Evaluation(
        network: network, scope: PruningScope(), parameters: Digest(of: Array("parameters".utf8)),
        mask: common.count <= 64 ? counted() : exchanged(),
        slice: Slice(digest: Digest(of: Array("search".utf8)), count: 10000)))
  }

  private func counted() -> Mask {
    Mask(count: common.count, words: [UInt64(number) & (1 << UInt64(common.count) - 1)])!
  }

  private mutating func exchanged() -> Mask {
    var mask = common
    let kept = mask.keptPositions
    for place in stream.choose(mask.count / 500, of: kept.count) { mask[kept[place]] = false }
    while mask.population < kept.count { mask[stream.below(mask.count)] = true }
    if number % 64 == 63 { common = mask }
    return mask
  }
}
