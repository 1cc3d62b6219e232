import ArgumentParser
import Certificates
import Foundation

/// `sentei certs`: the certificates of a cluster.
struct CertsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certs", abstract: "Make and show the certificates that tls:// needs.",
    subcommands: [CreateCertsCommand.self, ShowCertsCommand.self])
}

/// `sentei certs create`: an authority, and what it signs.
struct CreateCertsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make an authority and the certificates of a coordinator and of workers.",
    discussion: """
      Nothing is overwritten: in a folder that holds an authority, what is missing is made. Copy ca.pem and \
      coordinator.pem with its key to the coordinator's machine, ca.pem and a worker's pair to a worker's; ca.key to none.
      """)

  @Argument(help: "The folder.")
  var folder: String

  @Option(name: .customLong("worker"), help: "A worker to make a pair for, by name; may be repeated.")
  var workers: [String] = []

  @Option(help: "How long the pairs are valid; the authority has ten years.")
  var days = 365

  func validate() throws {
    guard (1...3650).contains(days) else { throw ValidationError("--days takes a number from 1 to 3650") }
  }

  func run() async throws {
    try await reporting {
      printTable(try CertificateFolder(path: folder).create(workers: workers, days: days, now: .now))
    }
  }
}

/// `sentei certs show`: what is in a folder.
struct ShowCertsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print name, kind, expiry and SHA-256 fingerprint of each certificate in a folder.")

  @Argument(help: "The folder.")
  var folder: String

  func run() async throws {
    try await reporting { printTable(try CertificateFolder(path: folder).entries()) }
  }
}

private func printTable(_ entries: [CertificateFolder.Entry]) {
  let now = Date.now
  for entry in entries {
    let summary = entry.summary
    let state = summary.validity.upperBound < now ? "expired" : "valid until"
    print("\(entry.file): \(summary.role?.rawValue ?? "unknown kind") '\(summary.name)'")
    print("  \(state) \(summary.validity.upperBound.iso8601)")
    print("  sha256 \(summary.fingerprint)")
  }
}
