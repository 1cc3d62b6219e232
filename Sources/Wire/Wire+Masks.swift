internal import Digests
internal import FoundationEssentials
internal import Models
package import Pruning

extension PBMask {
  package init(_ mask: Mask) {
    self.init()
    count = UInt64(mask.count)
    words = mask.words.withUnsafeBytes { .init($0) }
  }

  /// A mask as what it flips of the nearest one on the shelf, or of none, where that is shorter by far; else its words.
  ///
  /// At most one position in 32 flips: then it takes a third of the words at most, and less time than their seal.
  init(_ mask: Mask, of job: Digest, on shelf: inout MaskShelf) {
    defer { shelf.append(mask, of: job) }
    let most = mask.count / 32
    if let base = shelf.nearest(to: mask), base.distance <= most, let flips = mask.flips(from: base.mask, atMost: most)
    {
      self.init(count: mask.count, flips)
      self.base = .init(base.job.bytes)
    } else if mask.population <= most, MaskShelf.isWorthwhile(mask),
      let flips = mask.flips(from: Mask(count: mask.count), atMost: most)
    {
      self.init(count: mask.count, flips)
    } else {
      self.init(mask)
    }
  }

  private init(count: Int, _ flips: [UInt8]) {
    self.init()
    self.count = UInt64(count)
    self.flips = .init(flips)
  }

  /// A mask by its words.
  package func domain() throws(WireError) -> Mask {
    let count = try checked(count, 0...1 << 32, "mask.count")
    guard words.count == (count + 63) / 64 * 8, base.isEmpty, flips.isEmpty else {
      throw WireError(description: "mask: \(words.count) bytes for \(count) weights")
    }
    let values = words.withUnsafeBytes { buffer in
      (0..<words.count / 8).map { UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
    guard let mask = Mask(count: count, words: values) else {
      throw WireError(description: "mask: bits beyond its end are set")
    }
    return mask
  }

  /// The mask, if it has a bit for each prunable weight of a network.
  func domain(of network: NetworkDescription, _ scope: PruningScope) throws(WireError) -> Mask {
    let mask = try domain()
    try check(network, scope)
    return mask
  }

  /// The same for a mask that may be told by what it flips of one on the shelf, where it is put under its job.
  ///
  /// - Throws: ``WireError`` that says so where its base is not on the shelf.
  func domain(
    of network: NetworkDescription, _ scope: PruningScope, job: Digest, on shelf: inout MaskShelf
  ) throws(WireError) -> Mask {
    // Before anything of that size is made.
    try check(network, scope)
    let mask = words.isEmpty && count > 0 ? try flipped(shelf) : try domain()
    shelf.append(mask, of: job)
    return mask
  }

  private func check(_ network: NetworkDescription, _ scope: PruningScope) throws(WireError) {
    guard count == network.prunableCount(scope) else {
      throw WireError(description: "a mask of \(count) weights is not of the job's network")
    }
  }

  private func base(on shelf: MaskShelf) throws(WireError) -> Mask {
    guard !base.isEmpty else { return Mask(count: Int(count)) }
    guard let mask = shelf.mask(of: try Digest(wire: base, "mask.base")) else {
      throw WireError(description: "a mask told by its difference from one that is not here", missesMask: true)
    }
    guard mask.count == count else { throw WireError(description: "mask: its base has another length") }
    return mask
  }

  private func flipped(_ shelf: MaskShelf) throws(WireError) -> Mask {
    var mask = try base(on: shelf)
    var (next, gap, shift) = (0, 0, 0)
    for byte in flips {
      gap |= Int(byte & 0x7f) << shift
      shift += 7
      guard byte & 0x80 == 0 else {
        guard shift <= 28 else { throw WireError(description: "mask: a gap beyond its end") }
        continue
      }
      guard next + gap < mask.count else { throw WireError(description: "mask: a flip beyond its end") }
      mask[next + gap].toggle()
      (next, gap, shift) = (next + gap + 1, 0, 0)
    }
    guard shift == 0 else { throw WireError(description: "mask: flips are cut short") }
    return mask
  }
}

extension Mask {
  /// Where it differs from another one, as `Mask.flips` in sentei.proto has it; nil where that is in more than `most` positions.
  ///
  /// Words that differ are gathered first, without a branch for each: whether one does is as good as random.
  ///
  /// - Complexity: O(words + positions).
  fileprivate func flips(from base: Mask, atMost most: Int) -> [UInt8]? {
    let differing = [(index: Int, bits: UInt64)](unsafeUninitializedCapacity: words.count + 1) { buffer, initialized in
      words.withUnsafeBufferPointer { words in
        base.words.withUnsafeBufferPointer { others in
          for index in words.indices {
            let bits = words[index] ^ others[index]
            buffer[initialized] = (index, bits)
            // 0 where nothing differs, else 1; a comparison would become a branch.
            initialized &+= Int((bits | (0 &- bits)) >> 63)
          }
        }
      }
    }
    var left = most
    // Seven bits a byte, and positions are below 2³².
    let bytes = [UInt8](unsafeUninitializedCapacity: 5 * most) { buffer, initialized in
      var next = 0
      for (index, bits) in differing {
        var rest = bits
        repeat {
          left &-= 1
          guard left >= 0 else { return }
          let position = index &* 64 &+ rest.trailingZeroBitCount
          var gap = position &- next
          while gap >= 0x80 {
            buffer[initialized] = UInt8(truncatingIfNeeded: gap) | 0x80
            initialized &+= 1
            gap &>>= 7
          }
          buffer[initialized] = UInt8(truncatingIfNeeded: gap)
          initialized &+= 1
          next = position &+ 1
          rest &= rest &- 1
        } while rest != 0
      }
    }
    return left < 0 ? nil : bytes
  }
}
