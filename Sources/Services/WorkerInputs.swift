internal import Digests
internal import Models
internal import Networks
internal import Studies

/// What a worker holds in memory: blobs by digest, and the forms that kernels want them in, made once for all lanes.
actor WorkerInputs {
  /// Bytes kept at most before the least recently used blobs are dropped.
  private static let limit = 1 << 30

  private let downloads: BlobDownloads
  private var blobs: [Digest: [UInt8]] = [:]
  private var lastUse: [Digest: Int] = [:]
  private var clock = 0
  /// The most bytes that blobs can have which are asked for; kept here, because tasks that carry it along crash the
  /// compiler (Swift 6.3.1, splitting coroutines).
  private var expected: [Digest: Int] = [:]
  private var parameters = Decoded<[Float]>()
  private var labelled = Decoded<LabelledData>()
  private var evaluationData = Decoded<EvaluationData>()

  init(downloads: BlobDownloads) { self.downloads = downloads }

  /// A blob from memory, or from the coordinator, of at most so many bytes.
  func blob(_ digest: Digest, atMost limit: Int) async throws -> [UInt8] {
    expected[digest] = limit
    return try await blob(digest)
  }

  private func blob(_ digest: Digest) async throws -> [UInt8] {
    if let bytes = held(digest) { return bytes }
    let bytes = try await downloads.fetch(digest, atMost: expected[digest] ?? 0)
    expected[digest] = nil
    store(bytes, as: digest)
    return bytes
  }

  /// A blob if it is in memory.
  func held(_ digest: Digest) -> [UInt8]? {
    clock += 1
    lastUse[digest] = clock
    return blobs[digest]
  }

  /// Keeps a blob that was made or fetched here.
  func store(_ bytes: [UInt8], as digest: Digest) {
    blobs[digest] = bytes
    clock += 1
    lastUse[digest] = clock
    while blobs.count > 8, blobs.values.reduce(0, { $0 + $1.count }) > Self.limit,
      let oldest = blobs.keys.min(by: { lastUse[$0]! < lastUse[$1]! })
    {
      blobs[oldest] = nil
    }
  }

  /// The samples of a slice, of at most so many bytes as they are sent.
  func labelledData(_ digest: Digest, atMost limit: Int) async throws -> LabelledData {
    expected[digest] = limit
    return try await labelledData(digest)
  }

  private func labelledData(_ digest: Digest) async throws -> LabelledData {
    let task = labelled.task(digest) { Task { try LabelledData(canonical: try await self.blob(digest)) } }
    do { return try await task.value } catch {
      labelled.forget(digest)
      throw error
    }
  }

  /// The weights of a network.
  func parameters(_ digest: Digest, of network: NetworkDescription) async throws -> [Float] {
    expected[digest] = Parameters.canonicalBytes(of: []).count + 4 * ParameterLayout(network).count
    let task = parameters.task(digest) { Task { try Parameters.values(canonical: try await self.blob(digest)) } }
    do { return try await task.value } catch {
      parameters.forget(digest)
      throw error
    }
  }

  /// A slice laid out for the kernels.
  func evaluationData(_ digest: Digest, atMost limit: Int) async throws -> EvaluationData {
    expected[digest] = limit
    let task = evaluationData.task(digest) { Task { EvaluationData(try await self.labelledData(digest)) } }
    do { return try await task.value } catch {
      evaluationData.forget(digest)
      throw error
    }
  }
}

extension Slice {
  /// The most bytes that samples of it have when they are sent: four a value and a target, a label each, and what stands
  /// before them.
  func mostBytes(for network: NetworkDescription) -> Int {
    let (samples, isTooMany) = count.multipliedReportingOverflow(
      by: 4 * (network.inputCount + network.outputCount) + 1)
    return isTooMany ? BlobDownloads.largest : min(BlobDownloads.largest, samples + 8 * network.inputCount + 4096)
  }
}

/// What was decoded from blobs: each once, however many lanes ask at the same time.
private struct Decoded<Value: Sendable> {
  /// A worker needs one network and one or two slices at a time, in a study of several pairs and replicates some more; what
  /// was not used for longest is decoded again.
  private static var limit: Int { 8 }

  private var tasks: [Digest: Task<Value, any Error>] = [:]
  private var lastUse: [Digest: Int] = [:]
  private var clock = 0

  mutating func task(_ digest: Digest, _ start: () -> Task<Value, any Error>) -> Task<Value, any Error> {
    clock += 1
    lastUse[digest] = clock
    if let task = tasks[digest] { return task }
    if tasks.count >= Self.limit, let oldest = tasks.keys.min(by: { lastUse[$0]! < lastUse[$1]! }) { forget(oldest) }
    let task = start()
    tasks[digest] = task
    return task
  }

  /// A failure is not remembered.
  mutating func forget(_ digest: Digest) {
    tasks[digest] = nil
    lastUse[digest] = nil
  }
}
