import Messaging
import Testing

@Suite(.timeLimit(.minutes(3))) struct MailboxTests {
  private let pipe = PipeID(1)

  private func message(_ value: UInt8, size: Int = 1) -> SocketEvent {
    .message(pipe, [UInt8](repeating: value, count: size))
  }

  @Test func keepsTheOrderThroughAnyMixOfPushesAndReads() async {
    let mailbox = Mailbox()
    var pushed = 0
    var read = 0
    for step in 0..<300 {
      for _ in 0..<step % 5 {
        mailbox.push(message(UInt8(truncatingIfNeeded: pushed)))
        pushed += 1
      }
      for _ in 0..<min(step % 4, pushed - read) {
        #expect(await mailbox.next() == message(UInt8(truncatingIfNeeded: read)))
        read += 1
      }
    }
    while read < pushed {
      #expect(await mailbox.next() == message(UInt8(truncatingIfNeeded: read)))
      read += 1
    }
  }

  @Test func pausesWhenFullByCountAndResumesOnce() async {
    let mailbox = Mailbox(limits: Mailbox.Limits(count: 2, bytes: 100))
    mailbox.push(message(1))
    #expect(!mailbox.pauses())
    #expect(!mailbox.resumesReceiving(), "nothing was paused")
    mailbox.push(message(2))
    #expect(mailbox.pauses())
    #expect(!mailbox.resumesReceiving(), "still full")
    mailbox.push(.disconnected(pipe))
    #expect(await mailbox.next() == message(1))
    #expect(!mailbox.resumesReceiving(), "full again by an event that does not wait")
    #expect(await mailbox.next() == message(2))
    #expect(mailbox.resumesReceiving())
    #expect(!mailbox.resumesReceiving())
    #expect(await mailbox.next() == .disconnected(pipe))
  }

  @Test func pausesWhenFullByBytes() async {
    let mailbox = Mailbox(limits: Mailbox.Limits(count: 100, bytes: 10))
    mailbox.push(message(1, size: 9))
    #expect(!mailbox.pauses())
    mailbox.push(message(2, size: 500))
    #expect(mailbox.pauses())
    _ = await mailbox.next()
    #expect(!mailbox.resumesReceiving())
    _ = await mailbox.next()
    #expect(mailbox.resumesReceiving())
  }

  @Test func finishingWakesTheReaderAndDropsTheRest() async {
    let mailbox = Mailbox()
    async let waiting = mailbox.next()
    mailbox.finish()
    #expect(await waiting == nil)
    mailbox.push(message(1))
    #expect(await mailbox.next() == nil)
    #expect(mailbox.pauses())
    #expect(!mailbox.resumesReceiving())
  }
}
