internal import Search

extension ParetoSettings {
  /// Reads the keys of NSGA-II.
  init(_ section: inout Section) throws(StudyFileError) {
    self.init()
    populationSize = try section.int("population_size", 2...100_000) ?? populationSize
    crossoverRate = try section.fraction("crossover_rate") ?? crossoverRate
    crossovers = try Operators.shares("crossover", of: Crossover.self, &section) ?? crossovers
    mutationRate = try section.fraction("mutation_rate") ?? mutationRate
    mutations = try Operators.shares("mutation", of: Mutation.self, &section) ?? mutations
    mutationAmount = try Operators.amount("mutation_amount", &section) ?? mutationAmount
    initial = try Operators.initialPopulation(&section, initial) ?? initial
    archiveSize = try section.int("archive_size", 2...1_000_000) ?? archiveSize
  }
}

extension OnePlusLambdaSettings {
  /// Reads the keys of the (1 + λ) search.
  init(_ section: inout Section) throws(StudyFileError) {
    self.init()
    lambda = try section.int("lambda", 1...100_000) ?? lambda
    shares = try section.doubles("shares", "fractions above 0, at most 1") { $0 > 0 && $0 <= 1 } ?? shares
    let survivors = try section.doubles("survivors", "whole numbers from 1") {
      $0 == $0.rounded() && (1...100_000).contains($0)
    }
    self.survivors = survivors?.map { Int($0) } ?? []
    guard isSound else {
      throw section.error(
        "shares",
        "expected shares that rise to 1 and, for each behind the first, survivors that never grow: shares: [0.1, 1], "
          + "survivors: [4]")
    }
    racing = try section.bool("racing") ?? racing
    mutations = try Operators.shares("mutation", of: Mutation.self, &section) ?? mutations
    mutationAmount = try Operators.amount("mutation_amount", &section) ?? mutationAmount
    horizon = try section.int("horizon", 1...100_000_000)
    patience = try section.int("patience", 1...100_000_000)
    initial = try Operators.initialPopulation(&section) ?? initial
  }
}
