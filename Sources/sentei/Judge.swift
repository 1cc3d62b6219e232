import Models
import Networks
import Reports

/// Measures weights on one set of data.
struct Judge {
  private let network: NetworkDescription
  private let data: EvaluationData

  /// - Throws: `NetworkError` if the data do not belong to the network.
  init(_ network: NetworkDescription, _ samples: LabelledData) throws {
    self.network = network
    data = EvaluationData(samples)
  }

  /// Nil for weights that give infinite or undefined values.
  func report(_ parameters: [Float]) throws -> EvaluationReport? {
    try MaskedEvaluator(network: network, scope: .init(), parameters: parameters, data: data).report(nil)
  }
}

extension EvaluationReport {
  /// For a line of progress.
  var summary: String {
    "accuracy \((Double(top1) / Double(max(count, 1))).fixed(digits: 4)) loss \(loss.fixed(digits: 5))"
  }
}

/// A computation that left the finite numbers.
struct ComputationError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
