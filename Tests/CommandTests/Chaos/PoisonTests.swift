import Digests
import Foundation
import RunStore
import Testing

/// A job that kills its workers, and workers that are silent for longer than their leases.
@Suite(.serialized) struct PoisonTests {
  /// Trained in two segments of a second or so.
  private static let study = """
    study: poison
    seed: 5
    dataset: { name: digits }
    network: { zoo: lenet-300-100, train: { epochs: 360, learning_rate: 0.05, epochs_per_segment: 180 } }
    objective: { minimize: loss, at_compression: 5 }
    search: { algorithm: genetic, population_size: 8, generations: 3, elite_size: 2 }
    """

  /// The facts and the history of a run that nobody disturbs.
  private func undisturbed(_ place: Workplace, _ study: String) throws -> (facts: Set<FactRow>, history: String) {
    let result = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "1")
    #expect(result.status == 0, "\(result.errors)")
    return (try Cluster.facts(place.file("whole")), try Cluster.history(place.file("whole")))
  }

  /// Waits for the next lease of a job, or of the first one if none is named.
  private func lease(
    of wanted: String? = nil, in cluster: Cluster, but former: Set<pid_t> = []
  ) throws -> (job: String, worker: Cluster.Worker, time: Double) {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      for line in cluster.lines() {
        guard case .leased(let asked, _, let id) = line.kind, let job = asked.first(where: { $0 == wanted ?? $0 }),
          !former.contains(id), let worker = cluster.worker(id)
        else { continue }
        return (job, worker, line.time)
      }
      usleep(5000)
    }
    throw Cluster.Failure(what: "no lease: \(cluster.coordinator?.logText.suffix(2000) ?? "")")
  }

  private func attempts(_ run: String, at job: String) throws -> [String] {
    var dispositions: [String] = []
    try RunStore.open(at: run, mode: .reading).forEachAttempt {
      if let attempt = $0, attempt.job.short == job { dispositions.append(attempt.disposition) }
    }
    return dispositions
  }

  @Test func aJobThatThreeWorkersDieOnStopsTheStudyAndResumeGoesOn() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Self.study)
    let expected = try undisturbed(place, study)
    let cluster = try Cluster(place, "poison", study: study)
    try cluster.startCoordinator()
    for _ in 1...4 { try cluster.addWorker() }
    var (job, victim, _) = try lease(in: cluster)
    for death in 1...3 {
      if death > 1 { (_, victim, _) = try lease(of: job, in: cluster) }
      #expect(cluster.coordinator?.isRunning == true, "death \(death)")
      cluster.kill(victim)
    }
    let coordinator = try #require(cluster.coordinator)
    #expect(coordinator.wait() == 70, "\(coordinator.logText.suffix(1000))")
    #expect(
      coordinator.logText.contains("sentei: train job \(job): 3 workers died while they had it"),
      "\(coordinator.logText.suffix(1000))")
    #expect(cluster.workers.count == 1)
    for worker in cluster.workers { #expect(cluster.sendHome(worker), "\(worker.process.logText.suffix(1000))") }
    #expect(try Cluster.facts(cluster.run).count == 1, "the split alone is known")

    let resumed = try Program.run("resume", cluster.run, "--workers", "2")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try Cluster.facts(cluster.run) == expected.facts)
    #expect(try Cluster.history(cluster.run) == expected.history)
  }

  @Test func anAnswerBehindItsLeaseIsTheFactOrIsCountedAsASecondOne() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Self.study)
    let expected = try undisturbed(place, study)
    let cluster = try Cluster(place, "silent", study: study)
    try cluster.startCoordinator()
    let first = try cluster.addWorker()
    let coordinator = try #require(cluster.coordinator)

    // Nobody else is there: its late answer becomes the fact.
    let early = try lease(in: cluster)
    #expect(first.process.freeze())
    #expect(coordinator.waitForLog { $0.contains("worker lost; its jobs go to others jobs=") })
    #expect(try Cluster.facts(cluster.run).count == 1)
    first.process.send(SIGCONT)
    let other = try lease(in: cluster)
    #expect(other.job != early.job, "the answer was thrown away")
    // Computed once. Where a heartbeat that names the job comes before the answer, the lease has come to life again.
    let dispositions = try attempts(cluster.run, at: early.job)
    #expect(dispositions == ["late"] || dispositions == ["computed"], "\(dispositions)")
    #expect(first.computed().count { $0.job == early.job } == 1)

    // Now somebody else is there and computes it meanwhile.
    #expect(first.process.freeze())
    let start = Date.now.timeIntervalSince1970
    try cluster.addWorker()
    let again = try lease(of: other.job, in: cluster, but: [first.process.identifier])
    print("silence: its job was leased elsewhere after \(again.time - start) s")
    #expect(again.time - start < 45, "the target is 15 s")
    let deadline = ContinuousClock.now + .seconds(60)
    while try attempts(cluster.run, at: other.job).isEmpty, ContinuousClock.now < deadline { usleep(20_000) }
    first.process.send(SIGCONT)
    #expect(coordinator.wait() == 0, "\(coordinator.logText.suffix(1000))")
    for worker in cluster.workers { #expect(cluster.sendHome(worker)) }
    // Whoever came first, the other one may have been asked to check it.
    let kinds = try attempts(cluster.run, at: other.job).filter { $0 != "audit" }
    #expect(kinds.count <= 2 && kinds.filter { $0 == "duplicate" }.count == kinds.count - 1, "\(kinds)")
    #expect(try Cluster.facts(cluster.run) == expected.facts)
    #expect(try Cluster.history(cluster.run) == expected.history)
  }
}
