import Digests
import Foundation
import RunStore

/// A temporary directory that goes when the test ends.
final class Scratch: Sendable {
  let path: String

  init() {
    let base = FileManager.default.temporaryDirectory.appendingPathComponent("run-store-\(UUID().uuidString)")
    try! FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
    path = base.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path inside.
  func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// A new run, not open.
  func run(_ name: String = "run", study: String = "a study") throws -> String {
    try RunStore.create(
      at: self(name), studyText: "study: \(study)\n", studyDigest: digest(study), runID: "run-of-\(study)")
    return self(name)
  }
}

/// The digest of a text.
func digest(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }

/// A made-up fact of about the usual size.
func fact(_ number: Int, outcome: String = "accuracy") -> FactRow {
  FactRow(
    job: digest("job \(number)"), kind: number % 5 == 0 ? "train" : "evaluate",
    outcome: Array("\(outcome) of \(number): 0.\(number * 7919 % 10_007), loss 1.\(number * 104_729 % 99_991)".utf8))
}

/// A made-up attempt at the job of a fact.
func attempt(_ number: Int, disposition: String = "computed", cpu: Double = 0.25) -> AttemptRow {
  AttemptRow(
    job: fact(number).job, kind: fact(number).kind, worker: "worker-\(number % 3)", secondsWaited: 0.5,
    started: Double(number), finished: Double(number) + 0.75, cpuSeconds: cpu, disposition: disposition)
}

extension RunStore {
  /// All facts in a list.
  func allFacts() throws -> [FactRow] {
    var facts: [FactRow] = []
    try forEachFact { facts.append($0) }
    return facts
  }
}

/// A directory tree as values: relative path to bytes, nil for a folder.
struct Image: Equatable {
  var files: [String: Data?] = [:]

  init(of path: String) throws {
    for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
      var isFolder: ObjCBool = false
      let full = path + "/" + name
      _ = FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
      files[name] = isFolder.boolValue ? .some(nil) : .some(try Data(contentsOf: URL(fileURLWithPath: full)))
    }
  }

  /// Makes the directory hold exactly this.
  func write(to path: String) throws {
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
      if let bytes {
        try bytes.write(to: URL(fileURLWithPath: path + "/" + name))
      } else {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
      }
    }
  }

  /// The bytes of a file.
  subscript(name: String) -> Data {
    get { files[name]!! }
    set { files[name] = newValue }
  }

  /// Without SQLite's shared memory and an empty write-ahead log, which are no part of a run.
  var withoutCache: Image {
    var image = self
    image.files = image.files.filter {
      !$0.key.hasSuffix("-shm") && !($0.key.hasSuffix("-wal") && $0.value?.isEmpty == true)
    }
    return image
  }
}
