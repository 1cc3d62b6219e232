import ArgumentParser
import Formats
import Foundation
import Models
import Networks
import Pruning
import Reports
import Services

/// `sentei evaluate`: how good a model is.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a model on data: top-1, top-5, loss, and each class.",
    discussion: """
      The same arithmetic as in a search: the figures have the same bits on every machine. With --strategy the model is a line of \
      a finished run's comparison and the data are the run's own: its figures on test are those of the comparison.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var mask: MaskOptions

  @Option(
    help: """
      A line of the comparison, for example GlobalMagWeight, or the first word of a line of `sentei history`; the model is then \
      a run's directory.
      """)
  var strategy: String?

  @Flag(help: "With --strategy: the network as it was pruned, before its retraining.")
  var asPruned = false

  /// Which of a run's slices.
  enum RunSlice: String, ExpressibleByArgument, CaseIterable { case train, search, validation, test }

  @Option(help: "With --strategy: train, search, validation or test; by default test.")
  var slice: RunSlice?

  /// Which part of the data.
  enum Part: String, ExpressibleByArgument { case train, test }

  @Option(help: "train or test; by default the test part where there is one.")
  var part: Part?

  @Option(help: "Only the first samples of the part.")
  var first: Int?

  @Option(help: "Write the class scores of each sample: .npy, [samples, classes].")
  var logits: String?

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  func validate() throws {
    if let first, first <= 0 { throw ValidationError("--first takes a number above 0") }
    guard strategy != nil else {
      if slice != nil { throw ValidationError("--slice is for --strategy, which has a run's slices") }
      if asPruned { throw ValidationError("--as-pruned is for --strategy, which was pruned in a run") }
      return
    }
    let ofModels = [
      ("--mask", mask.mask != nil), ("--zoo", model.zoo.zoo != nil), ("--dataset or --x", data.isGiven),
      ("--part", part != nil),
    ]
    if let (name, _) = ofModels.first(where: \.1) {
      throw ValidationError("--strategy brings model and data of its run; expected no \(name)")
    }
  }

  func run() throws {
    // A retraining has the bits of the comparison with these kernels alone.
    if strategy != nil { Numerics.ensureEnvironment() }
    try reportingSync {
      if let logits { try OutputPlace.check(logits) }
      let (model, samples, mask, scope) = try inputs()
      let evaluator = try MaskedEvaluator(
        network: model.network, scope: scope, parameters: model.parameters, data: samples)
      guard let report = evaluator.report(mask) else {
        throw ComputationError("the network gives infinite or undefined values on these data")
      }
      if let logits {
        let values = evaluator.logits(mask)
        let array = NPYArray(shape: [samples.count, model.network.outputCount], values: .floats(values))!
        try WholeFile.replace(logits, with: NPY.write(array))
      }
      print(json ? try EvaluationListing(report).json : EvaluationListing(report).table)
    }
  }

  private func inputs() throws -> (Model, LabelledData, Mask?, PruningScope) {
    if let strategy {
      let line = try RunModel(directory: model.model, strategy: strategy, asPruned: asPruned)
      return (line.model, cut(try line.samples(slice ?? .test)), line.mask, line.scope)
    }
    let model = try model.load()
    return (model, try samples(try data.load(for: model.network)), try mask.load(for: model.network), mask.scope)
  }

  private func samples(_ set: DataSet) throws -> LabelledData {
    let samples: LabelledData
    switch part {
    case .train: samples = set.training
    case .test:
      guard let test = set.officialTest else { throw ValidationError("these data have no test part") }
      samples = test
    case nil: samples = set.officialTest ?? set.training
    }
    return cut(samples)
  }

  private func cut(_ samples: LabelledData) -> LabelledData {
    guard let first else { return samples }
    return samples.selecting(Array(0..<min(first, samples.count)))
  }
}

/// An evaluation for people and for programs.
struct EvaluationListing: Encodable {
  let samples: Int
  let top1: Double
  let top5: Double
  let loss: Double
  /// Accuracies; nil for a class without samples.
  let perClass: [Double?]

  enum CodingKeys: String, CodingKey {
    case samples, top1, top5, loss
    case perClass = "per_class"
  }

  private let counts: [(correct: Int, count: Int)]

  init(_ report: EvaluationReport) {
    let count = Double(max(report.count, 1))
    samples = report.count
    top1 = Double(report.top1) / count
    top5 = Double(report.top5) / count
    loss = report.loss
    counts = report.perClass.map { ($0.correct, $0.count) }
    perClass = counts.map { $0.count == 0 ? nil : Double($0.correct) / Double($0.count) }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(samples, forKey: .samples)
    try container.encode(top1, forKey: .top1)
    try container.encode(top5, forKey: .top5)
    try container.encode(loss, forKey: .loss)
    try container.encode(perClass, forKey: .perClass)
  }

  var table: String {
    let rows = counts.enumerated().map { label, row in
      ["\(label)", "\(row.count)", "\(row.correct)", perClass[label]?.fixed(digits: 4) ?? "-"]
    }
    return """
      samples  \(samples)
      top-1    \(top1.fixed(digits: 4))
      top-5    \(top5.fixed(digits: 4))
      loss     \(loss.fixed(digits: 5))

      \(TextTable.aligned(header: ["class", "samples", "correct", "accuracy"], rows: rows))
      """
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
