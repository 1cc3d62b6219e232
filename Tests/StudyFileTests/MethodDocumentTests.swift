import Digests
import Foundation
import Models
import Pruning
import Search
import Studies
import StudyFile
import Testing

/// A file of methods that says everything.
private let everything = """
  study: methods
  seed: 7
  replicates: 3
  prune:
    classifier: true
  retrain:
    start: rewind
    rewinding_steps: 2ep
  pairs:
    - name: small
      dataset: { name: digits }
      network: { zoo: mlp-20, train: { epochs: 4, batch_size: 32 } }
    - dataset: { name: mnist }
      network: { zoo: lenet-300-100, train: { epochs: 3 } }
      retrain: { start: finetune, epochs: 2, learning_rate: 0.5, steps_per_segment: 9 }
  sweep:
    strategies:
      - RandomPruning
      - { name: GlobalMagWeight, schedule: { iterative: 3 } }
      - SNIP
    compressions: [2, 4]
    schedule: { agp: 2 }
    search: { algorithm: genetic, population_size: 8, generations: 5 }
  numerics: portable
  """

private let tickets = """
  study: tickets
  dataset: { name: digits }
  network: { zoo: lenet-300-100, train: { epochs: 4 } }
  prune: { classifier: true }
  tickets:
    levels: 5
    pruning_fraction: 0.3
    pruning_fractions: { dense3: 0.1 }
    scope: layer
    least_accuracy: 0.5
    one_shot: true
    controls: [randomly_reinitialize, randomly_prune_layerwise, randomly_prune_global]
  """

@Suite struct MethodDocumentTests {
  private func study(_ text: String) throws -> MethodStudy {
    guard case .methods(let document) = try AnyStudyDocument(text: text, file: "x.yaml") else {
      throw Absent(what: "a study of methods")
    }
    let inputs = try document.subjects.map { subject in
      guard case .known(let known) = subject.dataset else { throw Absent(what: "known data") }
      let network = try #require(try subject.ownNetwork(shape: known.shape, classes: known.classes))
      return StudyInputs(dataset: Digest(of: []), shape: known.shape, network: network, pretrained: nil)
    }
    return try document.study(inputs)
  }

  private func changed(_ part: String, _ other: String, in text: String) throws -> String {
    try #require(text.contains(part), "\(part)")
    return text.replacingOccurrences(of: part, with: other)
  }

  private func trimmed(_ line: String) -> String { line.trimmingCharacters(in: .whitespaces) }

  private struct Absent: Error {
    let what: String
  }

