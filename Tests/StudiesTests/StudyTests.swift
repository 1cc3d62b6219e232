import Models
import Pruning
import Search
import Studies
import Testing

/// The identity of a study: all that decides its history, and nothing else.
@Suite struct StudyTests {
  @Test("Every field but the name changes the digest")
  func digests() throws {
    let study = try smallStudy()
    var changes: [(inout Study) -> Void] = [
      { $0.seed = 2 }, { $0.dataset = "mnist" }, { $0.splits.search = .fraction(0.3) },
      { $0.splits.validation = .count(5) }, { $0.splits.test = .fraction(0.3) }, { $0.training.epochs = 8 },
      { $0.training.learningRate = 0.2 }, { $0.epochsPerSegment = 4 }, { $0.scope.prunesClassifier = true },
      { $0.objective = .loss }, { $0.compression = 3 }, { $0.randomSearch = false },
      { $0.numerics = NumericsClass("another") }, { $0.genetic.populationSize = 9 }, { $0.genetic.eliteSize = 2 },
      { $0.genetic.tournamentSize = 4 }, { $0.genetic.crossoverRate = 0.5 }, { $0.genetic.neuronCrossover = 0.5 },
      { $0.genetic.mutationRate = 0.5 }, { $0.genetic.swapFraction = 0.1...0.4 },
      { $0.genetic.swapFraction = 0.2...0.5 }, { $0.genetic.initial.magnitude = 0.8 },
      { $0.genetic.initial.random = 0.2 }, { $0.genetic.initial.equal = 0.2 },
      { $0.genetic.initial.exponential = 0.2 }, { $0.genetic.initial.noise = 0.6 },
    ]
    let wider = try NetworkDescription(name: "small", widths: [6, 7, 4, 3])
    changes.append { $0.network = wider }
    var digests = [study.digest]
    for change in changes {
      var changed = study
      change(&changed)
      digests.append(changed.digest)
    }
    #expect(Set(digests).count == 1 + changes.count)

    var renamed = study
    renamed.name = "another"
    renamed.network = try NetworkDescription(name: "renamed", widths: [6, 6, 4, 3])
    #expect(renamed.digest == study.digest)
  }
}
