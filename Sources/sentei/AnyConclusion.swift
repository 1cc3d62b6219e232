import Monitoring
import Reports
import Services
import Studies

/// What a run of any study came to.
enum AnyConclusion {
  case search(Conclusion)
  case methods(MethodConclusion)

  /// - Throws: what reading the run throws.
  init(directory: String) throws { self = try AnyConclusion(try OpenRun.look(directory: directory)) }

  /// - Throws: what reading the run throws.
  init(_ open: OpenRun) throws {
    self =
      if let methods = open.run as? MethodRun {
        .methods(try MethodConclusion(open, methods))
      } else {
        .search(try Conclusion(open))
      }
  }

  func printTable() {
    switch self {
    case .search(let conclusion): conclusion.printTable()
    case .methods(let conclusion): conclusion.printTable()
    }
  }

  /// What the list of finished runs shows; nil before the end.
  var summary: RunSummary? {
    switch self {
    case .search(let conclusion): conclusion.summary
    case .methods(let conclusion): conclusion.summary
    }
  }

  /// The networks of the comparison; nil before the end.
  var rows: [ResultRow]? {
    switch self {
    case .search(let conclusion): conclusion.rows
    case .methods(let conclusion): conclusion.rows
    }
  }
}
