import Digests
import Scheduling
import Studies

/// A bug planted between the coordinator and the world, to see that the simulation's properties catch it.
struct Sabotage {
  enum Bug: CaseIterable {
    case acknowledgeBeforePersist
    case dropLateResult
    case forgetReleasedLease
    case deliverTwice
    case observeInArrivalOrder
    case keepLies
    case forgetDisputes

    /// What catches it.
    var violation: Violation.Kind {
      switch self {
      case .acknowledgeBeforePersist: .acknowledgedBeforeDisk
      case .dropLateResult, .forgetReleasedLease: .notFinished
      case .deliverTwice: .deliveredTwice
      case .observeInArrivalOrder: .otherHistory
      case .keepLies, .forgetDisputes: .lieKept
      }
    }
  }

  let bug: Bug
  private var sent: Set<Digest> = []

  init(_ bug: Bug) { self.bug = bug }

  mutating func spoil(_ effects: [CoordinatorEffect], of event: CoordinatorEvent) -> [CoordinatorEffect] {
    var spoiled: [CoordinatorEffect] = []
    for effect in effects {
      switch (bug, effect) {
      case (.acknowledgeBeforePersist, .persist(let facts, _)):
        if case .received(_, let peer) = event { spoiled.append(.send(.acknowledge(facts.map(\.job)), to: peer)) }
        spoiled.append(effect)
      case (.dropLateResult, .persist(_, let attempts)):
        if !attempts.contains(where: { $0.disposition == .late }) { spoiled.append(effect) }
      case (.forgetReleasedLease, .send(.parcel(let jobs), let peer)):
        let fresh = jobs.filter { sent.insert($0.digest).inserted }
        if !fresh.isEmpty { spoiled.append(.send(.parcel(fresh), to: peer)) }
      case (.deliverTwice, .deliver): spoiled += [effect, effect]
      // The planner's part of it is in the simulation's planner, the store's in its store.
      case (.observeInArrivalOrder, _), (.keepLies, _), (.forgetDisputes, _): spoiled.append(effect)
      case (.acknowledgeBeforePersist, _), (.dropLateResult, _), (.forgetReleasedLease, _), (.deliverTwice, _):
        spoiled.append(effect)
      }
    }
    return spoiled
  }
}
