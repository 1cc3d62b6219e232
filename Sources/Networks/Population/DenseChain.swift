internal import Models
internal import Pruning

/// The layers of a network that is nothing but dense layers, one behind the other, with or without a ReLU.
struct DenseChain {
  struct Layer {
    let weight: ParameterTensor
    /// Nil for a layer without bias.
    let bias: ParameterTensor?
    var relu = false

    var inputs: Int { weight.shape[1] }
    var outputs: Int { weight.shape[0] }

    /// Where the neurons' chains begin: zeros for a layer without bias.
    func biases(of parameters: AlignedBuffer<Float>) -> AlignedBuffer<Float> {
      let biases = AlignedBuffer<Float>(count: outputs)
      if let range = bias?.range { biases.base.update(from: parameters.base + range.lowerBound, count: outputs) }
      return biases
    }

    /// Calls `body` with those inputs of a neuron in `range`, ascending, that a mask keeps; nil keeps all.
    @inline(__always)
    func forEachKept(_ mask: Mask?, _ neuron: Int, _ range: Range<Int>, _ body: (Int) -> Void) {
      guard let mask, let maskRange = weight.maskRange else {
        range.forEach(body)
        return
      }
      mask.words.withUnsafeBufferPointer { words in
        let bits = BitWindow(words: words)
        let row = maskRange.lowerBound + neuron * inputs
        for first in stride(from: range.lowerBound, to: range.upperBound, by: 64) {
          var rest = bits.load(at: row + first, count: min(64, range.upperBound - first))
          while rest != 0 {
            body(first &+ rest.trailingZeroBitCount)
            rest &= rest &- 1
          }
        }
      }
    }
  }

  private(set) var layers: [Layer] = []

  /// Nil for any other network, and for one with far more neurons than anybody prunes together.
  init?(_ network: NetworkDescription, _ layout: ParameterLayout) {
    for (index, node) in network.nodes[...network.logits].enumerated().dropFirst() {
      guard node.inputs == [index - 1] else { return nil }
      switch node.layer {
      case .dense:
        layers.append(Layer(weight: layout[index, .weight]!, bias: layout[index, .bias]))
      case .activation(.relu):
        guard !layers.isEmpty else { return nil }
        layers[layers.count - 1].relu = true
      case .dropout: break
      // Only the input is an image, and its values lie in the order in which they are flattened.
      case .flatten: break
      case .input, .convolution, .maxPool, .averagePool, .globalAveragePool, .batchNorm, .activation, .softmax, .add,
        .concatenate:
        return nil
      }
    }
    // Each sum has a row of its own; a description that nobody means could make more than memory holds.
    guard !layers.isEmpty, layers.reduce(0, { $0 + $1.outputs }) <= Self.mostOutputs,
      layers[0].inputs <= Self.mostInputs
    else { return nil }
  }

  /// The kernels' offsets are bytes in 32 bits, 256 for each input.
  private static let mostInputs = 1 << 24

  private static let mostOutputs = 1 << 18
}
