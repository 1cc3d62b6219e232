import Messaging
import Testing

@Suite struct DialWatchTests {
  @Test func aCountThatStandsStillForFifteenSecondsIsADeadDialler() {
    var watch = DialWatch(ticksPerSecond: 4)
    // The first tick has nothing to compare with; a successor, whatever it counts, has as long again.
    let ticks = (Array(repeating: 7, count: 61) + Array(repeating: 0, count: 61)).map { watch.hasStopped(attempts: $0) }
    #expect(ticks.indices.filter { ticks[$0] } == [60, 121])
  }

  @Test func oneAttemptInTwelveSecondsIsEnough() {
    var watch = DialWatch(ticksPerSecond: 4)
    let ticks = (0..<10_000).map { watch.hasStopped(attempts: UInt64($0 / 48)) }
    #expect(!ticks.contains(true))
  }
}
