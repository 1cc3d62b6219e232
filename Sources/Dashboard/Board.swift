internal import Foundation
package import Monitoring
internal import Synchronization

/// What a coordinator last said of itself, and who is told when it says more.
///
/// Nothing is encoded while nobody looks.
package final class Board: Sendable {
  /// What is told to whoever watches: server-sent events, each ready to be written.
  typealias Events = AsyncStream<String>

  private struct State {
    var cluster: ClusterSnapshot?
    var metrics = CoordinatorMetrics()
    var search: SearchSnapshot?
    var log: [String] = []
    /// Changes with each of these.
    var version = 0
    var posted: ContinuousClock.Instant?
    var isListening = false
    var isClosed = false
    var finishedRuns: (@Sendable () -> [FinishedRun])?
    var watchers: [Int: Events.Continuation] = [:]
    var nextWatcher = 0
  }

  /// Lines of the log that a newcomer sees.
  static let logLines = 200
  static let watcherLimit = 64

  private let state = Mutex(State())
  private let now: @Sendable () -> ContinuousClock.Instant

  /// - Parameter now: what tells how long ago the coordinator said something.
  package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

  /// Takes a picture of this moment and tells those who watch.
  package func post(_ cluster: ClusterSnapshot, _ metrics: CoordinatorMetrics, _ search: SearchSnapshot?) {
    let (old, watchers) = state.withLock { state in
      let old = (state.cluster, state.search)
      state.posted = now()
      state.version += 1
      (state.cluster, state.metrics, state.search) = (cluster, metrics, search)
      return (old, Array(state.watchers.values))
    }
    guard !watchers.isEmpty else { return }
    if cluster != old.0 { Self.tell(watchers, Self.event("cluster", Self.json(cluster))) }
    if let search, search != old.1 { Self.tell(watchers, Self.event("search", Self.json(search))) }
  }

  /// Takes a line of the log.
  package func log(_ line: String) {
    let watchers = state.withLock { state in
      state.log.append(line)
      state.version += 1
      if state.log.count > Self.logLines { state.log.removeFirst(state.log.count - Self.logLines) }
      return Array(state.watchers.values)
    }
    if !watchers.isEmpty { Self.tell(watchers, Self.event("log", Self.json([line]))) }
  }

  /// Takes what lists the runs that are finished; called when somebody asks for them.
  package func list(finishedRuns: @escaping @Sendable () -> [FinishedRun]) {
    state.withLock { $0.finishedRuns = finishedRuns }
  }

  /// Workers can come from now on.
  package func listening() { state.withLock { $0.isListening = true } }

  /// The list of runs has changed.
  package func runsChanged() { Self.tell(state.withLock { Array($0.watchers.values) }, Self.event("runs", "{}")) }

  /// Says a word without meaning to whoever watches: only a write tells that somebody has left, and a proxy that is told nothing
  /// hangs up.
  package func breathe() { Self.tell(state.withLock { Array($0.watchers.values) }, ":\n\n") }

  /// Ends all watching: the coordinator goes.
  package func close() {
    let watchers = state.withLock { state in
      state.isClosed = true
      defer { state.watchers = [:] }
      return Array(state.watchers.values)
    }
    Self.tell(watchers, Self.event("end", "{}"))
    for watcher in watchers { watcher.finish() }
  }

  private static func tell(_ watchers: [Events.Continuation], _ event: String) {
    for watcher in watchers { watcher.yield(event) }
  }
}

extension Board {
  /// All that is known, and then what is new; nil where too many watch already, or the end has come.
  ///
  /// Who does not read loses events: of what waits only the newest 16 are kept.
  func watch() -> Events? {
    while true {
      let known = state.withLock { $0 }
      // Not under the lock, which the coordinator's one task takes too.
      let first =
        (known.cluster.map { [Self.event("cluster", Self.json($0))] } ?? [])
        + (known.search.map { [Self.event("search", Self.json($0))] } ?? []) + [Self.event("log", Self.json(known.log))]
      let (events, continuation) = Events.makeStream(bufferingPolicy: .bufferingNewest(16))
      let isTaken = state.withLock { state -> Bool? in
        guard !state.isClosed, state.watchers.count < Self.watcherLimit else { return false }
        // Else something new was told meanwhile, which would be missed or come before what is older.
        guard state.version == known.version else { return nil }
        let number = state.nextWatcher
        state.nextWatcher += 1
        state.watchers[number] = continuation
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.watchers[number] = nil } }
        for event in first { continuation.yield(event) }
        return true
      }
      if let isTaken { return isTaken ? events : nil }
    }
  }

  /// The last picture as JSON; nil before the first.
  var clusterJSON: String? { state.withLock { $0.cluster }.map(Self.json) }

  /// How the searches go as JSON; nil before it is known.
  var searchJSON: String? { state.withLock { $0.search }.map(Self.json) }

  /// The finished runs as JSON; nil before they can be known.
  var runsJSON: String? { state.withLock { $0.finishedRuns }.map { Self.json($0()) } }

  /// The metrics of the last picture; nil before the first.
  func exposition(version: String) -> Exposition? {
    let (cluster, metrics) = state.withLock { ($0.cluster, $0.metrics) }
    return cluster.map { metrics.exposition($0, version: version) }
  }

  /// Whether the coordinator has said something lately: its one task goes round.
  var isAlive: Bool {
    state.withLock { $0.posted.map { now() - $0 < .seconds(30) } ?? false }
  }

  /// Whether workers can come.
  var isReady: Bool { state.withLock { $0.isListening && !$0.isClosed } && isAlive }

  private static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    // Values of our own without dictionaries of odd keys: they always encode.
    return String(decoding: try! encoder.encode(value), as: UTF8.self)
  }

  private static func event(_ name: String, _ data: String) -> String { "event: \(name)\ndata: \(data)\n\n" }
}
