package import Digests
package import Models
internal import Studies

/// Where a study's data come from.
package enum DatasetSource: Hashable, Sendable {
  case known(KnownDataset)
  case files(Files)

  /// A person's own data.
  package struct Files: Hashable, Sendable {
    package var x: String
    /// Nil where one file holds both.
    package var y: String?
    package var testX: String?
    package var testY: String?
    package var classes: Int?
    /// Of a CSV file: the place of the column with the labels, from 0, or its name; nil: the last one.
    package var labelColumn: String?
    /// What bytes are divided by.
    package var scale: Int?
    /// Whether images are [height, width, channels] in the file.
    package var channelsLast: Bool
  }

  init(_ section: inout Section) throws(StudyFileError) {
    let names = KnownDataset.all.map(\.name)
    let x = try section.text("x")
    guard let x else {
      let name = try section.required(
        "name", try section.text("name", oneOf: names), "\(Section.list(names)), or x: and y: with files of your own")
      self = .known(KnownDataset.named(name)!)
      return
    }
    guard try section.text("name") == nil else { throw section.error("name", "expected either a name or x: and y:") }
    let files = Files(
      x: x, y: try section.text("y"), testX: try section.text("test_x"), testY: try section.text("test_y"),
      classes: try section.int("classes", 2...256),
      labelColumn: try section.text("label_column"), scale: try section.int("scale", 1...65_536),
      channelsLast: try section.bool("channels_last") ?? false)
    if files.testX == nil, files.testY != nil { throw section.error("test_y", "expected test_x: beside it") }
    self = .files(files)
  }
}

/// Where a study's network comes from: the zoo, a model file, a zoo's network with a file of weights, or nowhere, because
/// networks are what is searched.
package struct NetworkSource: Hashable, Sendable {
  package let zoo: String?
  package let widthMultiplier: Double?
  /// The rate of dropout that a network of the zoo gets behind its hidden dense layers; nil for what it has.
  package let dropout: Double?
  /// A model or, beside ``zoo``, its weights.
  package let file: String?
  /// The key that names the file.
  package let key: String

  /// - Parameter isSearched: whether architectures are searched, so that none is named.
  init(_ section: inout Section, isSearched: Bool) throws(StudyFileError) {
    zoo = try section.text("zoo")
    let onnx = try section.text("onnx")
    let safetensors = try section.text("safetensors")
    widthMultiplier = try section.double("width_multiplier", "a number above 0, at most 16", { $0 > 0 && $0 <= 16 })
    dropout = try section.double("dropout", "a rate above 0, below 1", { $0 > 0 && $0 < 1 })
    file = onnx ?? safetensors
    key = onnx == nil ? "safetensors" : "onnx"
    if onnx != nil, safetensors != nil { throw section.error("onnx", "expected either onnx: or safetensors:") }
    if let onnx, onnx.hasSuffix(".safetensors") {
      throw section.error("onnx", "\(onnx) is a safetensors file by its name; expected safetensors: \(onnx)")
    }
    if onnx != nil, zoo != nil {
      throw section.error("onnx", "an ONNX file brings its own network; expected either zoo: or onnx:")
    }
    if zoo == nil, !isSearched {
      _ = try section.required(
        "zoo", file,
        "a network by zoo: (\(Section.list(Zoo.names))), onnx: FILE or safetensors: FILE, or networks by architecture:")
      if widthMultiplier != nil { throw section.error("width_multiplier", "is for networks of the zoo") }
      if dropout != nil { throw section.error("dropout", "is for networks of the zoo; other networks bring their own") }
    }
  }
}

/// What a study needs beside its file: the network, and the weights if they come from outside.
package struct StudyInputs: Hashable, Sendable {
  /// The content of the data.
  package let dataset: Digest
  /// The shape of a sample.
  package let shape: [Int]
  package let network: NetworkDescription
  package let pretrained: Digest?

  package init(dataset: Digest, shape: [Int], network: NetworkDescription, pretrained: Digest?) {
    self.dataset = dataset
    self.shape = shape
    self.network = network
    self.pretrained = pretrained
  }
}
