public import ArgumentParser
import Dashboard
import Foundation
public import Logging

/// Log lines on standard error, one a line, that step aside for the live line of a terminal.
struct LineLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level
  let format: LogFormat
  /// Shows the last lines too.
  let board: Board?

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let pairs = all.map { " \($0.key)=\($0.value)" }.joined()
    let plain = "\(time) \(event.level): \(event.message)\(pairs)"
    board?.log(plain)
    switch format {
    case .text: Terminal.standard.say(plain)
    case .json:
      let head = [("time", time), ("level", "\(event.level)"), ("message", "\(event.message)")]
      let fields = head + all.map { ($0.key, "\($0.value)") }
      Terminal.standard.say("{\(fields.map { "\(Self.quoted($0)):\(Self.quoted($1))" }.joined(separator: ","))}")
    }
  }

  /// A text as JSON.
  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}

/// What a line of the log looks like.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
  /// Time, level, message and `name=value`.
  case text
  /// An object a line, with the fields time, level, message and whatever belongs to the message; all of them strings.
  case json
}

/// How much is logged.
struct LogOptions: ParsableArguments {
  @Option(help: "What to log: debug, info, notice, warning or error.")
  var logLevel: Logger.Level?

  @Option(help: "What a line of the log looks like: text or json.")
  var logFormat = LogFormat.text

  /// A logger for a command; on a terminal with a live line only warnings are worth a line of their own.
  func logger(_ label: String, hasLiveLine: Bool = false, board: Board? = nil) -> Logger {
    if logFormat == .json { Terminal.standard.showNoProgress() }
    let level = logLevel ?? (hasLiveLine && Terminal.standard.isInteractive ? .warning : .info)
    return Logger(label: label) { _ in LineLogHandler(logLevel: level, format: logFormat, board: board) }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
