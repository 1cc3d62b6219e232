/// What evaluating a network on data gives in full.
package struct EvaluationReport: Hashable, Sendable {
  /// Samples of one class.
  package struct ClassCount: Hashable, Sendable {
    package var correct = 0
    package var count = 0
  }

  package let count: Int
  /// Samples whose label has the highest score; the first of equals wins.
  package let top1: Int
  /// Samples with fewer than five classes before their label: of a higher score, or of an equal one and listed earlier.
  package let top5: Int
  /// The mean softmax cross-entropy, or the mean squared error where the data have targets.
  package let loss: Double
  /// By label.
  package let perClass: [ClassCount]

  /// - Parameters:
  ///   - logits: [samples][classes].
  ///   - labels: one a sample, each below `classes`.
  package init(logits: [Float], classes: Int, labels: [UInt8], loss: Double) {
    var (top1, top5) = (0, 0)
    var perClass = [ClassCount](repeating: ClassCount(), count: classes)
    for (sample, label) in labels.enumerated() {
      let scores = logits[sample * classes..<(sample + 1) * classes]
      let own = scores[scores.startIndex + Int(label)]
      var before = 0
      for (index, score) in scores.enumerated() where score > own || score == own && index < Int(label) { before += 1 }
      perClass[Int(label)].count += 1
      if before == 0 {
        top1 += 1
        perClass[Int(label)].correct += 1
      }
      if before < 5 { top5 += 1 }
    }
    count = labels.count
    self.top1 = top1
    self.top5 = top5
    self.loss = loss
    self.perClass = perClass
  }
}
