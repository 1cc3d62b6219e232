import Testing
import Tunnel

/// Who may connect, in virtual time.
@Suite struct AdmissionTests {
  private let second: UInt64 = 1_000_000_000

  private func limits(
    strangers: Int = 4, connections: Int = 8, burst: Double = 1e9, perSecond: Double = 0
  ) -> TunnelLimits {
    var limits = TunnelLimits()
    limits.strangers = strangers
    limits.connections = connections
    limits.burst = burst
    limits.perSecond = perSecond
    return limits
  }

  @Test func aNewcomerDisplacesTheOldestStranger() {
    var admission = Admission(limits())
    for number in 1...4 as ClosedRange<UInt64> {
      #expect(admission.arrive(number, from: [1], at: 0) == .taken(displacing: nil))
    }
    #expect(admission.authenticate(2) == true)
    #expect(admission.arrive(5, from: [1], at: 0) == .taken(displacing: nil))
    #expect(admission.arrive(6, from: [1], at: 0) == .taken(displacing: 1))
    #expect(admission.arrive(7, from: [1], at: 0) == .taken(displacing: 3))
    #expect(admission.authenticate(3) == false, "one that was displaced has no place any more")
    #expect(admission.authenticate(7) == true)
  }

  @Test func thoseWhoAreKnownAreNeverDisplaced() {
    var admission = Admission(limits())
    for number in 1...8 as ClosedRange<UInt64> {
      #expect(admission.arrive(number, from: [1], at: 0) == .taken(displacing: nil))
      if number < 8 { #expect(admission.authenticate(number) == true) }
    }
    #expect(admission.arrive(9, from: [1], at: 0) == .taken(displacing: 8))
    #expect(admission.authenticate(9) == true)
    #expect(admission.arrive(10, from: [1], at: 0) == .full)
    admission.leave(4)
    #expect(admission.arrive(11, from: [1], at: 0) == .taken(displacing: nil))
  }

  @Test func aSourceHasItsBurstAndThenItsRate() {
    var admission = Admission(limits(strangers: 1000, connections: 1000, burst: 3, perSecond: 2))
    func taken(_ count: Int, _ source: Admission.Source, at now: UInt64) -> Int {
      (0..<count).count { _ in
        number += 1
        return admission.arrive(number, from: source, at: now) != .tooManyFromSource
      }
    }
    var number: UInt64 = 0
    #expect(taken(10, [1], at: 0) == 3)
    #expect(taken(10, [2], at: 0) == 3, "another source is not affected")
    #expect(taken(10, [1], at: second / 2) == 1)
    #expect(taken(10, [1], at: second / 2) == 0)
    #expect(taken(10, [1], at: second * 100) == 3, "no more than the burst is saved up")
    #expect(taken(1, [1], at: second) == 0, "a clock that went back gives nothing")
  }

  @Test func sourcesBeyondTheTableShareOneBucketUntilOthersHaveRefilled() {
    var admission = Admission(limits(strangers: 1 << 20, connections: 1 << 20, burst: 2, perSecond: 1))
    func arrive(_ source: Int, at now: UInt64) -> Bool {
      number += 1
      let bytes = (0..<4).map { UInt8(truncatingIfNeeded: source >> (8 * $0)) }
      return admission.arrive(number, from: bytes, at: now) != .tooManyFromSource
    }
    var number: UInt64 = 0
    for source in 0..<Admission.sourceLimit { #expect(arrive(source, at: 0)) }
    #expect(arrive(1_000_001, at: 0) && arrive(1_000_002, at: 0))
    #expect(!arrive(1_000_003, at: 0), "the shared bucket is empty")
    #expect(arrive(7, at: 0), "a source that is known has its own")
    #expect(arrive(1_000_004, at: 10 * second), "all buckets are full again, so all are forgotten")
  }
}
