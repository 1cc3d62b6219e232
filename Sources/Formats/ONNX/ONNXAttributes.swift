internal import FoundationEssentials

/// The attributes of one node, taken out one by one, so that what nothing asked for can be named.
struct ONNXAttributes {
  private var rest: [String: Onnx_AttributeProto] = [:]
  private let place: FormatError.Place

  init(_ attributes: [Onnx_AttributeProto], _ place: FormatError.Place) throws(FormatError) {
    self.place = place
    for attribute in attributes {
      guard rest.updateValue(attribute, forKey: attribute.name) == nil else {
        throw .bad(place, found: "two attributes \(quoted(attribute.name))", expected: "one")
      }
    }
  }

  mutating func integer(_ name: String, default value: Int? = nil) throws(FormatError) -> Int {
    guard let attribute = try take(name, type: 2) else { return try known(value, name) }
    return Int(attribute.i)
  }

  mutating func float(_ name: String, default value: Float) throws(FormatError) -> Float {
    try take(name, type: 1)?.f ?? value
  }

  mutating func text(_ name: String, default value: String) throws(FormatError) -> String {
    guard let attribute = try take(name, type: 3) else { return value }
    return String(decoding: attribute.s, as: UTF8.self)
  }

  mutating func integers(_ name: String) throws(FormatError) -> [Int]? {
    try take(name, type: 7)?.ints.map(Int.init)
  }

  mutating func floats(_ name: String) throws(FormatError) -> [Float]? { try take(name, type: 6)?.floats }

  mutating func tensor(_ name: String) throws(FormatError) -> Onnx_TensorProto? { try take(name, type: 4)?.t }

  func has(_ name: String) -> Bool { rest[name] != nil }

  /// An attribute that changes nothing here.
  mutating func ignore(_ name: String) { rest[name] = nil }

  /// Ends the taking.
  func finish() throws(FormatError) {
    guard let name = rest.keys.min() else { return }
    throw .bad(place, found: "attribute \(quoted(name))", expected: "none of that name")
  }

  private mutating func take(_ name: String, type: Int32) throws(FormatError) -> Onnx_AttributeProto? {
    guard let attribute = rest.removeValue(forKey: name) else { return nil }
    // Files of the first years carry no type.
    guard !attribute.hasType || attribute.type == type else {
      throw .bad(
        place, found: "attribute \(quoted(name)) of kind \(attribute.type)", expected: "AttributeProto kind \(type)")
    }
    return attribute
  }

  private func known(_ value: Int?, _ name: String) throws(FormatError) -> Int {
    guard let value else { throw .bad(place, found: "no attribute \(name)", expected: "one") }
    return value
  }
}
