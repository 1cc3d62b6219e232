internal import Foundation

/// How many processors this process may use.
package enum Processors {
  /// Those that it may run on, or fewer where a container's limit allows less; at least one.
  package static var available: Int {
    let limit = limit { try? String(contentsOfFile: $0, encoding: .utf8) }
    let whole = max(1, ProcessInfo.processInfo.activeProcessorCount)
    return limit.map { max(1, min(whole, Int($0))) } ?? whole
  }

  /// The smallest processor limit of the control groups that this process is in, version 2 or 1; nil for none.
  ///
  /// Where a container sees the groups of its host by name only, its own is mounted as their root; so each group and all
  /// above it are looked at.
  ///
  /// - Parameter read: the text of a file; nil where it cannot be read.
  package static func limit(_ read: (String) -> String?) -> Double? {
    var limits: [Double] = []
    for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = parts[1].split(separator: ",")
      guard parts[1].isEmpty || controllers.contains("cpu") else { continue }
      let folders = parts[1].isEmpty ? ["/sys/fs/cgroup"] : ["/sys/fs/cgroup/\(parts[1])", "/sys/fs/cgroup/cpu"]
      var path = String(parts[2])
      while true {
        for folder in folders {
          let group = path == "/" ? folder : folder + path
          if let found = parts[1].isEmpty ? second(group, read) : first(group, read) { limits.append(found) }
        }
        guard let slash = path.lastIndex(of: "/"), path != "/" else { break }
        path = slash == path.startIndex ? "/" : String(path[..<slash])
      }
    }
    return limits.min()
  }

  /// Of a group of version 2: `max 100000` or `250000 100000`.
  private static func second(_ group: String, _ read: (String) -> String?) -> Double? {
    let words = (read("\(group)/cpu.max") ?? "").split { $0 == " " || $0 == "\n" }
    guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), period > 0 else { return nil }
    return quota / period
  }

  /// Of a group of version 1; a quota of -1 is none.
  private static func first(_ group: String, _ read: (String) -> String?) -> Double? {
    func number(_ name: String) -> Double? {
      read("\(group)/cpu.cfs_\(name)_us").flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    guard let quota = number("quota"), quota > 0, let period = number("period"), period > 0 else { return nil }
    return quota / period
  }
}
