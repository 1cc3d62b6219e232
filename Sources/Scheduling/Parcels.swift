internal import Models
internal import Pruning
internal import Studies

/// Jobs cut into messages that the other side accepts.
enum Parcels {
  /// The jobs in as few parcels as stay well below `receiveLimit` bytes each; a message above it would be lost, and so
  /// would every repetition of it. A job too large by itself is a parcel of its own.
  static func cut(_ jobs: [Job], receiveLimit: Int) -> [[Job]] {
    var parcels: [[Job]] = []
    var bytes = 0
    for job in jobs {
      // Half is left for what an estimate does not know.
      if parcels.isEmpty || bytes + job.roughBytes > receiveLimit / 2 {
        parcels.append([])
        bytes = 0
      }
      parcels[parcels.count - 1].append(job)
      bytes += job.roughBytes
    }
    return parcels
  }
}

extension Job {
  /// About the number of bytes that a message spends on it: the mask, and some for layers and digests.
  fileprivate var roughBytes: Int {
    switch self {
    case .split: 512
    case .train(let job): 512 + 96 * job.network.nodes.count + (job.mask?.count ?? 0) / 8
    // Twice where it is a mask to come to, too.
    case .score(let job): 512 + 112 * job.network.nodes.count + (job.mask?.count ?? 0) / 4
    case .grow(let job): 512 + 96 * job.network.nodes.count
    case .evaluate(let job): 512 + 96 * job.network.nodes.count + (job.mask?.count ?? 0) / 8
    case .test(let job): 512 + 96 * job.network.nodes.count + (job.mask?.count ?? 0) / 8
    }
  }
}
