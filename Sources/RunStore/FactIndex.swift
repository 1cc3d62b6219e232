internal import Digests

/// Where the fact of each job is, by the first eight bytes of the job: about 32 bytes a fact.
///
/// A place says little by itself: whoever looks there compares the job, since another one may begin the same.
struct FactIndex: Sendable {
  private var places: [UInt64: Int] = [:]
  /// Those that begin like one in `places`; nearly always none.
  private var others: [Digest: Int] = [:]

  init(minimumCapacity: Int = 0) { places.reserveCapacity(minimumCapacity) }

  /// The sequence number at which the fact of a job is, if it has one.
  subscript(_ job: Digest) -> Int? { others.isEmpty ? places[job.firstWord] : others[job] ?? places[job.firstWord] }

  /// - Precondition: the job has no fact.
  mutating func insert(_ job: Digest, at sequence: Int) {
    if places[job.firstWord] == nil { places[job.firstWord] = sequence } else { others[job] = sequence }
  }

  /// Takes out a fact.
  mutating func remove(_ job: Digest, at sequence: Int) {
    if others[job] == sequence {
      others[job] = nil
    } else if places[job.firstWord] == sequence {
      places[job.firstWord] = nil
    }
  }
}
