import Foundation

/// A process's log as what happened when.
struct Chronicle {
  struct Entry {
    let time: Date
    /// The level and the message.
    let text: String
    let fields: [String: String]
  }

  let entries: [Entry]

  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  init(_ log: String) {
    entries = log.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard let first = words.first, let time = try? Self.style.parse(String(first)) else { return nil }
      var fields: [String: String] = [:]
      for word in words.dropFirst() {
        let parts = word.split(separator: "=", maxSplits: 1)
        if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
      }
      return Entry(time: time, text: words.dropFirst().joined(separator: " "), fields: fields)
    }
  }

  func all(_ text: String, after time: Date = .distantPast) -> [Entry] {
    entries.filter { $0.time >= Self.earliest(time) && $0.text.contains(text) }
  }

  /// The log cuts its times to milliseconds: what happens right after a moment can seem to be that much before it.
  private static func earliest(_ moment: Date) -> Date { moment.addingTimeInterval(-0.001) }

  /// When the coordinator first heard from a worker after a time.
  func greeting(of worker: Running, after time: Date) -> Date? {
    all("debug: hello", after: time).first { $0.fields["worker"]?.hasSuffix("-\(worker.identifier)") == true }?.time
  }

  /// The coordinator's last connection of a worker before a time.
  func peer(of worker: Running, before time: Date = .distantFuture) -> String? {
    all("debug: hello").last {
      $0.time < time && $0.fields["worker"]?.hasSuffix("-\(worker.identifier)") == true
    }?.fields["peer"]
  }

  /// The jobs that a worker held at the time of a fault, or was given before the coordinator knew, and that others got
  /// until the fault was over: each with the seconds from the fault.
  func handedOn(from worker: Running, since fault: Date, until end: Date = .distantFuture) -> [String: Double] {
    guard let peer = peer(of: worker, before: fault) else { return [:] }
    var held: Set<String> = []
    var again: [String: Double] = [:]
    for entry in all("debug: leased") where entry.time < end {
      let jobs = [entry.fields["asked"], entry.fields["checked"]].compactMap { $0 }.joined(separator: ",")
      for job in jobs.split(separator: ",").map(String.init) {
        if entry.fields["peer"] == peer {
          held.insert(job)
        } else if entry.time >= Self.earliest(fault), held.contains(job), again[job] == nil {
          again[job] = max(0, entry.time.timeIntervalSince(fault))
        }
      }
    }
    return again
  }
}
