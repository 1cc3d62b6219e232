import Models
import Pruning
import Studies
import Testing

/// Weights that go and come back.
@Suite struct RegrowingTests {
  private func study(
    _ reach: PruningReach, share: Double, compression: Double = 1.8
  ) throws -> MethodStudy {
    var study = try smallMethods()
    let method = PruningMethod(.magnitude, reach, schedule: .regrowing(rounds: 4, share: share))
    study.procedures = [.dense, .pruning(method, compression: compression)]
    study.replicates = 1
    return study
  }

  @Test(
    "Where fewer are outside than go, some of those that went come back: the size stays",
    arguments: PruningReach.allCases)
  func fewOutside(_ reach: PruningReach) throws {
    var drive = MethodDrive(try study(reach, share: 0.9, compression: 1.2))
    try drive.finish()
    let masks = drive.run.findings.compactMap(\.mask)
    #expect(masks.count == 4 && Set(masks.map(\.population)).count == 1)
  }

  @Test("A share goes and as much comes back, where gradients are largest, from zero", arguments: PruningReach.allCases)
  func rounds(_ reach: PruningReach) throws {
    var drive = MethodDrive(try study(reach, share: 0.25))
    try drive.finish()
    let found = drive.run.findings.filter { $0.mask != nil }
    #expect(found.map(\.place.level) == [1, 2, 3, 4] && found.map(\.isResult) == [false, false, false, true])
    let masks = found.map { $0.mask! }
    #expect(Set(masks.map(\.population)).count == 1 && Set(masks).count == 4)
    let subject = drive.run.study.subjects[0]
    let layout = ParameterLayout(subject.network, scope: subject.scope)
    for (before, after) in zip(masks, masks.dropFirst()) {
      let gone = before.intersection(after.inverted)
      let new = after.intersection(before.inverted)
      #expect(gone.population == new.population && gone.population > 0)
      #expect(abs(Double(gone.population) - 0.25 * Double(before.population)) < 0.1 * Double(before.population))
      if reach == .layer {
        for tensor in layout.prunable {
          #expect(before.population(in: tensor.maskRange!) == after.population(in: tensor.maskRange!))
        }
      }
    }
    // Each later round asks for the gradients of what is left, on weights whose others are zero.
    let scorings = drive.jobs.compactMap { if case .score(let job) = $0 { job } else { nil } }
    let gradients = scorings.filter { $0.criterion == .gradientMagnitude }
    #expect(gradients.map(\.mask) == masks.dropLast().map { $0 })
    for (round, job) in gradients.enumerated() {
      guard case .scored(let blob)? = drive.facts[Job.score(job).digest] else {
        Issue.record("no gradients")
        continue
      }
      let values = try Parameters.values(canonical: try #require(drive.worker.blob(blob)))
      let (before, after) = (masks[round], masks[round + 1])
      let ranges = reach == .global ? [0..<before.count] : layout.prunable.map { $0.maskRange! }
      for range in ranges {
        let came = range.filter { !before[$0] && after[$0] }.map { values[$0] }
        let stayed = range.filter { !before[$0] && !after[$0] }.map { values[$0] }
        if let least = came.min(), let most = stayed.max() { #expect(least >= most, "round \(round)") }
      }
    }
    #expect(
      scorings.contains { if case .rewriting(.folding(let mask)) = $0.criterion { mask == masks[0] } else { false } })
  }
}
