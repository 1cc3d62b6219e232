/// N of each M consecutive units kept, row by row; a short last group of a row keeps min(N, its size).
package struct GroupPattern: Hashable, Sendable {
  /// Consecutive units cut into rows of one length.
  package struct Rows: Hashable, Sendable {
    package let units: Range<Int>
    package let length: Int
  }

  /// N.
  package let kept: Int
  /// M.
  package let size: Int
  package let rows: [Rows]
  /// For each entry of `rows` the number of its first group; one more entry at the end.
  private let firstGroups: [Int]

  /// - Precondition: 1 ≤ N ≤ M.
  package init(kept: Int, of size: Int, rows: [Rows]) {
    precondition(kept >= 1 && kept <= size)
    self.kept = kept
    self.size = size
    self.rows = rows
    var firstGroups = [0]
    for row in rows {
      firstGroups.append(firstGroups.last! + row.units.count / row.length * ((row.length + size - 1) / size))
    }
    self.firstGroups = firstGroups
  }

  /// The number of groups.
  package var count: Int { firstGroups.last! }

  /// The units of a group.
  package func group(_ index: Int) -> Range<Int> {
    // A handful of layers: a search would not pay.
    let place = firstGroups.lastIndex { $0 <= index }!
    let row = rows[place]
    let perRow = (row.length + size - 1) / size
    let (line, column) = (index - firstGroups[place]).quotientAndRemainder(dividingBy: perRow)
    let start = row.units.lowerBound + line * row.length + column * size
    return start..<start + min(size, row.length - column * size)
  }

  /// How many units a group keeps.
  package func kept(in group: Range<Int>) -> Int { min(kept, group.count) }

  /// How many units a mask keeps.
  package var population: Int { (0..<count).reduce(0) { $0 + kept(in: group($1)) } }

  /// Whether a mask keeps N of each group.
  package func isMet(by mask: Mask) -> Bool {
    (0..<count).allSatisfy {
      let group = group($0)
      return mask.population(in: group) == kept(in: group)
    }
  }
}
