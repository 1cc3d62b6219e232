import Digests
import Scheduling
import Studies

/// A worker state with a clock and names: events go in, effects come out as lines of text.
struct WorkerBench {
  var state: WorkerState
  private(set) var seconds = 100.0
  private var names: [Digest: String] = [:]

  /// - Parameter parcel: seconds that are given to a lane at once; jobs of tests take 0.05.
  init(lanes: Int = 1, patience: Double? = nil, together: Int = 1, parcel: Double = 1) {
    var timing = Timing()
    timing.parcel = parcel
    timing.together = together
    state = WorkerState(hello: Samples.hello("a", lanes: lanes), patience: patience, timing: timing)
    for number in 0..<64 { names[Samples.evaluation(number).digest] = "\(number)" }
  }

  /// A worker that has been welcomed.
  static func welcomed(lanes: Int = 1, together: Int = 1, parcel: Double = 1) -> WorkerBench {
    var bench = WorkerBench(lanes: lanes, together: together, parcel: parcel)
    bench.handle(.connected)
    bench.hear(.welcome(Samples.welcome()))
    return bench
  }

  @discardableResult
  mutating func handle(_ event: WorkerEvent) -> [String] {
    state.handle(event, at: Instant(seconds: seconds)).map { line($0) }
  }

  @discardableResult
  mutating func hear(_ message: CoordinatorMessage) -> [String] { handle(.received(message)) }

  @discardableResult
  mutating func parcel(_ numbers: Int...) -> [String] { hear(.parcel(numbers.map { Samples.evaluation($0) })) }

  @discardableResult
  mutating func finish(_ numbers: Int...) -> [String] {
    handle(.finished(numbers.map { Samples.result(Samples.evaluation($0)) }))
  }

  @discardableResult
  mutating func acknowledge(_ number: Int) -> [String] { hear(.acknowledge([Samples.evaluation(number).digest])) }

  /// Lets time pass with a tick each quarter of a second.
  @discardableResult
  mutating func wait(_ time: Double) -> [String] {
    (0..<Int((time * 4).rounded())).flatMap { _ in
      seconds += 0.25
      return handle(.tick)
    }
  }

  private func text(_ digests: [Digest]) -> String {
    digests.map { names[$0] ?? $0.short }.sorted().map { " " + $0 }.joined()
  }

  private func line(_ effect: WorkerEffect) -> String {
    switch effect {
    case .send(.hello(let hello)): "hello\(text(hello.holding))"
    case .send(.results(let results)): "results\(text(results.map(\.job)))"
    case .send(.heartbeat(let holding)): "heartbeat\(text(holding))"
    case .send(.returned(let jobs)): "returned\(text(jobs))"
    case .send(.blobRequest), .send(.blobChunk): "blob"
    case .send(.bye): "bye"
    case .start(let jobs): "start\(text(jobs.map(\.digest)))"
    case .giveUpFetching: "give up fetching"
    case .exit(.done): "exit"
    case .exit(.stopped): "exit: stopped"
    case .exit(.alone): "exit alone"
    case .exit(.rejected(let rejection)): "exit rejected \(rejection.code.rawValue)"
    case .note(.welcomed(_, let epoch)): "note welcomed \(epoch)"
    case .note(.refused): "note refused"
    case .note(.connectionLost): "note connection lost"
    }
  }
}
