internal import Digests

/// How many of the neighbours that were proposed at a temperature were accepted.
package struct AcceptanceCount: Hashable, Sendable {
  /// The mean over these proposals.
  package private(set) var temperature: Double
  package private(set) var proposed: Int
  package private(set) var accepted: Int

  package init(temperature: Double = 0, proposed: Int = 0, accepted: Int = 0) {
    self.temperature = temperature
    self.proposed = proposed
    self.accepted = accepted
  }

  /// The share that was accepted; 0 where nothing was proposed.
  package var rate: Double { proposed == 0 ? 0 : Double(accepted) / Double(proposed) }

  mutating func note(_ isAccepted: Bool, at temperature: Double) {
    add(AcceptanceCount(temperature: temperature, proposed: 1, accepted: isAccepted ? 1 : 0))
  }

  mutating func add(_ other: AcceptanceCount) {
    proposed += other.proposed
    accepted += other.accepted
    guard proposed > 0 else { return }
    temperature += (other.temperature - temperature) * (Double(other.proposed) / Double(proposed))
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(temperature)
    bytes.append(proposed)
    bytes.append(accepted)
  }

  /// - Throws: `CanonicalError` for counts that `told` answers cannot have given.
  init(from reader: inout CanonicalReader, told: Int) throws(CanonicalError) {
    self.init(temperature: try reader.double(), proposed: try reader.int(), accepted: try reader.int())
    guard (0...told).contains(proposed), (0...proposed).contains(accepted), temperature >= 0 else {
      throw CanonicalError("the snapshot's counts of acceptance are of another search")
    }
  }
}

/// Acceptance over the steps of a search whose end is unknown, in a bounded number of blocks of as many steps each.
///
/// When all blocks are full, neighbours are joined and blocks are twice as long from then on.
struct AcceptanceRecord: Hashable, Sendable {
  private static let capacity = 64
  private(set) var blocks: [AcceptanceCount] = []
  private var blockSteps = 1

  /// Notes a proposal of a step; steps come in ascending order and without gaps.
  mutating func note(_ isAccepted: Bool, at temperature: Double, step: Int) {
    if step / blockSteps == Self.capacity {
      blocks = stride(from: 0, to: blocks.count, by: 2).map { place in
        var joined = blocks[place]
        joined.add(blocks[place + 1])
        return joined
      }
      blockSteps *= 2
    }
    if step / blockSteps == blocks.count { blocks.append(AcceptanceCount()) }
    blocks[blocks.count - 1].note(isAccepted, at: temperature)
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(blockSteps)
    bytes.append(list: blocks) { $1.append(to: &$0) }
  }

  init() {}

  /// - Parameters:
  ///   - steps: how many steps were begun.
  ///   - proposed: how many proposals there were.
  /// - Throws: `CanonicalError` for blocks that these steps did not give.
  init(from reader: inout CanonicalReader, steps: Int, proposed: Int) throws(CanonicalError) {
    blockSteps = try reader.int()
    for _ in 0..<(try reader.count(width: 24)) { blocks.append(try AcceptanceCount(from: &reader, told: proposed)) }
    guard (1...max(1, steps)).contains(blockSteps), blocks.count <= Self.capacity,
      blocks.count == (steps > 0 ? (steps - 1) / blockSteps + 1 : 0), blocks.reduce(0, { $0 + $1.proposed }) == proposed
    else { throw CanonicalError("the snapshot's blocks of acceptance are of another search") }
  }
}
