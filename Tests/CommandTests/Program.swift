import Foundation
import Testing

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
    try toEnd([path] + arguments, environment)
  }

  /// Runs a tool of the system to its end; 127 says that it is not there.
  static func tool(_ words: [String]) throws -> Result { try toEnd(["/usr/bin/env"] + words, [:]) }

  private static func toEnd(_ words: [String], _ environment: [String: String]) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = folder.appendingPathComponent("out")
    let errors = folder.appendingPathComponent("err")
    let running = try Running(words: words, output: output.path, errors: errors.path, environment: environment)
    let status = running.wait()
    return Result(
      status: status, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }
}

/// A process that the test started, and will end.
///
/// Spawned and reaped without Foundation's `Process`, which takes a descriptor that the child inherits for its sign of
/// life: where another child of the same moment inherits it too, an end goes unnoticed.
final class Running {
  let identifier: pid_t
  let log: String
  private var status: Int32?

  /// Glibc shows it to those alone who define `_GNU_SOURCE`.
  private typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
  private static let closeFrom = unsafeBitCast(
    dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"), to: CloseFrom.self)

  /// Longer than any test takes on a machine that has other things to do; then the process hangs.
  private static let patience = Duration.seconds(600)

  /// - Parameter prefix: a command that ends with executing the words behind its own, such as `nsenter --net=FILE`; the
  ///   process keeps its identifier.
  convenience init(
    _ arguments: [String], through prefix: [String] = [], output: String = "/dev/null", errors: String,
    environment: [String: String] = [:]
  ) throws {
    try self.init(
      words: prefix + [Program.path] + arguments, output: output, errors: errors, environment: environment)
  }

  /// - Parameter words: a program, by its path or looked for in `PATH`, and its arguments.
  init(words arguments: [String], output: String, errors: String, environment: [String: String]) throws {
    log = errors
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    // A connection that another test closes would stay open in a child that inherited it.
    _ = Self.closeFrom(&actions, 3)
    // Signals that this thread does not want are blocked here; a shell would never hear of its child's end.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
    var words = arguments.map { strdup($0) } + [nil]
    var settings = variables.map { strdup($0) } + [nil]
    defer { for text in words + settings { free(text) } }
    var child: pid_t = 0
    let code = posix_spawnp(&child, arguments[0], &actions, &attributes, &words, &settings)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
    identifier = child
  }

  deinit { if isRunning { kill9() } }

  var isRunning: Bool {
    if status == nil {
      var word: Int32 = 0
      if waitpid(identifier, &word, WNOHANG) == identifier { status = word }
    }
    return status == nil
  }

  /// Waits for the end; a process that ends by a signal has 128 and its number, one that does not end is killed.
  func wait() -> Int32 {
    if !passes(Self.patience, until: { !self.isRunning }) {
      kill9()
      Issue.record("process \(identifier) did not end: \(logText.suffix(4000))")
    }
    let word = status ?? 0
    return word & 0x7f == 0 ? (word >> 8) & 0xff : 128 + (word & 0x7f)
  }

  /// Tells a worker to stop, and waits: 75, or 0 where its coordinator had sent it home before.
  func leaves() -> Bool {
    send(SIGTERM)
    return [0, 75].contains(wait())
  }

  func send(_ signal: Int32) {
    if isRunning { kill(identifier, signal) }
  }

  /// `kill -9` at a moment when a condition on its log holds: it is halted while the log is looked at, so that nothing
  /// happens in between.
  ///
  /// - Returns: false where it ended before, or the condition never held.
  func kill9(when condition: (String) -> Bool) -> Bool {
    while waitForLog(condition), isRunning {
      kill(identifier, SIGSTOP)
      var word: Int32 = 0
      while waitpid(identifier, &word, WUNTRACED) < 0, errno == EINTR {}
      guard word & 0xff == 0x7f else {
        status = word
        return false
      }
      if condition(logText) {
        kill9()
        return true
      }
      kill(identifier, SIGCONT)
    }
    return false
  }

  /// `kill -9`.
  func kill9() {
    send(SIGKILL)
    guard status == nil else { return }
    var word: Int32 = 0
    while waitpid(identifier, &word, 0) < 0, errno == EINTR {}
    status = word
  }

  /// Looks every hundredth of a second whether a condition holds; another process's end and files tell nobody.
  private func passes(_ time: Duration, until condition: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + time
    while !condition() {
      guard ContinuousClock.now < deadline else { return false }
      usleep(10_000)
    }
    return true
  }

  /// The processes that it started, without the one that gives names to addresses under a sanitizer.
  var children: [pid_t] {
    let tasks = "/proc/\(identifier)/task"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
    return names.flatMap { task in
      let list = (try? String(contentsOfFile: "\(tasks)/\(task)/children", encoding: .utf8)) ?? ""
      return list.split(separator: " ").compactMap { pid_t($0) }.filter { child in
        (try? String(contentsOfFile: "/proc/\(child)/comm", encoding: .utf8)) != "llvm-symbolizer\n"
      }
    }
  }

  var logText: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

  /// Waits until the log fulfils a condition, or two minutes have passed, or the process ends.
  ///
  /// - Returns: whether the condition was fulfilled.
  func waitForLog(_ condition: (String) -> Bool) -> Bool {
    var fulfilled = false
    _ = passes(.seconds(120)) {
      // Asked first: what a process wrote before its end counts.
      let ended = !isRunning
      fulfilled = condition(logText)
      return fulfilled || ended
    }
    return fulfilled
  }
}

/// A folder for one test, removed at its end; short, because sockets lie in it.
final class Workplace: Sendable {
  let path: String

  /// - Parameter inMemory: for thousands of openings, whose fsyncs would take minutes on a disk.
  init(inMemory: Bool = false) {
    let root = inMemory && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(root)/sentei-test-XXXXXX".utf8CString)
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

  /// A population that is trained in rounds, behind a small search: many trainings at once.
  static let population = """
    study: population
    seed: 3
    dataset: { name: digits }
    network: { zoo: mlp-32, train: { epochs: 4, learning_rate: 0.1, epochs_per_segment: 2 } }
    objective: { minimize: loss, at_compression: 3 }
    population:
      size: 8
      rounds: 6
      interval: { epochs: 1 }
      learning_rates: [0.1, 0.05, 3]
      compression_step: 1.1
      control: true
    search: { algorithm: genetic, population_size: 8, generations: 2, elite_size: 2 }
    """
}
