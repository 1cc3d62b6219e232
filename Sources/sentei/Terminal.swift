import Foundation
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
  }
  private let state = Mutex(State())

  /// Shows where the run stands: at most every ten seconds where there is no live line.
  func show(_ progress: CoordinatorProgress) {
    let text = Self.line(progress)
    state.withLock { state in
      if isInteractive {
        write("\r\u{1b}[K" + text.prefix(Self.width - 1))
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

  /// Columns of the terminal; 80 where it does not say.
  private static var width: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1 ? Int(size.ws_col) : 80
  }

  /// What cannot be said is left unsaid: a full disk or a reader that has gone must not end the work. `write(_:)` of
  /// `FileHandle` would trap.
  private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

  private static func line(_ progress: CoordinatorProgress) -> String {
    let run = progress.run
    let workers = "\(progress.workers) worker\(progress.workers == 1 ? "" : "s")"
    guard progress.workers > 0 || run.generation > 0 else { return "waiting for workers" }
    guard run.isTrained else {
      return "training: \(run.trainedEpochs.fixed(digits: 1)) of \(run.epochs) epochs, \(workers)"
    }
    var parts = ["generation \(run.generation)/\(run.generations)"]
    if let best = run.best { parts.append("best \(best)") }
    parts.append("\(run.evaluations) evaluations")
    parts.append("\(progress.evaluationsPerSecond.fixed(digits: 0))/s")
    parts.append(workers)
    if let seconds = eta(progress) { parts.append("ETA \(duration(seconds))") }
    return parts.joined(separator: ", ")
  }

  private static func eta(_ progress: CoordinatorProgress) -> Double? {
    let run = progress.run
    guard run.generation > 0, progress.evaluationsPerSecond > 0 else { return nil }
    let perGeneration = Double(run.evaluations) / Double(run.generation)
    let left = perGeneration * Double(run.generations - run.generation) + Double(progress.openJobs)
    return left / progress.evaluationsPerSecond
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e9).rounded())
    return whole < 60
      ? "\(whole) s" : whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
  }
}
