import Digests
import Foundation
import Messaging
import Models
import Networks
import Pruning
import RunStore
import Scheduling
import Studies
import Testing
import Wire

/// A worker that answers wrongly is found, and the run ends as if it had never been there.
@Suite struct LiarTests {
  /// Speaks the protocol and never computes: each evaluation is answered with a score that could be one.
  private struct Liar {
    let socket: WorkerSocket
    let id = Digest(of: Array("liar \(UInt64.random(in: 0 ... .max))".utf8))

    init(_ address: String) throws {
      socket = try WorkerSocket(receiveLimit: WireCodec.receiveLimit)
      try socket.dial(try Address(address))
    }

    /// Works until it is sent away.
    ///
    /// - Returns: how many lies it told, and why it had to go.
    func work() async throws -> (lies: Int, rejection: Rejection?) {
      var lies = 0
      var epoch: UInt64 = 0
      func say(_ message: WorkerMessage) async throws {
        try await socket.send(WireCodec.encode(message, epoch: epoch))
      }
      for await event in socket.events {
        switch event {
        case .connected:
          let golden = try await Self.golden()
          try await say(
            .hello(
              Hello(
                protocolVersion: ProtocolVersion.current, build: "liar", worker: id, name: "liar", lanes: 2,
                receiveLimit: 1 << 24, numerics: NumericsClass("other"), golden: golden, holding: [])))
        case .disconnected: return (lies, nil)
        case .message(_, let bytes):
          let (message, of) = try WireCodec.coordinatorMessage(bytes)
          switch message {
          case .welcome: epoch = of
          case .reject(let rejection): return (lies, rejection)
          case .dismiss:
            try await say(.bye)
            return (lies, nil)
          case .parcel(let jobs):
            var results: [JobResult] = []
            for case .evaluate(let job) in jobs {
              let digest = Job.evaluate(job).digest
              let correct = Int(digest.firstWord % UInt64(job.sampleCount))
              let outcome = Outcome.evaluated(.exact(correct: correct, count: job.sampleCount, loss: 0.01))
              results.append(
                JobResult(
                  job: digest, answer: .outcome(outcome),
                  cost: Cost(wallSeconds: 0.001, cpuSeconds: 0)
                ))
            }
            lies += results.count
            if !results.isEmpty { try await say(.results(results)) }
          case .acknowledge, .cancel, .blobRequest, .blobChunk: break
          }
        }
      }
      return (lies, nil)
    }

    /// What an honest worker of this build says of the built-in evaluations.
    private static func golden() async throws -> Digest {
      var bytes = CanonicalBytes(kind: "golden", version: 1)
      for score in GoldenEvaluation.scores(.best) { bytes.append(raw: Outcome.evaluated(score).canonicalBytes) }
      return bytes.digest
    }
  }

  @Test(.timeLimit(.minutes(4))) func afterALiarTheHistoryIsThatOfAnHonestRun() async throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(population: 64, generations: 80))
    let honest = try Program.run("run", study, "--run-directory", place.file("honest"), "--workers", "2")
    #expect(honest.status == 0, "\(honest.errors)")

    let (address, run) = ("ipc://\(place.file("socket/c"))", place.file("run"))
    let coordinator = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", run, "--log-level", "debug"],
      errors: place.file("coordinator.log"))
    #expect(coordinator.waitForLog { $0.contains("listening") })
    let liar = try Liar(address)
    let end = Task { try await liar.work() }
    let workers = try (1...2).map { try Running(["worker", address], errors: place.file("worker\($0).log")) }

    let (lies, rejection) = try await end.value
    #expect(rejection?.code == .quarantined && rejection?.retryable == false, "\(coordinator.logText.suffix(2000))")
    #expect(coordinator.wait() == 0, "\(coordinator.logText.suffix(2000))")
    for worker in workers {
      // One that had not dialled again when the run ended waits for another coordinator.
      worker.send(SIGTERM)
      #expect(worker.wait() == 0, "\(worker.logText.suffix(1000))")
    }
    #expect(coordinator.logText.contains("a worker is kept out"))

    let store = try RunStore.open(at: run, mode: .reading)
    let revoked = try store.revokedFacts()
    #expect(!revoked.isEmpty && revoked.count <= lies, "\(revoked.count) of \(lies) lies were facts")
    #expect(try store.quarantined() == [liar.id])
    let digests = try [place.file("honest"), run].map { try Program.run("history", $0, "--digest").output }
    #expect(digests[0] == digests[1] && digests[0].count == 65)
    let verified = try Program.run("verify", run)
    #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
    #expect(try Program.run("status", run).output.contains("1 worker is kept out"))
  }
}
