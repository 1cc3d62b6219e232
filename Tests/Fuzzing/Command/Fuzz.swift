import CFuzzing
import Decoders
import Foundation

/// Feeds decoders with bytes that mean them no good.
///
///     fuzz list                                 the names of the decoders
///     fuzz seeds DECODER FOLDER                 writes sound inputs to begin with
///     fuzz replay DECODER RUNS SEED [FOLDER]    the files of a folder and changes of them; ends with 1 at the first that
///                                               holds more memory than the decoder's limit
///     fuzz run DECODER [libFuzzer's options]    in a build of scripts/fuzz alone
@main struct Fuzz {
  static func main() throws {
    let words = CommandLine.arguments.dropFirst()
    guard let task = words.first else { fail("expected list, seeds, replay or run") }
    if task.hasPrefix("-"), let decoder = ProcessInfo.processInfo.environment[name].flatMap({ Decoder.named($0) }) {
      // libFuzzer has started the program again with its own options alone, as it does to merge.
      run(decoder, Array(words))
    }
    if task == "list" {
      for decoder in Decoder.all { print(decoder.name) }
      return
    }
    guard let decoder = words.dropFirst().first.flatMap({ Decoder.named($0) }) else {
      fail("expected one of \(Decoder.all.map(\.name).joined(separator: " "))")
    }
    let rest = Array(words.dropFirst(2))
    switch task {
    case "seeds" where rest.count == 1: try writeSeeds(of: decoder, to: rest[0])
    case "replay" where rest.count >= 2: try replay(decoder, rest)
    case "run": run(decoder, rest)
    default: fail("unknown task \(task), or too few words for it")
    }
  }

  static func fail(_ text: String) -> Never {
    FileHandle.standardError.write(Data("fuzz: \(text)\n".utf8))
    exit(64)
  }

  private static func writeSeeds(of decoder: Decoder, to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (number, bytes) in try decoder.seeds().enumerated() {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/seed-\(number)"))
    }
  }

  /// libFuzzer's target has no context of its own.
  nonisolated(unsafe) private static var target: Decoder?

  private static let name = "SENTEI_FUZZ_DECODER"

  private static func run(_ decoder: Decoder, _ options: [String]) -> Never {
    setenv(name, decoder.name, 1)
    target = decoder
    // Whatever is made once is made before anything is counted.
    for seed in (try? decoder.seeds()) ?? [] { _ = decoder.read(seed) }
    var words = ([CommandLine.arguments[0]] + options).map { strdup($0) } + [nil]
    let status = fuzzing_run(Int32(words.count - 1), &words) { bytes, count in
      let input = Array(UnsafeBufferPointer(start: bytes, count: count))
      let (_, held) = Fuzz.measured(Fuzz.target!, input)
      let limit = Fuzz.target!.limit.bytes(for: count)
      precondition(held <= limit, "\(held) bytes were held for an input of \(count), \(limit) at most")
      return 0
    }
    guard status >= 0 else { fail("this build has no libFuzzer; scripts/fuzz makes one that has") }
    exit(status)
  }

  /// Reads an input: whether it came to a value, and the most bytes that were held meanwhile.
  static func measured(_ decoder: Decoder, _ input: [UInt8]) -> (isAccepted: Bool, held: Int) {
    fuzzing_begin()
    let isAccepted = decoder.read(input)
    return (isAccepted, fuzzing_end())
  }
}
