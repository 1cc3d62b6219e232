/// A walk over the wire form of an ONNX file that bounds what decoding it can cost.
///
/// A message of two bytes becomes a value of more than a hundred, and a list of one-byte integers grows eightfold, so a
/// small hostile file could exhaust memory before anything looks at it. Only float data, which hardly grows, may be long.
struct ONNXScan {
  /// Messages, texts and integers outside of float data; the largest networks have some ten thousand.
  static let limit = 1 << 18

  private let bytes: [UInt8]
  private var used = 0

  private enum Kind {
    case model, graph, node, attribute, tensor, valueInfo, type, tensorType, shape
  }

  private enum Content {
    case message(Kind)
    /// One text or one small message without parts.
    case leaf
    /// Integers or floats, packed or one by one.
    case numbers
    case skipped
  }

  /// - Throws: ``FormatError`` where the bytes are no protobuf messages, or hold too many.
  /// - Complexity: linear in the number of fields; float data is passed over. Recursion is as deep as the kinds nest.
  static func check(_ bytes: [UInt8]) throws(FormatError) {
    var scan = ONNXScan(bytes: bytes)
    try scan.walk(.model, 0..<bytes.count)
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private static func content(of kind: Kind, field: UInt64) -> Content {
    switch (kind, field) {
    case (.model, 7): .message(.graph)
    case (.graph, 1): .message(.node)
    case (.graph, 5), (.attribute, 5): .message(.tensor)
    case (.graph, 11), (.graph, 12): .message(.valueInfo)
    case (.node, 5): .message(.attribute)
    case (.valueInfo, 2): .message(.type)
    case (.type, 1): .message(.tensorType)
    case (.tensorType, 2): .message(.shape)
    case (.model, 8), (.model, 14), (.node, 1), (.node, 2), (.tensor, 13), (.shape, 1): .leaf
    case (.attribute, 7), (.attribute, 8), (.tensor, 1), (.tensor, 7): .numbers
    default: .skipped
    }
  }

  private mutating func walk(_ kind: Kind, _ range: Range<Int>) throws(FormatError) {
    var position = range.lowerBound
    while position < range.upperBound {
      let place = position
      let tag = try varint(&position, range.upperBound)
      let content = Self.content(of: kind, field: tag >> 3)
      var length = 0
      switch tag & 7 {
      case 0: _ = try varint(&position, range.upperBound)
      case 1: length = 8
      case 2:
        let claimed = try varint(&position, range.upperBound)
        guard claimed <= UInt64(range.upperBound - position) else {
          throw .bad(
            .byte(place), found: "a field of \(claimed) bytes where \(range.upperBound - position) are left",
            expected: "one that fits")
        }
        length = Int(claimed)
      case 5: length = 4
      case let other:
        // Groups, the only form that nests without lengths, are older than ONNX.
        throw .bad(.byte(place), found: "wire type \(other)", expected: "an ONNX field")
      }
      guard tag >> 3 != 0, length <= range.upperBound - position else {
        throw .bad(.byte(place), found: "a field that cannot be", expected: "an ONNX field")
      }
      switch content {
      case .message(let kind) where tag & 7 == 2:
        try charge(1, place)
        try walk(kind, position..<position + length)
      case .message, .leaf: try charge(1, place)
      case .numbers: try charge(max(length, 1), place)
      case .skipped: break
      }
      position += length
    }
  }

  private mutating func charge(_ units: Int, _ place: Int) throws(FormatError) {
    used += units
    guard used <= Self.limit else {
      throw .bad(
        .byte(place), found: "more than \(Self.limit) parts beside float data", expected: "at most that many")
    }
  }

  private func varint(_ position: inout Int, _ end: Int) throws(FormatError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < end else { break }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw .bad(.byte(position), found: "an unfinished number", expected: "an ONNX file")
  }
}
