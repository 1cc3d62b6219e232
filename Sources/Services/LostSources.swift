internal import Digests
internal import RunStore
internal import Studies
internal import StudyFile

/// What a run was made of and has lost, and that cannot be made again.
package struct LostInputs: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String
}

/// Makes blobs again that no worker can: slices, given weights and the record of the study's inputs.
struct LostSources {
  private let store: RunStore
  private let document: AnyStudyDocument
  private let prepared: Prepared?
  private let data: String?

  /// - Parameters:
  ///   - prepared: what was read already.
  ///   - data: the folder of data sets.
  init(_ store: RunStore, _ document: AnyStudyDocument, _ prepared: Prepared?, _ data: String?) {
    (self.store, self.document, self.prepared, self.data) = (store, document, prepared, data)
  }

  /// The blobs of a study's data and given weights; nil where a fact that names slices is lost.
  func slices(of study: AnyStudy) throws -> [Digest]? {
    var blobs = study.pretrained
    for job in study.splits {
      guard let row = try store.fact(for: Job.split(job).digest), let outcome = try? Outcome(canonical: row.outcome)
      else { return nil }
      blobs += outcome.blobs
    }
    return blobs
  }

  /// Makes those blobs again that are lost, from the data set and the files that the study names.
  ///
  /// - Parameter blobs: nil for the slices of a split that is lost itself.
  /// - Returns: what was done, for people; empty where all are sound.
  /// - Throws: ``LostInputs`` naming what is lost, where the sources are not there or not what they were.
  func mend(_ blobs: [Digest]?) throws -> [String] {
    var lost = (blobs ?? []).compactMap { digest in
      store.complaint(aboutBlob: digest).map { "\(store.layout.blob(digest)) \($0)" }
    }
    if blobs == nil { lost.append("the split of the data in \(store.layout.database) is lost") }
    guard !lost.isEmpty else { return [] }
    do {
      let prepared = try prepared ?? Prepared(document, data: data)
      guard prepared.study.digest == store.identity.study else {
        throw LostInputs(description: "the data set or the model is not what the run began with")
      }
      try prepared.store(in: store)
      try store.record(prepared.inputs)
    } catch {
      throw LostInputs(
        description:
          "\(lost.joined(separator: "; ")), and cannot be made again: \(error); bring the study's data and model "
          + "back, or name their folder with --data, then resume the run")
    }
    return lost.map { "\($0): it was made again from the data" }
  }
}