  @Test("A file with pairs says what each of its keys means")
  func sweep() throws {
    let study = try study(everything)
    #expect(study.seed == 7 && study.replicates == 3)
    #expect(study.subjects.map(\.name) == ["small", "lenet-300-100/mnist"])
    #expect(study.subjects.allSatisfy { $0.scope.prunesClassifier })
    let (first, second) = (study.subjects[0].retraining, study.subjects[1].retraining)
    #expect(first.start == .rewind(.epochs(2)) && first.recipe == study.subjects[0].training)
    #expect(second.start == .finetune && second.recipe.epochs == 2 && second.recipe.learningRate == 0.5)
    #expect(second.segment == .steps(9))
    let strategies = study.procedures.map(\.strategy.rawValue)
    #expect(
      strategies == [
        "Dense", "RandomPruning/AGP-2", "RandomPruning/AGP-2", "GlobalMagWeight/iterative-3",
        "GlobalMagWeight/iterative-3", "SNIP", "SNIP", "GeneticAlgorithm", "GeneticAlgorithm",
      ])
    guard case .search(_, let compression, let trials) = study.procedures.last else {
      Issue.record("no search")
      return
    }
    #expect(compression == 4 && trials == 40)
  }

  @Test("Retraining is fine-tuning at a tenth of the rate, unless the file says otherwise")
  func defaults() throws {
    let study = try study(
      """
      study: plain
      dataset: { name: digits }
      network: { zoo: lenet-300-100, train: { epochs: 4, learning_rate: 0.3, optimizer: sgd } }
      sweep: { strategies: [GlobalMagWeight] }
      """)
    #expect(study.replicates == 1 && study.seed == 1)
    let retraining = study.subjects[0].retraining
    #expect(retraining.start == .finetune && abs(retraining.recipe.learningRate - 0.03) < 1e-12)
    #expect(retraining.recipe.epochs == 4)
    #expect(study.procedures.count == 1 + 5)
  }

  @Test("Han's procedure, controls and ablations are read as they are written")
  func han() throws {
    let text = """
      study: han
      dataset: { name: mnist }
      network: { zoo: lenet-5, dropout: 0.5, train: { epochs: 4 } }
      prune: { classifier: true }
      retrain: { epochs: 2, scale_dropout: true, alternate: true }
      sweep:
        strategies: [MagDeviation, { name: MagSensitivity, schedule: { iterative: 2 } }]
        compressions: [12]
        controls: [randomly_reinitialize, supermask]
        sensitivity: { densities: [0.5, 0.1], tolerance: 0.02 }
        remove_dead_neurons: true
      """
    let plain = try study(text)
    #expect(plain.removesDeadNeurons)
    #expect(plain.sensitivity == SensitivityPlan(densities: [0.5, 0.1], tolerance: 0.02))
    let subject = plain.subjects[0]
    #expect(subject.network.hasDropout && subject.retraining.scalesDropout && subject.retraining.alternates)
    let names = plain.procedures.map(\.strategy.rawValue)
    let methods = ["MagDeviation", "MagSensitivity/iterative-2"]
    #expect(names == ["Dense"] + methods + methods.flatMap { ["\($0)+RandomReinit", "\($0)+Supermask"] })
    // Each of them decides the history.
    let changes = [
      ("dropout: 0.5", "dropout: 0.4"), ("scale_dropout: true", "scale_dropout: false"),
      ("alternate: true", "alternate: false"), ("0.02", "0.03"), ("[0.5, 0.1]", "[0.5, 0.2]"),
      ("remove_dead_neurons: true", "remove_dead_neurons: false"),
      (", supermask]", ", constant]"),
    ]
    var digests: Set<Digest> = [plain.digest]
    for (part, other) in changes { digests.insert(try study(try changed(part, other, in: text)).digest) }
    #expect(digests.count == changes.count + 1)
    let refused = [
      ("zoo: lenet-5, dropout: 0.5", "zoo: lenet-5", "dropout"),
      ("zoo: lenet-5,", "zoo: lenet-300-100,", "retrain.alternate"),
      ("retrain: {", "retrain: { start: reset, xx", "xx"), ("[0.5, 0.1]", "[0.1, 0.5]", "densities"),
      ("tolerance: 0.02", "tolerance: 0", "tolerance"), ("MagSensitivity,", "GlobalMagWeight,", "sensitivity"),
      ("classifier: true", "granularity: blocks, block: [2, 2]", "remove_dead_neurons"),
      ("[MagDeviation", "[{ name: GlobalOBS, compensate: true }", "GlobalOBS/compensated"),
      ("randomly_reinitialize, supermask", "supermask, supermask", "controls"),
      ("dropout: 0.5", "dropout: 1", "dropout"),
    ]
    for (part, other, key) in refused {
      let error = #expect(throws: StudyFileError.self) { try study(try changed(part, other, in: text)) }
      #expect(error?.description.contains(key) == true, "\(other): \(error?.description ?? "")")
    }
  }

  @Test("Criteria of tickets are plans of their own, each with every control")
  func criteria() throws {
    let text = try changed(
      "  controls: [randomly_reinitialize, randomly_prune_layerwise, randomly_prune_global]",
      "  criteria: [large_final, magnitude_increase]\n  controls: [constant_keep_signs]", in: tickets)
    let names = try study(text).procedures.map(\.strategy.rawValue)
    #expect(
      names == [
        "Dense", "WinningTicket", "ConstantKeepSigns", "WinningTicket/one-shot", "ConstantKeepSigns/one-shot",
        "WinningTicket/magnitude_increase", "ConstantKeepSigns/magnitude_increase",
        "WinningTicket/one-shot/magnitude_increase", "ConstantKeepSigns/one-shot/magnitude_increase",
      ])
    for bad in ["[]", "[largest]", "[movement, movement]"] {
      let error = #expect(throws: StudyFileError.self) {
        try study(try changed("[large_final, magnitude_increase]", bad, in: text))
      }
      #expect(error?.description.contains("criteria") == true)
    }
  }

  @Test("Tickets are transferred between pairs with the same network")
  func transfer() throws {
    let text = """
      study: transfer
      pairs:
        - name: adam
          dataset: { name: digits }
          network: { zoo: lenet-300-100, train: { epochs: 4, optimizer: adam } }
        - name: sgd
          dataset: { name: digits }
          network: { zoo: lenet-300-100, train: { epochs: 4 } }
      tickets: { levels: 2, transfer: true }
      """
    let names = try study(text).procedures.map(\.strategy.rawValue)
    #expect(names == ["Dense", "WinningTicket", "WinningTicket/from-adam", "WinningTicket/from-sgd"])
    let moved = try study(try changed("levels: 2,", "levels: 2, criteria: [movement], one_shot: true,", in: text))
      .procedures.map(\.strategy.rawValue).filter { $0.contains("/from-") }
    #expect(
      moved
        == ["adam", "sgd"].flatMap {
          ["WinningTicket/movement/from-\($0)", "WinningTicket/one-shot/movement/from-\($0)"]
        })
    for (part, other) in [
      ("lenet-300-100, train: { epochs: 4 }", "mlp-8, train: { epochs: 4 }"), ("name: sgd", "name: adam"),
    ] {
      #expect(throws: StudyFileError.self) { try study(try changed(part, other, in: text)) }
    }
    let single = try changed("  levels: 5", "  levels: 5\n  transfer: true", in: tickets)
    let error = #expect(throws: StudyFileError.self) { try study(single) }
    #expect(error?.description.contains("tickets.transfer") == true, "\(error?.description ?? "")")
  }

  @Test("N:M is one size, for all strategies")
  func pattern() throws {
    let text = """
      study: pattern
      dataset: { name: digits }
      network: { zoo: mlp-20 }
      prune: { granularity: pattern, pattern: "2:4" }
      sweep: { strategies: [GlobalMagWeight, LayerMagWeight] }
      """
    #expect(try study(text).procedures.map(\.strategy.rawValue) == ["Dense", "GlobalMagWeight", "LayerMagWeight"])
    let two = try changed("LayerMagWeight]", "LayerMagWeight], compressions: [2]", in: text)
    #expect(throws: StudyFileError.self) { _ = try study(two) }
  }

  @Test("Tickets are reset to initial weights, unless the file says otherwise")
  func ticketFile() throws {
    let study = try study(tickets)
    #expect(study.subjects[0].retraining.start == .rewind(.steps(0)))
    #expect(study.procedures.count == 1 + 8)
    guard case .tickets(let plan, .none) = study.procedures[1] else {
      Issue.record("no tickets")
      return
    }
    #expect(plan.levels == 5 && plan.pruningFraction == 0.3 && plan.fractions == ["dense3": 0.1])
    #expect(plan.leastAccuracy == 0.5 && !plan.isOneShot && plan.reach == .layer)
  }

  @Test("What decides a history is in the digest, and what does not is not")
  func digests() throws {
    let digest = try study(everything).digest
    for (line, other) in [
      ("seed: 7", "seed: 8"), ("replicates: 3", "replicates: 4"), ("2ep", "3ep"), ("2ep", "2it"), ("agp: 2", "agp: 3"),
      ("[2, 4]", "[2, 5]"), ("generations: 5", "generations: 6"), ("SNIP", "LayerMagWeight"),
      ("epochs: 3", "epochs: 2"),
      ("classifier: true", "classifier: false"), ("learning_rate: 0.5", "learning_rate: 0.25"),
    ] {
      #expect(try study(changed(line, other, in: everything)).digest != digest, "\(other)")
    }
    #expect(try study(changed("study: methods", "study: renamed", in: everything)).digest == digest)
    let plain = try study(everything)
    let asking = try study(changed("replicates: 3", "replicates: 3\ntrain_accuracy: true", in: everything))
    #expect(asking.reportsTrainAccuracy && !plain.reportsTrainAccuracy && asking.digest == digest)
  }

  @Test(
    "Mistakes are named with line and key",
    arguments: [
      ("replicates: 3", "replicates: 0", "replicates", "at least 1|from 1"),
      ("replicates: 3", "train_accuracy: 1", "train_accuracy", "true or false"),
      ("    start: rewind", "    start: again", "retrain.start", "finetune"),
      ("    rewinding_steps: 2ep", "    rewinding_steps: 2 epochs", "retrain.rewinding_steps", "500it"),
      ("      - SNIP", "      - SNAP", "sweep.strategies", "LayerMagGrad"),
      ("      - SNIP", "      - RandomPruning", "sweep.strategies", "twice"),
      ("    compressions: [2, 4]", "    compressions: [4, 2]", "sweep.compressions", "ascending"),
      ("    compressions: [2, 4]", "    compressions: [2, 5000]", "sweep.compressions", "less compression"),
      ("    schedule: { agp: 2 }", "    schedule: cubic", "sweep.schedule", "one_shot"),
      ("    - name: small", "    - nme: small", "pairs.nme", "unknown key"),
    ])
  func mistakes(_ line: String, _ other: String, _ key: String, _ part: String) throws {
    let text = try changed(trimmed(line), trimmed(other), in: everything)
    let error = #expect(throws: StudyFileError.self) { _ = try study(text) }
    #expect(error?.key == key, "\(String(describing: error))")
    let parts = part.split(separator: "|")
    #expect(parts.contains { error?.problem.contains($0) == true }, "\(String(describing: error))")
  }

  @Test(
    "Mistakes about tickets are named with line and key",
    arguments: [
      ("    levels: 5", "    levels: 0", "tickets.levels", "1"),
      ("{ dense3: 0.1 }", "{ dense9: 0.1 }", "tickets.pruning_fractions", "dense3"),
      ("    scope: layer", "    scope: global", "tickets.pruning_fractions", "scope: layer"),
      ("controls: [randomly_reinitialize,", "controls: [reinit,", "tickets.controls", "randomly_prune_layerwise"),
      ("prune: { classifier: true }", "retrain: { start: finetune }", "tickets.levels", "reset"),
      ("{ classifier: true }", "{ min_kept_per_layer: 9 }", "prune.min_kept_per_layer", "pruning_fraction"),
      ("prune: { classifier: true }", "retrain: { rewinding_steps: 5it }", "retrain.rewinding_steps", "rewind"),
    ])
  func ticketMistakes(_ line: String, _ other: String, _ key: String, _ part: String) throws {
    let text = try changed(trimmed(line), trimmed(other), in: tickets)
    let error = #expect(throws: StudyFileError.self) { _ = try study(text) }
    #expect(error?.key == key && error?.problem.contains(part) == true, "\(String(describing: error))")
  }
}
