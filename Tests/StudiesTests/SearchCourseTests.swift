import Digests
import Models
import Randomness
import Search
import Studies
import Testing

/// What charts are drawn of.
@Suite struct SearchCourseTests {
  private func course(_ records: some Sequence<TrialRecord>) -> SearchCourse {
    var course = SearchCourse()
    for record in records { course.note(record) }
    return course
  }

  @Test func eachGenerationHasItsBestAndItsMean() throws {
    let drive = try Drive.whole(try smallStudy(randomSearch: true), generations: 5)
    let course = course(drive.records)
    let names = Set(drive.records.filter { $0.trial.place.search != nil }.map(\.name))
    #expect(Set(course.lines.map(\.name)) == names && names.count == 2)
    for line in course.lines {
      #expect(line.stretches.map(\.generations) == (0..<line.stretches.count).map { $0...$0 })
      for stretch in line.stretches {
        let own = drive.records.filter {
          $0.name == line.name && stretch.generations.contains($0.trial.place.id.generation)
        }
        let fitnesses = own.compactMap(\.trial.fitness)
        #expect(stretch.best == fitnesses.max())
        let mean = fitnesses.map(\.value).reduce(0, +) / Double(fitnesses.count)
        #expect(abs(try #require(stretch.mean) - mean) <= 1e-12 * abs(mean))
      }
    }
    let baselines = drive.records.filter { $0.trial.place.search == nil }
    #expect(course.baselines.count == Set(baselines.map(\.name)).count && !baselines.isEmpty)
  }

  @Test func longRunsAreDrawnInFewStretchesThatCoverAll() throws {
    let drive = try Drive.whole(try smallStudy(randomSearch: false), generations: 700)
    let line = try #require(course(drive.records).lines.first)
    #expect((SearchCourse.resolution / 2...SearchCourse.resolution).contains(line.stretches.count))
    #expect(line.stretches[0].generations.lowerBound == 0)
    for (one, next) in zip(line.stretches, line.stretches.dropFirst()) {
      #expect(next.generations.lowerBound == one.generations.upperBound + 1)
    }
    let own = drive.records.filter { $0.name == line.name }
    #expect(line.stretches.last?.generations.upperBound == own.map(\.trial.place.id.generation).max())
    #expect(line.stretches.compactMap(\.best).max() == own.compactMap(\.trial.fitness).max())
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func whatIsStoredAnywhereGoesOnAsIfNothingHadHappened(seed: UInt64) throws {
    let drive = try Drive.whole(try smallStudy(randomSearch: true), generations: 300)
    let whole = course(drive.records)
    var stream = RandomStream(seed: seed, .test)
    let stop = stream.below(drive.records.count)
    let first = course(drive.records.prefix(stop))
    var second = try SearchCourse(canonical: first.canonicalBytes)
    #expect(second == first)
    for record in drive.records.dropFirst(stop) { second.note(record) }
    #expect(second == whole && second.canonicalBytes == whole.canonicalBytes, "seed \(seed), after \(stop) trials")
  }

  @Test func damagedBytesAreNoCourse() throws {
    let bytes = course(try Drive.whole(try smallStudy(randomSearch: true), generations: 3).records).canonicalBytes
    for length in 0..<bytes.count {
      #expect(throws: CanonicalError.self, "\(length) bytes") {
        try SearchCourse(canonical: Array(bytes.prefix(length)))
      }
    }
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 0x80
      // A figure may be another one; nothing traps, and it is no larger.
      if let course = try? SearchCourse(canonical: damaged) { #expect(course.canonicalBytes.count == bytes.count) }
    }
  }
}
