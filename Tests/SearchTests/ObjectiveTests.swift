import Pruning
import Search
import Testing

/// Which of two trials is the better one.
@Suite struct ObjectiveTests {
  private func exact(_ correct: Int, _ loss: Double) -> Score { .exact(correct: correct, count: 100, loss: loss) }

  @Test("Accuracy ranks by accuracy, then by loss")
  func accuracy() {
    let ascending = [Score.nonfinite, exact(0, 1e300), exact(0, 5), exact(50, 3), exact(50, 2), exact(51, 9)]
    check(ascending, .accuracy)
  }

  @Test("Loss ranks by loss alone")
  func loss() {
    check([.nonfinite, exact(99, 1e300), exact(80, 3), exact(10, 2), exact(0, 0)], .loss)
    #expect(Objective.loss.fitness(exact(10, 2)) == Objective.loss.fitness(exact(90, 2)))
  }

  private func check(_ ascending: [Score], _ objective: Objective) {
    for (index, low) in ascending.enumerated() {
      for high in ascending[(index + 1)...] {
        #expect(objective.fitness(low) < objective.fitness(high), "\(low) and \(high)")
        #expect(!(objective.fitness(high) < objective.fitness(low)), "\(low) and \(high)")
      }
    }
  }

  @Test("Equal fitness: the earlier trial is the better one", arguments: Objective.allCases)
  func ties(objective: Objective) {
    let mask = Mask(count: 4, keeping: [1])
    for score in [Score.nonfinite, exact(50, 2)] {
      let individuals = [(0, 5), (1, 0), (1, 2), (2, 0)].map { generation, index in
        Individual(
          trial: Trial(id: TrialID(generation: generation, index: index), mask: mask, parents: []),
          fitness: objective.fitness(score))
      }
      for (place, better) in individuals.enumerated() {
        #expect(!Individual.isBetter(better, better))
        for worse in individuals[(place + 1)...] {
          #expect(Individual.isBetter(better, worse) && !Individual.isBetter(worse, better))
        }
      }
    }
  }

  @Test("A better fitness beats an earlier trial")
  func fitnessFirst() {
    let mask = Mask(count: 4, keeping: [1])
    let early = Trial(id: TrialID(generation: 0, index: 0), mask: mask, parents: [])
    let late = Trial(id: TrialID(generation: 9, index: 9), mask: mask, parents: [])
    let good = Individual(trial: late, fitness: Fitness(value: 1, tieBreak: -9))
    #expect(Individual.isBetter(good, Individual(trial: early, fitness: Fitness(value: 0.5, tieBreak: 9))))
    #expect(Individual.isBetter(good, Individual(trial: early, fitness: Fitness(value: 1, tieBreak: -10))))
  }
}
