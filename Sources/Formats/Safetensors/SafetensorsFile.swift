/// Named tensors in the safetensors format: a little-endian header length, a JSON header, the values.
///
/// Source: https://huggingface.co/docs/safetensors, "Format".
package struct SafetensorsFile: Hashable, Sendable {
  /// The element types whose width is known; others are refused, because their lengths could not be checked.
  package enum ElementType: String, Hashable, Sendable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "U8"
    case int8 = "I8"
    case uint16 = "U16"
    case int16 = "I16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case uint32 = "U32"
    case int32 = "I32"
    case float32 = "F32"
    case uint64 = "U64"
    case int64 = "I64"
    case float64 = "F64"

    /// Bytes of an element.
    var width: Int {
      switch self {
      case .bool, .uint8, .int8: 1
      case .uint16, .int16, .float16, .bfloat16: 2
      case .uint32, .int32, .float32: 4
      case .uint64, .int64, .float64: 8
      }
    }
  }

  package struct Tensor: Hashable, Sendable {
    package let name: String
    package let type: ElementType
    /// Empty for a single number.
    package let shape: [Int]
    /// Little-endian elements, the last dimension running fastest.
    package let bytes: ArraySlice<UInt8>

    /// The elements, each rounded to the nearest `Float`.
    ///
    /// - Complexity: linear in the number of elements.
    package var values: [Float] {
      bytes.withUnsafeBytes { raw in
        func load<Value>(_: Value.Type, _ convert: (Value) -> Float) -> [Float] {
          (0..<raw.count / MemoryLayout<Value>.size).map {
            convert(raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.size, as: Value.self))
          }
        }
        return switch type {
        case .bool, .uint8: load(UInt8.self) { Float($0) }
        case .int8: load(Int8.self) { Float($0) }
        case .uint16: load(UInt16.self) { Float($0) }
        case .int16: load(Int16.self) { Float($0) }
        case .float16: load(UInt16.self, Float.init(halfPattern:))
        case .bfloat16: load(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .uint32: load(UInt32.self) { Float($0) }
        case .int32: load(Int32.self) { Float($0) }
        case .float32: load(UInt32.self, Float.init(bitPattern:))
        case .uint64: load(UInt64.self) { Float($0) }
        case .int64: load(Int64.self) { Float($0) }
        case .float64: load(UInt64.self) { Float(Double(bitPattern: $0)) }
        }
      }
    }

    /// The elements of a tensor of whole numbers; nil for another type, and for an element that no `Int` holds.
    ///
    /// - Complexity: linear in the number of elements.
    package var integers: [Int]? {
      bytes.withUnsafeBytes { raw in
        func load<Value: FixedWidthInteger>(_: Value.Type) -> [Int]? {
          var out: [Int] = []
          out.reserveCapacity(raw.count / MemoryLayout<Value>.size)
          for offset in stride(from: 0, to: raw.count, by: MemoryLayout<Value>.size) {
            let element = raw.loadUnaligned(fromByteOffset: offset, as: Value.self)
            guard let value = Int(exactly: element) else { return nil }
            out.append(value)
          }
          return out
        }
        return switch type {
        case .uint8: load(UInt8.self)
        case .int8: load(Int8.self)
        case .uint16: load(UInt16.self)
        case .int16: load(Int16.self)
        case .uint32: load(UInt32.self)
        case .int32: load(Int32.self)
        case .uint64: load(UInt64.self)
        case .int64: load(Int64.self)
        case .bool, .float16, .bfloat16, .float32, .float64: nil
        }
      }
    }
  }

  /// In the order of the header.
  package let tensors: [Tensor]
  /// The texts under `__metadata__`.
  package let metadata: [String: String]

  /// The longest header that is read, in bytes.
  package static let maximumHeader = 16 << 20
}

