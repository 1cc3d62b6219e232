import Digests
import Foundation
import Models
import Networks
import RunStore
import Services
import Studies
import Testing

/// Studies whose data no file holds.
@Suite struct TeacherTests {
  private static let study = """
    study: students
    seed: 3
    replicates: 2
    dataset: { teacher: { widths: [20, 10, 10], samples: 700 }, splits: { search: 100, validation: 100, test: 100 } }
    network: { hidden: [5], train: { epochs: 4, learning_rate: 0.05, epochs_per_segment: 2 } }
    retrain: { epochs: 2 }
    sweep: { strategies: [GlobalMagWeight, LayerMagGrad], compressions: [2] }
    """

  @Test("Each replicate has a teacher of its own, and lost samples are made again")
  func replicates() throws {
    let place = Workplace()
    let file = try place.write("study.yaml", Self.study)
    let run = place.file("run")
    let first = try Program.run("run", file, "--run-directory", run, "--workers", "2")
    #expect(first.status == 0 && first.output.contains("mlp-5/teacher-20-10-10"), "\(first.errors)")
    let history = try Program.run("history", run).output

    let open = try OpenRun.look(directory: run)
    let plan = try TeacherPlan(widths: [20, 10, 10], samples: 700)
    var slices: [[LabelledData]] = []
    for job in open.study.splits {
      #expect(job.dataset == plan.digest)
      let outcome = try #require(open.facts[Job.split(job).digest])
      slices.append(try outcome.blobs.map { try LabelledData(canonical: try open.store.blob($0)) })
    }
    #expect(slices.map { $0.map(\.count).sorted() } == [[100, 100, 100, 400], [100, 100, 100, 400]])
    let found = slices.map { Set($0.flatMap { answers(of: $0) }) }
    for (seed, found) in zip([3, 4] as [UInt64], found) {
      #expect(try found == Set(answers(of: plan.data(seed: seed))), "seed \(seed)")
    }
    #expect(found[0].isDisjoint(with: found[1]))

    let blobs = try #require(open.facts[Job.split(open.study.splits[1]).digest]).blobs
    for digest in blobs { try FileManager.default.removeItem(atPath: open.store.layout.blob(digest)) }
    let lost = try Program.run("verify", run)
    #expect(lost.status != 0 && lost.output.contains("makes it again"), "\(lost.output)")
    let resumed = try Program.run("resume", run, "--workers", "1")
    #expect(resumed.status == 0 && resumed.errors.contains("it was made again from the data"), "\(resumed.errors)")
    #expect(try Program.run("verify", run).status == 0)
    #expect(try Program.run("history", run).output == history)

    let wider = try place.write("wider.yaml", Self.study.replacingOccurrences(of: "[20, 10, 10]", with: "[21, 10, 10]"))
    let refused = try Program.run("run", wider, "--run-directory", run, "--workers", "1")
    #expect(refused.status != 0 && refused.errors.contains("another study"), "\(refused.errors)")
  }

  /// The targets of each sample.
  private func answers(of data: LabelledData) -> [[Float]] {
    (0..<data.count).map { Array((data.targets ?? [])[$0 * data.classes..<($0 + 1) * data.classes]) }
  }
}
