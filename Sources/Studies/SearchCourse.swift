package import Digests
package import Search

/// How the fitness of each search of a run went, generation by generation: what charts are drawn of.
///
/// It is a function of the history alone, whatever its length of bounded size: where a search has more than
/// ``resolution`` stretches, neighbours become one.
package struct SearchCourse: Hashable, Sendable {
  /// One generation, or several in a row.
  package struct Stretch: Hashable, Sendable {
    package fileprivate(set) var generations: ClosedRange<Int>
    /// The best fitness of a trial in it; nil where none has one.
    package fileprivate(set) var best: Fitness?
    /// How many trials have a finite first value, and their sum.
    fileprivate var count = 0
    fileprivate var sum = 0.0

    /// The mean of the first values; nil where no trial has a finite one.
    package var mean: Double? { count == 0 ? nil : sum / Double(count) }
  }

  /// One search in one round.
  package struct Line: Hashable, Sendable {
    /// As in the history.
    package let name: String
    package fileprivate(set) var stretches: [Stretch] = []
    /// Generations in a stretch.
    fileprivate var width = 1
  }

  /// Searches that are kept; of more, the last ones.
  package static let lineLimit = 64
  /// Stretches of a search.
  package static let resolution = 256

  package private(set) var lines: [Line] = []
  /// The fitness of what the searches have to beat, by its name in the history.
  package private(set) var baselines: [String: Fitness] = [:]

  package init() {}

  /// Takes a trial, in the order of the history.
  ///
  /// - Complexity: amortised O(searches).
  package mutating func note(_ record: TrialRecord) {
    // Fitnesses on a part of the samples compare with nothing.
    guard record.evaluation.samples == nil else { return }
    guard record.trial.place.search != nil else {
      if let fitness = record.trial.fitness, record.round == 0 { baselines[record.name] = fitness }
      return
    }
    let place = lines.lastIndex { $0.name == record.name } ?? begin(record.name)
    lines[place].note(record.trial.fitness, generation: record.trial.place.id.generation)
  }

  private mutating func begin(_ name: String) -> Int {
    if lines.count == Self.lineLimit { lines.removeFirst() }
    lines.append(Line(name: name))
    return lines.count - 1
  }
}

extension SearchCourse.Line {
  fileprivate mutating func note(_ fitness: Fitness?, generation: Int) {
    if stretches.last.map({ generation > $0.generations.upperBound }) ?? true {
      let isSameStretch = stretches.last.map { generation - $0.generations.lowerBound < width } ?? false
      if isSameStretch {
        let last = stretches.count - 1
        stretches[last].generations = stretches[last].generations.lowerBound...generation
      } else {
        if stretches.count == SearchCourse.resolution { halve() }
        stretches.append(SearchCourse.Stretch(generations: generation...generation))
      }
    }
    guard let fitness else { return }
    stretches[stretches.count - 1].add(fitness)
  }

  /// Each two neighbours become one.
  private mutating func halve() {
    stretches = stride(from: 0, to: stretches.count, by: 2).map { index in
      index + 1 < stretches.count ? stretches[index].joined(stretches[index + 1]) : stretches[index]
    }
    width *= 2
  }
}

extension SearchCourse.Stretch {
  fileprivate init(generations: ClosedRange<Int>) { self.generations = generations }

  fileprivate mutating func add(_ fitness: Fitness) {
    best = best.map { max($0, fitness) } ?? fitness
    guard fitness.value.isFinite else { return }
    count += 1
    sum += fitness.value
  }

  fileprivate func joined(_ next: Self) -> Self {
    var out = self
    out.generations = generations.lowerBound...next.generations.upperBound
    out.best = [best, next.best].compactMap { $0 }.max()
    out.count += next.count
    out.sum += next.sum
    return out
  }
}

extension SearchCourse {
  /// Its bytes, for ``init(canonical:)``.
  package var canonicalBytes: [UInt8] {
    var bytes = CanonicalBytes(kind: "search-course", version: 1)
    bytes.append(list: lines) { bytes, line in
      bytes.append(line.name)
      bytes.append(line.width)
      bytes.append(list: line.stretches) { bytes, stretch in
        bytes.append(stretch.generations.lowerBound)
        bytes.append(stretch.generations.upperBound)
        bytes.append(stretch.best != nil)
        stretch.best?.append(to: &bytes)
        bytes.append(stretch.count)
        bytes.append(stretch.sum)
      }
    }
    bytes.append(list: baselines.sorted { $0.key < $1.key }) { bytes, baseline in
      bytes.append(baseline.key)
      baseline.value.append(to: &bytes)
    }
    return bytes.bytes
  }

  /// - Throws: `CanonicalError` for what is no course.
  package init(canonical bytes: [UInt8]) throws(CanonicalError) {
    var reader = try CanonicalReader(bytes, kind: "search-course", version: 1)
    for _ in 0..<(try reader.count(width: 24)) { lines.append(try Line(from: &reader)) }
    for _ in 0..<(try reader.count(width: 24)) { baselines[try reader.string()] = try Fitness(from: &reader) }
    try reader.finish()
    guard lines.count <= Self.lineLimit, lines.allSatisfy({ $0.stretches.count <= Self.resolution }) else {
      throw CanonicalError("a course of more lines or stretches than there can be")
    }
  }
}

extension SearchCourse.Line {
  fileprivate init(from reader: inout CanonicalReader) throws(CanonicalError) {
    name = try reader.string()
    width = try reader.int()
    for _ in 0..<(try reader.count(width: 33)) { stretches.append(try SearchCourse.Stretch(from: &reader)) }
    guard width > 0 else { throw CanonicalError("a stretch of \(width) generations") }
  }
}

extension SearchCourse.Stretch {
  fileprivate init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let (first, last) = (try reader.int(), try reader.int())
    guard 0 <= first, first <= last else { throw CanonicalError("generations \(first) to \(last)") }
    generations = first...last
    best = try reader.bool() ? try Fitness(from: &reader) : nil
    count = try reader.int()
    sum = try reader.double()
    guard count >= 0, !sum.isNaN else { throw CanonicalError("\(count) trials with the sum \(sum)") }
  }
}
