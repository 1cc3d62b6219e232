package import Digests

/// A problem with a known answer: to come near to the outputs of a random network, the teacher.
///
/// Teacher and samples are a function of the plan and a seed, so no file holds them. A student that is as wide as the
/// teacher can reach a loss of 0.
///
/// Source: Evci et al., "GradMax: growing neural networks using gradient information", ICLR 2022, section 4.1.
package struct TeacherPlan: Hashable, Sendable {
  /// The teacher: dense layers with ReLU between them.
  package let network: NetworkDescription
  /// Its inputs, hidden widths and outputs.
  package let widths: [Int]
  /// How often it is asked.
  package let samples: Int

  /// The most values of all samples, inputs and targets together: 1 GiB.
  package static let maximumValues = 1 << 28

  /// A checked plan.
  ///
  /// - Throws: ``NetworkError`` for fewer than two widths, widths that no network has, outputs that are not 2 to 256,
  ///   and samples that are none or too many to hold.
  package init(widths: [Int], samples: Int) throws(NetworkError) {
    let network = try NetworkDescription(
      name: "teacher-" + widths.map { "\($0)" }.joined(separator: "-"), widths: widths)
    guard (2...256).contains(network.outputCount) else {
      throw NetworkError("a teacher has 2 to 256 outputs, found \(network.outputCount)")
    }
    let most = Self.maximumValues / (network.inputCount + network.outputCount)
    guard (1...most).contains(samples) else {
      throw NetworkError("\(network.name) can give 1 to \(most) samples, found \(samples)")
    }
    (self.network, self.widths, self.samples) = (network, widths, samples)
  }

  /// For people, such as `teacher-20-10-10`.
  package var name: String { network.name }

  /// The identity of the data set, whatever the seed.
  package var digest: Digest {
    var bytes = CanonicalBytes(kind: "teacher", version: 1)
    bytes.append(list: widths) { $0.append($1) }
    bytes.append(samples)
    return bytes.digest
  }
}
