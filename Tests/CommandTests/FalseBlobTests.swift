import Digests
import Foundation
import Messaging
import Models
import Networks
import Scheduling
import Studies
import Testing
import Wire

/// Workers that name blobs which they do not have, or that are not what the job gives.
@Suite(.ownThread) struct FalseBlobTests {
  enum Lie: CaseIterable {
    /// Announces four gigabytes.
    case huge
    /// Sixteen bytes under their own right digest.
    case short
    /// Says that it has none.
    case absent
  }

  /// Answers one training with blobs that are none, and leaves.
  private func lie(_ lie: Lie, to address: String) async throws {
    let socket = try WorkerSocket(receiveLimit: WireCodec.receiveLimit)
    try socket.dial(try Address(address))
    let blobs = [[UInt8](repeating: 1, count: 16), [UInt8](repeating: 2, count: 16)]
    func say(_ message: WorkerMessage) async throws { try await socket.send(WireCodec.encode(message, epoch: 1)) }
    for await event in socket.events {
      switch event {
      case .connected:
        var golden = CanonicalBytes(kind: "golden", version: 1)
        for score in GoldenEvaluation.scores(.best) { golden.append(raw: Outcome.evaluated(score).canonicalBytes) }
        try await say(
          .hello(
            Hello(
              protocolVersion: ProtocolVersion.current, build: "liar", worker: Digest(of: Array("\(lie)".utf8)),
              name: "liar", lanes: 1, receiveLimit: 1 << 24, numerics: .portable, golden: golden.digest, holding: [])))
      case .disconnected: return
      case .message(_, let bytes):
        switch try WireCodec.coordinatorMessage(bytes).message {
        case .parcel(let jobs):
          guard let job = jobs.first(where: { $0.kind == "train" }) else { continue }
          let segment = TrainedSegment(state: Digest(of: blobs[0]), parameters: Digest(of: blobs[1]), loss: 1)
          let cost = Cost(wallSeconds: 0.1, cpuSeconds: 0.1)
          try await say(.results([JobResult(job: job.digest, answer: .outcome(.trained(segment)), cost: cost)]))
          // It takes no more work, or nobody else would be left to try the job.
          try await say(.returned([]))
        case .blobRequest(let request):
          let bytes = blobs.first { Digest(of: $0) == request.digest } ?? []
          let total =
            switch lie {
            case .huge: 4 << 30
            case .short: bytes.count
            case .absent: 0
            }
          let sent = lie == .absent ? [] : bytes
          try await say(
            .blobChunk(BlobChunk(digest: request.digest, offset: request.offset, total: total, bytes: sent)))
        case .acknowledge:
          try await say(.bye)
          await socket.flush()
          return
        case .welcome, .reject, .cancel, .blobChunk, .dismiss: break
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(3)), arguments: Lie.allCases)
  func theyAreTheWorkersFailureAndCostNothing(kind: Lie) async throws {
    let place = Workplace()
    let study = try place.write("study.yaml", SmallRun.study)
    let honest = try Program.run("run", study, "--run-directory", place.file("honest"), "--workers", "1")
    #expect(honest.status == 0, "\(honest.errors)")
    let (address, run) = ("ipc://\(place.file("socket/c"))", place.file("run"))
    let coordinator = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", run], errors: place.file("coordinator.log"))
    #expect(coordinator.waitForLog { $0.contains("listening") })
    try await lie(kind, to: address)
    #expect(coordinator.waitForLog { $0.contains("a blob was not fetched") && $0.contains("job failed") })
    let why = ["huge": "announces 4294967296 bytes", "short": "16 bytes where the job gives", "absent": "has no blob"]
    #expect(coordinator.logText.contains(why["\(kind)"]!), "\(coordinator.logText)")
    let peak = try peakMemory(of: coordinator)
    #expect(peak < 500_000, "the coordinator held \(peak) kB")
    let worker = try Running(["worker", address], errors: place.file("worker.log"))
    #expect(coordinator.wait() == 0, "\(coordinator.logText.suffix(2000))")
    #expect(worker.wait() == 0, "\(worker.logText.suffix(1000))")
    let digests = try [place.file("honest"), run].map { try Program.run("history", $0, "--digest").output }
    #expect(digests[0] == digests[1] && digests[0].count == 65)
  }
}
