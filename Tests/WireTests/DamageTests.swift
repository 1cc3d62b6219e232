import Randomness
import Scheduling
import Testing
import Wire

/// What a bad network does to messages: none is accepted as another than was sent.
@Suite struct DamageTests {
  /// A message of either direction, with its bytes.
  private enum Sent {
    case worker(WorkerMessage)
    case coordinator(CoordinatorMessage)

    /// What a worker reads of a refusal without a seal, which may come from an older coordinator.
    static let older = "the coordinator speaks an older protocol; use the same build"

    var bytes: [UInt8] {
      switch self {
      case .worker(let message): WireCodec.encode(message, epoch: 3)
      case .coordinator(let message): WireCodec.encode(message, epoch: 3)
      }
    }

    /// Reads bytes in the message's direction: nil where they are refused, else whether they are this message.
    func isRead(from bytes: [UInt8]) -> Bool? {
      switch self {
      case .worker(let message):
        (try? WireCodec.workerMessage(bytes)).map { $0.message == message && $0.epoch == 3 }
      case .coordinator(let message):
        (try? WireCodec.coordinatorMessage(bytes)).map {
          if case (.reject(let said), .reject(let read)) = (message, $0.message), read.reason == Self.older {
            return said.code == .protocolVersion && read.code == .protocolVersion && $0.epoch == 0
          }
          return $0.message == message && $0.epoch == 3
        }
      }
    }
  }

  private func messages(_ seeds: Range<UInt64>) -> [Sent] {
    seeds.flatMap { seed in
      var generator = Generator(seed: seed)
      return generator.workerMessages().map(Sent.worker) + generator.coordinatorMessages().map(Sent.coordinator)
    }
  }

  @Test("100,000 messages on a line that drops, doubles, swaps, cuts and flips: what arrives is what was sent")
  func line() {
    let seed: UInt64 = 11
    let pool = messages(0..<40).map { ($0, $0.bytes) }
    var stream = RandomStream(seed: seed, .test)
    var counts: [String: Int] = [:]
    var refused = 0
    var line: [(sent: Sent, bytes: [UInt8], isWhole: Bool)] = []
    for number in 0..<100_000 {
      let (sent, whole) = pool[stream.below(pool.count)]
      var bytes = whole
      var fault = ""
      switch stream.below(8) {
      case 0: fault = "dropped"
      case 1:
        fault = "doubled"
        line.append((sent, whole, true))
      case 2:
        fault = "swapped"
        line.insert((sent, whole, true), at: stream.below(line.count + 1))
      case 3:
        fault = "cut"
        bytes.removeSubrange((bytes.count > 1 ? stream.below(bytes.count) : 0)...)
      case 4:
        fault = "cut in the middle"
        let start = stream.below(bytes.count)
        bytes.removeSubrange(start..<min(bytes.count, start + 1 + stream.below(16)))
      case 5:
        fault = "flipped"
        for _ in 0...stream.below(4) { bytes[stream.below(bytes.count)] ^= 1 << UInt8(stream.below(8)) }
      case 6:
        fault = "overwritten"
        let start = stream.below(bytes.count)
        for index in start..<min(bytes.count, start + 1 + stream.below(64)) {
          bytes[index] = UInt8(truncatingIfNeeded: stream.next())
        }
      default: fault = "whole"
      }
      counts[fault, default: 0] += 1
      if fault != "dropped", fault != "swapped" { line.append((sent, bytes, bytes == whole)) }
      while line.count > 8 {
        let (sent, bytes, isWhole) = line.removeFirst()
        switch sent.isRead(from: bytes) {
        case true?: break
        case false?: Issue.record("seed \(seed), message \(number): accepted as another, \(bytes.prefix(80))")
        case nil where isWhole: Issue.record("seed \(seed), message \(number): a whole one was refused")
        case nil: refused += 1
        }
      }
    }
    #expect(counts.count == 8 && counts.values.allSatisfy { $0 > 10_000 }, "\(counts)")
    #expect(refused > 40_000, "seed \(seed): \(refused) refused")
  }

  @Test("Every single flipped bit of every kind of message, and every shorter beginning, is refused")
  func everyBit() {
    for sent in messages(50..<52) {
      let whole = sent.bytes
      #expect(sent.isRead(from: whole) == true)
      var accepted: [Int] = []
      for bit in 0..<8 * whole.count {
        var bytes = whole
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        if sent.isRead(from: bytes) == false { accepted.append(bit) }
      }
      #expect(accepted.isEmpty, "\(sent)")
      for length in whole.indices { #expect(sent.isRead(from: Array(whole[..<length])) != false, "\(sent), \(length)") }
    }
  }

  @Test("What peers of another version say unsealed is understood as far as it has to be, and nothing else is")
  func otherVersions() throws {
    for sent in messages(60..<70) {
      let unsealed = Array(sent.bytes.dropLast(Seal.length))
      switch sent {
      case .worker(.hello(let hello)):
        for version in 0...6 {
          var other = hello
          other.protocolVersion = version
          let bytes = Array(WireCodec.encode(.hello(other), epoch: 0).dropLast(Seal.length))
          #expect((try? WireCodec.workerMessage(bytes).message) == (1...4 ~= version ? .hello(other) : nil))
        }
      case .coordinator(.reject(let rejection)):
        let read = try? WireCodec.coordinatorMessage(unsealed).message
        let older = Rejection(code: .protocolVersion, reason: Sent.older, retryable: false)
        #expect(read == (rejection.code == .protocolVersion ? .reject(older) : nil))
      case .worker: #expect(throws: WireError.self) { try WireCodec.workerMessage(unsealed) }
      case .coordinator: #expect(throws: WireError.self) { try WireCodec.coordinatorMessage(unsealed) }
      }
    }
  }
}
