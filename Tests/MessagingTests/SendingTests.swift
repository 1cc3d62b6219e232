import Messaging
import Testing

@Suite(.timeLimit(.minutes(2))) struct SendingTests {
  @Test func oversizedMessagesAreRefusedBeforeTheyAreSentAndTheLargestPass() async throws {
    let directory = try TemporaryDirectory()
    let coordinator = try CoordinatorSocket(receiveLimit: 1000, sendLimit: 500)
    let address = try coordinator.listen(directory.address())
    let worker = try WorkerSocket(receiveLimit: 500, sendLimit: 1000)
    try worker.dial(address)
    let tooLarge = MessagingError.messageTooLarge(place: address.description, byteCount: 1001, limit: 1000)
    await #expect(throws: tooLarge) { try await worker.send([UInt8](repeating: 1, count: 1001)) }
    try await worker.send([UInt8](repeating: 2, count: 1000))
    var inbox = Inbox(coordinator.events)
    let (pipe, bytes) = try await inbox.message()
    #expect(bytes == [UInt8](repeating: 2, count: 1000))

    await #expect(throws: MessagingError.messageTooLarge(place: pipe.description, byteCount: 501, limit: 500)) {
      try await coordinator.send([UInt8](repeating: 3, count: 501), to: pipe)
    }
    try await coordinator.send([UInt8](repeating: 4, count: 500), to: pipe)
    var replies = Inbox(worker.events)
    #expect(try await replies.message().bytes == [UInt8](repeating: 4, count: 500))
  }

  @Test func sendingToNobodyTimesOut() async throws {
    let directory = try TemporaryDirectory()
    let address = try directory.address()
    let worker = try WorkerSocket(receiveLimit: 64, sendTimeout: .milliseconds(20))
    try worker.dial(address)
    for _ in 0..<3 {
      await #expect(throws: MessagingError.timedOut(.send, place: address.description)) {
        try await worker.send(text("hello"))
      }
    }
    await worker.flush()

    // What timed out is gone, and the socket still works.
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    try coordinator.listen(address)
    var inbox = Inbox(coordinator.events)
    _ = try await inbox.connected()
    try await worker.sendEventually(text("later"))
    #expect(try await inbox.message().bytes == text("later"))
  }

  @Test func cancellingATaskEndsItsSend() async throws {
    let worker = try WorkerSocket(receiveLimit: 64, sendTimeout: .seconds(3600))
    let error = MessagingError.cancelled(.send, place: "the coordinator")
    // Before, while and after it starts: each send must end, and nothing of the sort may disturb the next one.
    for round in 0..<200 {
      let task = Task { try await worker.send(text("\(round)")) }
      if round.isMultiple(of: 2) { await Task.yield() }
      task.cancel()
      await #expect(throws: error) { try await task.value }
    }
    await worker.flush()
  }

  @Test func aHundredSendsAtOnceAllArriveAndNothingIsLeftToFlush() async throws {
    let directory = try TemporaryDirectory()
    let address = try directory.address()
    let worker = try WorkerSocket(receiveLimit: 64)
    try worker.dial(address)
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    try coordinator.listen(address)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<100 { group.addTask { try await worker.send([UInt8(index)]) } }
      try await group.waitForAll()
    }
    await worker.flush()
    var inbox = Inbox(coordinator.events)
    var seen: Set<UInt8> = []
    while seen.count < 100 { seen.insert(try await inbox.message().bytes[0]) }
  }

  @Test func aPipeThatNeverSentOrHasGoneIsUnreachable() async throws {
    let directory = try TemporaryDirectory()
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    let address = try coordinator.listen(directory.address())
    await #expect(throws: MessagingError.unreachable(PipeID(7))) { try await coordinator.send([], to: PipeID(7)) }

    let peer = try BarePeer(path: #require(address.path))
    var inbox = Inbox(coordinator.events)
    let pipe = try await inbox.connected()
    await #expect(throws: MessagingError.unreachable(pipe)) { try await coordinator.send([], to: pipe) }
    try peer.sendMessage([0x80, 0, 0, 1, 42])
    #expect(try await inbox.event() == .message(pipe, [42]))
    try await coordinator.send([], to: pipe)
    peer.disconnect()
    #expect(try await inbox.event() == .disconnected(pipe))
    await #expect(throws: MessagingError.unreachable(pipe)) { try await coordinator.send([], to: pipe) }
  }

  @Test(arguments: [
    MessagingError.addressInUse(try! Address("ipc:///a")), .directoryNotPrivate("/a"), .notASocket("/a"),
    .portMissing(try! Address("tcp://a:0")), .permissionDenied(.listen, place: "/a"),
    .connectionRefused(.dial, place: "/a"), .messageTooLarge(place: "/a", byteCount: 2, limit: 1),
    .timedOut(.send, place: "/a"), .unreachable(PipeID(3)), .closed(.send, place: "/a"),
    .cancelled(.send, place: "/a"), .system(.listen, place: "/a", code: 28), .nng(.dial, place: "/a", code: 2),
  ])
  func errorsAreOneSentenceWithARemedy(error: MessagingError) {
    let text = error.description
    #expect(text.hasPrefix("cannot "))
    #expect(text.contains(";"))
    #expect(text.contains("a") && !text.contains("\n") && !text.hasSuffix("."))
  }
}
