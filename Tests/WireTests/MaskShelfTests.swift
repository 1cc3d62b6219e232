import Digests
import Foundation
import Models
import Pruning
import Randomness
import Scheduling
import Studies
import SwiftProtobuf
import Testing
import Wire

/// Masks as differences from what a connection carried before.
struct MaskShelfTests: RefusalSamples {
  /// Networks of 90, 9,016 and 70,200 prunable weights.
  private static let networks = [[8, 9, 2], [90, 98, 2], [350, 200, 1]].map { widths in
    guard let network = try? NetworkDescription(name: "n", widths: widths) else { preconditionFailure() }
    return network
  }

  private func job(_ mask: Mask, _ network: NetworkDescription) -> Job {
    .evaluate(
      Evaluation(
        network: network, scope: PruningScope(prunesClassifier: true), parameters: Digest(of: [1]), mask: mask,
        slice: Slice(digest: Digest(of: [2]), count: 10)))
  }

  private func mask(_ count: Int, kept: Double, _ stream: inout RandomStream) -> Mask {
    Mask(count: count, keeping: (0..<count).filter { _ in stream.chance(kept) })
  }

  private func flipped(_ mask: Mask, _ count: Int, _ stream: inout RandomStream) -> Mask {
    var mask = mask
    for position in stream.choose(count, of: mask.count) { mask[position].toggle() }
    return mask
  }

