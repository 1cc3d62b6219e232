package import DequeModule
package import Digests

/// A search as ask and tell: it names trials, and is told what came of them in the order in which it named them.
///
/// Laws, tested for every algorithm:
/// - The n-th trial is a function of the space, the settings and the answers to the first n − `lag` trials, where `lag`
///   belongs to the settings: neither the moment of asking nor the budget can change it.
/// - What ``append(to:)`` writes at any moment, ``restore(from:)`` takes up so that everything goes on as it would have.
package protocol SearchAlgorithm: Sendable {
  var space: SearchSpace { get }
  /// Trials of a generation, in which budgets are counted.
  var generationSize: Int { get }
  /// Trials that were asked for and have no answer yet, oldest first.
  var pending: PendingTrials { get }
  /// The best of all exact answers to trials on all samples.
  var best: Individual? { get }
  /// What the search is for: its non-dominated trials in the order of trials, or the best one alone.
  var front: [Individual] { get }
  /// What it says of its course so far.
  var diagnostics: SearchDiagnostics { get }
  /// The next trial; nil where an answer has to come first.
  mutating func ask() -> Trial?
  /// The next trials, as ``ask()`` would give them one after another, up to `count`.
  mutating func ask(upTo count: Int, by executor: Executor) -> [Trial]
  /// Takes the answer to the oldest pending trial.
  ///
  /// - Parameter executor: who makes genomes again that were not kept.
  mutating func tell(_ answer: Answer, by executor: Executor)
  /// The whole living state, with pending trials.
  func append(to bytes: inout CanonicalBytes)
  /// Takes up what ``append(to:)`` wrote.
  ///
  /// - Throws: `CanonicalError` for a state that does not belong to this space and these settings; the search must not
  ///   be used after that.
  mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError)
}

extension SearchAlgorithm {
  /// Trials with an answer.
  package var told: Int { pending.told }
  /// Trials that were asked for.
  package var asked: Int { pending.told + pending.trials.count }
  package var front: [Individual] { best.map { [$0] } ?? [] }

  package mutating func ask(upTo count: Int, by executor: Executor) -> [Trial] {
    var trials: [Trial] = []
    while trials.count < count, let trial = ask() { trials.append(trial) }
    return trials
  }
  package var diagnostics: SearchDiagnostics { SearchDiagnostics() }
  package mutating func tell(_ answer: Answer) { tell(answer, by: .serial) }
}

/// A search whose next trials follow from its answers alone, so that several can be made side by side.
protocol IndependentTrials: SearchAlgorithm {
  var pending: PendingTrials { get set }
  /// Whether everything that the n-th trial depends on is told.
  func isReady(_ n: Int) -> Bool
  /// The n-th trial.
  ///
  /// - Precondition: it is ready, and has no answer yet.
  func trial(_ n: Int) -> Trial
}

extension IndependentTrials {
  package mutating func ask() -> Trial? { ask(upTo: 1, by: .serial).first }

  package mutating func ask(upTo count: Int, by executor: Executor) -> [Trial] {
    let first = pending.asked
    var end = first
    while end < first + count, isReady(end) { end += 1 }
    let search = self
    return executor.map(first..<end) { search.trial($0) }.map { pending.ask($0) }
  }
}

/// The trials that wait for an answer, and how many have one.
package struct PendingTrials: Hashable, Sendable {
  package private(set) var trials: Deque<Trial> = []
  package private(set) var told = 0

  package init() {}

  /// The place of the next trial among all of its search.
  package var asked: Int { told + trials.count }

  /// Notes a trial that is about to be handed out.
  package mutating func ask(_ trial: Trial) -> Trial {
    trials.append(trial)
    return trial
  }

  /// The trial that the next answer is about.
  package mutating func tell() -> Trial {
    guard let trial = trials.popFirst() else { preconditionFailure("an answer without a trial") }
    told += 1
    return trial
  }

  package func append(to bytes: inout CanonicalBytes) {
    bytes.append(told)
    bytes.append(list: trials) { $1.append(to: &$0) }
  }

  package init(from reader: inout CanonicalReader, space: SearchSpace) throws(CanonicalError) {
    told = try reader.int()
    for _ in 0..<(try reader.count(width: 32)) {
      let trial = try Trial(from: &reader)
      guard space.contains(trial.genome) else { throw CanonicalError("a waiting trial is of another search") }
      trials.append(trial)
    }
    // Far from overflow, so that places can be added to it.
    guard (0...1 << 56).contains(told) else { throw CanonicalError("\(told) answers are no number of answers") }
  }
}

extension CanonicalReader {
  /// A list of individuals that all belong to a space.
  ///
  /// - Throws: `CanonicalError` where one does not.
  package mutating func individuals(of space: SearchSpace) throws(CanonicalError) -> [Individual] {
    var list: [Individual] = []
    for _ in 0..<(try count(width: 32)) {
      let individual = try Individual(from: &self)
      guard space.contains(individual.trial.genome) else { throw CanonicalError("a member is of another search") }
      list.append(individual)
    }
    return list
  }
}
