import ArgumentParser
import Services

/// A number of evaluation threads, or as many as there are processors.
enum Lanes: ExpressibleByArgument, Hashable {
  case count(Int)
  case auto

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else if let count = Int(argument), (1...1024).contains(count) {
      self = .count(count)
    } else {
      return nil
    }
  }

  var count: Int {
    switch self {
    case .count(let count): count
    case .auto: Processors.available
    }
  }
}
