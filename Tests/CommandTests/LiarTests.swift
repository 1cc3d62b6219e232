import Foundation
import RunStore
import Scheduling
import Testing

/// A worker that answers wrongly is found, and the run ends as if it had never been there.
///
/// On threads of their own, for what waits for a process must not keep a thread from the liar; and each liar has joined
/// before an honest worker may finish the study without it.
@Suite(.ownThread) struct LiarTests {
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
    async let end = liar.work()
    #expect(coordinator.waitForLog { $0.contains("worker=liar") })
    let workers = try (1...2).map { try Running(["worker", address], errors: place.file("worker\($0).log")) }

    let (lies, rejection) = try await end
    #expect(rejection?.code == .quarantined && rejection?.retryable == false, "\(coordinator.logText.suffix(2000))")
    #expect(coordinator.wait() == 0, "\(coordinator.logText.suffix(2000))")
    for worker in workers {
      // One that had not dialled again when the run ended waits for another coordinator.
      #expect(worker.leaves(), "\(worker.logText.suffix(1000))")
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
    #expect(try Program.run("report", run).output.contains("One worker was kept out; \(revoked.count) results"))
  }

  @Test(.timeLimit(.minutes(4))) func oneLiarOfTwoWorkersEndsTheStudyUntilAnotherDecides() async throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(population: 32, generations: 40))
    let honest = try Program.run("run", study, "--run-directory", place.file("honest"), "--workers", "1")
    #expect(honest.status == 0, "\(honest.errors)")
    #expect(honest.output.contains("No result was checked by another worker"))

    let (address, run) = ("ipc://\(place.file("socket/c"))", place.file("run"))
    let coordinator = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", run], errors: place.file("coordinator.log"))
    #expect(coordinator.waitForLog { $0.contains("listening") })
    let liar = try Liar(address)
    async let lying = liar.work(connections: 1)
    #expect(coordinator.waitForLog { $0.contains("worker=liar") })
    let worker = try Running(["worker", address], errors: place.file("worker.log"))
    // Until the coordinator is gone.
    #expect(try await lying.rejection == nil)
    #expect(coordinator.wait() == 70, "\(coordinator.logText.suffix(2000))")
    #expect(coordinator.logText.contains("there was no other worker to decide"), "\(coordinator.logText.suffix(500))")
    #expect(worker.leaves())
    let reader = try RunStore.open(at: run, mode: .reading)
    #expect(try !reader.disputes().isEmpty && reader.quarantined().isEmpty)
    #expect(try Program.run("verify", run).output.contains("workers gave different answers"))

    let resumed = try Program.run("resume", run, "--workers", "2")
    #expect(resumed.status == 0, "\(resumed.errors)")
    let store = try RunStore.open(at: run, mode: .reading)
    #expect(try store.quarantined() == [liar.id] && store.disputes().isEmpty)
    #expect(
      try Program.run("history", run, "--digest").output
        == Program.run("history", place.file("honest"), "--digest").output)
    #expect(try Program.run("verify", run).status == 0)
  }

  /// What it gives has the digests that it names, so nothing but another training tells.
  @Test(.timeLimit(.minutes(4))) func aWorkerThatOnlyPretendsToTrainIsFound() async throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.population)
    let honest = try Program.run("run", study, "--run-directory", place.file("honest"), "--workers", "2")
    #expect(honest.status == 0, "\(honest.errors)")

    let (address, run) = ("ipc://\(place.file("socket/c"))", place.file("run"))
    // Started before the coordinator and stopped until the liar has joined: it has to get work, but not all of it.
    let workers = try (1...2).map { try Running(["worker", address], errors: place.file("worker\($0).log")) }
    for worker in workers {
      #expect(worker.waitForLog { $0.contains("dialling") })
      worker.send(SIGSTOP)
    }
    let coordinator = try Running(
      ["coordinator", study, "--listen", address, "--run-directory", run], errors: place.file("coordinator.log"))
    #expect(coordinator.waitForLog { $0.contains("listening") })
    let liar = try Liar(address, lyingAbout: .trainings)
    // Until the coordinator begins anew without it; what is left of the study may be over before it can come again.
    async let lying = liar.work(connections: 1)
    #expect(coordinator.waitForLog { $0.contains("worker=liar") })
    for worker in workers { worker.send(SIGCONT) }
    #expect(try await lying.lies > 0, "\(coordinator.logText.suffix(2000))")
    #expect(coordinator.wait() == 0, "\(coordinator.logText.suffix(2000))")
    for worker in workers {
      #expect(worker.leaves(), "\(worker.logText.suffix(1000))")
    }
    #expect(try RunStore.open(at: run, mode: .reading).quarantined() == [liar.id])
    let digests = try [place.file("honest"), run].map { try Program.run("history", $0, "--digest").output }
    #expect(digests[0] == digests[1] && digests[0].count == 65)
    #expect(try Program.run("verify", run).status == 0)
  }
}
