import ArgumentParser
import Foundation
import FoundationNetworking
import Monitoring
import Reports

/// `sentei top`: what a coordinator with a dashboard is doing, in a terminal.
struct TopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top", abstract: "Show what a coordinator with --dashboard is doing, in a terminal.",
    discussion: "Shows it again every second until Ctrl-C; where standard output is no terminal, once.")

  @Argument(help: "The dashboard's address, for example http://127.0.0.1:8080.")
  var address: String

  @Option(help: "A file with the dashboard's token.")
  var token: String?

  @Option(help: "Seconds between two looks.")
  var interval = 1.0

  @Flag(help: "Show it once.")
  var once = false

  func validate() throws {
    guard let url = URL(string: address), ["http", "https"].contains(url.scheme), url.host != nil else {
      throw ValidationError("expected an address such as http://127.0.0.1:8080, found '\(address)'")
    }
    guard interval >= 0.1, interval <= 3600 else { throw ValidationError("--interval is from 0.1 to 3600 seconds") }
  }

  func run() async throws {
    try await reporting {
      let token = try token.map { try DashboardOptions.text(ofToken: $0) }
      let isTerminal = isatty(STDOUT_FILENO) == 1
      var last: ClusterSnapshot?
      repeat {
        var text = ""
        do { last = try await look(token) } catch let error as NoDashboard {
          // A coordinator that was there may come back; one that never was is a mistake.
          guard last != nil else { throw error }
          text = "\(error)\n\n"
        }
        text += last!.text(width: isTerminal ? Terminal.width(of: STDOUT_FILENO) : nil)
        // From the top, each line to its end, and nothing below: no flicker.
        let screen = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\u{1b}[K\n")
        print(isTerminal && !once ? "\u{1b}[H\(screen)\u{1b}[K\u{1b}[J" : text)
        fflush(nil)
        if isTerminal && !once { try await Task.sleep(for: .seconds(interval)) }
      } while isTerminal && !once
    }
  }

  private func look(_ token: String?) async throws -> ClusterSnapshot {
    let url = URL(string: address)!.appendingPathComponent("snapshot.json")
    var request = URLRequest(url: url)
    request.timeoutInterval = 10
    if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
    let (data, response): (Data, URLResponse)
    do { (data, response) = try await URLSession.shared.data(for: request) } catch {
      throw NoDashboard(description: "no dashboard answers at \(address): \(error.localizedDescription)")
    }
    let status = (response as? HTTPURLResponse)?.statusCode ?? 0
    switch status {
    case 200: break
    case 401: throw NoDashboard(description: "the dashboard at \(address) wants its token: --token FILE")
    default: throw NoDashboard(description: "\(url) answered with HTTP status \(status), expected 200")
    }
    guard let snapshot = try? JSONDecoder().decode(ClusterSnapshot.self, from: data) else {
      throw NoDashboard(description: "\(url) is no snapshot of this version's dashboard")
    }
    return snapshot
  }
}

/// A dashboard that does not say what was asked.
struct NoDashboard: Error, CustomStringConvertible {
  let description: String
}

extension ClusterSnapshot {
  /// A screen of text.
  ///
  /// - Parameter width: columns, beyond which lines are cut; nil for any.
  func text(width: Int?) -> String {
    let connected = workers.filter { $0.condition != .disconnected }
    var lines = [
      "\(study)   run \(run), start \(epoch), up \(Terminal.duration(uptime))",
      phase == .training
        ? "training: \(trainedEpochs.fixed(digits: 1)) of \(epochs) epochs"
        : "\(phase.rawValue): \(phase == .comparing ? "network" : "generation") \(generation) of \(generations)"
          + (eta.map { ", \(Terminal.duration($0)) left" } ?? ""),
      "best \(best ?? "-")   evaluations \(evaluations)   \(evaluationsPerSecond.fixed(digits: 1)) a second",
      "jobs: \(jobs.waiting) waiting, \(jobs.leased) leased, \(jobs.storing) storing   "
        + "workers: \(connected.count) with \(connected.reduce(0) { $0 + $1.lanes }) lanes", "",
    ]
    let rows = workers.map { worker in
      [
        worker.name, worker.condition.rawValue, "\(worker.lanes)", "\(worker.jobs)",
        worker.oldestLease.map { "\($0.fixed(digits: 1)) s" } ?? "-", worker.perSecond.fixed(digits: 1),
        "\(worker.facts)", "\(worker.silence.fixed(digits: 1)) s",
      ]
    }
    lines += TextTable.aligned(
      header: ["worker", "state", "lanes", "jobs", "oldest lease", "results/s", "results", "heard"], rows: rows
    ).split(separator: "\n").map(String.init)
    return lines.map { line in
      // Names come from workers: what moves a cursor is not for this terminal.
      let shown = String(
        String.UnicodeScalarView(line.unicodeScalars.filter { $0.properties.generalCategory != .control }))
      return width.map { String(shown.prefix($0)) } ?? shown
    }.joined(separator: "\n")
  }
}
