package import Models
internal import Pruning
internal import Randomness

extension TeacherPlan {
  /// The teacher's parameters: normal weights with a variance of 2 / n for n inputs of a sum, which keeps the size of
  /// values through ReLU, of 1 / n in the last layer, where none follows; zero biases.
  ///
  /// Each layer has a stream of its own.
  ///
  /// - Complexity: linear in the number of parameters.
  package func parameters(seed: UInt64) -> [Float] {
    let layout = ParameterLayout(network)
    var values = [Float](repeating: 0, count: layout.count)
    let weights = layout.tensors.filter { $0.role == .weight }
    for (layer, tensor) in weights.enumerated() {
      var stream = RandomStream(seed: seed, .teacherWeights, UInt64(layer))
      let gain = layer == weights.count - 1 ? 1.0 : 2.0
      let deviation = (gain / Double(tensor.shape[1])).squareRoot()
      for position in tensor.range { values[position] = Float(stream.normal() * deviation) }
    }
    return values
  }

  /// What the teacher was asked, independent standard normal numbers, and what it answered, as targets.
  ///
  /// Each sample has a stream of its own, so a longer set begins with a shorter one. The answers are what
  /// ``MaskedEvaluator`` gives for the teacher, so they have the same bits on every machine, and a student with the
  /// teacher's weights has a loss of exactly 0.
  ///
  /// - Throws: ``NetworkError`` where an answer is not finite, or the teacher is too large to evaluate.
  /// - Complexity: samples × multiply-adds of the teacher.
  package func data(seed: UInt64) throws(NetworkError) -> LabelledData {
    var values: [Float] = []
    values.reserveCapacity(samples * network.inputCount)
    for sample in 0..<samples {
      var stream = RandomStream(seed: seed, .teacherInputs, UInt64(sample))
      for _ in 0..<network.inputCount { values.append(Float(stream.normal())) }
    }
    let outputs = network.outputCount
    let questions = try LabelledData(
      shape: network.inputShape, classes: outputs, values: .floats(values),
      labels: Array(repeating: 0, count: samples))
    let targets = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: parameters(seed: seed), data: questions
    ).logits(nil)
    return try LabelledData(
      shape: network.inputShape, classes: outputs, values: .floats(values),
      labels: (0..<samples).map { LabelledData.firstLargest(of: targets[$0 * outputs..<($0 + 1) * outputs]) },
      targets: targets)
  }
}
