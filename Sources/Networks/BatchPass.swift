internal import Elementary
internal import Models

/// Forward and backward through one mini-batch, with the memory for it.
final class BatchPass {
  private let stack: DenseStack
  private let data: LabelledData
  private let capacity: Int
  /// The batch's samples: [samples, features].
  private let inputs: AlignedBuffer<Float>
  /// What each layer gives, behind its ReLU: [samples, outputs].
  private let outputs: [AlignedBuffer<Float>]
  /// The loss's derivatives by what a layer gives, for the current layer and the one below: [samples, widest].
  private var upper: AlignedBuffer<Float>
  private var lower: AlignedBuffer<Float>

  /// Room for batches of up to `capacity` samples.
  init(_ stack: DenseStack, data: LabelledData, capacity: Int) {
    self.stack = stack
    self.data = data
    self.capacity = capacity
    inputs = AlignedBuffer(count: capacity * data.featureCount)
    outputs = stack.stages.map { AlignedBuffer(count: capacity * $0.outputs) }
    upper = AlignedBuffer(count: capacity * stack.widest)
    lower = AlignedBuffer(count: capacity * stack.widest)
  }

  /// Writes the gradient of the mean loss over the samples and returns the sum of their losses.
  ///
  /// `parameters`, `gradient`: one value a parameter. A loss may be infinite or NaN; nothing traps.
  func run(
    _ samples: ArraySlice<Int>, parameters: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>
  ) -> Double {
    let count = samples.count
    precondition(count > 0 && count <= capacity)
    load(samples)
    for (index, stage) in stack.stages.enumerated() {
      forward(stage, count, input(of: index), parameters, outputs[index].base)
    }
    let loss = softmax(samples)
    for index in stack.stages.indices.reversed() {
      backward(index, count, parameters, gradient)
      swap(&upper, &lower)
    }
    return loss
  }

  private func load(_ samples: ArraySlice<Int>) {
    var position = 0
    for sample in samples {
      for value in data.inputs(of: sample) {
        inputs.base[position] = value
        position &+= 1
      }
    }
  }

  private func input(of index: Int) -> UnsafePointer<Float> {
    UnsafePointer(index == 0 ? inputs.base : outputs[index - 1].base)
  }

  /// y = x·Wᵀ + b, then ReLU.
  private func forward(
    _ stage: DenseStack.Stage, _ count: Int, _ x: UnsafePointer<Float>, _ parameters: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>
  ) {
    for sample in 0..<count {
      (y + sample * stage.outputs).update(from: parameters + stage.bias, count: stage.outputs)
    }
    BLAS.multiply(
      .init(x, stride: stage.inputs), .init(parameters + stage.weight, stride: stage.inputs, transposed: true),
      rows: count, columns: stage.outputs, inner: stage.inputs, beta: 1, into: y)
    // NaN must stay NaN, or a broken network would pass for a finite one.
    if stage.relu { for index in 0..<count * stage.outputs where y[index] < 0 { y[index] = 0 } }
  }

  /// Puts (softmax − label) / count into `upper` and returns the sum of the losses.
  private func softmax(_ samples: ArraySlice<Int>) -> Double {
    let classes = stack.outputCount
    let logits = outputs[outputs.count - 1].base
    var exponentials = [Double](repeating: 0, count: classes)
    var loss = 0.0
    for (row, sample) in samples.enumerated() {
      let z = logits + row * classes
      var highest = z[0]
      for index in 1..<classes where z[index] > highest { highest = z[index] }
      var sum = 0.0
      for index in 0..<classes {
        exponentials[index] = Elementary.exp(Double(z[index]) - Double(highest))
        sum += exponentials[index]
      }
      let label = Int(data.labels[sample])
      loss += Elementary.log(sum) - (Double(z[label]) - Double(highest))
      for index in 0..<classes {
        let target = index == label ? 1.0 : 0.0
        upper.base[row * classes + index] = Float((exponentials[index] / sum - target) / Double(samples.count))
      }
    }
    return loss
  }

  /// From the derivatives in `upper` to those of the layer's parameters and, in `lower`, of its inputs.
  private func backward(
    _ index: Int, _ count: Int, _ parameters: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let stage = stack.stages[index]
    let d = upper.base
    if stage.relu {
      // What is not above 0 behind the ReLU did not pass it.
      let y = outputs[index].base
      for position in 0..<count * stage.outputs where y[position] == 0 { d[position] = 0 }
    }
    BLAS.multiply(
      .init(d, stride: stage.outputs, transposed: true), .init(input(of: index), stride: stage.inputs),
      rows: stage.outputs, columns: stage.inputs, inner: count, beta: 0, into: gradient + stage.weight)
    let bias = gradient + stage.bias
    bias.update(repeating: 0, count: stage.outputs)
    for sample in 0..<count {
      for output in 0..<stage.outputs { bias[output] += d[sample * stage.outputs + output] }
    }
    guard index > 0 else { return }
    BLAS.multiply(
      .init(d, stride: stage.outputs), .init(parameters + stage.weight, stride: stage.inputs), rows: count,
      columns: stage.inputs, inner: stage.outputs, beta: 0, into: lower.base)
  }
}
