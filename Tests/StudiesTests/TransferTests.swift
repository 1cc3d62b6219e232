import Digests
import Models
import Pruning
import Randomness
import Studies
import Testing

/// Tickets of one pair, trained by another.
struct TransferTests {
  private func study() throws -> MethodStudy {
    var study = try smallMethods(start: .rewind(.steps(4)))
    var other = study.subjects[0]
    (other.name, other.dataset) = ("other", digest("other data"))
    other.training.optimizer = .adam(.init())
    other.retraining.recipe = other.training
    study.subjects.append(other)
    let plan = TicketPlan(pruningFraction: 0.3, levels: 3)
    study.procedures =
      [.dense, .tickets(plan, control: .none)]
      + study.subjects.enumerated().map { .transferred(from: $0, named: $1.name, plan) }
    return study
  }

  @Test func theOrderOfArrivalChangesNothing() throws {
    let study = try study()
    var first = MethodDrive(study)
    try first.finish()
    let expected = try first.history()
    // In each of two replicates, each subject has a dense network, its own tickets and the other's.
    #expect(expected.count == 2 * 2 * (1 + 3 + 3))
    for seed in 0..<8 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      var drive = MethodDrive(study)
      // It looks whether a job or a branch needs what was given up.
      try drive.finish(shuffling: &stream)
      #expect(try drive.history() == expected, "seed \(seed)")
    }
  }

  @Test func ticketsKeepTheirMasksAndGetOtherTraining() throws {
    let study = try study()
    var drive = MethodDrive(study)
    try drive.finish()
    let findings = drive.run.findings
    for moved in findings where moved.strategy.rawValue.contains("/from-") {
      let source = 1 - moved.place.subject
      #expect(moved.strategy.rawValue == "WinningTicket/from-\(study.subjects[source].name)")
      let ticket = try #require(
        findings.first {
          $0.strategy == Strategy("WinningTicket") && $0.place.subject == source
            && $0.place.replicate == moved.place.replicate && $0.place.level == moved.place.level
        })
      #expect(moved.mask == ticket.mask)
      #expect(moved.recipe.optimizer == study.subjects[moved.place.subject].training.optimizer)
      // From the weights that the ticket was reset to where it comes from.
      let starts = drive.jobs.compactMap { job -> (Digest, TrainingRecipe)? in
        guard case .train(let segment) = job, segment.mask == moved.mask, case .weights(let blob) = segment.start,
          segment.seed == study.seed(ofReplicate: moved.place.replicate)
        else { return nil }
        return (blob, segment.recipe)
      }
      #expect(Set(starts.map(\.0)).count == 1 && Set(starts.map(\.1)).count == 2)
    }
  }
}
