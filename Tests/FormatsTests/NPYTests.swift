import Formats
import Testing

@Suite struct NPYTests {
  /// A file of version `major`.0 with this header text and values.
  private func file(_ header: String, _ values: [UInt8], major: UInt8 = 1) -> [UInt8] {
    let length = header.utf8.count
    let width = major == 1 ? 2 : 4
    return [0x93] + Array("NUMPY".utf8) + [major, 0] + (0..<width).map { UInt8(length >> (8 * $0) & 255) }
      + Array(header.utf8) + values
  }

  private func file(descr: String, shape: String = "(1,)", _ values: [UInt8]) -> [UInt8] {
    file("{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }\n", values)
  }

  @Test("What NumPy wrote is read")
  func known() throws {
    #expect(try NPY.read(NumPy.floats) == NPYArray(shape: [2, 3], values: .floats([0, 0.25, 0.5, 0.75, 1, 1.25])))
    #expect(try NPY.read(NumPy.fortran) == NPYArray(shape: [2, 3, 4], values: .ints(Array(0..<24))))
  }

  @Test("What is written comes back, and in NumPy's own bytes")
  func roundTrip() throws {
    #expect(try NPY.write(NPY.read(NumPy.floats)) == NumPy.floats)
    for shape in [[], [0], [7], [0, 5], [2, 3, 4], [Int](repeating: 1, count: 32)] {
      let count = shape.reduce(1, *)
      for values in [
        NPYArray.Values.bytes((0..<count).map { UInt8($0) }), .ints((0..<count).map { $0 * -123_456_789_012 }),
        .floats((0..<count).map { Float($0) / 3 }),
      ] {
        let array = try #require(NPYArray(shape: shape, values: values))
        let bytes = NPY.write(array)
        #expect(bytes.count % 64 == (bytes.count - 10 - Int(bytes[8]) - Int(bytes[9]) << 8) % 64)
        #expect(try NPY.read(bytes) == array)
      }
    }
  }

