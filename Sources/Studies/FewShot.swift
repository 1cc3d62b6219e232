package import Models
internal import Randomness

/// The few images that a candidate is trained on.
package enum FewShot {
  /// The samples of a draw: so many of each class, all of a class that has fewer; ascending.
  ///
  /// A function of the labels, the seed and the draw alone: the same images for all candidates.
  ///
  /// - Complexity: linear in the number of samples.
  package static func samples(of data: LabelledData, perClass: Int, seed: UInt64, draw: Int) -> [Int] {
    var classes: [[Int]] = Array(repeating: [], count: data.classes)
    for (index, label) in data.labels.enumerated() { classes[Int(label)].append(index) }
    return classes.enumerated().flatMap { label, samples in
      var stream = RandomStream(seed: seed, .draw, UInt64(draw), UInt64(label))
      return stream.choose(min(perClass, samples.count), of: samples.count).map { samples[$0] }
    }.sorted()
  }

  /// The seed of a draw's batches and dropout.
  package static func seed(_ seed: UInt64, draw: Int) -> UInt64 {
    var stream = RandomStream(seed: seed, .draw, UInt64(draw))
    return stream.next()
  }
}
