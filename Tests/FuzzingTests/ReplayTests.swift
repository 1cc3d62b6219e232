import Foundation
import Testing

/// Whatever bytes come from outside, a reader gives a value or refuses them, in bounded time and memory.
///
/// In processes of their own: a trap there is a failure with the number of its input here, and the counting of memory
/// leaves the other tests alone.
@Suite(.serialized) struct ReplayTests {
  private static let inputs = 8000
  /// A study is checked against its network, which takes milliseconds.
  private static let slow = ["studies": 800]
  private static let seed = 20_261

  private static let program =
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appendingPathComponent("fuzz").path

  private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/Fuzzing").path

  private static let decoders: [String] = {
    (try? run(["list"]))?.output.split(separator: "\n").map(String.init) ?? []
  }()

  @Test func everyKindOfReaderIsThere() {
    #expect(Self.decoders.count >= 20, "\(Self.decoders)")
    #expect(Self.decoders.reduce(0) { $0 + Self.inputs(of: $1) } >= 200_000)
  }

  @Test(.timeLimit(.minutes(5)), arguments: decoders) func theCorpusAndChangesOfIt(decoder: String) throws {
    let folder = "\(Self.corpus)/\(decoder)"
    let words = ["replay", decoder, "\(Self.inputs(of: decoder))", "\(Self.seed)"]
    let result = try Self.run(words + (FileManager.default.fileExists(atPath: folder) ? [folder] : []))
    #expect(
      result.status == 0,
      "seed \(Self.seed); again with: fuzz \(words.joined(separator: " ")) \(folder)\n\(result.output)\(result.errors)")
    #expect(result.output.contains("inputs"), "\(result.output)")
    // Changes that are never accepted do not get behind the first check.
    #expect(!result.output.contains(" 0 accepted"), "\(result.output)")
  }

  @Test func aReaderThatTakesTooMuchIsCaught() throws {
    let result = try Self.run(["replay", "glutton", "10", "1"])
    #expect(result.status == 1 && result.output.contains("bytes held"), "\(result)")
  }

  private static func inputs(of decoder: String) -> Int { slow[decoder] ?? inputs }

  private static func run(_ words: [String]) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = words
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // A line or two each: neither pipe fills.
    process.waitUntilExit()
    func text(_ pipe: Pipe) -> String {
      String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }
    return (process.terminationStatus, text(output), text(errors))
  }
}
