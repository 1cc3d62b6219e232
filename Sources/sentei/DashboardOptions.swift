import ArgumentParser
import Certificates
import Dashboard
import Foundation
import Logging
import Services

/// Who can watch a coordinator, and for how long.
struct Watching: Sendable {
  /// What is shown, and the server that shows it; nil for none.
  let dashboard: (board: Board, server: DashboardServer)?
  /// Whether the process stays when the study has ended, until it is told to stop.
  let stays: Bool

  var board: Board? { dashboard?.board }
}

/// A web page and metrics of the coordinator.
struct DashboardOptions: ParsableArguments {
  @Option(
    name: .customLong("dashboard"),
    help: "Serve a page, JSON and metrics at HOST:PORT; port 0 takes a free one. Beyond loopback it needs a token.")
  var address: String?

  @Option(
    name: .customLong("dashboard-token"),
    help: "A file with the token (16 characters or more) that whoever looks has to know.")
  var tokenFile: String?

  @Flag(help: "When the study has ended, stay until SIGTERM: for who looks, or for what starts again whatever ends.")
  var stay = false

  func validate() throws {
    guard address != nil || tokenFile == nil else {
      throw ValidationError("--dashboard-token is for --dashboard HOST:PORT")
    }
    if let address {
      let (host, _) = try Self.parts(address)
      guard DashboardServer.isLoopback(host) || tokenFile != nil else {
        throw ValidationError(
          "--dashboard \(address) can be reached by others: add --dashboard-token FILE, or use 127.0.0.1")
      }
    }
  }

  /// What was asked for.
  ///
  /// - Throws: `CertificateError` for a token that others could read; ``FileError`` and `ValidationError` for none.
  func watching() throws -> Watching {
    guard let address else { return Watching(dashboard: nil, stays: stay) }
    let (host, port) = try Self.parts(address)
    let board = Board()
    let token = try tokenFile.map { DashboardToken(try Self.text(ofToken: $0))! }
    let server = DashboardServer(board, host: host, port: port, token: token, version: Build.version)
    return Watching(dashboard: (board, server), stays: stay)
  }

  /// The token in a file.
  ///
  /// - Throws: `CertificateError` where others could read it; ``FileError`` and `ValidationError` for none.
  static func text(ofToken file: String) throws -> String {
    guard let text = try SafeFile.read(file, .secret) else {
      throw FileError(description: "cannot read \(file): it is not there")
    }
    let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard DashboardToken(token) != nil else {
      throw ValidationError(
        "\(file): expected a token of \(DashboardToken.shortest) or more letters, digits, '-', '_', '.' or '~'; "
          + "`openssl rand -hex 24` makes one")
    }
    return token
  }

  private static func parts(_ address: String) throws -> (host: String, port: Int) {
    let refusal = ValidationError("--dashboard takes HOST:PORT such as 127.0.0.1:8080, found '\(address)'")
    guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]) else {
      throw refusal
    }
    var host = String(address[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty, !host.contains("/") else { throw refusal }
    return (host, Int(port))
  }
}
