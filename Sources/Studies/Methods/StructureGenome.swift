internal import Digests

/// What becomes of one layer at one moment: first some neurons go, then others come.
package struct StructureChange: Hashable, Sendable {
  package var removed: Int
  package var added: Int

  package init(removed: Int = 0, added: Int = 0) { (self.removed, self.added) = (removed, added) }
}

/// When and where a network grows and what of it is pruned, from its first step to its last.
package struct StructureGenome: Hashable, Sendable {
  /// For each moment, for each growth site.
  package var moments: [[StructureChange]]

  package init(_ moments: [[StructureChange]]) { self.moments = moments }

  /// For people and histories: moments divided by `|`, layers by spaces; `-4+6` is four that go and six that come, `.` none.
  package var words: String {
    moments.map { moment in
      moment.map { change in
        let words = (change.removed > 0 ? "-\(change.removed)" : "") + (change.added > 0 ? "+\(change.added)" : "")
        return words.isEmpty ? "." : words
      }.joined(separator: " ")
    }.joined(separator: "|")
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(list: moments) { bytes, moment in
      bytes.append(list: moment) { bytes, change in
        bytes.append(change.removed)
        bytes.append(change.added)
      }
    }
  }
}
