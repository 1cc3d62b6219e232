package import Digests
package import Pruning

/// What a search varies: the heritable form of a candidate.
///
/// A closed enum, so that every algorithm serves every kind: operators live in the space, algorithms never look inside.
package enum Genome: Hashable, Sendable {
  /// A bit for each unit that can be kept: weights, neurons, filters, blocks.
  case mask(Mask)
  /// A vector of real numbers, such as the sparsity of each layer.
  case reals([Double])
  /// A choice for each gene, such as the width of each layer, by its place among the choices.
  case choices([Int])

  /// The identity of the genome.
  package var digest: Digest {
    if case .mask(let mask) = self { return mask.digest }
    var bytes = CanonicalBytes(kind: "genome", version: 1)
    append(to: &bytes)
    return bytes.digest
  }

  package func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .mask(let mask):
      bytes.append(0)
      bytes.append(mask.count)
      bytes.append(words: mask.words)
    case .reals(let values):
      bytes.append(1)
      bytes.append(list: values) { $0.append($1) }
    case .choices(let values):
      bytes.append(2)
      bytes.append(list: values) { $0.append($1) }
    }
  }

  /// A genome from its stored form.
  ///
  /// - Throws: `CanonicalError` for bytes that are no genome.
  package init(from reader: inout CanonicalReader) throws(CanonicalError) {
    switch try reader.int() {
    case 0:
      let count = try reader.int()
      guard let mask = Mask(count: count, words: try reader.words()) else {
        throw CanonicalError("the words of a mask do not fit its length")
      }
      self = .mask(mask)
    case 1:
      var values: [Double] = []
      for _ in 0..<(try reader.count(width: 8)) { values.append(try reader.double()) }
      self = .reals(values)
    case 2:
      var values: [Int] = []
      for _ in 0..<(try reader.count(width: 8)) { values.append(try reader.int()) }
      self = .choices(values)
    case let other: throw CanonicalError("unknown genome \(other)")
    }
  }
}
