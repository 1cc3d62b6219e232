/// What one value of an NPY file is.
struct NPYElement {
  enum Kind: Character {
    case boolean = "b"
    case signed = "i"
    case unsigned = "u"
    case float = "f"
  }

  let kind: Kind
  /// In bytes.
  let width: Int
  let isBigEndian: Bool
}

/// The values of NPY files, decoded.
enum NPYValues {
  /// The `count` values from the offset `start` on, which the caller has found to be there.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` for a boolean other than 0 and 1 and an unsigned
  ///   integer of more than 63 bits.
  static func read(
    _ bytes: [UInt8], from start: Int, count: Int, type: NPYElement
  ) throws(FormatError) -> NPYArray.Values {
    switch (type.kind, type.width) {
    case (.unsigned, 1):
      return .bytes(Array(bytes[start...]))
    case (.boolean, _):
      if let wrong = bytes[start...].firstIndex(where: { $0 > 1 }) {
        throw .bad(.byte(wrong), found: "the boolean \(bytes[wrong])", expected: "0 or 1")
      }
      return .ints(bytes[start...].map { Int($0) })
    case (.signed, 1): return .ints(words(Int8.self, bytes, start, count, type).map { Int($0) })
    case (.signed, 2): return .ints(words(Int16.self, bytes, start, count, type).map { Int($0) })
    case (.signed, 4): return .ints(words(Int32.self, bytes, start, count, type).map { Int($0) })
    case (.signed, _): return .ints(words(Int.self, bytes, start, count, type))
    case (.unsigned, 2): return .ints(words(UInt16.self, bytes, start, count, type).map { Int($0) })
    case (.unsigned, 4): return .ints(words(UInt32.self, bytes, start, count, type).map { Int($0) })
    case (.unsigned, _):
      let words = words(UInt64.self, bytes, start, count, type)
      if let wrong = words.firstIndex(where: { $0 > UInt64(Int.max) }) {
        throw .bad(.byte(start + 8 * wrong), found: "the value \(words[wrong])", expected: "at most \(Int.max)")
      }
      return .ints(words.map { Int($0) })
    case (.float, 2): return .floats(words(UInt16.self, bytes, start, count, type).map(Float.init(halfPattern:)))
    case (.float, 4): return .floats(words(UInt32.self, bytes, start, count, type).map { Float(bitPattern: $0) })
    case (.float, _):
      return .floats(words(UInt64.self, bytes, start, count, type).map { Float(Double(bitPattern: $0)) })
    }
  }

  /// Values in Fortran order put into C order.
  static func transposed(_ values: NPYArray.Values, shape: [Int]) -> NPYArray.Values {
    switch values {
    case .bytes(let values): .bytes(transposed(values, shape))
    case .ints(let values): .ints(transposed(values, shape))
    case .floats(let values): .floats(transposed(values, shape))
    }
  }

  private static func transposed<Value>(_ values: [Value], _ shape: [Int]) -> [Value] {
    guard shape.count > 1, !values.isEmpty else { return values }
    var strides: [Int] = []
    var step = 1
    for side in shape {
      strides.append(step)
      step *= side
    }
    var out: [Value] = []
    out.reserveCapacity(values.count)
    var index = [Int](repeating: 0, count: shape.count)
    var offset = 0
    for _ in 0..<values.count {
      out.append(values[offset])
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        offset += strides[axis]
        if index[axis] < shape[axis] { break }
        offset -= strides[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return out
  }

  /// Whole words at any alignment, in the machine's byte order.
  private static func words<Word: FixedWidthInteger & BitwiseCopyable>(
    _: Word.Type, _ bytes: [UInt8], _ start: Int, _ count: Int, _ type: NPYElement
  ) -> [Word] {
    bytes.withUnsafeBytes { raw in
      (0..<count).map { index in
        let word = raw.loadUnaligned(fromByteOffset: start + index * MemoryLayout<Word>.size, as: Word.self)
        return type.isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
      }
    }
  }
}
