package import Digests
package import Models
package import Studies

/// The version of everything that travels between coordinator and worker.
package enum ProtocolVersion {
  package static let current = 9
}

/// A number that names a connection to one peer; a reconnected peer has a new one.
package struct PeerID: Hashable, Sendable, Comparable {
  package let value: UInt32

  package init(_ value: UInt32) { self.value = value }

  package static func < (left: PeerID, right: PeerID) -> Bool { left.value < right.value }
}

/// Who a worker is and what it brings; the first message on each connection.
package struct Hello: Hashable, Sendable {
  package var protocolVersion: Int
  package var build: String
  /// Random for each start of a worker.
  package var worker: Digest
  /// For people: host name and process id.
  package var name: String
  /// Evaluation threads.
  package var lanes: Int
  /// The largest message that the worker accepts, in bytes.
  package var receiveLimit: Int
  package var numerics: NumericsClass
  /// The digest of the built-in evaluation's result, which proves the same bits.
  package var golden: Digest
  /// Jobs that it is computing or whose results are not yet acknowledged.
  package var holding: [Digest]

  package init(
    protocolVersion: Int, build: String, worker: Digest, name: String, lanes: Int, receiveLimit: Int,
    numerics: NumericsClass, golden: Digest, holding: [Digest]
  ) {
    self.protocolVersion = protocolVersion
    self.build = build
    self.worker = worker
    self.name = name
    self.lanes = lanes
    self.receiveLimit = receiveLimit
    self.numerics = numerics
    self.golden = golden
    self.holding = holding
  }
}

/// The coordinator's yes.
package struct Welcome: Hashable, Sendable {
  /// The coordinator's durable epoch: one more at each of its starts.
  package var epoch: UInt64
  package var run: Digest
  package var study: Digest
  package var heartbeatSeconds: Double
  package var receiveLimit: Int

  package init(epoch: UInt64, run: Digest, study: Digest, heartbeatSeconds: Double, receiveLimit: Int) {
    self.epoch = epoch
    self.run = run
    self.study = study
    self.heartbeatSeconds = heartbeatSeconds
    self.receiveLimit = receiveLimit
  }
}

/// The coordinator's no.
package struct Rejection: Hashable, Sendable {
  package enum Code: String, Hashable, Sendable, CaseIterable {
    case protocolVersion
    case goldenEvaluation
    case notWelcomed
    case quarantined
  }

  package var code: Code
  package var reason: String
  /// Whether trying again later can help.
  package var retryable: Bool

  package init(code: Code, reason: String, retryable: Bool) {
    self.code = code
    self.reason = reason
    self.retryable = retryable
  }
}

/// What computing a job cost; never part of an outcome.
package struct Cost: Hashable, Sendable {
  package var wallSeconds: Double
  package var cpuSeconds: Double

  package init(wallSeconds: Double, cpuSeconds: Double) {
    self.wallSeconds = wallSeconds
    self.cpuSeconds = cpuSeconds
  }
}

/// An answer to one job.
package struct JobResult: Hashable, Sendable {
  package enum Answer: Hashable, Sendable {
    case outcome(Outcome)
    /// The worker could not do it: the reason, for people.
    case failure(String)
  }

  package var job: Digest
  package var answer: Answer
  package var cost: Cost

  package init(job: Digest, answer: Answer, cost: Cost) {
    self.job = job
    self.answer = answer
    self.cost = cost
  }
}

/// A request for a part of a blob; both sides can ask.
package struct BlobRequest: Hashable, Sendable {
  package var digest: Digest
  package var offset: Int
  package var length: Int

  package init(digest: Digest, offset: Int, length: Int) {
    self.digest = digest
    self.offset = offset
    self.length = length
  }
}

/// A part of a blob; `total` 0 with no bytes says that the blob is not there.
package struct BlobChunk: Hashable, Sendable {
  package var digest: Digest
  package var offset: Int
  package var total: Int
  package var bytes: [UInt8]

  package init(digest: Digest, offset: Int, total: Int, bytes: [UInt8]) {
    self.digest = digest
    self.offset = offset
    self.total = total
    self.bytes = bytes
  }

  /// The bytes of a chunk, at most; blobs travel in pieces of this size.
  package static let maximumLength = 256 * 1024
}

/// What a worker says.
package enum WorkerMessage: Hashable, Sendable {
  case hello(Hello)
  case results([JobResult])
  /// With every job that it runs, has waiting or has an unacknowledged result of.
  case heartbeat(holding: [Digest])
  /// Leased jobs given back unstarted, on a drain.
  case returned([Digest])
  case blobRequest(BlobRequest)
  case blobChunk(BlobChunk)
  case bye
}

/// What the coordinator says.
package enum CoordinatorMessage: Hashable, Sendable {
  case welcome(Welcome)
  case reject(Rejection)
  /// Jobs to do, together: no identity, no meaning beyond being one message.
  case parcel([Job])
  /// These results are on disk.
  case acknowledge([Digest])
  /// These jobs need not be started any more.
  case cancel([Digest])
  case blobRequest(BlobRequest)
  case blobChunk(BlobChunk)
  /// The run is over; finish, say bye and leave.
  case dismiss
}
