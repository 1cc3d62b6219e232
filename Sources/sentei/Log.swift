public import ArgumentParser
import Foundation
public import Logging

/// Log lines on standard error, one a line, that step aside for the live line of a terminal.
struct LineLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    Terminal.standard.say("\(time) \(event.level): \(event.message)\(pairs)")
  }
}

/// How much is logged.
struct LogOptions: ParsableArguments {
  @Option(help: "What to log: debug, info, notice, warning or error.")
  var logLevel: Logger.Level?

  /// A logger for a command; on a terminal with a live line only warnings are worth a line of their own.
  func logger(_ label: String, hasLiveLine: Bool = false) -> Logger {
    let level = logLevel ?? (hasLiveLine && Terminal.standard.isInteractive ? .warning : .info)
    return Logger(label: label) { _ in LineLogHandler(logLevel: level) }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
