/// What was found damaged, and survived: the work named here will be done again.
package enum RunDamage: Hashable, Sendable {
  /// Rows whose check is wrong; they are not facts any more. The numbers are their places in the sequence.
  case damagedFacts([Int])
  /// So many facts that the sequence or `HEAD` records are not there.
  case missingFacts(Int)
  /// SQLite could read no further than the fact with this number.
  case unreadableFacts(after: Int, found: String)
  /// The first `count` facts are not those that `HEAD` records, though each is sound in itself.
  case headDiffers(count: Int)
  /// `HEAD` is not what was written.
  case headUnreadable(found: String)
  /// There is no `HEAD` though there are snapshots, before each of which one is written.
  case headMissing
  /// A snapshot is not what was written; an earlier one is used.
  case damagedSnapshot(path: String, found: String)
}

extension RunDamage: CustomStringConvertible {
  package var description: String {
    switch self {
    case .damagedFacts(let sequences):
      "\(sequences.count) damaged facts (number \(Self.list(sequences))) were set aside: they will be computed again"
    case .missingFacts(let count):
      "\(count) facts that the run recorded are missing: they will be computed again"
    case .unreadableFacts(let after, let found):
      "the facts after number \(after) cannot be read (\(found)): they will be computed again"
    case .headDiffers(let count):
      "the first \(count) facts are not those that HEAD records; each carries a right check and is kept"
    case .headUnreadable(let found):
      "HEAD is damaged (\(found)): it cannot tell whether facts are missing"
    case .headMissing:
      "HEAD is missing: nothing can tell whether facts are missing"
    case .damagedSnapshot(let path, let found):
      "the snapshot \(path) is damaged (\(found)): an earlier one is used"
    }
  }

  private static func list(_ sequences: [Int]) -> String {
    let shown = sequences.prefix(8).map(String.init).joined(separator: ", ")
    return sequences.count > 8 ? shown + ", …" : shown
  }
}
