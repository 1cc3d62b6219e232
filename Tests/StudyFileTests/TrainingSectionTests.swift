import Models
import Studies
import StudyFile
import Testing

/// What the `network.train` group and the sources of data and networks mean.
@Suite struct TrainingSectionTests {
  private func read(_ text: String) throws -> StudyDocument { try StudyDocument(text: text, file: "x.yaml") }

  /// The minimal study with a `train` group.
  private func trained(_ train: String) throws -> Study {
    let network = "network: { zoo: mlp-16, train: \(train) }"
    return try study(of: try read(try replacing("network: { zoo: mlp-16 }", by: network, in: minimal).text))
  }

  /// A study of a file that names a model, with inputs as if it had been read.
  private func tuned(_ network: String) throws -> Study {
    let document = try read(try replacing("network: { zoo: mlp-16 }", by: "network: \(network)", in: minimal).text)
    return try document.study(try inputs())
  }

  private func inputs() throws -> StudyInputs {
    let network = try NetworkDescription(name: "model", widths: [64, 16, 10])
    return StudyInputs(dataset: digest("data"), shape: [64], network: network, pretrained: digest("weights"))
  }

  @Test("Each optimizer has its own words and defaults; Adam's rate is 0.001")
  func optimizers() throws {
    let defaults = TrainingRecipe.Optimizer.Moments()
    for (train, optimizer, rate) in [
      ("{}", .sgd(momentum: 0.9, nesterov: false), 0.02), ("{ momentum: 0 }", .sgd(momentum: 0, nesterov: false), 0.02),
      ("{ optimizer: sgd, nesterov: true }", .sgd(momentum: 0.9, nesterov: true), 0.02),
      ("{ optimizer: adam }", .adam(defaults), 0.001), ("{ optimizer: adamw }", .adamW(defaults), 0.001),
      ("{ optimizer: adam, learning_rate: 0.02 }", .adam(defaults), 0.02),
      ("{ learning_rate: 3, optimizer: adamw, beta1: 0 }", .adamW(.init(beta1: 0)), 3),
      ("{ optimizer: adam, beta2: 0.5, epsilon: 1 }", .adam(.init(beta2: 0.5, epsilon: 1)), 0.001),
    ] as [(String, TrainingRecipe.Optimizer, Double)] {
      let recipe = try trained(train).training
      #expect(recipe == TrainingRecipe(learningRate: rate, optimizer: optimizer), "\(train)")
    }
  }

  @Test("The schedule's forms; a cosine without a number ends with the last epoch")
  func schedules() throws {
    for (train, schedule) in [
      ("{}", .constant), ("{ schedule: constant }", .constant), ("{ schedule: cosine }", .cosine(horizon: 20)),
      ("{ schedule: cosine, epochs: 7 }", .cosine(horizon: 7)),
      ("{ schedule: cosine, warmup_epochs: 5 }", .cosine(horizon: 15)),
      ("{ schedule: cosine, warmup_epochs: 30 }", .cosine(horizon: 1)),
      ("{ schedule: { cosine: 100 }, warmup_epochs: 5 }", .cosine(horizon: 100)),
      ("{ schedule: { milestones: [3] } }", .milestones([3], gamma: 0.1)),
      ("{ schedule: { gamma: 2, milestones: [1, 3, 1e2] } }", .milestones([1, 3, 100], gamma: 2)),
    ] as [(String, TrainingRecipe.Schedule)] {
      #expect(try trained(train).training.schedule == schedule, "\(train)")
    }
  }

  @Test("Segments by epochs or steps, early stopping, images at random places")
  func others() throws {
    #expect(try trained("{ epochs_per_segment: 1 }").segment == .epochs(1))
    #expect(try trained("{ steps_per_segment: 100 }").segment == .steps(100))
    #expect(try trained("{ early_stopping: { patience: 2 } }").earlyStopping == EarlyStopping(patience: 2))
    #expect(try trained("{ early_stopping: }").earlyStopping == nil)
    let recipe = try trained("{ augment: { flip: true }, l1: 1e-5, warmup_epochs: 3 }").training
    #expect(recipe.augmentation == TrainingRecipe.Augmentation(flip: true))
    #expect(recipe.l1 == 1e-5 && recipe.warmupEpochs == 3)
    #expect(try trained("{ augment: { crop_padding: 4 } }").training.augmentation.cropPadding == 4)
  }

