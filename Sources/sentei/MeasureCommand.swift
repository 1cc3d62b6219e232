import ArgumentParser
import Formats
import Models
import Networks
import Pruning
import Randomness
import Services

/// `sentei measure`: what each form of a pruned model really saves.
struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Measure each form of a pruned model: bytes, multiply-adds, time, and accuracy for a run's.",
    discussion: """
      Without a mask the zeros of the model itself count. With --strategy the model is a line of a finished run's comparison, \
      and every form is put on the run's test slice. The machine should have nothing else to do.
      """)

  @OptionGroup var source: PrunedModelOptions

  @OptionGroup var sharing: SharingOptions

  @Option(help: "How often each form is timed, in turn with the others; 20 at least.")
  var rounds = 20

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @Flag(help: "Print CSV instead of a table.")
  var csv = false

  /// The sizes of batches that are timed.
  private static let batches = [1, 256]

  func validate() throws {
    if rounds < 20 { throw ValidationError("--rounds takes a number from 20, found \(rounds)") }
    if json, csv { throw ValidationError("give --json or --csv, not both") }
  }

  func run() throws {
    // A retraining has the bits of the comparison with these kernels alone.
    if source.strategy != nil { Numerics.ensureEnvironment() }
    try reportingSync {
      let (pruned, run) = try source.load()
      let test = try run?.samples(.test)
      let forms = try ExportForm.allCases.map { try StoredForm($0, of: pruned, sharing.sharing) }
      let latency = try latency(forms, try Self.samples(for: pruned.model.network, test))
      let dense = SizeMetrics(ParameterLayout(pruned.model.network), mask: nil)
      let figures = try zip(forms, latency).map { form, latency in
        let metrics = form.metrics
        let multiplyAdds = form.form == .dense ? dense.flops : metrics.flopsNonzero
        return FormFigures(
          form: form.form.rawValue, parameters: metrics.size, nonzero: metrics.sizeNonzero, bytes: form.bytes.count,
          gzippedBytes: Gzip.compress(form.bytes).count, multiplyAdds: multiplyAdds,
          theoreticalSpeedup: Double(dense.flops) / Double(max(multiplyAdds, 1)), latency: latency,
          // Of a pruned network the weights that it lacks have old values, which mean nothing.
          accuracy: form.form == .dense && pruned.mask != nil ? nil : try test.map { try form.accuracy(on: $0) })
      }
      let listing = FormListing(network: pruned.model.network.name, rounds: rounds, forms: figures)
      print(json ? try listing.json : csv ? listing.csv : listing.table)
    }
  }

  /// The times of each form, batch by batch.
  private func latency(_ forms: [StoredForm], _ batches: [EvaluationData]) throws -> [[FormFigures.Latency]] {
    var out = forms.map { _ in [FormFigures.Latency]() }
    for data in batches {
      var timed: [(form: ExportForm, skipsZeros: Bool, inference: Inference)] = []
      for form in forms {
        for skipsZeros in form.form.timings {
          timed.append((form.form, skipsZeros, try Inference(form.model, skipsZeros: skipsZeros, data: data)))
        }
      }
      let seconds = Stopwatch.medians(of: timed.map { entry in { entry.inference.run() } }, rounds: rounds)
      for (place, form) in forms.enumerated() {
        let own = timed.indices.filter { timed[$0].form == form.form.timedAs }
        let best = own.min { seconds[$0] < seconds[$1] }!
        out[place].append(
          FormFigures.Latency(
            batch: data.count, kernels: timed[best].skipsZeros ? "sparse" : "dense", seconds: seconds[best],
            speedup: seconds[0] / seconds[best]))
      }
    }
    return out
  }

  /// Batches of the samples of a run; without one of numbers between 0 and 1, whose labels mean nothing.
  private static func samples(for network: NetworkDescription, _ test: LabelledData?) throws -> [EvaluationData] {
    try batches.map { count in
      if let test, test.count > 0 { return EvaluationData(test.selecting((0..<count).map { $0 % test.count })) }
      var stream = RandomStream(seed: 1, .sampling)
      let values = (0..<count * network.inputCount).map { _ in Float(stream.uniform()) }
      return EvaluationData(
        try LabelledData(
          shape: network.inputShape, classes: 2, values: .floats(values), labels: Array(repeating: 0, count: count)))
    }
  }
}

extension ExportForm {
  /// The form whose times it has: the weights of csr and shared are zero where those of masked are, so that the kernels
  /// have the same work, and measuring it again would only add noise.
  fileprivate var timedAs: ExportForm { self == .csr || self == .shared ? .masked : self }

  /// The kernels that it is timed with, by whether they skip zeros; dense comes first of all.
  fileprivate var timings: [Bool] {
    switch self {
    case .dense: [false]
    case .masked: [true]
    case .compact: [false, true]
    case .csr, .shared: []
    }
  }
}

/// A model in the file of one form, and as it comes back from there.
private struct StoredForm {
  let form: ExportForm
  let bytes: [UInt8]
  let model: Model

  /// - Throws: `FormatError` for a file that cannot be read again, which would be a mistake of ours.
  init(_ form: ExportForm, of pruned: PrunedModel, _ bits: Safetensors.SharingBits) throws {
    self.form = form
    let model = pruned.model(in: form)
    bytes =
      switch form {
      case .dense, .masked, .compact: Safetensors.write(model)
      case .csr: Safetensors.writeSparse(model).bytes
      case .shared: Safetensors.writeShared(model, scope: pruned.scope, bits: bits).bytes
      }
    self.model = try Safetensors.read(bytes)
  }

  /// Of the weights other than zero.
  var metrics: SizeMetrics {
    SizeMetrics(
      ParameterLayout(model.network, scope: PruningScope(prunesClassifier: true)), mask: model.nonzeroWeights)
  }

  /// The share of samples whose label has the highest score; zeros are skipped, which changes no bit.
  func accuracy(on data: LabelledData) throws -> Double {
    try MaskedEvaluator(
      network: model.network, scope: PruningScope(prunesClassifier: true), parameters: model.parameters, data: data
    ).evaluate(model.nonzeroWeights).accuracy
  }
}
