internal import Search

extension AnnealingSettings {
  /// Reads the keys of simulated annealing.
  init(_ section: inout Section) throws(StudyFileError) {
    self.init()
    chains = try section.int("chains", 1...100_000) ?? chains
    startTemperature = try StartTemperature(&section, "start") ?? startTemperature
    calibrationSteps = try section.int("calibration_steps", 1...1_000_000) ?? calibrationSteps
    stopTemperature = try StopTemperature(&section, "stop") ?? stopTemperature
    cooling = try Cooling(&section) ?? cooling
    coolingSteps = try section.int("cooling_steps", 1...100_000_000) ?? coolingSteps
    reheating = try Reheating(&section)
    mutations = try Operators.shares("mutation", of: Mutation.self, &section) ?? mutations
    mutationAmount = try Operators.amount("perturbation_magnitude", &section) ?? mutationAmount
    isNarrowing = try section.bool("narrowing") ?? isNarrowing
    isRacing = try section.bool("racing") ?? isRacing
    initial = try Operators.initialPopulation(&section) ?? initial
  }
}

extension TemperingSettings {
  /// Reads the keys of parallel tempering.
  init(_ section: inout Section) throws(StudyFileError) {
    self.init()
    temperatures = try section.int("temperatures", 2...100_000) ?? temperatures
    hottest = try StartTemperature(&section, "hottest") ?? hottest
    calibrationSteps = try section.int("calibration_steps", 1...1_000_000) ?? calibrationSteps
    coldest = try StopTemperature(&section, "coldest") ?? coldest
    exchangeInterval = try section.int("exchange_interval", 1...1_000_000) ?? exchangeInterval
    mutations = try Operators.shares("mutation", of: Mutation.self, &section) ?? mutations
    mutationAmount = try Operators.amount("perturbation_magnitude", &section) ?? mutationAmount
    isNarrowing = try section.bool("narrowing") ?? isNarrowing
    isRacing = try section.bool("racing") ?? isRacing
    initial = try Operators.initialPopulation(&section) ?? initial
  }
}

extension StartTemperature {
  /// `NAME_temperature: T` or `NAME_acceptance: CHANCE`.
  init?(_ section: inout Section, _ name: String) throws(StudyFileError) {
    let given = try section.double("\(name)_temperature", "a number above 0", { $0 > 0 && $0.isFinite })
    let chance = try section.double("\(name)_acceptance", "a chance between 0 and 1", { $0 > 0 && $0 < 1 })
    if given != nil, chance != nil {
      throw section.error("\(name)_acceptance", "expected either \(name)_temperature or \(name)_acceptance")
    }
    guard let start = given.map({ StartTemperature.given($0) }) ?? chance.map({ .accepting($0) }) else { return nil }
    self = start
  }
}

extension StopTemperature {
  /// `NAME_temperature: T` or `NAME_fraction: FRACTION` of the start.
  init?(_ section: inout Section, _ name: String) throws(StudyFileError) {
    let given = try section.double("\(name)_temperature", "a number above 0", { $0 > 0 && $0.isFinite })
    let fraction = try section.double("\(name)_fraction", "a fraction above 0, at most 1", { $0 > 0 && $0 <= 1 })
    if given != nil, fraction != nil {
      throw section.error("\(name)_fraction", "expected either \(name)_temperature or \(name)_fraction")
    }
    guard let stop = given.map({ StopTemperature.given($0) }) ?? fraction.map({ .fraction($0) }) else { return nil }
    self = stop
  }
}

extension Cooling {
  init?(_ section: inout Section) throws(StudyFileError) {
    let rate = try section.double("cooling_rate", "a factor between 0 and 1", { $0 > 0 && $0 < 1 })
    let name = try section.text("cooling", oneOf: ["constant", "geometric", "rate", "logarithmic", "adaptive"])
    if rate != nil, name != nil, name != "rate" {
      throw section.error("cooling_rate", "is for cooling: rate")
    }
    switch name ?? (rate == nil ? nil : "rate") {
    case nil: return nil
    case "constant": self = .constant
    case "rate": self = .rate(try section.required("cooling_rate", rate, "the factor of each step"))
    case "logarithmic": self = .logarithmic
    case "adaptive": self = .adaptive
    default: self = .geometric
    }
  }
}

extension Reheating {
  init?(_ section: inout Section) throws(StudyFileError) {
    guard var group = try section.section("reheating") else { return nil }
    let steps = try group.int("steps", 1...100_000_000)
    let progress = try group.text("progress", oneOf: Progress.allCases.map(\.rawValue))
    let factor = try group.double("factor", "a number above 1", { $0 > 1 && $0.isFinite })
    try group.finish()
    self.init(
      steps: try group.required("steps", steps, "how long a standstill lasts"),
      progress: progress.map { Progress(rawValue: $0)! } ?? .acceptance, factor: factor ?? 4)
  }
}
