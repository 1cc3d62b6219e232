internal import Digests
internal import FoundationEssentials
internal import Models
internal import Pruning
package import Scheduling
package import Studies

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
  fileprivate init(_ job: TrainingSegment, network: Int) {
    self.init()
    self.network = UInt32(network)
    recipe = .init(job.recipe.canonicalBytes.bytes)
    seed = job.seed
    slice = PBSlice(job.slice)
    from = .init(job.start.blob?.bytes ?? [])
    if case .weights = job.start { fromWeights = true }
    if let mask = job.mask {
      self.mask = PBMask(mask)
      prunesClassifier = job.scope.prunesClassifier
    }
    firstStep = UInt64(clamping: job.steps.lowerBound)
    endStep = UInt64(clamping: job.steps.upperBound)
    numerics = job.numerics.name
  }

  fileprivate func domain(_ networks: [NetworkDescription]) throws(WireError) -> TrainingSegment {
    let first = try checked(firstStep, 0...1 << 48, "train.first_step")
    let end = try checked(endStep, 0...1 << 48, "train.end_step")
    guard first <= end, numerics.utf8.count <= 256 else {
      throw WireError(
        description: "train: impossible steps \(first) to \(end), or a numerics class of no possible name")
    }
    let recipe: TrainingRecipe
    do { recipe = try TrainingRecipe(canonical: Array(self.recipe)) } catch {
      throw WireError(description: "train.recipe: \(error.description)")
    }
    let slice = try slice.domain(TrainingUse.self)
    guard end <= recipe.epochs * recipe.stepsPerEpoch(samples: slice.count) else {
      throw WireError(description: "train: step \(end) is beyond the \(recipe.epochs) epochs of the recipe")
    }
    let network = try networks.at(network)
    let scope = PruningScope(prunesClassifier: prunesClassifier)
    return TrainingSegment(
      network: network, recipe: recipe, seed: seed, slice: slice, start: try start(),
      mask: hasMask ? try mask.domain(of: network, scope) : nil, scope: scope, steps: first..<end,
      numerics: NumericsClass(numerics))
  }
}

extension PBTrain {
  fileprivate func start() throws(WireError) -> TrainingSegment.Start {
    guard !from.isEmpty else { return .fresh }
    let digest = try Digest(wire: from, "train.from")
    return fromWeights ? .weights(digest) : .state(digest)
  }
}

extension PBRetraining {
  fileprivate init(_ retraining: Retraining) {
    self.init()
    recipe = .init(retraining.recipe.canonicalBytes.bytes)
    firstStep = UInt64(clamping: retraining.firstStep)
    slice = PBSlice(retraining.slice)
    samplesPerClass = UInt64(clamping: retraining.samplesPerClass ?? 0)
    draw = UInt64(clamping: retraining.draw)
    seed = retraining.seed
    numerics = retraining.numerics.name
  }

  fileprivate func domain() throws(WireError) -> Retraining {
    let recipe: TrainingRecipe
    do { recipe = try TrainingRecipe(canonical: Array(self.recipe)) } catch {
      throw WireError(description: "retraining.recipe: \(error.description)")
    }
    let perClass = try checked(samplesPerClass, 0...1 << 32, "retraining.samples_per_class")
    guard numerics.utf8.count <= 256 else { throw WireError(description: "retraining: a class of no possible name") }
    return Retraining(
      recipe: recipe, firstStep: try checked(firstStep, 0...1 << 48, "retraining.first_step"),
      slice: try slice.domain(TrainingUse.self), samplesPerClass: perClass == 0 ? nil : perClass,
      draw: try checked(draw, 0...1 << 32, "retraining.draw"), seed: seed, numerics: NumericsClass(numerics))
  }
}

extension PBEvaluate {
  fileprivate init<Use>(_ job: Evaluation<Use>, of digest: Digest, network: Int, on shelf: inout MaskShelf) {
    self.init()
    self.network = UInt32(network)
    prunesClassifier = job.scope.prunesClassifier
    parameters = .init(job.parameters?.bytes ?? [])
    if let mask = job.mask { self.mask = PBMask(mask, of: digest, on: &shelf) }
    slice = PBSlice(job.slice)
    samples = UInt64(clamping: job.samples ?? 0)
    if let retraining = job.retraining { self.retraining = PBRetraining(retraining) }
    switch job.threshold {
    case .accuracy(let least): threshold = .leastAccuracy(least)
    case .loss(let most): threshold = .mostLoss(most)
    case nil: break
    }
  }

