internal import Digests
internal import Formats
internal import Models
internal import Networks
internal import StudyFile

/// What the slices of a study are cut from: a set that is there, or one that each seed makes anew.
enum SampleSource {
  case set(DataSet)
  case teacher(TeacherPlan)

  /// The shape of a sample.
  var shape: [Int] {
    switch self {
    case .set(let set): set.training.shape
    case .teacher(let plan): plan.network.inputShape
    }
  }

  /// The number of classes, or of outputs.
  var classes: Int {
    switch self {
    case .set(let set): set.training.classes
    case .teacher(let plan): plan.network.outputCount
    }
  }

  /// The digest of the content, or of the plan, from which content follows with a seed.
  var identity: Digest {
    switch self {
    case .set(let set):
      var identity = CanonicalBytes(kind: "dataset", version: 1)
      identity.append(set.training.canonicalBytes.digest)
      identity.append(list: set.officialTest.map { [$0] } ?? []) { $0.append($1.canonicalBytes.digest) }
      return identity.digest
    case .teacher(let plan): return plan.digest
    }
  }

  /// What people should know beside the results; nil if there is nothing to say.
  var note: String? {
    switch self {
    case .set(let set): set.note
    case .teacher: nil
    }
  }

  /// The samples to be cut with a seed.
  ///
  /// - Throws: `StudyFileError` for a teacher that cannot answer.
  func set(seed: UInt64, of document: SubjectDocument) throws(StudyFileError) -> DataSet {
    switch self {
    case .set(let set): return set
    case .teacher(let plan):
      do { return DataSet(name: plan.name, training: try plan.data(seed: seed), officialTest: nil) } catch {
        throw document.dataError(error.description)
      }
    }
  }
}
