import CFuzzing
import Decoders
import Foundation

extension Fuzz {
  /// Inputs by the thousand without libFuzzer: what a folder holds, then changes of it, each named by seed and number.
  ///
  /// A trap, or ten seconds for one input, end the program with the input's number.
  static func replay(_ decoder: Decoder, _ words: [String]) throws {
    guard let runs = Int(words[0]), let seed = UInt64(words[1]) else { fail("expected two numbers: RUNS SEED") }
    var corpus = try decoder.seeds()
    if words.count > 2 {
      let names = try FileManager.default.contentsOfDirectory(atPath: words[2]).sorted()
      corpus += try names.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(words[2])/\($0)"))) }
    }
    for input in corpus { _ = decoder.read(input) }
    fuzzing_watch()
    var worst = (share: 0.0, held: 0, count: 0)
    var accepted = 0
    for number in 0..<max(runs, corpus.count) {
      var mutator = Mutator(seed: seed << 32 | UInt64(number))
      let input = number < corpus.count ? corpus[number] : mutator.mutate(corpus[mutator.below(corpus.count)])
      fuzzing_input(number)
      let (isAccepted, held) = measured(decoder, input)
      if isAccepted { accepted += 1 }
      let limit = decoder.limit.bytes(for: input.count)
      let share = Double(held) / Double(limit)
      if share > worst.share { worst = (share, held, input.count) }
      guard held <= limit else {
        print(
          "\(decoder.name), seed \(seed), input \(number): \(held) bytes held for \(input.count), \(limit) at most: "
            + Data(input.prefix(4096)).base64EncodedString())
        exit(1)
      }
    }
    print(
      "\(decoder.name): \(max(runs, corpus.count)) inputs, \(accepted) accepted; the nearest to its limit held \(worst.held) bytes "
        + "for \(worst.count)")
  }
}