  @Test("Each type is read in both byte orders")
  func types() throws {
    func value(_ descr: String, _ bytes: [UInt8]) throws -> NPYArray.Values {
      try NPY.read(file(descr: descr, bytes)).values
    }
    #expect(try value("|u1", [200]) == .bytes([200]))
    #expect(try value("|b1", [1]) == .ints([1]))
    #expect(try value("|i1", [0xFE]) == .ints([-2]))
    for (descr, bytes, expected) in [
      ("i2", [0xFE, 0xFF], -2), ("u2", [0xFE, 0xFF], 65_534), ("i4", [0, 0, 0, 0x80], -2_147_483_648),
      ("u4", [0, 0, 0, 0x80], 2_147_483_648), ("i8", [0, 0, 0, 0, 0, 0, 0, 0x80], Int.min),
      ("u8", [255, 255, 255, 255, 255, 255, 255, 0x7F], Int.max),
    ] as [(String, [UInt8], Int)] {
      #expect(try value("<" + descr, bytes) == .ints([expected]))
      #expect(try value(">" + descr, bytes.reversed()) == .ints([expected]))
    }
    for (descr, bytes, expected) in [
      ("f2", [0, 0x3C], 1), ("f2", [1, 0], 0x1p-24), ("f2", [0xFF, 0x03], 6.097555160522461e-05),
      ("f2", [0, 4], 0x1p-14), ("f2", [0, 0xC0], -2), ("f2", [0xFF, 0x7B], 65_504), ("f2", [0, 0xFC], -Float.infinity),
      ("f4", [0, 0, 0x80, 0x3F], 1), ("f8", [0, 0, 0, 0, 0, 0, 0xF0, 0x3F], 1),
      ("f8", [0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F], 0.1),
    ] as [(String, [UInt8], Float)] {
      #expect(try value("<" + descr, bytes) == .floats([expected]))
      #expect(try value(">" + descr, bytes.reversed()) == .floats([expected]))
    }
    guard case .floats(let nan) = try value("<f2", [1, 0x7C]) else { return #expect(Bool(false)) }
    #expect(nan[0].isNaN)
  }

  @Test("Values that fit no type here are refused with their offset")
  func values() {
    for (descr, bytes) in [("|b1", [2]), ("<u8", [0, 0, 0, 0, 0, 0, 0, 0x80])] as [(String, [UInt8])] {
      #expect(throws: FormatError.self, "\(descr)") { try NPY.read(file(descr: descr, bytes)) }
    }
  }

  @Test(
    "Other types are refused",
    arguments: ["|O", "<U4", "|S1", "<c8", "<f16", "<f1", "|f4", "|i2", "f4", "=f4", "<i3", "<M8", "", "<f4 ", "|V8"])
  func otherTypes(descr: String) {
    #expect(throws: FormatError.self) { try NPY.read(file(descr: descr, [0, 0, 0, 0])) }
  }

  @Test(
    "A header is the literal that NumPy writes, keys in any order, and nothing else",
    arguments: [
      ("{'shape': (2,), \"descr\": '|u1', 'fortran_order': True}", true),
      ("{ 'descr' : '|u1' , 'fortran_order':False,'shape':( 2 , ) , }   \n", true),
      ("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2,), }", true),
      ("{'descr': '|u1', 'fortran_order': False, 'shape': (2), }", false),
      ("{'descr': '|u1', 'fortran_order': False, 'shape': [2], }", false),
      ("{'descr': '|u1', 'fortran_order': False, 'shape': (-2,), }", false),
      ("{'descr': '|u1', 'fortran_order': False, 'shape': (2L,), }", false),
      ("{'descr': '|u1', 'fortran_order': False, 'shape': (,), }", false),
      ("{'descr': '|u1', 'fortran_order': False, 'shape': (1 + 1,), }", false),
      ("{'descr': '|u1', 'fortran_order': 0, 'shape': (2,), }", false),
      ("{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (2,), }", false),
      ("{'descr': '|u1', 'fortran_order': False, }", false),
      ("{'descr': '|u1', 'descr': '|u1', 'shape': (2,), }", false),
      ("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), 'more': 1}", false),
      ("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n\n", false),
      ("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), } or exit()", false),
      ("dict(descr='|u1', fortran_order=False, shape=(2,))", false), ("{", false), ("", false), ("{}", false),
      ("{'descr': '|\\x75\\x31', 'fortran_order': False, 'shape': (2,), }", false),
    ])
  func headers(text: String, isSound: Bool) throws {
    for major in [1, 2, 3] as [UInt8] {
      let bytes = file(text, [7, 8], major: major)
      if isSound {
        #expect(try NPY.read(bytes).values == .bytes([7, 8]))
      } else {
        #expect(throws: FormatError.self) { try NPY.read(bytes) }
      }
    }
  }

  @Test("Dimensions beyond all memory are refused before anything is allocated")
  func huge() {
    for shape in [
      "(9223372036854775807,)", "(99999999999999999999,)", "(4294967296, 4294967296)", "(9223372036854775807, 2, 0)",
      "(2305843009213693952,)", "(0, 1099511627776, 1099511627776, 3)", "(9223372036854775807, 0, 2)",
      "(" + String(repeating: "1, ", count: 33) + ")",
    ] {
      #expect(throws: FormatError.self, "\(shape)") { try NPY.read(file(descr: "<f8", shape: shape, [0])) }
    }
    #expect(throws: FormatError.self) { try NPY.read([0x93] + Array("NUMPY".utf8) + [2, 0, 255, 255, 255, 255]) }
  }

  @Test("Cut short after any byte, or with one too many, it is refused")
  func lengths() {
    for bytes in [NumPy.floats, NumPy.fortran] {
      for length in bytes.indices {
        #expect(throws: FormatError.self, "\(length) bytes") { try NPY.read(Array(bytes[..<length])) }
      }
      #expect(throws: FormatError.self) { try NPY.read(bytes + [0]) }
    }
    for version in [[0, 0], [4, 0], [1, 1], [0x93, 0]] as [[UInt8]] {
      var bytes = NumPy.floats
      bytes.replaceSubrange(6..<8, with: version)
      #expect(throws: FormatError.self, "\(version)") { try NPY.read(bytes) }
    }
  }
}
