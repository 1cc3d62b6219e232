package import Digests

extension ArchitectureTemplate {
  /// Everything that decides which networks there are and which choices mean them; names do not.
  package func append(to bytes: inout CanonicalBytes) {
    bytes.append(list: input) { $0.append($1) }
    bytes.append(classes)
    bytes.append(averages)
    bytes.append(list: stages) { bytes, stage in
      switch stage.kind {
      case .dense: bytes.append(0)
      case .convolution(let kernels, let isPadded, let pool):
        bytes.append(1)
        bytes.append(list: kernels) { $0.append($1) }
        bytes.append(isPadded)
        bytes.append(pool)
      }
      bytes.append(list: stage.widths) { $0.append($1) }
      bytes.append(list: stage.activations) { bytes, activation in
        bytes.append(activation != nil)
        if let activation { Layer.activation(activation).append(to: &bytes, inputs: []) }
      }
      bytes.append(stage.isNormalized)
      bytes.append(stage.maySkip)
    }
  }
}
