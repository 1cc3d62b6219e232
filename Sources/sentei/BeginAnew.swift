import ArgumentParser
import Foundation

/// A coordinator whose memory holds what a liar said, or whose socket nobody can reach: it executes its command again,
/// which goes on from the disk.
///
/// All facts are durable or are not so, and resuming is the one way back that everything else uses too.
struct BeginAnew: Error {
  /// Never returns; where the system refuses, with the status of a run that was stopped.
  func execute() -> Never {
    // What is open here is nothing to the next life.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
      if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }
    var arguments = Self.words(CommandLine.arguments).map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
    Terminal.standard.say("cannot begin anew; `sentei resume` goes on with the run")
    _exit(ExitStatus.stopped)
  }

  /// The command once more. A budget that `extend` gave is there already.
  private static func words(_ arguments: [String]) -> [String] {
    var words = arguments
    guard words.count > 1, words[1] == ExtendCommand.configuration.commandName else { return words }
    words[1] = "resume"
    for option in ["--generations", "--evaluations"] {
      words.removeAll { $0.hasPrefix(option + "=") }
      if let index = words.firstIndex(of: option) { words.removeSubrange(index...min(index + 1, words.count - 1)) }
    }
    return words
  }
}
