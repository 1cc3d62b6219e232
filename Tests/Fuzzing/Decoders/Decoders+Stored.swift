import Digests
import Models
import RunStore
import Studies

/// What lies in a run directory, and in blobs that peers send as well.
extension Decoder {
  static let stored = [
    Decoder("outcomes") {
      outcomes.map(\.canonicalBytes)
    } read: { bytes in
      sound(try Outcome(canonical: bytes).canonicalBytes == bytes, "an outcome of two forms")
    },
    Decoder("networks", perByte: 64) {
      try networks().map(\.canonicalBytes.bytes)
    } read: { bytes in
      let network = try NetworkDescription(canonical: bytes)
      return sound(
        network.canonicalBytes.bytes == bytes && ParameterLayout(network).count >= 0, "a network of two forms")
    },
    Decoder("recipes") {
      recipes.map(\.canonicalBytes.bytes)
    } read: { bytes in
      sound(try TrainingRecipe(canonical: bytes).canonicalBytes.bytes == bytes, "a recipe of two forms")
    },
    Decoder("parameters") {
      [Parameters.canonicalBytes(of: []), Parameters.canonicalBytes(of: [1, -.infinity, .nan, 0.5])]
    } read: { bytes in
      try Parameters.values(canonical: bytes).count <= bytes.count / 4
    },
    Decoder("training-states") {
      [
        TrainingState(parameters: [1, 2, 3], slots: [[1, 2], [3, 4]], step: 5).canonicalBytes.bytes,
        TrainingState(parameters: [], slots: [], step: 0).canonicalBytes.bytes,
      ]
    } read: { bytes in
      sound(try TrainingState(canonical: bytes).canonicalBytes.bytes == bytes, "a state of two forms")
    },
    Decoder("data") {
      [
        try LabelledData(shape: [1, 2, 3], classes: 3, scale: 16, pixels: Array(0..<12), labels: [0, 2]),
        try LabelledData(
          shape: [2, 1, 2], classes: 2, values: .floats([0.5, 1, -1, 0]), labels: [1],
          normalization: .init(mean: [0, 1], deviation: [1, 2])),
        try LabelledData(
          shape: [1], classes: 2, values: .floats([0.5, 1]), labels: [1, 0], targets: [-0.5, 2, 0, -0.0]),
      ].map(\.canonicalBytes.bytes)
    } read: { bytes in
      let data = try LabelledData(canonical: bytes)
      return sound(
        data.canonicalBytes.bytes == bytes && data.labels.allSatisfy { Int($0) < data.classes }, "data of two forms")
    },
    Decoder("head") {
      (0..<2).map { number in
        let body = "sentei head 1\nepoch \(number)\ncount \(7 * number)\nhash \(Digest(of: []).hex)\n"
        return Array("\(body)check \(Digest(of: Array(body.utf8)).hex.prefix(16))\n".utf8)
      }
    } read: { bytes in
      HeadText.isSound(bytes)
    },
  ]
}
