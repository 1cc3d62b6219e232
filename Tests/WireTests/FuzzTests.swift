import Randomness
import Scheduling
import Studies
import Testing
import Wire

/// Whatever arrives is refused or gives a value: no bytes trap. The bytes are sealed, or none would get past the seal.
@Suite struct FuzzTests {
  /// One encoding of each kind of message in both directions.
  private func corpus(seed: UInt64) -> [[UInt8]] {
    var generator = Generator(seed: seed)
    let messages =
      generator.workerMessages().map { WireCodec.encode($0, epoch: 3) }
      + generator.coordinatorMessages().map { WireCodec.encode($0, epoch: 3) }
    return messages.map { Array($0.dropLast(Seal.length)) }
  }

  @Test("Cut short at every byte")
  func truncated() {
    for seed in 0..<3 as Range<UInt64> {
      for bytes in corpus(seed: seed) {
        for length in bytes.indices { _ = decode(Seal.sealed(Array(bytes[..<length]))) }
      }
    }
  }

  @Test("Every single flipped bit; a parcel with one is never another valid job")
  func flipped() {
    for bytes in corpus(seed: 1) {
      let original = decode(Seal.sealed(bytes))
      for bit in 0..<8 * bytes.count {
        var damaged = bytes
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        let decoded = decode(Seal.sealed(damaged)).coordinator
        if case .parcel(let jobs)? = original.coordinator, case .parcel(let others)? = decoded,
          jobs.count == others.count
        {
          // A name is no part of a job's identity; everything else is.
          #expect(jobs.map(\.digest) == others.map(\.digest), "bit \(bit)")
        }
      }
    }
  }

  @Test("50,000 mutated or random bodies")
  func bodies() {
    let samples = (0..<4 as Range<UInt64>).flatMap { corpus(seed: $0) }
    var stream = RandomStream(seed: 2, .test)
    func byte() -> UInt8 { UInt8(truncatingIfNeeded: stream.next()) }
    var accepted = 0
    for _ in 0..<50_000 {
      var bytes: [UInt8]
      if stream.chance(0.2) {
        bytes = (0..<stream.below(80)).map { _ in byte() }
      } else {
        bytes = samples[stream.below(samples.count)]
        for _ in 0...stream.below(4) {
          let position = stream.below(bytes.count + 1)
          switch stream.below(4) {
          case 0: if position < bytes.count { bytes[position] = byte() }
          case 1: bytes.insert(byte(), at: position)
          case 2: if position < bytes.count { bytes.remove(at: position) }
          default: bytes.replaceSubrange(position..., with: samples[stream.below(samples.count)].prefix(60))
          }
        }
      }
      bytes = Seal.sealed(bytes)
      // Each body is for one side, as on a socket.
      if stream.chance(0.5) {
        if (try? WireCodec.workerMessage(bytes)) != nil { accepted += 1 }
      } else {
        if (try? WireCodec.coordinatorMessage(bytes)) != nil { accepted += 1 }
      }
    }
    #expect(accepted > 500, "hardly a mutation was still a message: the fuzzing is too coarse to reach the checks")
  }

  @Test("A value that was accepted can be sent again and means the same")
  func stable() throws {
    let samples = corpus(seed: 5)
    var stream = RandomStream(seed: 3, .test)
    for number in 0..<5000 {
      var bytes = samples[stream.below(samples.count)]
      bytes[stream.below(bytes.count)] ^= UInt8(1 + stream.below(255))
      let decoded = decode(Seal.sealed(bytes))
      if let message = decoded.worker {
        #expect(try WireCodec.workerMessage(WireCodec.encode(message, epoch: 0)).message == message, "\(number)")
      }
      if let message = decoded.coordinator {
        #expect(try WireCodec.coordinatorMessage(WireCodec.encode(message, epoch: 0)).message == message, "\(number)")
      }
    }
  }
}
