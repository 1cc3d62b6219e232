internal import Models

extension Pass {
  /// Puts the derivatives of the batch's mean loss into those of the class scores, and returns the sum of the losses: the
  /// mean squared error of data with targets, else the softmax cross-entropy. A loss may be infinite or NaN; nothing traps.
  ///
  /// `samples`: what came forward, in that order.
  func loss(of samples: some Collection<Int>, in data: LabelledData) -> Double {
    if let targets = data.targets { return meanSquaredError(samples, targets) }
    return crossEntropy(samples, data.labels)
  }

  private func crossEntropy(_ samples: some Collection<Int>, _ labels: [UInt8]) -> Double {
    let classes = network.outputCount
    let (scores, slopes) = (values(network.logits), gradient(network.logits)!)
    var softmax = RowSoftmax(classes)
    var loss = 0.0
    for (row, sample) in samples.enumerated() {
      let label = Int(labels[sample])
      let logarithm = softmax.run(scores + row * classes)
      loss += logarithm - softmax.shifted[label]
      for index in 0..<classes {
        let target = index == label ? 1.0 : 0.0
        slopes[row * classes + index] = Float((softmax.probabilities[index] - target) / Double(count))
      }
    }
    return loss
  }

  /// Of a sample with m outputs y and targets t the loss is 1/m · Σ (y − t)², its derivative by an output
  /// 2 · (y − t) / m. In `Double`, each derivative rounded once.
  private func meanSquaredError(_ samples: some Collection<Int>, _ targets: [Float]) -> Double {
    let outputs = network.outputCount
    let (scores, slopes) = (values(network.logits), gradient(network.logits)!)
    var loss = 0.0
    for (row, sample) in samples.enumerated() {
      var sum = 0.0
      for index in 0..<outputs {
        let error = Double(scores[row * outputs + index]) - Double(targets[sample * outputs + index])
        sum += error * error
        slopes[row * outputs + index] = Float(2 * error / Double(outputs * count))
      }
      loss += sum / Double(outputs)
    }
    return loss
  }
}
