internal import Digests
internal import FoundationEssentials
package import Models
package import Pruning
package import Scheduling
package import Studies

extension PBNetwork {
  package init(_ network: NetworkDescription) {
    self.init()
    name = network.name
    layer = network.layers.map { layer in
      var message = PBLayer()
      switch layer {
      case .dense(let inputs, let outputs):
        message.dense.inputs = UInt32(inputs)
        message.dense.outputs = UInt32(outputs)
      case .relu: message.relu = PBEmpty()
      }
      return message
    }
  }

  package func domain() throws(WireError) -> NetworkDescription {
    guard layer.count <= 4096, name.utf8.count <= 256 else {
      throw WireError(description: "network: more than 4096 layers or a name of more than 256 bytes")
    }
    let layers = try layer.map { (layer) throws(WireError) -> Layer in
      switch layer.kind {
      case .dense(let dense): .dense(inputs: Int(dense.inputs), outputs: Int(dense.outputs))
      case .relu: .relu
      case nil: throw WireError(description: "network: a layer of a kind that this build does not know")
      }
    }
    do { return try NetworkDescription(name: name, layers: layers) } catch {
      throw WireError(description: "network: \(error.description)")
    }
  }
}

extension PBMask {
  package init(_ mask: Mask) {
    self.init()
    count = UInt64(mask.count)
    words = mask.words.withUnsafeBytes { .init($0) }
  }

  package func domain() throws(WireError) -> Mask {
    let count = try checked(count, 0...1 << 32, "mask.count")
    guard words.count == (count + 63) / 64 * 8 else {
      throw WireError(description: "mask: \(words.count) bytes for \(count) weights")
    }
    let values = words.withUnsafeBytes { buffer in
      (0..<words.count / 8).map { UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
    guard let mask = Mask(count: count, words: values) else {
      throw WireError(description: "mask: bits beyond its end are set")
    }
    return mask
  }
}

extension PBSlice {
  package init<Use>(_ slice: Slice<Use>) {
    self.init()
    digest = .init(slice.digest.bytes)
    count = UInt64(clamping: slice.count)
  }

  package func domain<Use>(_ use: Use.Type) throws(WireError) -> Slice<Use> {
    Slice(digest: try Digest(wire: digest, "slice.digest"), count: try checked(count, 0...1 << 32, "slice.count"))
  }
}

extension PBTrain {
  package init(_ job: TrainingSegment) {
    self.init()
    network = PBNetwork(job.network)
    epochs = UInt32(clamping: job.recipe.epochs)
    batchSize = UInt32(clamping: job.recipe.batchSize)
    learningRate = job.recipe.learningRate
    momentum = job.recipe.momentum
    l2 = job.recipe.l2
    seed = job.seed
    slice = PBSlice(job.slice)
    from = .init(job.from?.bytes ?? [])
    firstEpoch = UInt32(clamping: job.epochs.lowerBound)
    endEpoch = UInt32(clamping: job.epochs.upperBound)
    numerics = job.numerics.name
  }

  package func domain() throws(WireError) -> TrainingSegment {
    guard firstEpoch < endEpoch, endEpoch <= epochs, batchSize > 0, learningRate.isFinite, momentum.isFinite,
      l2.isFinite, numerics.utf8.count <= 256
    else { throw WireError(description: "train: impossible epochs, batch size or rates") }
    return TrainingSegment(
      network: try network.domain(),
      recipe: TrainingRecipe(
        epochs: Int(epochs), batchSize: Int(batchSize), learningRate: learningRate, momentum: momentum, l2: l2),
      seed: seed, slice: try slice.domain(TrainingUse.self),
      from: from.isEmpty ? nil : try Digest(wire: from, "train.from"), epochs: Int(firstEpoch)..<Int(endEpoch),
      numerics: NumericsClass(numerics))
  }
}

extension PBEvaluate {
  package init<Use>(_ job: Evaluation<Use>) {
    self.init()
    network = PBNetwork(job.network)
    prunesClassifier = job.scope.prunesClassifier
    parameters = .init(job.parameters.bytes)
    if let mask = job.mask { self.mask = PBMask(mask) }
    slice = PBSlice(job.slice)
  }

  package func domain<Use>(_ use: Use.Type) throws(WireError) -> Evaluation<Use> {
    let network = try network.domain()
    let scope = PruningScope(prunesClassifier: prunesClassifier)
    let mask = hasMask ? try mask.domain() : nil
    if let mask, mask.count != ParameterLayout(network, scope: scope).prunableCount {
      throw WireError(description: "evaluate: a mask of \(mask.count) weights is not of this network")
    }
    return Evaluation(
      network: network, scope: scope, parameters: try Digest(wire: parameters, "evaluate.parameters"), mask: mask,
      slice: try slice.domain(use))
  }
}

extension PBJob {
  /// - Precondition: the job is not a split, which never leaves the coordinator.
  package init(_ job: Job) {
    self.init()
    digest = .init(job.digest.bytes)
    switch job {
    case .split: preconditionFailure("a split is done where the data folder is")
    case .train(let segment): train = PBTrain(segment)
    case .evaluate(let evaluation): evaluate = PBEvaluate(evaluation)
    case .test(let evaluation): test = PBEvaluate(evaluation)
    }
  }

  package func domain() throws(WireError) -> Job {
    let job: Job
    switch kind {
    case .train(let train): job = .train(try train.domain())
    case .evaluate(let evaluate): job = .evaluate(try evaluate.domain(FitnessUse.self))
    case .test(let test): job = .test(try test.domain(TestUse.self))
    case nil: throw WireError(description: "a job of a kind that this build does not know")
    }
    guard try Digest(wire: digest, "job.digest") == job.digest else {
      throw WireError(description: "a job's digest is not that of its content; do both sides run the same build?")
    }
    return job
  }
}

extension PBResult {
  package init(_ result: JobResult) {
    self.init()
    job = .init(result.job.bytes)
    switch result.answer {
    case .outcome(let outcome): self.outcome = .init(outcome.canonicalBytes)
    case .failure(let reason): failure = reason
    }
    wallSeconds = result.cost.wallSeconds
    cpuSeconds = result.cost.cpuSeconds
  }

  package func domain() throws(WireError) -> JobResult {
    let answer: JobResult.Answer
    switch self.answer {
    case .outcome(let bytes):
      do { answer = .outcome(try Outcome(canonical: Array(bytes))) } catch {
        throw WireError(description: "result.outcome: \(error.description)")
      }
    case .failure(let reason): answer = .failure(String(decoding: reason.utf8.prefix(4096), as: UTF8.self))
    case nil: throw WireError(description: "a result without an answer")
    }
    guard wallSeconds.isFinite, cpuSeconds.isFinite, wallSeconds >= 0, cpuSeconds >= 0 else {
      throw WireError(description: "a result with an impossible cost")
    }
    return JobResult(
      job: try Digest(wire: job, "result.job"), answer: answer,
      cost: Cost(wallSeconds: wallSeconds, cpuSeconds: cpuSeconds))
  }
}
