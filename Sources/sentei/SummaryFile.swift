import Formats
import Foundation
import Monitoring
import Reports
import Studies

/// `summary.json` in a run's directory: there from the end of its study on.
enum SummaryFile {
  private static let name = "summary.json"
  /// Far more than any table has.
  private static let sizeLimit = 1 << 22
  /// The newest of them are listed.
  private static let listLimit = 100

  private static func path(_ directory: String) -> String { "\(directory)/\(name)" }

  /// The file's content.
  private static func bytes(_ summary: RunSummary) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array(try encoder.encode(summary)) + Array("\n".utf8)
  }

  /// Writes the file of a finished run, whole or not at all.
  ///
  /// - Throws: `FormatError` where the disk refuses.
  static func write(_ summary: RunSummary?, to directory: String) throws {
    guard let summary else { return }
    try WholeFile.replace(path(directory), with: try bytes(summary))
  }

  /// A run that goes on has no summary until it ends.
  static func remove(from directory: String) { unlink(path(directory)) }

  /// What is wrong with a run's summary; nil where it is sound or not there.
  static func problem(in directory: String) throws -> String? {
    guard let found = try WholeFile.readIfThere(path(directory), limit: sizeLimit) else { return nil }
    guard try AnyConclusion(directory: directory).summary.map(bytes) != found else { return nil }
    return "\(path(directory)) is not what the run's facts say; `sentei resume \(directory)` writes it again"
  }

  /// The finished runs that lie beside a run, and itself if it is finished: the newest first.
  static func beside(_ directory: String) -> [FinishedRun] {
    let parent = URL(fileURLWithPath: directory).deletingLastPathComponent().path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    let dated = names.compactMap { name -> (name: String, time: Date)? in
      let attributes = try? FileManager.default.attributesOfItem(atPath: path("\(parent)/\(name)"))
      return (attributes?[.modificationDate] as? Date).map { (name, $0) }
    }
    return dated.sorted { ($1.time, $0.name) < ($0.time, $1.name) }.prefix(listLimit).compactMap { name, time in
      guard let bytes = try? WholeFile.readIfThere(path("\(parent)/\(name)"), limit: sizeLimit),
        let summary = try? JSONDecoder().decode(RunSummary.self, from: Data(bytes))
      else { return nil }
      return FinishedRun(directory: name, finished: time.timeIntervalSince1970, summary: summary)
    }
  }
}
