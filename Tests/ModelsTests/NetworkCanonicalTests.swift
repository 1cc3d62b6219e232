import Digests
import Models
import Randomness
import Testing

/// The stored form of networks.
@Suite struct NetworkCanonicalTests {
  @Test func comesBackNamesIncluded() throws {
    for network in [
      try everyLayer(), try Zoo.network(named: "resnet-20", shape: [3, 32, 32], classes: 10),
      try NetworkDescription(name: "", widths: [3, 2]),
    ] {
      let back = try NetworkDescription(canonical: network.canonicalBytes.bytes)
      #expect(back == network)
      #expect(back.name == network.name)
      #expect(back.digest == network.digest)
      #expect(back.nodes.map(\.name) == network.nodes.map(\.name))
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try everyLayer().canonicalBytes.bytes
    for length in 0..<bytes.count {
      #expect(throws: CanonicalError.self, "\(length) bytes") {
        try NetworkDescription(canonical: Array(bytes.prefix(length)))
      }
    }
    #expect(throws: CanonicalError.self) { try NetworkDescription(canonical: bytes + [0]) }
  }

  @Test(
    "Damaged bytes end in an error or in another valid network, never in a trap", arguments: 0..<20 as Range<UInt64>)
  func damage(seed: UInt64) throws {
    let network = try everyLayer()
    let bytes = network.canonicalBytes.bytes
    var stream = RandomStream(seed: seed, .test, 1)
    var refused = 0
    for _ in 0..<500 {
      var damaged = bytes
      for _ in 0...stream.below(3) {
        let place = stream.below(bytes.count)
        damaged[place] = stream.chance(0.5) ? damaged[place] ^ (1 << UInt8(stream.below(8))) : UInt8(stream.below(256))
      }
      do {
        let other = try NetworkDescription(canonical: damaged)
        // What is accepted is what it says: its own form is these bytes.
        #expect(other.canonicalBytes.bytes == damaged, "seed \(seed)")
      } catch { refused += 1 }
    }
    #expect(refused > 100, "seed \(seed)")
  }

  @Test("Unknown kinds, versions and single-precision numbers that are none are refused")
  func foreign() throws {
    let network = try NetworkDescription(name: "n", widths: [3, 2])
    let bytes = network.canonicalBytes.bytes
    let kind = try #require(
      bytes.indices.last { bytes[$0] == 2 && bytes[($0 + 1)...].starts(with: [0, 0, 0, 0, 0, 0, 0, 2]) })
    var unknown = bytes
    unknown[kind] = 18
    #expect(throws: CanonicalError.self) { try NetworkDescription(canonical: unknown) }
    #expect(throws: CanonicalError.self) { try NetworkDescription(canonical: Parameters.canonicalBytes(of: [1])) }
    var narrow = CanonicalBytes()
    narrow.append(Double(Float(0.1)))
    var wide = CanonicalBytes()
    wide.append(0.1)
    var builder = NetworkBuilder(input: [3])
    builder.dense(3)
    builder.add(.activation(.leakyRelu(slope: 0.1)))
    let leaky = try builder.network(name: "n").canonicalBytes.bytes
    let slope = try #require(leaky.indices.first { leaky[$0...].starts(with: narrow.bytes) })
    var widened = leaky
    widened.replaceSubrange(slope..<slope + 8, with: wide.bytes)
    #expect(throws: CanonicalError.self) { try NetworkDescription(canonical: widened) }
  }
}
