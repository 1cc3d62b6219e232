internal import Digests

/// One layer of a network: what it computes and the sizes that its parameters depend on.
package enum Layer: Hashable, Sendable {
  /// y = W·x + b with W of shape [outputs, inputs], row by row.
  case dense(inputs: Int, outputs: Int)
  /// max(x, 0), element by element.
  case relu

  func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .dense(let inputs, let outputs):
      bytes.append(1)
      bytes.append(inputs)
      bytes.append(outputs)
    case .relu:
      bytes.append(2)
    }
  }
}

/// A description that cannot be a network: shapes that do not meet, or sizes out of bounds.
package struct NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
