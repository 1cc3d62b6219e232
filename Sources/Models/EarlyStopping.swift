package import Digests

/// When training ends before its last epoch: after `patience` judgements in a row without a lower validation loss.
package struct EarlyStopping: Hashable, Sendable {
  package var patience: Int
  /// How much lower than the best a loss must be to count as lower.
  package var minimumDelta: Double

  package init(patience: Int, minimumDelta: Double = 0) {
    self.patience = patience
    self.minimumDelta = minimumDelta
  }

  package func append(to bytes: inout CanonicalBytes) {
    bytes.append(patience)
    bytes.append(minimumDelta)
  }

  /// Follows the losses on `validation`, one after another.
  package struct Watch: Hashable, Sendable {
    /// A loss and the number (from 0) of the judgement that found it.
    package struct Best: Hashable, Sendable {
      package let loss: Double
      package let judgement: Int
    }

    private let rule: EarlyStopping
    package private(set) var best: Best?
    private var judgements = 0

    package init(_ rule: EarlyStopping) { self.rule = rule }

    /// Takes the next loss; one that is not finite is never better.
    ///
    /// - Returns: whether it is the best so far, and whether training should end.
    package mutating func observe(_ loss: Double) -> (isBest: Bool, stops: Bool) {
      defer { judgements += 1 }
      let isBest = loss.isFinite && best.map { loss < $0.loss - rule.minimumDelta } ?? true
      if isBest { best = Best(loss: loss, judgement: judgements) }
      return (isBest, judgements - (best?.judgement ?? -1) >= rule.patience)
    }
  }
}