  @Test("Masks near earlier ones, far from them, sparse, dense and equal arrive as they are")
  func roundTrips() throws {
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test, 1)
      var (sender, receiver) = (MaskShelf.sender, MaskShelf.receiver)
      var (together, alone) = (0, 0)
      var masks: [Mask] = []
      for _ in 0..<40 {
        let jobs = (0..<1 + stream.below(6)).map { _ in
          let network = Self.networks[stream.below(3)]
          let count = network.prunableCount(PruningScope(prunesClassifier: true))
          let kept = [0, 0.01, 0.1, 0.5, 1][stream.below(5)]
          var next = mask(count, kept: kept, &stream)
          if let base = masks.last(where: { $0.count == count }), stream.chance(0.7) {
            next = flipped(base, [0, 1, 16, count / 64, count / 20][stream.below(5)], &stream)
          }
          masks.append(next)
          return job(next, network)
        }
        if stream.chance(0.1) { sender.keep(atMost: stream.below(20_000)) }
        let bytes = WireCodec.encode(.parcel(jobs), epoch: 1, on: &sender)
        #expect(try WireCodec.coordinatorMessage(bytes, on: &receiver).message == .parcel(jobs), "seed \(seed)")
        together += bytes.count
        alone += WireCodec.encode(.parcel(jobs), epoch: 1).count
      }
      #expect(together < alone, "seed \(seed)")
    }
  }

  @Test("Sixteen flips of 70,200 take a digest and two bytes each at most")
  func size() throws {
    var stream = RandomStream(seed: 1, .test, 2)
    let base = mask(70_200, kept: 0.1, &stream)
    var shelf = MaskShelf.sender
    let jobs = (0..<11).map { job($0 == 0 ? base : flipped(base, 16, &stream), Self.networks[2]) }
    let sizes = PBParcel(jobs, on: &shelf).job.map { $0.evaluate.mask }
    #expect(sizes[0].words.count == (70_200 + 63) / 64 * 8 && sizes[0].flips.isEmpty)
    for mask in sizes.dropFirst() {
      #expect(mask.words.isEmpty && mask.base.count == 32 && mask.flips.count <= 64, "the nearest flips 32 at most")
    }
  }

  @Test("What a sender refers to is still with the receiver, however many masks went by")
  func memory() throws {
    let network = try NetworkDescription(name: "n", widths: [1600, 1000, 1])
    let count = network.prunableCount(PruningScope(prunesClassifier: true))
    var stream = RandomStream(seed: 1, .test, 3)
    var (sender, receiver) = (MaskShelf.sender, MaskShelf.receiver)
    var masks = (0..<8).map { _ in mask(count, kept: 0.3, &stream) }
    var referring = 0
    for number in 0..<240 {
      // Old lines come back, within reach of the shelf and beyond it.
      let line = number < 80 ? stream.below(8) : number % 4 == 0 ? stream.below(8) : 7
      masks[line] = flipped(masks[line], 10, &stream)
      let bytes = WireCodec.encode(.parcel([job(masks[line], network)]), epoch: 1, on: &sender)
      if bytes.count < count / 16 { referring += 1 }
      guard case .parcel(let jobs) = try WireCodec.coordinatorMessage(bytes, on: &receiver).message,
        case .evaluate(let evaluation) = jobs[0]
      else {
        Issue.record("another message")
        return
      }
      #expect(evaluation.mask == masks[line])
    }
    #expect(referring > 200 && referring < 240, "\(referring)")
  }

  @Test("Masks too large for a sender's shelf leave it nothing to refer to that the receiver gave up for them")
  func sizes() throws {
    var stream = RandomStream(seed: 1, .test, 5)
    let networks = try [[1000, 600, 1], [3199, 1280, 1]].map { try NetworkDescription(name: "n", widths: $0) }
    let counts = networks.map { $0.prunableCount(PruningScope(prunesClassifier: true)) }
    var (sender, receiver) = (MaskShelf.sender, MaskShelf.receiver)
    sender.keep(atMost: 400 << 10)
    var small = (0..<4).map { _ in mask(counts[0], kept: 0.3, &stream) }
    var referring = 0
    for number in 0..<150 {
      let isLarge = number % 50 >= 6
      if !isLarge { small[number % 4] = flipped(small[number % 4], 10, &stream) }
      let wanted = isLarge ? Mask(count: counts[1], words: stream.words(counts[1] / 64))! : small[number % 4]
      let bytes = WireCodec.encode(.parcel([job(wanted, networks[isLarge ? 1 : 0])]), epoch: 1, on: &sender)
      if bytes.count < wanted.count / 16 { referring += 1 }
      guard case .parcel(let jobs) = try WireCodec.coordinatorMessage(bytes, on: &receiver).message,
        case .evaluate(let evaluation) = jobs[0]
      else {
        Issue.record("another message")
        return
      }
      #expect(evaluation.mask == wanted)
    }
    #expect(referring > 4)
  }

  @Test("A parcel cannot ask for far more memory than a message")
  func bomb() throws {
    let network = try NetworkDescription(name: "n", widths: [4096, 4096, 1])
    let count = network.prunableCount(PruningScope(prunesClassifier: true))
    let jobs = (0..<9).map { job(Mask(count: count, keeping: [$0]), network) }
    var sender = MaskShelf.sender
    let bytes = WireCodec.encode(.parcel(jobs), epoch: 1, on: &sender)
    #expect(bytes.count < 10_000)
    var receiver = MaskShelf.receiver
    #expect(throws: WireError.self) { try WireCodec.coordinatorMessage(bytes, on: &receiver) }
  }

  @Test(
    "A mask that refers to a message that was lost is told apart from damage, and empty shelves are a new beginning")
  func loss() throws {
    var stream = RandomStream(seed: 1, .test, 4)
    var (sender, receiver) = (MaskShelf.sender, MaskShelf.receiver)
    let base = mask(9_016, kept: 0.5, &stream)
    let lost = job(base, Self.networks[1])
    let next = job(flipped(base, 3, &stream), Self.networks[1])
    _ = WireCodec.encode(.parcel([lost]), epoch: 1, on: &sender)
    let bytes = WireCodec.encode(.parcel([next]), epoch: 1, on: &sender)
    let error = #expect(throws: WireError.self) { try WireCodec.coordinatorMessage(bytes, on: &receiver) }
    #expect(error?.missesMask == true)
    (sender, receiver) = (.sender, .receiver)
    let again = WireCodec.encode(.parcel([next, lost]), epoch: 1, on: &sender)
    #expect(try WireCodec.coordinatorMessage(again, on: &receiver).message == .parcel([next, lost]))
  }

  @Test("Flips that are cut short, beyond the end or of a base that does not fit are refused")
  func refusals() throws {
    var stream = RandomStream(seed: 1, .test, 5)
    let base = mask(9_016, kept: 0.5, &stream)
    let jobs = [
      job(mask(70_200, kept: 0.5, &stream), Self.networks[2]), job(base, Self.networks[1]),
      job(flipped(base, 3, &stream), Self.networks[1]),
    ]
    func refused(_ change: (inout PBMask) -> Void) throws -> WireError {
      var (sender, receiver) = (MaskShelf.sender, MaskShelf.receiver)
      var parcel = PBParcel(jobs, on: &sender)
      #expect(!parcel.job[2].evaluate.mask.base.isEmpty)
      change(&parcel.job[2].evaluate.mask)
      let bytes = try sealed { $0.parcel = parcel }
      return try #require(
        #expect(throws: WireError.self) { try WireCodec.coordinatorMessage(bytes, on: &receiver) })
    }
    for (change, words) in [
      ({ $0.flips.append(0x80) }, "cut short"),
      ({ $0.flips.append(contentsOf: [0xff, 0xff, 0x7f]) }, "beyond its end"),
      ({ $0.flips = Data(repeating: 0xff, count: 12) }, "beyond its end"), ({ $0.flips[0] ^= 1 }, "digest"),
      ({ $0.base.removeLast() }, "mask.base"), ({ $0.words = Data(count: 8) }, "8 bytes"),
      ({ $0.base = Data(jobs[0].digest.bytes) }, "another length"),
      ({ $0.count = 1 << 40 }, "not of the job's network"),
      ({ $0.base = Data(jobs[2].digest.bytes) }, "not here"),
    ] as [((inout PBMask) -> Void, String)] {
      let error = try refused(change)
      #expect(error.description.contains(words), "\(error)")
      #expect(error.missesMask == (words == "not here"))
    }
  }
}
