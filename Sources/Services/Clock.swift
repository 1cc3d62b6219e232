internal import Glibc
internal import Scheduling

/// The clocks that the pure parts never see.
enum Clock {
  /// The coordinator's or worker's monotonic clock.
  static var now: Instant { Instant(nanoseconds: nanoseconds(CLOCK_MONOTONIC)) }

  /// Processor seconds of the calling thread.
  static var threadSeconds: Double { Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID)) * 1e-9 }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
