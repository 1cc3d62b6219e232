/// What new neurons give so that their incoming weights, which begin at 0, get the largest gradient.
///
/// A new neuron with incoming weights of 0 gives nothing, whatever reads it, as long as f(0) = 0 and f'(0) = 1. The
/// gradient of the loss by its incoming weights is then linear in its outgoing ones: a row vector w of these gets w·A. For
/// neurons whose outgoing weights are orthogonal and of one norm c, the sum of squared gradients is largest where they
/// are c times the left singular vectors of A with the largest singular values; it is c² times the sum of their squares.
///
/// Source: Evci, van Merriënboer, Unterthiner, Vladymyrov, Pedregosa, "GradMax: growing neural networks using gradient
/// information", ICLR 2022, section 3.
package struct GradMax: Hashable, Sendable {
  /// The outgoing weights of each new neuron, [neurons][outgoing].
  package let outgoing: [[Float]]
  /// The sum of squares of the gradient by all incoming weights.
  package let gain: Double

  /// - Parameters:
  ///   - gradients: A, [outgoing][incoming]: row r is the gradient by the incoming weights of a neuron whose only outgoing
  ///     weight is r, of 1.
  ///   - count: neurons, at most as many as A has rows or columns.
  ///   - norm: c, the norm of each neuron's outgoing weights.
  /// - Returns: nil for values that are not finite, or a norm that is not above 0.
  /// - Complexity: O(rows · columns · min(rows, columns)).
  package init?(gradients: [Float], rows: Int, columns: Int, count: Int, norm: Double) {
    precondition(gradients.count == rows * columns && (1...min(rows, columns)).contains(count))
    guard norm.isFinite, norm > 0, gradients.allSatisfy(\.isFinite),
      let parts = BLAS.leftSingularVectors(gradients.map(Double.init), rows: rows, columns: columns)
    else { return nil }
    outgoing = parts.vectors.prefix(count).map { $0.map { Float(norm * $0) } }
    gain = norm * norm * parts.values.prefix(count).reduce(0) { $0 + $1 * $1 }
  }
}
