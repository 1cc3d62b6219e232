package import Digests
package import Models
internal import Studies

/// Where a study's data come from.
package enum DatasetSource: Hashable, Sendable {
  case known(KnownDataset)
  case files(Files)
  /// A regression that each seed makes anew: in each replicate another teacher is asked other questions.
  case teacher(TeacherPlan)

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
    if var teacher = try section.section("teacher") {
      for key in ["name", "x"] where section.has(key) {
        throw section.error(key, "expected either a name, x: and y:, or teacher:")
      }
      self = .teacher(try Self.teacher(&teacher))
      return
    }
    guard let x else {
      let name = try section.required(
        "name", try section.text("name", oneOf: names),
        "\(Section.list(names)), x: and y: with files of your own, or teacher:")
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

  private static func teacher(_ section: inout Section) throws(StudyFileError) -> TeacherPlan {
    let widths = try section.required(
      "widths", try section.ints("widths", 1...Layer.maximumDimension),
      "inputs, hidden widths and outputs, such as [20, 10, 10]")
    let samples = try section.required(
      "samples", try section.int("samples", 1...TeacherPlan.maximumValues), "how many samples there are in all")
    try section.finish()
    // With one sample it is the widths that are wrong.
    do { _ = try TeacherPlan(widths: widths, samples: 1) } catch { throw section.error("widths", error.description) }
    do { return try TeacherPlan(widths: widths, samples: samples) } catch {
      throw section.error("samples", error.description)
    }
  }

  /// The shape of a sample and the number of classes or outputs, where no file has to be read to know them.
  package var extent: (shape: [Int], classes: Int)? {
    switch self {
    case .known(let known): (known.shape, known.classes)
    case .teacher(let plan): (plan.network.inputShape, plan.network.outputCount)
    case .files: nil
    }
  }
}

/// Where a study's network comes from: the zoo, or hidden widths, which name one of it, a model file, a zoo's network with
/// a file of weights, or nowhere, because networks are what is searched.
package struct NetworkSource: Hashable, Sendable {
  package let zoo: String?
  package let widthMultiplier: Double?
  /// The rate of dropout that a network of the zoo gets behind its hidden dense layers; nil for what it has.
  package let dropout: Double?
  /// A model or, beside ``zoo``, its weights.
  package let file: String?
  /// The key that names the file.
  package let key: String
  /// The key that names the network of the zoo.
  let zooKey: String

  /// - Parameter isSearched: whether architectures are searched, so that none is named.
  init(_ section: inout Section, isSearched: Bool) throws(StudyFileError) {
    let hidden = try Self.hidden(&section)
    zoo = try section.text("zoo") ?? hidden
    zooKey = hidden == nil ? "zoo" : "hidden"
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
      throw section.error("onnx", "an ONNX file brings its own network; expected either \(zooKey): or onnx:")
    }
    if hidden != nil, widthMultiplier != nil {
      throw section.error("width_multiplier", "is for networks of the zoo by name; hidden: says the widths themselves")
    }
    if zoo == nil, !isSearched {
      _ = try section.required(
        "zoo", file,
        "a network by zoo: (\(Section.list(Zoo.names))), hidden: [WIDTH, ...], onnx: FILE or safetensors: FILE, or "
          + "networks by architecture:")
      if widthMultiplier != nil { throw section.error("width_multiplier", "is for networks of the zoo") }
      if dropout != nil { throw section.error("dropout", "is for networks of the zoo; other networks bring their own") }
    }
  }

  /// The zoo's name of a multilayer perceptron with these hidden widths.
  private static func hidden(_ section: inout Section) throws(StudyFileError) -> String? {
    guard let widths = try section.ints("hidden", 1...Layer.maximumDimension) else { return nil }
    if section.has("zoo") { throw section.error("hidden", "expected either zoo: or hidden:") }
    guard !widths.isEmpty else { throw section.error("hidden", "expected a list of widths such as [100, 50]") }
    return Zoo.perceptronName(hidden: widths)
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
