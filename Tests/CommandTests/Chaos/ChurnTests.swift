import Foundation
import Testing

/// Workers that come and go while a study runs.
@Suite(.serialized) struct ChurnTests {
  /// Whether this is `make chaos`.
  static let isLong =
    (ProcessInfo.processInfo.environment["SENTEI_CHAOS_WORKERS"].flatMap { Int($0) } ?? 0) > 40

  /// Evaluations of some milliseconds, because each begins with training on a few images.
  static func study(generations: Int) -> String {
    """
    study: churn
    seed: 7
    dataset: { name: digits }
    network: { zoo: lenet-300-100, train: { epochs: 20, learning_rate: 0.1, epochs_per_segment: 5 } }
    objective: { minimize: loss, at_compression: 5 }
    fitness: { retrain: finetune, samples_per_class: 1, epochs: 10, learning_rate: 0.01, draws: 1, final_draws: 2 }
    search: { algorithm: genetic, population_size: 96, generations: \(generations), elite_size: 16 }
    """
  }

  /// Goes through these numbers of workers, half of the leaving ones by SIGTERM and half by SIGKILL, to the study's end.
  private func churn(_ sizes: [Int], generations: Int) throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Self.study(generations: generations))
    let whole = place.file("whole")
    let undisturbed = try Program.run("run", study, "--run-directory", whole, "--workers", "2")
    #expect(undisturbed.status == 0, "\(undisturbed.errors)")

    let seed = UInt64.random(in: 1...1_000_000_000)
    var choices = Choices(seed)
    let cluster = try Cluster(place, "churn", study: study)
    let chaos = Chaos(cluster, seed: seed, quota: .init(coordinators: 0, workers: 0))
    try chaos.startCoordinator()
    var departures = 0
    var memory: [(workers: Int, kibibytes: Int)] = []
    for size in sizes {
      while cluster.workers.count < size { try cluster.addWorker() }
      while cluster.workers.count > size {
        let leaving = try #require(cluster.workers.randomElement(using: &choices))
        departures += 1
        if departures.isMultiple(of: 2) {
          #expect(cluster.sendHome(leaving), "seed \(seed): \(leaving.process.logText.suffix(1000))")
        } else {
          try chaos.strike(nil, [leaving], replacing: false)
        }
        chaos.look()
      }
      let wanted = Set(cluster.workers.map(\.process.identifier))
      let deadline = ContinuousClock.now + .seconds(120)
      while chaos.roster != wanted, cluster.coordinator?.isRunning == true, ContinuousClock.now < deadline {
        usleep(20_000)
        chaos.look()
      }
      #expect(
        cluster.coordinator?.isRunning == true, "seed \(seed): the study was over before \(size) workers were there")
      #expect(chaos.roster == wanted, "seed \(seed): the coordinator has \(chaos.roster.count) workers, not \(size)")
      memory.append((size, cluster.coordinator?.residentKiB ?? 0))
    }
    let coordinator = try #require(cluster.coordinator)
    #expect(coordinator.wait() == 0, "seed \(seed): \(coordinator.logText.suffix(1000))")
    let (figures, complaints) = try chaos.finish()
    print("churn: \(sizes), seed \(seed); \(figures.words)")
    print(
      "churn: memory of the coordinator with so many workers: \(memory.map { "\($0.workers): \($0.kibibytes) KiB" })")
    for complaint in complaints.prefix(20) { Issue.record("seed \(seed), \(complaint)") }
    #expect(try Cluster.facts(cluster.run) == Cluster.facts(whole))
    #expect(try Cluster.history(cluster.run) == Cluster.history(whole))
  }

  @Test func workersComeAndGo() throws { try churn([2, 8, 1, 4], generations: 20) }

  @Test(.enabled(if: isLong)) func upTo64WorkersComeAndGo() throws {
    try churn([4, 32, 1, 16, 64, 2], generations: 40)
  }
}
