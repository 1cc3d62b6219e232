import ArgumentParser
import Foundation
import Services

/// `sentei healthy`: whether the process that touches a file goes round.
struct HealthyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "healthy",
    abstract: "Say whether a coordinator or worker on this machine goes round, for health checks.",
    discussion: """
      A coordinator and a worker with the environment variable \(HealthFile.variable) touch that file each second, a \
      coordinator once workers can come. Ends with 0 if it was touched in the last \(Int(HealthFile.limit)) seconds, else with 69.
      """)

  @Argument(help: "The file; by default what \(HealthFile.variable) names.")
  var file: String?

  func run() async throws {
    guard let file = file ?? HealthFile.named else {
      throw ValidationError("name a file, or set \(HealthFile.variable)")
    }
    try await reporting {
      guard let age = HealthFile.age(of: file) else {
        throw Unhealthy(description: "\(file) is not there: nothing has been ready yet")
      }
      guard age <= HealthFile.limit else {
        throw Unhealthy(description: "\(file) was touched \(Int(age)) s ago, expected \(Int(HealthFile.limit)) at most")
      }
      print("healthy")
    }
  }
}

extension HealthFile {
  /// What the environment names.
  static var named: String? { ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 } }

  /// The file of this process; nil where the environment names none.
  static var ofEnvironment: HealthFile? { named.map { HealthFile(path: $0) } }
}

/// A process that does not go round.
struct Unhealthy: Error, CustomStringConvertible {
  let description: String
}
