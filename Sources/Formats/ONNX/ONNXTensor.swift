internal import FoundationEssentials
internal import SwiftProtobuf

/// A constant of an ONNX graph whose data has been found to fit its dimensions.
///
/// Values are decoded when asked for, so that a tensor which many nodes name is held once.
struct ONNXTensor {
  enum ElementType: Int32 {
    case float = 1
    case int64 = 7
    case bool = 9
    case float16 = 10
    case double = 11

    var width: Int {
      switch self {
      case .bool: 1
      case .float16: 2
      case .float: 4
      case .int64, .double: 8
      }
    }

    var isFloatingPoint: Bool {
      switch self {
      case .float, .float16, .double: true
      case .int64, .bool: false
      }
    }
  }

  let name: String
  private(set) var dimensions: [Int]
  /// Whether the values are stored as those of the matrix with both sides exchanged.
  private(set) var isTransposed = false
  let type: ElementType
  let count: Int
  private let message: Onnx_TensorProto

  /// - Throws: ``FormatError`` that names the tensor, for other element types, data in other files, or data that is not
  ///   as long as the dimensions ask for.
  init(_ message: Onnx_TensorProto, name: String) throws(FormatError) {
    let place = FormatError.Place.part("tensor \(quoted(name))")
    guard message.dataLocation != 1, message.externalData.isEmpty else {
      throw .bad(place, found: "data in another file", expected: "data inside the ONNX file (save it as one file)")
    }
    guard let type = ElementType(rawValue: message.dataType) else {
      throw .bad(
        place, found: "elements of type \(message.dataType)",
        expected: "FLOAT, FLOAT16, DOUBLE, INT64 or BOOL (1, 10, 11, 7, 9)")
    }
    let dimensions = message.dims.map(Int.init)
    guard dimensions.count <= 64, dimensions.allSatisfy({ $0 >= 0 }), let count = Dimensions.product(dimensions) else {
      throw .bad(
        place, found: "dimensions \(dimensions.prefix(64))", expected: "at most 64, with a product that fits 63 bits")
    }
    let found =
      switch type {
      case _ where message.hasRawData: message.rawData.count / type.width
      case .float: message.floatData.count
      case .int64: message.int64Data.count
      case .float16, .bool: message.int32Data.count
      case .double: message.doubleData.count
      }
    guard found == count, !message.hasRawData || message.rawData.count % type.width == 0 else {
      throw .bad(place, found: "\(found) values", expected: "\(count) (\(dimensions))")
    }
    self.name = name
    self.dimensions = dimensions
    self.type = type
    self.count = count
    self.message = message
  }

  /// A tensor of integers that an attribute holds.
  init(_ integers: [Int64], dimensions: [Int], name: String) {
    message = .with { $0.int64Data = integers }
    self.name = name
    self.dimensions = dimensions
    type = .int64
    count = integers.count
  }

  /// A tensor of floats that an attribute holds.
  init(_ floats: [Float], dimensions: [Int], name: String) {
    message = .with { $0.floatData = floats }
    self.name = name
    self.dimensions = dimensions
    type = .float
    count = floats.count
  }

  /// The matrix with both sides exchanged; nil for other ranks. No value is moved.
  var transposed: ONNXTensor? {
    guard dimensions.count == 2 else { return nil }
    var other = self
    other.dimensions.reverse()
    other.isTransposed.toggle()
    return other
  }

  /// The matrix or list of integers as one of numbers, stored in the same order; nil for others.
  func converted(name: String) -> ONNXTensor? {
    guard let integers else { return nil }
    var other = ONNXTensor(integers.map { Float($0) }, dimensions: dimensions, name: name)
    other.isTransposed = isTransposed
    return other
  }

  /// The values as they are stored, each rounded to the nearest `Float`; nil for integers and truth values.
  ///
  /// - Complexity: linear in their number.
  var floats: [Float]? {
    switch type {
    case .float: message.hasRawData ? raw(UInt32.self).map(Float.init(bitPattern:)) : message.floatData
    case .float16:
      message.hasRawData
        ? raw(UInt16.self).map(Float.init(halfPattern:))
        : message.int32Data.map { Float(halfPattern: UInt16(truncatingIfNeeded: $0)) }
    case .double:
      message.hasRawData ? raw(UInt64.self).map { Float(Double(bitPattern: $0)) } : message.doubleData.map(Float.init)
    case .int64, .bool: nil
    }
  }

  /// Whether it is the one value false or 0.
  var isFalse: Bool {
    guard count == 1 else { return false }
    switch type {
    case .bool: return message.hasRawData ? message.rawData.first == 0 : message.int32Data[0] == 0
    case .int64: return integers == [0]
    case .float, .float16, .double: return floats == [0]
    }
  }

  /// The integers; nil for others, or for more than a shape or list of axes can have.
  var integers: [Int]? {
    guard type == .int64, count <= 64 else { return nil }
    return message.hasRawData ? raw(Int64.self).map(Int.init) : message.int64Data.map(Int.init)
  }

  private func raw<Value: FixedWidthInteger>(_: Value.Type) -> [Value] {
    message.rawData.withUnsafeBytes { bytes in
      (0..<count).map {
        Value(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.size, as: Value.self))
      }
    }
  }
}
