import Foundation
import Synchronization

/// The command under test, as processes of its own.
enum Program {
  /// `SENTEI_BINARY`, or the program that was built beside the tests.
  static let path: String = {
    if let path = ProcessInfo.processInfo.environment["SENTEI_BINARY"] { return path }
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appendingPathComponent("sentei").path
  }()

  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Runs to the end.
  static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Result {
    try run(arguments, environment: environment)
  }

  /// Runs to the end.
  static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = folder.appendingPathComponent("out")
    let errors = folder.appendingPathComponent("err")
    let running = try Running(arguments, output: output.path, errors: errors.path, environment: environment)
    let status = running.wait()
    return Result(
      status: status, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }
}

/// A process that the test started, and will end.
final class Running {
  let process = Process()
  let log: String

  init(_ arguments: [String], output: String = "/dev/null", errors: String, environment: [String: String] = [:]) throws
  {
    log = errors
    for path in [output, errors] where !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: output)
    let handle = FileHandle(forWritingAtPath: errors)
    handle?.seekToEndOfFile()
    process.standardError = handle
    try process.run()
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// Waits for the end; a process that ends by a signal has 128 and its number.
  func wait() -> Int32 {
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }

  /// `kill -9`.
  func kill9() {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  var logText: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

  /// Waits until the log fulfils a condition, or two minutes have passed, or the process ends.
  ///
  /// - Returns: whether the condition was fulfilled.
  func waitForLog(_ condition: (String) -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < deadline {
      if condition(logText) { return true }
      guard process.isRunning else { return condition(logText) }
      usleep(10_000)  // polling another process's file; nothing can tell us
    }
    return false
  }
}

/// A folder for one test, removed at its end; short, because sockets lie in it.
final class Workplace {
  let path: String

  init() {
    var template = Array("/tmp/sentei-test-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and gives its path.
  func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: file(name), atomically: true, encoding: .utf8)
    return file(name)
  }

  /// Every file below a folder with its bytes; SQLite's shared-memory index, a cache, is left out.
  func contents(of folder: String) -> [String: Data] {
    var out: [String: Data] = [:]
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    for name in names where !name.hasSuffix("-shm") {
      out[name] = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
    }
    return out
  }
}

/// Studies for tests.
enum Studies {
  /// A study on the digits that takes a second or two.
  static func quick(seed: Int = 1, population: Int = 32, generations: Int = 60, extra: String = "") -> String {
    """
    study: quick
    seed: \(seed)
    dataset: { name: digits }
    network: { zoo: mlp-32, train: { epochs: 6, learning_rate: 0.1, epochs_per_segment: 2 } }
    objective: { minimize: loss, at_compression: 5 }
    search: { algorithm: genetic, population_size: \(population), generations: \(generations), elite_size: 8\(extra) }
    """
  }
}
