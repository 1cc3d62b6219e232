import Models
import Testing

@Suite struct EarlyStoppingTests {
  @Test func stopsAfterPatienceWithoutABetterLoss() {
    var watch = EarlyStopping.Watch(EarlyStopping(patience: 2))
    let seen = [3, 2, 2.5, 1, 1, 1].map { watch.observe($0) }
    #expect(seen.map(\.isBest) == [true, true, false, true, false, false])
    #expect(seen.map(\.stops) == [false, false, false, false, false, true])
    #expect(watch.best?.loss == 1)
    #expect(watch.best?.judgement == 3)
  }

  @Test func aLossMustBeLowerByMoreThanTheDelta() {
    var watch = EarlyStopping.Watch(EarlyStopping(patience: 1, minimumDelta: 0.1))
    #expect(watch.observe(1) == (true, false))
    #expect(watch.observe(0.95) == (false, true))
  }

  @Test func whatIsNotFiniteIsNeverBest() {
    var watch = EarlyStopping.Watch(EarlyStopping(patience: 2))
    #expect(watch.observe(.nan) == (false, false))
    #expect(watch.observe(.infinity) == (false, true))
    #expect(watch.best == nil)
  }
}
