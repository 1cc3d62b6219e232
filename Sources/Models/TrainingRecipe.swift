package import Digests

/// How a network is trained: mini-batches on the loss of the data, an optimizer, a schedule of its rate, and what is
/// done to the images.
package struct TrainingRecipe: Hashable, Sendable {
  package var epochs: Int
  package var batchSize: Int
  /// The rate that the schedule begins with, behind the warm-up.
  package var learningRate: Double
  package var optimizer: Optimizer
  /// The factor of ‖w‖₁ over weights.
  package var l1: Double
  /// The factor of ½‖w‖² over weights; with ``Optimizer/adamW(_:)`` the decoupled decay. Biases and normalisation are
  /// not decayed.
  package var l2: Double
  package var schedule: Schedule
  /// Epochs over which the rate rises linearly, step by step, to where the schedule begins.
  package var warmupEpochs: Int
  package var augmentation: Augmentation
  /// The layers that a step changes.
  package var part: Part
  /// Whether the derivative of ReLU and its kin at 0 is that of the side above instead of 0: what neurons need that grow
  /// from 0 (GradMax, section 3).
  package var zerosLearn: Bool

  package init(
    epochs: Int = 20, batchSize: Int = 64, learningRate: Double = 0.02,
    optimizer: Optimizer = .sgd(momentum: 0.9, nesterov: false), l1: Double = 0, l2: Double = 1e-4,
    schedule: Schedule = .constant, warmupEpochs: Int = 0, augmentation: Augmentation = Augmentation(),
    part: Part = .all, zerosLearn: Bool = false
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
    self.optimizer = optimizer
    self.l1 = l1
    self.l2 = l2
    self.schedule = schedule
    self.warmupEpochs = warmupEpochs
    self.augmentation = augmentation
    self.part = part
    self.zerosLearn = zerosLearn
  }

  /// Optimizer steps in an epoch over `samples` samples; the last batch may be smaller.
  package func stepsPerEpoch(samples: Int) -> Int { (samples + batchSize - 1) / batchSize }

  /// - Throws: ``NetworkError`` naming the value that is out of bounds.
  package func check() throws(NetworkError) {
    func require(_ condition: Bool, _ what: String) throws(NetworkError) {
      if !condition { throw NetworkError("impossible training recipe: \(what)") }
    }
    try require((0...100_000).contains(epochs), "epochs are from 0 to 100000, found \(epochs)")
    try require((1...65_536).contains(batchSize), "a batch size is from 1 to 65536, found \(batchSize)")
    try require(learningRate.isFinite && learningRate > 0, "the learning rate is above 0, found \(learningRate)")
    try require(l1.isFinite && l1 >= 0 && l2.isFinite && l2 >= 0, "l1 and l2 are at least 0, found \(l1) and \(l2)")
    try require((0...100_000).contains(warmupEpochs), "warm-up epochs are from 0 to 100000, found \(warmupEpochs)")
    try require((0...64).contains(augmentation.cropPadding), "crop padding is from 0 to 64")
    switch optimizer {
    case .sgd(let momentum, let nesterov):
      try require((0..<1).contains(momentum), "momentum is from 0 up to below 1, found \(momentum)")
      try require(!nesterov || momentum > 0, "Nesterov's method needs momentum above 0")
    case .adam(let moments), .adamW(let moments):
      try require(
        (0..<1).contains(moments.beta1) && (0..<1).contains(moments.beta2), "betas are from 0 up to below 1")
      try require(moments.epsilon.isFinite && moments.epsilon > 0, "epsilon is above 0")
    }
    switch schedule {
    case .constant: break
    case .milestones(let epochs, let gamma):
      try require(
        epochs.count <= 1000 && zip(epochs, epochs.dropFirst()).allSatisfy { $0 < $1 } && (epochs.first ?? 1) > 0,
        "milestones are ascending epochs above 0, found \(epochs)")
      try require(gamma.isFinite && gamma > 0, "gamma is above 0, found \(gamma)")
    case .cosine(let horizon):
      try require((1...100_000).contains(horizon), "a cosine's horizon is from 1 to 100000 epochs, found \(horizon)")
    }
  }
}

