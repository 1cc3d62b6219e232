import Foundation

/// A file of whole lines, read as it grows; a line whose end is not there yet is left for the next time.
struct Tail {
  let path: String
  private var offset: UInt64 = 0

  init(_ path: String) { self.path = path }

  /// What came since the last call.
  mutating func lines() -> [Substring] {
    guard let file = FileHandle(forReadingAtPath: path) else { return [] }
    defer { try? file.close() }
    guard (try? file.seek(toOffset: offset)) != nil, let bytes = try? file.readToEnd(),
      let end = bytes.lastIndex(of: UInt8(ascii: "\n"))
    else { return [] }
    let whole = bytes[...end]
    offset += UInt64(whole.count)
    return String(decoding: whole, as: UTF8.self).split(separator: "\n")
  }
}

/// What a coordinator says of its work at the level `debug`, in the order in which it happened; a worker is its process.
struct CoordinatorLine {
  enum Kind {
    case listening(address: String)
    case joined(worker: pid_t)
    /// It said goodbye, or its connection is gone.
    case gone(worker: pid_t)
    /// Jobs that have no fact, and jobs that have one, which is being checked; 12 digits of each digest.
    case leased(asked: [String], checked: [String], worker: pid_t)
    case committed(facts: Int)
    case backedUp(job: String)
  }

  /// Seconds since 1970, to the millisecond.
  let time: Double
  let kind: Kind

  init?(_ line: Substring) {
    guard let kind = Self.kind(line) else { return nil }
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    guard let time = try? Date(String(line.prefix { $0 != " " }), strategy: style) else { return nil }
    self.time = time.timeIntervalSince1970
    self.kind = kind
  }

  private static func kind(_ line: Substring) -> Kind? {
    func field(_ key: String) -> Substring? {
      line.range(of: " \(key)=").map { line[$0.upperBound...].prefix { $0 != " " } }
    }
    /// A worker's name ends with the number of its process.
    func worker() -> pid_t? { field("worker")?.split(separator: "-").last.flatMap { pid_t($0) } }
    func jobs(_ key: String) -> [String] { field(key)?.split(separator: ",").map(String.init) ?? [] }
    if line.contains(" debug: leased ") {
      return worker().map { .leased(asked: jobs("asked"), checked: jobs("checked"), worker: $0) }
    }
    if line.contains(" debug: committed ") {
      return field("facts").flatMap { Int($0) }.map { .committed(facts: $0) }
    }
    if line.contains(" info: worker joined ") { return worker().map { .joined(worker: $0) } }
    if line.contains(" info: worker left ") || line.contains(" warning: worker lost; ") {
      return worker().map { .gone(worker: $0) }
    }
    if line.contains(" info: backup of a straggler ") { return field("job").map { .backedUp(job: String($0)) } }
    if line.contains(": listening address=") { return field("address").map { .listening(address: String($0)) } }
    return nil
  }
}
