import Foundation
import Monitoring
import Reports
import Services
import Synchronization

/// Standard error as people see it: one live line on a terminal, plain lines elsewhere.
final class Terminal: Sendable {
  static let standard = Terminal()

  let isInteractive = isatty(STDERR_FILENO) == 1
  private struct State {
    var hasLine = false
    var lastPlain = ContinuousClock.now - .seconds(60)
    var lastText = ""
    var isForPrograms = false
  }
  private let state = Mutex(State())

  /// From now on there is no line of progress: a program reads what is written.
  func showNoProgress() { state.withLock { $0.isForPrograms = true } }

  /// Shows where the run stands: at most every ten seconds where there is no live line.
  func show(_ cluster: ClusterSnapshot) {
    let text = Self.line(cluster)
    state.withLock { state in
      guard !state.isForPrograms else { return }
      if isInteractive {
        write("\r\u{1b}[K" + text.prefix(Self.width(of: STDERR_FILENO) - 1))
        state.hasLine = true
      } else if text != state.lastText, ContinuousClock.now - state.lastPlain >= .seconds(10) {
        state.lastPlain = .now
        write(text + "\n")
      }
      state.lastText = text
    }
  }

  /// Writes a line, in place of the live one.
  func say(_ line: String) {
    state.withLock { state in
      clear(&state)
      write(line + "\n")
    }
  }

  /// Removes the live line, so that something else can be written.
  func clearLine() {
    state.withLock { clear(&$0) }
  }

  private func clear(_ state: inout State) {
    if state.hasLine { write("\r\u{1b}[K") }
    state.hasLine = false
  }

  /// Columns of a terminal; 80 where it does not say.
  static func width(of descriptor: Int32) -> Int {
    var size = winsize()
    return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1 ? Int(size.ws_col) : 80
  }

  /// What cannot be said is left unsaid: a full disk or a reader that has gone must not end the work. `write(_:)` of
  /// `FileHandle` would trap.
  private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

  private static func line(_ now: ClusterSnapshot) -> String {
    let connected = now.workers.count { $0.condition != .disconnected }
    let workers = "\(connected) worker\(connected == 1 ? "" : "s")"
    switch now.phase {
    case .waiting: return "waiting for workers"
    case .training:
      return "training: \(now.trainedEpochs.fixed(digits: 1)) of \(now.epochs) epochs, \(workers)"
    case .searching, .comparing, .finished: break
    }
    let unit = now.phase == .comparing ? "network" : "generation"
    var parts = ["\(unit) \(now.generation)/\(now.generations)"]
    if let best = now.best { parts.append("best \(best)") }
    parts.append("\(now.evaluations) evaluations")
    parts.append("\(now.evaluationsPerSecond.fixed(digits: 0))/s")
    parts.append(workers)
    if let seconds = now.eta { parts.append("ETA \(duration(seconds))") }
    return parts.joined(separator: ", ")
  }

  static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e9).rounded())
    return whole < 60
      ? "\(whole) s" : whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
  }
}