  @Test("Each word of the group is part of the study's identity")
  func identity() throws {
    let trainings = [
      "{}", "{ epochs: 21 }", "{ batch_size: 65 }", "{ learning_rate: 0.03 }", "{ optimizer: adam }",
      "{ optimizer: adamw }", "{ optimizer: adam, beta1: 0.8 }", "{ optimizer: adam, beta2: 0.9 }",
      "{ optimizer: adam, epsilon: 0.1 }", "{ momentum: 0.8 }", "{ nesterov: true }", "{ l1: 0.1 }", "{ l2: 0.1 }",
      "{ schedule: cosine }", "{ schedule: { milestones: [20] } }", "{ warmup_epochs: 1 }",
      "{ augment: { crop_padding: 1 } }", "{ augment: { flip: true } }", "{ epochs_per_segment: 4 }",
      "{ steps_per_segment: 4 }", "{ early_stopping: { patience: 1 } }",
      "{ early_stopping: { patience: 1, minimum_delta: 1 } }",
    ]
    #expect(Set(try trainings.map { try trained($0).digest }).count == trainings.count)
    #expect(try trained("{ schedule: { cosine: 20 } }").digest == trained("{ schedule: cosine }").digest)
  }

  @Test(
    "Weights from a file are taken as they are without a train group, and trained further with one",
    arguments: ["onnx: m.onnx", "safetensors: m.safetensors", "zoo: mlp-16, safetensors: m.safetensors"])
  func weights(source: String) throws {
    let asTheyAre = try tuned("{ \(source) }")
    #expect(try asTheyAre.training.epochs == 0 && asTheyAre.pretrained == inputs().pretrained)
    #expect(asTheyAre.network.name == "model" && asTheyAre.earlyStopping == nil)
    #expect(try tuned("{ \(source), train: {} }").training == TrainingRecipe())
    #expect(try tuned("{ \(source), train: { epochs: 3 } }").training.epochs == 3)
  }

  @Test("A file that says everything of data and models of one's own")
  func ownFiles() throws {
    let document = try read(own)
    guard case .files(let files) = document.subject.dataset else {
      Issue.record("no files")
      return
    }
    #expect(files.x == "x.npy" && files.y == "y.npy" && files.testX == "test_x.npy" && files.testY == "test_y.npy")
    #expect(files.classes == 7 && files.scale == 16 && files.channelsLast)
    #expect(document.subject.network.zoo == "mlp-32-16" && document.subject.network.widthMultiplier == 0.5)
    #expect(document.subject.network.file == "weights.safetensors" && document.subject.network.key == "safetensors")
    let study = try document.study(try inputs())
    #expect(study.normalization == LabelledData.Normalization(mean: [0.5, -0.25], deviation: [1, 0.2]))
    #expect(
      study.training
        == TrainingRecipe(
          learningRate: 0.001, optimizer: .adamW(.init(beta1: 0.8, beta2: 0.99, epsilon: 1e-6)),
          schedule: .cosine(horizon: 15), warmupEpochs: 5))
    #expect(study.segment == .steps(500) && study.dataset == digest("data"))
  }

  @Test("The least that is said of files; what is not said is not there")
  func leastFiles() throws {
    let text = try replacing("dataset: { name: digits }", by: "dataset: { x: all.npz }", in: minimal).text
    let document = try read(try replacing("network: { zoo: mlp-16 }", by: "network: { onnx: m.onnx }", in: text).text)
    guard case .files(let files) = document.subject.dataset else {
      Issue.record("no files")
      return
    }
    #expect(files.x == "all.npz" && files.y == nil && files.testX == nil && files.testY == nil)
    #expect(files.classes == nil && files.scale == nil && !files.channelsLast)
    #expect(
      document.subject.network.zoo == nil && document.subject.network.file == "m.onnx"
        && document.subject.network.key == "onnx")
    #expect(document.subject.network.widthMultiplier == nil)
  }
}
