import Digests
import Testing

@Suite struct DigestTests {
  @Test("FIPS 180-4 known answers")
  func knownAnswers() {
    #expect(Digest(of: []).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(Digest(of: Array("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let twoBlocks = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
    #expect(Digest(of: twoBlocks).hex == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
  }

  @Test("A digest comes back from its hexadecimal digits and from its bytes")
  func roundTrip() {
    for number in 0..<100 {
      let digest = Digest(of: [UInt8(number)])
      #expect(digest.hex.utf8.count == 64)
      #expect(Digest(hex: digest.hex) == digest)
      #expect(Digest(bytes: digest.bytes) == digest)
    }
  }

  @Test("Anything but 64 lower-case hexadecimal digits is refused")
  func rejects() {
    let good = Digest(of: []).hex
    for bad in ["", "e3", String(good.dropLast()), good + "0", good.uppercased(), " " + good.dropFirst()] {
      #expect(Digest(hex: bad) == nil, "\(bad)")
    }
    for character in ["g", "/", ":", "`", "@", "A", "é"] {
      #expect(Digest(hex: good.dropLast() + character) == nil, "\(character)")
    }
    for count in [0, 31, 33, 64] { #expect(Digest(bytes: [UInt8](repeating: 1, count: count)) == nil) }
  }

  @Test("Parts of arrays and lazy bytes are read like arrays")
  func parts() {
    let bytes = (0..<100).map { UInt8($0) }
    for start in 0..<9 {
      let slice = bytes[start..<start + 32]
      #expect(Digest(bytes: slice) == Digest(bytes: Array(slice)))
      #expect(Digest(bytes: slice.lazy.map { $0 }) == Digest(bytes: Array(slice)))
      #expect(Digest(bytes: slice)?.bytes == Array(slice))
      #expect(Digest(of: slice) == Digest(of: Array(slice)))
    }
  }

  @Test("Digests are ordered as their bytes are")
  func order() {
    let digests = (0..<50).map { Digest(of: [UInt8($0)]) }
    for left in digests {
      for right in digests {
        #expect((left < right) == left.bytes.lexicographicallyPrecedes(right.bytes))
        #expect((left == right) == (left.bytes == right.bytes))
      }
    }
  }

  @Test("The short form and the first word are the beginning of the digits")
  func beginnings() {
    let digest = Digest(of: Array("abc".utf8))
    #expect(digest.short == "ba7816bf8f01")
    #expect(digest.description == digest.short)
    #expect(digest.firstWord == 0xba78_16bf_8f01_cfea)
  }
}
