import Digests
import Foundation
import RunStore
import Services
import Studies
import StudyFile

/// A small finished run with snapshots, and what it knows: the truth that a damaged copy may not leave.
final class SmallRun {
  /// The history went on with a job that the whole run never asked for, or stopped.
  struct Astray: Error { let what: String }

  static let study = """
    study: small
    seed: 5
    dataset: { name: digits }
    network: { zoo: mlp-8, train: { epochs: 4, learning_rate: 0.1, epochs_per_segment: 2 } }
    objective: { minimize: loss, at_compression: 4 }
    search: { algorithm: genetic, population_size: 8, generations: 3, elite_size: 2 }

    """
  let place: Workplace
  /// The run after a clean stop.
  let path: String
  let history: String
  private let rows: [FactRow]
  private let outcomes: [Digest: (row: FactRow, outcome: Outcome)]
  private var blobs: [Digest: [UInt8]] = [:]

  init(_ place: Workplace) throws {
    self.place = place
    path = place.file("whole")
    let result = try Program.run(
      "run", try place.write("study.yaml", Self.study), "--run-directory", path, "--workers", "1")
    guard result.status == 0 else { throw Astray(what: result.errors) }
    try? FileManager.default.removeItem(atPath: path + "/logs")
    try Self.takeSnapshots(path)
    let open = try OpenRun.look(directory: path)
    var rows: [FactRow] = []
    try open.store.forEachFact { rows.append($0) }
    self.rows = rows
    outcomes = Dictionary(uniqueKeysWithValues: try rows.map { ($0.job, ($0, try Outcome(canonical: $0.outcome))) })
    for digest in try open.store.blobs() { blobs[digest] = try open.store.blob(digest) }
    history = try Self.history(path)
  }

  /// Snapshots at the first moments of the search; a coordinator takes them for longer planning only.
  private static func takeSnapshots(_ path: String) throws {
    let open = try OpenRun.resume(directory: path, data: nil)
    var run = PlannerRun(open.planner!)
    var course = SearchCourse()
    var left = 2
    while left > 0 {
      switch try run.step({ open.facts[$0] }) {
      case .needs(let digest): try run.supply(try open.store.blob(digest))
      case .snapshotMoment:
        guard let state = run.planner.snapshot else { break }
        try open.store.writeSnapshot(
          observed: run.planner.observed, state: state, course: course.canonicalBytes)
        left -= 1
      case .trial(let record): course.note(record)
      case .blocked, .finished: throw Astray(what: "no moment for a snapshot")
      case .submit, .found, .ended, .superseded: break
      }
    }
    try open.store.close()
  }

  /// The lines of a run's history.
  static func history(_ path: String) throws -> String {
    let open = try OpenRun.look(directory: path)
    var lines: [String] = []
    _ = try Replay.trials(of: open.planner!, outcome: { open.facts[$0] }, blob: { try open.store.blob($0) }) {
      lines.append($0.line)
    }
    return lines.joined(separator: "\n")
  }

  /// All rows that a run reads, as one value.
  static func rows(_ path: String) throws -> [String] {
    let store = try RunStore.open(at: path, mode: .reading)
    var out = ["\(store.identity)"]
    try store.forEachFact { out.append("\($0)") }
    try store.forEachAttempt { out.append("\(String(describing: $0))") }
    out += try store.budgets().map { "\($0)" } + store.revokedFacts().map { "\($0)" }
    for key in ["inputs", "dataset-note"] { out.append("\(try store.meta(key) ?? "-")") }
    return out
  }

  /// Copies the whole run, or another one.
  func copy(_ source: String? = nil, to name: String) throws -> String {
    let target = place.file(name)
    try? FileManager.default.removeItem(atPath: target)
    try FileManager.default.copyItem(atPath: source ?? path, toPath: target)
    return target
  }

  /// The same run as a killed coordinator leaves it: `HEAD` of half of the facts, all of them in the write-ahead log.
  func killed() throws -> String {
    let live = place.file("live")
    let document = try AnyStudyDocument(text: Self.study, file: "study.yaml")
    let open = try OpenRun.start(document, text: Self.study, directory: live, data: nil)
    for bytes in blobs.values { try open.store.storeBlob(bytes) }
    for (index, row) in rows.enumerated() {
      if index == rows.count / 2 { try open.store.writeHead() }
      _ = try open.store.commit([row], attempts: [])
    }
    let path = try copy(live, to: "killed")
    try FileManager.default.removeItem(atPath: path + "/sentei.sqlite-shm")
    return path
  }

  /// Resumes a run to its end, with the whole run's answers in place of workers.
  ///
  /// - Returns: what the opening reported.
  /// - Throws: what opening throws; ``Astray`` where the run asks for anything that the whole run did not.
  func resume(_ path: String) throws -> [String] {
    let open = try OpenRun.resume(directory: path, data: nil)
    var facts = open.facts
    func answer(_ jobs: [Job]) throws {
      for job in jobs where facts[job.digest] == nil {
        guard let (row, outcome) = outcomes[job.digest] else { throw Astray(what: "a new job \(job.kind)") }
        for blob in outcome.blobs { if let bytes = blobs[blob] { try open.store.storeBlob(bytes) } }
        let result = try open.store.commit([row], attempts: [])
        guard result.conflicts.isEmpty else { throw Astray(what: "two answers to one job") }
        facts[job.digest] = outcome
      }
    }
    var run = PlannerRun(open.planner!)
    loop: while true {
      switch try run.step({ facts[$0] }) {
      case .submit(let jobs): try answer(jobs)
      case .needs(let digest): try run.supply(try open.store.blob(digest))
      case .superseded(let blobs): for blob in blobs { try open.store.removeBlob(blob) }
      case .trial, .found, .ended, .snapshotMoment: break
      case .blocked: throw Astray(what: "blocked")
      case .finished: break loop
      }
    }
    try answer(run.planner.contestants.flatMap { $0.searchJobs + $0.validationJobs + $0.jobs })
    try open.store.close()
    return open.damage
  }
}

/// One damage to one file.
struct Wound: CustomStringConvertible {
  enum Kind { case flip(at: Int), cut(to: Int), removal }
  let file: String
  let kind: Kind

  var description: String { "\(file) \(kind)" }

  /// Does it to a file of these bytes below a folder.
  func inflict(on folder: String, _ bytes: Data) throws {
    let path = "\(folder)/\(file)"
    var wounded = bytes
    switch kind {
    case .flip(let place): wounded[place] ^= 1 << UInt8(place % 8)
    case .cut(let length): wounded = bytes.prefix(length)
    case .removal: return try FileManager.default.removeItem(atPath: path)
    }
    // In place, not by a new file: as damage comes.
    guard let file = FileHandle(forUpdatingAtPath: path) else { throw SmallRun.Astray(what: "cannot open \(path)") }
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: wounded)
    try file.close()
  }
}
