import Testing

/// A parcel that is lost under way: its jobs are computed all the same, and so are those told as differences from its masks.
@Suite(.ownThread) struct LostParcelTests {
  /// Masks of 5,920 positions, long enough to be told as differences.
  private static let study = """
    study: lossy
    seed: 4
    dataset: { name: digits }
    network: { zoo: mlp-80, train: { epochs: 2, learning_rate: 0.1 } }
    objective: { minimize: loss, at_compression: 5 }
    search: { algorithm: genetic, population_size: 32, generations: 40, elite_size: 8 }
    """

  @Test func theWorkerSaysHelloAgainAndTheHistoryIsThatOfAWholeLink() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Self.study)
    let (far, near, run) = (place.file("far/c"), place.file("near/c"), place.file("run"))
    let coordinator = try Running(
      ["coordinator", study, "--listen", "ipc://\(far)", "--run-directory", run], errors: place.file("coordinator.log"))
    #expect(coordinator.says("listening"), "\(coordinator.logText)")
    let relay = try LossyRelay(from: "ipc://\(near)", to: "ipc://\(far)", untilHellos: 3)
    let worker = try Running(["worker", "ipc://\(near)"], errors: place.file("worker.log"))
    #expect(coordinator.wait() == 0, "\(coordinator.logText)")
    #expect(worker.leaves(), "\(worker.logText)")
    let (lost, hellos) = relay.figures
    // As many as are wanted come where the machine is quick enough; the worker need not notice each loss for itself.
    #expect(hellos >= 1 && hellos <= lost, "\(hellos) hellos, \(lost) parcels lost")
    let missed = worker.count(of: "difference from one that is not here")
    #expect(missed >= hellos, "\(missed) missed, \(hellos) hellos\n\(worker.logText)")
    #expect(worker.count(of: "connection lost") == 0, "\(worker.logText)")
    #expect(coordinator.count(of: "worker lost") == 0, "\(coordinator.logText)")
    let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "1")
    #expect(whole.status == 0, "\(whole.errors)")
    let digests = try [run, place.file("whole")].map { try Program.run("history", $0, "--digest").output }
    #expect(digests[0] == digests[1] && digests[0].count == 65)
  }
}
