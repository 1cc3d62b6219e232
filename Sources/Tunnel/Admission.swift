/// Decides which connections a listening tunnel takes: by what each source did lately, and by how many there are.
///
/// A pure value; the caller brings the time and closes what has to go. A newcomer displaces the oldest stranger instead
/// of being refused: a handshake takes milliseconds, so an honest peer is through before its turn comes, while somebody
/// who opens connections and says nothing only displaces himself.
package struct Admission {
  /// Who connects, for the rate limit.
  package typealias Source = [UInt8]

  package enum Verdict: Hashable {
    /// Taken; the stranger that has to be disconnected for it, if any.
    case taken(displacing: UInt64?)
    case tooManyFromSource
    case full
  }

  private struct Bucket {
    var tokens: Double
    var time: UInt64
  }

  private let limits: TunnelLimits
  /// Numbers rise with time, so the smallest is the oldest.
  private var strangers: Set<UInt64> = []
  private var known: Set<UInt64> = []
  private var buckets: [Source: Bucket] = [:]

  /// Sources that are remembered; the others share one bucket while there are more.
  package static let sourceLimit = 4096

  package init(_ limits: TunnelLimits) {
    self.limits = limits
  }

  /// A connection has come.
  ///
  /// - Parameters:
  ///   - number: the connection's own, larger than those before it.
  ///   - now: nanoseconds on any clock that does not go back.
  /// - Complexity: linear in the number of strangers; in that of sources where those are too many.
  package mutating func arrive(_ number: UInt64, from source: Source, at now: UInt64) -> Verdict {
    guard takeToken(of: source, at: now) else { return .tooManyFromSource }
    let isFull = known.count + strangers.count >= limits.connections
    let displaced = strangers.count >= limits.strangers || isFull ? strangers.min() : nil
    guard !isFull || displaced != nil else { return .full }
    if let displaced { strangers.remove(displaced) }
    strangers.insert(number)
    return .taken(displacing: displaced)
  }

  /// A connection has shown a good certificate.
  ///
  /// - Returns: false if it was displaced meanwhile.
  package mutating func authenticate(_ number: UInt64) -> Bool {
    guard strangers.remove(number) != nil else { return false }
    known.insert(number)
    return true
  }

  /// A connection has ended.
  package mutating func leave(_ number: UInt64) {
    strangers.remove(number)
    known.remove(number)
  }

  private mutating func takeToken(of source: Source, at now: UInt64) -> Bool {
    var key = source
    if buckets[key] == nil, buckets.count >= Self.sourceLimit {
      buckets = buckets.filter { refilled($0.value, at: now).tokens < limits.burst }
      if buckets.count >= Self.sourceLimit { key = [] }
    }
    var bucket = buckets[key].map { refilled($0, at: now) } ?? Bucket(tokens: limits.burst, time: now)
    guard bucket.tokens >= 1 else {
      buckets[key] = bucket
      return false
    }
    bucket.tokens -= 1
    buckets[key] = bucket
    return true
  }

  private func refilled(_ bucket: Bucket, at now: UInt64) -> Bucket {
    let seconds = Double(now - min(bucket.time, now)) * 1e-9
    return Bucket(tokens: min(limits.burst, bucket.tokens + seconds * limits.perSecond), time: now)
  }
}
