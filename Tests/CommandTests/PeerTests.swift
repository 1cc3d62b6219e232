import Digests
import Foundation
import Messaging
import Models
import Networks
import Scheduling
import Studies
import Testing
import Wire

/// Coordinators and workers that meet the wrong peer, or none.
@Suite(.ownThread) struct PeerTests {
  @Test func aWorkerWithoutCoordinatorSaysSoAndTriesAgain() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 2))
    let address = "ipc://\(place.file("socket/c"))"
    let worker = try Running(["worker", address], errors: place.file("worker.log"))
    #expect(worker.waitForLog { $0.contains("no coordinator answers") && $0.contains(address) })
    let coordinator = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", place.file("run")],
      errors: place.file("coordinator.log"))
    #expect(coordinator.wait() == 0, "\(coordinator.logText)")
    #expect(worker.wait() == 0, "\(worker.logText)")
  }

  @Test func anAddressInUseIsRefused() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick())
    let address = "ipc://\(place.file("socket/c"))"
    let first = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", place.file("first")],
      errors: place.file("first.log"))
    #expect(first.waitForLog { $0.contains("listening") })
    let second = try Program.run("coordinator", study, "--listen", address, "--run-directory", place.file("second"))
    #expect(second.status == 69, "\(second.errors)")
    #expect(second.errors.contains(address))
    let sameRun = try Program.run(
      "coordinator", study, "--listen", address + "2", "--run-directory", place.file("first"))
    #expect(sameRun.status == 73, "\(sameRun.errors)")
    #expect(sameRun.errors.contains("another coordinator"))
    first.send(SIGTERM)
    #expect(first.wait() == 75, "\(first.logText)")
    #expect(first.logText.contains("resume"))
  }

  @Test func aCoordinatorThatNobodyCanReachBeginsAnew() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(seed: 9, generations: 20))
    let (path, run) = (place.file("socket/c"), place.file("run"))
    let coordinator = try Running(
      ["coordinator", study, "--listen", "ipc://\(path)", "--run-directory", run], errors: place.file("coordinator.log")
    )
    #expect(coordinator.says("listening"))
    let worker = try Running(["worker", "ipc://\(path)"], errors: place.file("worker.log"))
    #expect(worker.says("welcomed"))
    worker.send(SIGSTOP)
    unlink(path)
    #expect(coordinator.says("beginning anew"), "\(coordinator.logText)")
    #expect(coordinator.says("listening", moreThan: 1), "\(coordinator.logText)")
    worker.send(SIGCONT)
    #expect(coordinator.wait() == 0, "\(coordinator.logText)")
    #expect(worker.leaves(), "\(worker.logText)")
    #expect(worker.count(of: "welcomed") == 2, "\(worker.logText)")
    let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "1")
    #expect(whole.status == 0, "\(whole.errors)")
    let digests = try [run, place.file("whole")].map { try Program.run("history", $0, "--digest").output }
    #expect(digests[0] == digests[1] && digests[0].count == 65)
  }

  @Test(.timeLimit(.minutes(2))) func aWorkerOfAnotherProtocolIsRejectedForGood() async throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick())
    let address = "ipc://\(place.file("socket/c"))"
    let coordinator = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", place.file("run")],
      errors: place.file("coordinator.log"))
    #expect(coordinator.waitForLog { $0.contains("listening") })
    let socket = try WorkerSocket(receiveLimit: WireCodec.receiveLimit)
    try socket.dial(try Address(address))
    var hello = Hello(
      protocolVersion: 99, build: "future", worker: Digest(of: [1]), name: "time traveller", lanes: 1,
      receiveLimit: 1 << 20, numerics: .portable, golden: Digest(of: []), holding: [])
    for await event in socket.events {
      switch event {
      case .connected: try await socket.send(WireCodec.encode(.hello(hello), epoch: 0))
      case .disconnected: break
      case .message(_, let bytes):
        guard case .reject(let rejection) = try WireCodec.coordinatorMessage(bytes).message else {
          Issue.record("expected a rejection")
          return
        }
        #expect(!rejection.retryable)
        if hello.protocolVersion == 99 {
          #expect(rejection.code == .protocolVersion && rejection.reason.contains("99"))
          // The right version, but other bits for the built-in evaluation.
          hello.protocolVersion = ProtocolVersion.current
          try await socket.send(WireCodec.encode(.hello(hello), epoch: 0))
        } else {
          #expect(rejection.code == .goldenEvaluation)
          return
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(2))) func aRejectedWorkerExitsWithTheReason() async throws {
    let place = Workplace()
    let address = "ipc://\(place.file("socket/c"))"
    let socket = try CoordinatorSocket(receiveLimit: WireCodec.receiveLimit)
    try socket.listen(try Address(address))
    let worker = try Running(["worker", address], errors: place.file("worker.log"))
    for await event in socket.events {
      guard case .message(let pipe, let bytes) = event else { continue }
      guard case .hello(let hello) = try WireCodec.workerMessage(bytes).message else { continue }
      #expect(hello.protocolVersion == ProtocolVersion.current)
      #expect(hello.numerics == .portable, "the worker set its BLAS up for portable bits")
      let rejection = Rejection(code: .protocolVersion, reason: "this is a museum", retryable: false)
      try await socket.send(WireCodec.encode(CoordinatorMessage.reject(rejection), epoch: 1), to: pipe)
      break
    }
    #expect(worker.wait() == 70, "\(worker.logText)")
    #expect(worker.logText.contains("this is a museum"))
  }

  @Test(.timeLimit(.minutes(2))) func whoIsToldToGoWaitsForNoBlobOfACoordinatorThatIsGone() async throws {
    let place = Workplace()
    let address = "ipc://\(place.file("socket/c"))"
    let socket = try CoordinatorSocket(receiveLimit: WireCodec.receiveLimit)
    try socket.listen(try Address(address))
    let worker = try Running(["worker", address], errors: place.file("worker.log"))
    events: for await event in socket.events {
      guard case .message(let pipe, let bytes) = event else { continue }
      switch try WireCodec.workerMessage(bytes).message {
      case .hello:
        let (run, data) = (Digest(of: [1]), Slice<TrainingUse>(digest: Digest(of: [2]), count: 8))
        let segment = TrainingSegment(
          network: try NetworkDescription(name: "tiny", widths: [8, 4, 2]), recipe: TrainingRecipe(), seed: 1,
          slice: data, start: .fresh, steps: 0..<1, numerics: .portable)
        let welcome = Welcome(epoch: 1, run: run, study: run, heartbeatSeconds: 2, receiveLimit: 1 << 24)
        for message in [CoordinatorMessage.welcome(welcome), .parcel([.train(segment)])] {
          try await socket.send(WireCodec.encode(message, epoch: 1), to: pipe)
        }
      case .blobRequest: break events
      default: break
      }
    }
    worker.send(SIGTERM)
    #expect(worker.waitForLog { $0.contains("leaving after the jobs in hand") }, "\(worker.logText)")
    #expect(shutConnections(with: worker) == 1)
    #expect(worker.wait() == 75, "\(worker.logText)")
  }
}
