package import Digests

/// A study of any kind on its way, fed with facts: a search, or methods side by side.
///
/// The same code drives a live run, a resumed one and a replay; they differ only in where facts come from.
package protocol StudyRun: Sendable {
  /// The digest of the study that it is of.
  var studyDigest: Digest { get }

  /// The study's name, for people.
  var name: String { get }

  /// Goes on by one step.
  ///
  /// - Parameter outcome: the fact of a job, if there is one.
  /// - Throws: ``StudyFailure`` where an outcome ends the study.
  mutating func step(_ outcome: (Digest) -> Outcome?) throws(StudyFailure) -> RunStep

  /// Hands over the blob that ``RunStep/needs(_:)`` named.
  ///
  /// - Throws: ``StudyFailure`` if it is not what was expected.
  mutating func supply(_ blob: [UInt8]) throws(StudyFailure)

  /// The networks to compare on `test`, once the study has finished; empty before.
  var contestants: [Contestant] { get }

  /// The digests of the data sets, which are no blobs.
  var datasets: [Digest] { get }

  /// The blobs that jobs without an outcome need, that later ones may, and the slices of the data.
  var neededBlobs: [Digest] { get }

  /// Trials that were asked for more than once, and found done.
  var cacheHits: Int { get }
}

extension PlannerRun: StudyRun {
  package var studyDigest: Digest { planner.study.digest }
  package var name: String { planner.study.name }
  package var contestants: [Contestant] { planner.contestants }
  package var datasets: [Digest] { [planner.dataset] }
  package var neededBlobs: [Digest] {
    planner.openInputs + planner.heldBlobs + (planner.currentSplits.map { Outcome.split($0).blobs } ?? [])
      + (planner.study.pretrained.map { [$0] } ?? [])
  }
}

extension MethodRun: StudyRun {
  package var studyDigest: Digest { study.digest }
  package var name: String { study.name }
  package var cacheHits: Int { 0 }
  package var datasets: [Digest] { study.subjects.map(\.dataset) }
}
