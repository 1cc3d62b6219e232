import Foundation
import Subprocess
import SystemPackage
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

  private static func decoders() async throws -> [String] {
    try await run(["list"]).said.split(separator: "\n").map(String.init)
  }

  @Test func everyKindOfReaderIsThere() async throws {
    let decoders = try await Self.decoders()
    #expect(decoders.count >= 20, "\(decoders)")
    #expect(decoders.reduce(0) { $0 + Self.inputs(of: $1) } >= 200_000)
  }

  @Test(.timeLimit(.minutes(5)), arguments: try await decoders())
  func theCorpusAndChangesOfIt(decoder: String) async throws {
    let folder = "\(Self.corpus)/\(decoder)"
    let words = ["replay", decoder, "\(Self.inputs(of: decoder))", "\(Self.seed)"]
    let result = try await Self.run(words + (FileManager.default.fileExists(atPath: folder) ? [folder] : []))
    #expect(
      result.status.isSuccess,
      "seed \(Self.seed); again with: fuzz \(words.joined(separator: " ")) \(folder)\n\(result.said)")
    #expect(result.said.contains("inputs"), "\(result.said)")
    // Changes that are never accepted do not get behind the first check.
    #expect(!result.said.contains(" 0 accepted"), "\(result.said)")
  }

  @Test func aReaderThatTakesTooMuchIsCaught() async throws {
    let result = try await Self.run(["replay", "glutton", "10", "1"])
    #expect(result.status == .exited(1) && result.said.contains("bytes held"), "\(result)")
  }

  private static func inputs(of decoder: String) -> Int { slow[decoder] ?? inputs }

  private static func run(_ words: [String]) async throws -> (status: TerminationStatus, said: String) {
    let ended = try await Subprocess.run(
      .path(FilePath(program)), arguments: Arguments(words), output: .string(limit: 64 << 20),
      error: .combinedWithOutput
    )
    return (ended.terminationStatus, ended.standardOutput)
  }
}
