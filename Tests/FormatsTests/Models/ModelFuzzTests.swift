import Formats
import Foundation
import Models
import SwiftProtobuf
import Testing

/// Hundred thousand damaged inputs for each reader end in a model or a `FormatError`, in seconds.
@Suite struct ModelFuzzTests {
  static let perSuite = 25_000

  @Test(arguments: 0..<4 as Range<UInt64>)
  func safetensorsReader(seed: UInt64) throws {
    let small = try Model(
      network: NetworkDescription(name: "s", widths: [2, 3, 2]), parameters: Array(repeating: 0.5, count: 17))
    let seeds = [
      Safetensors.write(small), try modelFixture("flattened.safetensors"),
      Safetensors.writeSparse(try wideModel(1, widths: [40, 8, 2], zeros: 0.9)).bytes,
      Safetensors.writeShared(try wideModel(1, widths: [80, 20, 2], zeros: 0.9), scope: PruningScope()).bytes,
      safetensors(
        "{\"__metadata__\":{\"k\":\"\\u00e9\\n\"},\"a\":{\"dtype\":\"F16\",\"shape\":[2,1],\"data_offsets\":[0,4]},"
          + "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[4,12]}}", data: 12),
    ]
    let network = try ONNX.read(modelFixture("flattened-legacy.onnx")).network
    let ended = fuzz(seeds, seed) { bytes throws(FormatError) in
      for tensor in try SafetensorsFile(bytes).tensors { _ = (tensor.values, tensor.integers) }
      _ = try? Safetensors.read(bytes, into: network, limit: 1 << 16)
      _ = try Safetensors.read(bytes, limit: 1 << 16)
    }
    // Damage in the values alone, or in the metadata, does not stop a file from being read.
    #expect(ended.errors > Self.perSuite / 2, "seed \(seed): \(ended)")
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func onnxReader(seed: UInt64) throws {
    let small = try Model(
      network: NetworkDescription(name: "s", widths: [2, 3, 2]), parameters: Array(repeating: 0.5, count: 17))
    let seeds = [
      ONNX.write(small), try modelFixture("branches-legacy.onnx"), try modelFixture("flattened-legacy.onnx"),
      try modelFixture("branches-dynamo.onnx"), try modelFixture("flattened-dynamo.onnx"),
    ]
    let ended = fuzz(seeds, seed + 100) { bytes throws(FormatError) in _ = try ONNX.read(bytes) }
    #expect(ended.errors > Self.perSuite / 4 && ended.values > 0, "seed \(seed): \(ended)")
  }

  /// Changes numbers of a sound graph instead of bytes, which gets past the decoding.
  @Test func onnxNumbers() throws {
    let messages = try ["branches-legacy", "flattened-legacy", "branches-dynamo", "flattened-dynamo"].map {
      try Onnx_ModelProto(serializedBytes: modelFixture("\($0).onnx"))
    }
    var random = Seeded(9)
    let numbers: [Int64] = [
      0, 1, -1, 2, 3, 4, 5, 7, 17, 4096, 4097, 65536, 65537, 1 << 31, 1 << 32, 1 << 62, .max, .min, .min + 1,
    ]
    var errors = 0
    let rounds = 20_000
    for round in 0..<rounds {
      var message = random.pick(messages)
      for _ in 0..<random.pick([1, 1, 2, 4]) {
        let node = Int.random(in: 0..<message.graph.node.count, using: &random)
        let tensor = Int.random(in: 0..<message.graph.initializer.count, using: &random)
        let number = random.pick(numbers)
        switch Int.random(in: 0..<9, using: &random) {
        case 0:
          for index in message.graph.node[node].attribute.indices {
            message.graph.node[node].attribute[index].i = number
            if let place = message.graph.node[node].attribute[index].ints.indices.randomElement(using: &random) {
              message.graph.node[node].attribute[index].ints[place] = number
            }
            message.graph.node[node].attribute[index].f = Float(number)
          }
        case 1:
          if let place = message.graph.initializer[tensor].dims.indices.randomElement(using: &random) {
            message.graph.initializer[tensor].dims[place] = number
          }
        case 2: message.graph.initializer[tensor].dims.append(number)
        case 3: message.graph.initializer[tensor].dataType = Int32(truncatingIfNeeded: number)
        case 4:
          let names = message.graph.node.flatMap(\.output) + message.graph.initializer.map(\.name) + ["", "input"]
          if let place = message.graph.node[node].input.indices.randomElement(using: &random) {
            message.graph.node[node].input[place] = random.pick(names)
          }
        case 5: message.graph.node[node].opType = random.pick(message.graph.node).opType
        case 6: message.graph.input[0].type.tensorType.shape.dim[random.pick([1, 2, 3])].dimValue = number
        case 7:
          // A constant without values: an initializer, or a shape in a node.
          message.graph.initializer[tensor] = emptied(message.graph.initializer[tensor])
          for index in message.graph.node[node].attribute.indices where message.graph.node[node].opType == "Constant" {
            message.graph.node[node].attribute[index].t = emptied(message.graph.node[node].attribute[index].t)
          }
        default: message.graph.node.swapAt(node, 0)
        }
      }
      let bytes: [UInt8] = try message.serializedBytes()
      do throws(FormatError) { _ = try ONNX.read(bytes) } catch {
        errors += 1
        #expect(!error.description.isEmpty, "round \(round)")
      }
    }
    #expect(errors > rounds / 2)
  }

  private func emptied(_ tensor: Onnx_TensorProto) -> Onnx_TensorProto {
    .with {
      $0.name = tensor.name
      $0.dataType = tensor.dataType
      $0.dims = [0]
      $0.rawData = Data()
    }
  }

  private func fuzz(
    _ seeds: [[UInt8]], _ seed: UInt64, _ read: ([UInt8]) throws(FormatError) -> Void
  ) -> (values: Int, errors: Int) {
    var random = Seeded(seed)
    var (values, errors) = (0, 0)
    for _ in 0..<Self.perSuite {
      let bytes = mutated(random.pick(seeds), &random)
      do throws(FormatError) {
        try read(bytes)
        values += 1
      } catch {
        errors += 1
        if error.description.isEmpty { Issue.record("an error without words for seed \(seed)") }
      }
    }
    return (values, errors)
  }

  private func mutated(_ seed: [UInt8], _ random: inout Seeded) -> [UInt8] {
    var bytes = seed
    for _ in 0..<random.pick([1, 1, 1, 2, 3, 8]) {
      guard !bytes.isEmpty else { break }
      // Headers and structure stand at the front more often than not.
      let bound = random.chance(0.6) ? min(bytes.count, 600) : bytes.count
      let place = Int.random(in: 0..<bound, using: &random)
      switch Int.random(in: 0..<9, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1:
        bytes[place] = random.pick([0, 1, 0x7F, 0x80, 0xFF, UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "9")])
      case 2: bytes.removeSubrange(place...)
      case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      case 4: bytes.remove(at: place)
      case 5:
        // A number of ten bytes where there was another.
        let number = [UInt8](repeating: 0xFF, count: Int.random(in: 0...9, using: &random)) + [1]
        bytes.replaceSubrange(place..<place + 1, with: number)
      case 6:
        let end = min(place + Int.random(in: 1...64, using: &random), bytes.count)
        bytes.insert(contentsOf: Array(bytes[place..<end]), at: Int.random(in: 0...bytes.count, using: &random))
      case 7: for index in place..<min(place + 8, bytes.count) { bytes[index] = random.pick([0, 0xFF, 0x80]) }
      default:
        let digits = random.pick(["0", "4294967296", "9223372036854775807", "-1", "99999999999999999999", "1e9"])
        bytes.replaceSubrange(place..<place + 1, with: Array(digits.utf8))
      }
    }
    return bytes
  }
}
