package import Models
internal import SwiftProtobuf

/// Models in ONNX files.
///
/// Source: https://github.com/onnx/onnx/blob/main/docs/IR.md and Operators.md.
package enum ONNX {
  /// The operator sets that are read; between them the operators used here differ only as the reader knows.
  static let operatorSets: ClosedRange<Int64> = 13...20

  /// The model of an ONNX file.
  ///
  /// The graph must be one of the layers of ``Layer``, from one input to one output; the batch may be of any size. Layers
  /// are called as PyTorch calls them, where the file tells.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` that names the node or tensor with what is not
  ///   understood.
  /// - Complexity: linear in the length of the file.
  package static func read(_ bytes: [UInt8]) throws(FormatError) -> Model {
    try ONNXScan.check(bytes)
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    // Messages of the subset nest at most seven deep.
    options.messageDepthLimit = 16
    let message: Onnx_ModelProto
    do { message = try Onnx_ModelProto(serializedBytes: bytes, options: options) } catch {
      throw .bad(nil, found: "bytes that are no ONNX model (\(error))", expected: "an ONNX file")
    }
    guard message.hasGraph else { throw .bad(nil, found: "no graph", expected: "an ONNX model") }
    let sets = message.opsetImport.filter { $0.domain.isEmpty || $0.domain == "ai.onnx" }
    guard let set = sets.first, sets.count == 1, operatorSets.contains(set.version) else {
      throw .bad(
        .part("opset_import"), found: "operator set \(sets.map { String($0.version) }.joined(separator: " and "))",
        expected: "one from \(operatorSets.lowerBound) to \(operatorSets.upperBound)")
    }
    var reader = try ONNXReader(message.graph)
    return try reader.model()
  }
}