extension SafetensorsFile {
  /// The tensors of a file, each checked to lie inside it, behind the one before without hole or overlap.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)``.
  /// - Complexity: linear in the length of the header, times the logarithm of the number of tensors; values are not
  ///   copied.
  package init(_ bytes: [UInt8]) throws(FormatError) {
    guard bytes.count >= 8 else {
      throw .bad(.byte(bytes.count), found: "\(bytes.count) bytes", expected: "a header length of 8 bytes")
    }
    let length = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    guard length >= 2, length <= Self.maximumHeader, length <= bytes.count - 8 else {
      throw .bad(
        .byte(0), found: "a header of \(length) bytes in a file of \(bytes.count)",
        expected: "one that fits, of at most \(Self.maximumHeader)")
    }
    let start = 8 + Int(length)
    guard bytes[8] == UInt8(ascii: "{") else {
      throw .bad(.byte(8), found: "byte \(bytes[8])", expected: "the '{' that a header begins with")
    }
    let header = try SafetensorsHeader(bytes, in: 8..<start)
    tensors = try Self.tensors(header.entries, bytes[start...])
    metadata = header.metadata
  }

  private static func tensors(
    _ entries: [SafetensorsHeader.Entry], _ data: ArraySlice<UInt8>
  ) throws(FormatError) -> [Tensor] {
    var tensors: [Tensor] = []
    for entry in entries {
      guard let type = ElementType(rawValue: entry.type) else {
        throw .bad(
          entry.place, found: "elements of type \(quoted(entry.type))",
          expected: "one of \(ElementType.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      guard entry.begin <= entry.end, entry.end <= data.count else {
        throw .bad(
          entry.place, found: "data from \(entry.begin) to \(entry.end)", expected: "offsets inside \(data.count) bytes"
        )
      }
      guard let size = Dimensions.product(entry.shape + [type.width]), size == entry.end - entry.begin else {
        throw .bad(
          entry.place, found: "\(entry.end - entry.begin) bytes for \(type.rawValue) of shape \(entry.shape)",
          expected: "as many as the shape needs")
      }
      tensors.append(
        Tensor(
          name: entry.name, type: type, shape: entry.shape,
          bytes: data[data.startIndex + entry.begin..<data.startIndex + entry.end]))
    }
    var reached = 0
    for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard entry.begin == reached else {
        throw .bad(
          entry.place, found: "data of \(quoted(entry.name)) from \(entry.begin)",
          expected: "data from \(reached), without hole or overlap")
      }
      reached = entry.end
    }
    guard reached == data.count else {
      throw .bad(
        .byte(data.startIndex + reached), found: "\(data.count - reached) bytes that no tensor has",
        expected: "the end of the file")
    }
    return tensors
  }

  /// The elements of a tensor that is to be written.
  enum Elements {
    case floats(ArraySlice<Float>)
    /// Little-endian bytes of another type.
    case bytes([UInt8], ElementType)

    var type: ElementType {
      switch self {
      case .floats: .float32
      case .bytes(_, let type): type
      }
    }

    /// The length in bytes.
    var size: Int {
      switch self {
      case .floats(let values): 4 * values.count
      case .bytes(let bytes, _): bytes.count
      }
    }
  }

  /// A tensor that is to be written.
  typealias Part = (name: String, shape: [Int], elements: Elements)

  /// A file of tensors; the values begin at a multiple of 8 bytes.
  ///
  /// Wide elements come first, so that all are aligned, as the reference writer has it; else the order is the one given.
  ///
  /// - Complexity: linear in the number of values.
  static func bytes(tensors: [Part], metadata: [(key: String, value: String)]) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.map { "\(json($0.key)):\(json($0.value))" }.joined(separator: ",")
      members.append("\"__metadata__\":{\(texts)}")
    }
    let ordered = [8, 4, 2, 1].flatMap { width in tensors.filter { $0.elements.type.width == width } }
    var offset = 0
    for tensor in ordered {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let end = offset + tensor.elements.size
      members.append(
        "\(json(tensor.name)):{\"dtype\":\"\(tensor.elements.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    var out: [UInt8] = []
    out.reserveCapacity(8 + header.count + offset)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { out.append(contentsOf: $0) }
    out.append(contentsOf: header)
    for tensor in ordered {
      switch tensor.elements {
      case .floats(let values): values.withUnsafeBytes { out.append(contentsOf: $0) }
      case .bytes(let bytes, _): out.append(contentsOf: bytes)
      }
    }
    return out
  }

  /// A JSON string.
  static func json(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": out += "\\\(scalar)"
      case _ where scalar.value < 32:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
