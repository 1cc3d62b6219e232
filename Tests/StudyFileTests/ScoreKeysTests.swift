import Models
import Studies
import StudyFile
import Testing

/// The keys of scores, and networks that are not trained.
@Suite struct ScoreKeysTests {
  private func read(_ text: String) throws -> Study { try study(of: StudyDocument(text: text, file: "x.yaml")) }

  @Test("Gradients are a baseline unless refused; edge-popup is one when asked for")
  func baselines() throws {
    #expect(try read(minimal).baselines == Baselines(gradient: true))
    #expect(try read(minimal + "\nbaselines: { gradient: false }").baselines == Baselines())
    let usual = try read(minimal + "\nbaselines: { edge_popup: {} }").baselines
    #expect(
      usual
        == Baselines(
          gradient: true, edgePopup: TrainingRecipe(epochs: 5, learningRate: 0.1, schedule: .cosine(horizon: 5))))
    let own = try read(
      minimal + "\nbaselines: { edge_popup: { epochs: 9, learning_rate: 0.5, batch_size: 8, l2: 0, momentum: 0 } }"
    ).baselines.edgePopup
    #expect(
      own
        == TrainingRecipe(
          epochs: 9, batchSize: 8, learningRate: 0.5, optimizer: .sgd(momentum: 0, nesterov: false), l2: 0,
          schedule: .cosine(horizon: 9)))
  }

  @Test("Each search has scores of its own; the random search beside has the first one's")
  func scores() throws {
    #expect(try read(minimal).searches.map(\.scores) == [.magnitude, .magnitude])
    let text = try replacing(
      "search: {}", by: "search: [{ scores: activation }, { name: B, scores: gradient }]", in: minimal)
    let searches = try read(text.text).searches
    #expect(searches.map(\.strategy.rawValue) == ["GeneticAlgorithm", "RandomSearch", "B"])
    #expect(searches.map(\.scores) == [.activation, .activation, .gradient])
  }

  @Test("Without epochs the weights are fresh ones, which cannot be rewound to")
  func untrained() throws {
    let text = try replacing(
      "network: { zoo: mlp-16 }", by: "network: { zoo: mlp-16, train: { epochs: 0 } }", in: minimal)
    #expect(try read(text.text).training.epochs == 0)
    for (kind, isPossible) in [("none", true), ("finetune", true), ("scratch", false), ("rewind", false)] {
      let fitness = text.text + "\nfitness: { retrain: \(kind) }"
      if isPossible {
        #expect(try read(fitness).training.epochs == 0, "\(kind)")
      } else {
        #expect(failure(of: fitness)?.key == "fitness.retrain", "\(kind)")
      }
    }
  }

  @Test("Edge-popup is for single weights, and for studies without cycles")
  func refused() throws {
    for other in ["prune: { granularity: neurons }", "cycles: { rounds: 2 }"] {
      let error = failure(of: minimal + "\nbaselines: { edge_popup: {} }\n" + other)
      #expect(error?.key == "baselines.edge_popup", "\(other)")
    }
  }
}