extension TrainingRecipe {
  package enum Optimizer: Hashable, Sendable {
    /// v ← m·v + g, w ← w − lr·v; Nesterov's form steps along g + m·v.
    case sgd(momentum: Double, nesterov: Bool)
    /// Source: Kingma, Ba, "Adam", ICLR 2015. L2 is part of the gradient.
    case adam(Moments)
    /// Source: Loshchilov, Hutter, "Decoupled weight decay regularization", ICLR 2019.
    case adamW(Moments)

    /// Values an optimizer remembers for each parameter.
    package var slots: Int {
      switch self {
      case .sgd(let momentum, _): momentum > 0 ? 1 : 0
      case .adam, .adamW: 2
      }
    }

    /// The decay of Adam's running means.
    package struct Moments: Hashable, Sendable {
      package var beta1: Double
      package var beta2: Double
      package var epsilon: Double

      package init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
      }
    }
  }

  /// What becomes of the learning rate, epoch by epoch, counted behind the warm-up.
  package enum Schedule: Hashable, Sendable {
    case constant
    /// Times gamma at the beginning of each of these epochs (counted from 0).
    case milestones([Int], gamma: Double)
    /// ½ (1 + cos(π · epoch / horizon)), 0 from the horizon on. The horizon is its own, so that more epochs extend a
    /// training instead of changing it.
    case cosine(horizon: Int)
  }

  /// What is done to a training image each time that it is seen.
  package struct Augmentation: Hashable, Sendable {
    /// The image is put into a border of this many zero pixels and cut out at a random place; 0 does nothing.
    package var cropPadding: Int
    /// Whether half of the images are mirrored, left to right.
    package var flip: Bool

    package init(cropPadding: Int = 0, flip: Bool = false) {
      self.cropPadding = cropPadding
      self.flip = flip
    }

    package var isNone: Bool { cropPadding == 0 && !flip }
  }

  /// Some layers of a network; the others keep their parameters. Running statistics of normalisation are followed in any
  /// case.
  package enum Part: Int, Hashable, Sendable, CaseIterable {
    case all
    /// Everything but dense layers.
    case convolutions
    case dense

    package func includes(_ layer: Layer) -> Bool {
      if case .dense = layer { return self != .convolutions }
      return self != .dense
    }
  }
}

extension TrainingRecipe {
  /// What decides the weights; where only a part is trained or zeros learn, the identity of a job has another version, so
  /// that those of other trainings keep theirs.
  package func append(to bytes: inout CanonicalBytes) {
    appendCommon(to: &bytes)
    if part != .all { bytes.append(part.rawValue) }
    if zerosLearn { bytes.append("zeros_learn") }
  }

  private func appendCommon(to bytes: inout CanonicalBytes) {
    bytes.append(epochs)
    bytes.append(batchSize)
    bytes.append(learningRate)
    switch optimizer {
    case .sgd(let momentum, let nesterov):
      bytes.append(1)
      bytes.append(momentum)
      bytes.append(nesterov)
    case .adam(let moments):
      bytes.append(2)
      moments.append(to: &bytes)
    case .adamW(let moments):
      bytes.append(3)
      moments.append(to: &bytes)
    }
    bytes.append(l1)
    bytes.append(l2)
    switch schedule {
    case .constant: bytes.append(1)
    case .milestones(let epochs, let gamma):
      bytes.append(2)
      bytes.append(list: epochs) { $0.append($1) }
      bytes.append(gamma)
    case .cosine(let horizon):
      bytes.append(3)
      bytes.append(horizon)
    }
    bytes.append(warmupEpochs)
    bytes.append(augmentation.cropPadding)
    bytes.append(augmentation.flip)
  }

  /// The sent form.
  package var canonicalBytes: CanonicalBytes {
    var bytes = CanonicalBytes(kind: "recipe", version: 3)
    appendCommon(to: &bytes)
    bytes.append(part.rawValue)
    bytes.append(zerosLearn)
    return bytes
  }

  /// A recipe from its sent form.
  ///
  /// - Throws: ``CanonicalError`` for bytes that are not such a form, or an impossible recipe.
  package init(canonical: [UInt8]) throws(CanonicalError) {
    var reader = try CanonicalReader(canonical, kind: "recipe", version: 3)
    epochs = try reader.int()
    batchSize = try reader.int()
    learningRate = try reader.double()
    switch try reader.int() {
    case 1:
      let momentum = try reader.double()
      optimizer = .sgd(momentum: momentum, nesterov: try reader.bool())
    case 2: optimizer = .adam(try Optimizer.Moments(from: &reader))
    case 3: optimizer = .adamW(try Optimizer.Moments(from: &reader))
    case let other: throw CanonicalError("an optimizer of kind \(other), which this build does not know")
    }
    l1 = try reader.double()
    l2 = try reader.double()
    switch try reader.int() {
    case 1: schedule = .constant
    case 2:
      var epochs: [Int] = []
      for _ in 0..<(try reader.count(width: 8)) { epochs.append(try reader.int()) }
      schedule = .milestones(epochs, gamma: try reader.double())
    case 3: schedule = .cosine(horizon: try reader.int())
    case let other: throw CanonicalError("a schedule of kind \(other), which this build does not know")
    }
    warmupEpochs = try reader.int()
    let padding = try reader.int()
    augmentation = Augmentation(cropPadding: padding, flip: try reader.bool())
    guard let part = Part(rawValue: try reader.int()) else {
      throw CanonicalError("a part of a network that this build does not know")
    }
    self.part = part
    zerosLearn = try reader.bool()
    try reader.finish()
    do { try check() } catch { throw CanonicalError(error.description) }
  }
}

extension TrainingRecipe.Optimizer.Moments {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    bytes.append(beta1)
    bytes.append(beta2)
    bytes.append(epsilon)
  }

  fileprivate init(from reader: inout CanonicalReader) throws(CanonicalError) {
    beta1 = try reader.double()
    beta2 = try reader.double()
    epsilon = try reader.double()
  }
}