  fileprivate func domain<Use>(
    _ use: Use.Type, of job: Digest, _ networks: [NetworkDescription], on shelf: inout MaskShelf
  ) throws(WireError) -> Evaluation<Use> {
    let network = try networks.at(network)
    let scope = PruningScope(prunesClassifier: prunesClassifier)
    let samples = try checked(samples, 0...1 << 32, "evaluate.samples")
    let threshold: Threshold? =
      switch self.threshold {
      case .leastAccuracy(let least): .accuracy(atLeast: least)
      case .mostLoss(let most): .loss(atMost: most)
      case nil: nil
      }
    guard leastAccuracy == leastAccuracy, mostLoss == mostLoss else {
      throw WireError(description: "evaluate: a threshold that is not a number")
    }
    guard !parameters.isEmpty || hasRetraining else {
      throw WireError(description: "evaluate: neither weights nor a training that gives some")
    }
    return Evaluation(
      network: network, scope: scope,
      parameters: parameters.isEmpty ? nil : try Digest(wire: parameters, "evaluate.parameters"),
      mask: hasMask ? try mask.domain(of: network, scope, job: job, on: &shelf) : nil, slice: try slice.domain(use),
      samples: samples == 0 ? nil : samples, retraining: hasRetraining ? try retraining.domain() : nil,
      threshold: threshold)
  }
}

extension [NetworkDescription] {
  func at(_ place: UInt32) throws(WireError) -> NetworkDescription {
    guard place < count else { throw WireError(description: "a job of network \(place), the parcel has \(count)") }
    return self[Int(place)]
  }
}

extension PBParcel {
  /// - Parameter shelf: what the connection carried lately; the masks of evaluations are put on it.
  /// - Precondition: no job is a split, which never leaves the coordinator.
  package init(_ jobs: [Job], on shelf: inout MaskShelf) {
    self.init()
    var places: [Digest: Int] = [:]
    func place(_ network: NetworkDescription) -> Int {
      if let place = places[network.digest] { return place }
      places[network.digest] = self.network.count
      self.network.append(.init(network.canonicalBytes.bytes))
      return self.network.count - 1
    }
    for job in jobs {
      var message = PBJob()
      let digest = job.digest
      message.digest = .init(digest.bytes)
      switch job {
      case .split: preconditionFailure("a split is done where the data folder is")
      case .train(let segment): message.train = PBTrain(segment, network: place(segment.network))
      case .score(let scoring): message.score = PBScore(scoring, network: place(scoring.network))
      case .grow(let growing): message.grow = PBGrow(growing, network: place(growing.network))
      case .evaluate(let job):
        message.evaluate = PBEvaluate(job, of: digest, network: place(job.network), on: &shelf)
      case .test(let job): message.test = PBEvaluate(job, of: digest, network: place(job.network), on: &shelf)
      }
      self.job.append(message)
    }
  }

  /// - Parameter shelf: what the connection carried lately; the masks of evaluations are put on it.
  package func domain(on shelf: inout MaskShelf) throws(WireError) -> [Job] {
    let networks = try network.map { (bytes) throws(WireError) in try NetworkDescription(wire: bytes) }
    // Told by flips, masks could be far larger than the message. Those of honest parcels would fit into one as words.
    var bytes: UInt64 = 0
    var jobs: [Job] = []
    for message in job {
      jobs.append(try message.domain(networks, on: &shelf))
      if case .evaluate(let job) = message.kind { bytes += job.mask.count / 8 }
      if case .test(let job) = message.kind { bytes += job.mask.count / 8 }
      guard bytes <= WireCodec.receiveLimit || job.count == 1 else {
        throw WireError(description: "a parcel of masks of more than \(WireCodec.receiveLimit) bytes")
      }
    }
    return jobs
  }
}

extension NetworkDescription {
  fileprivate init(wire bytes: some Sequence<UInt8>) throws(WireError) {
    do { try self.init(canonical: Array(bytes)) } catch {
      throw WireError(description: "network: \(error.description)")
    }
  }
}

extension PBJob {
  fileprivate func domain(_ networks: [NetworkDescription], on shelf: inout MaskShelf) throws(WireError) -> Job {
    guard let kind else { throw WireError(description: "a job of a kind that this build does not know") }
    let digest = try Digest(wire: digest, "job.digest")
    let job: Job
    switch kind {
    case .train(let train): job = .train(try train.domain(networks))
    case .score(let score): job = .score(try score.domain(networks))
    case .grow(let grow): job = .grow(try grow.domain(networks))
    case .evaluate(let evaluate):
      job = .evaluate(try evaluate.domain(FitnessUse.self, of: digest, networks, on: &shelf))
    case .test(let test):
      guard test.threshold == nil else { throw WireError(description: "a test with a threshold") }
      job = .test(try test.domain(TestUse.self, of: digest, networks, on: &shelf))
    }
    guard digest == job.digest else {
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
    // Thirty years are more than any job takes; not a number fails every comparison.
    guard 0...1e9 ~= wallSeconds, 0...1e9 ~= cpuSeconds else {
      throw WireError(description: "a result with an impossible cost")
    }
    return JobResult(
      job: try Digest(wire: job, "result.job"), answer: answer,
      cost: Cost(wallSeconds: wallSeconds, cpuSeconds: cpuSeconds))
  }
}
