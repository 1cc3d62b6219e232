import Messaging
import Testing

@Suite(.timeLimit(.minutes(2))) struct ConnectionTests {
  @Test func aWorkerThatDialsFirstConnectsOnceTheCoordinatorListens() async throws {
    let directory = try TemporaryDirectory()
    let address = try directory.address()
    let worker = try WorkerSocket(receiveLimit: 64, sendTimeout: .milliseconds(20))
    try worker.dial(address)
    // Proof that it has tried in vain, without a sleep.
    await #expect(throws: MessagingError.timedOut(.send, place: address.description)) { try await worker.send([]) }

    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    try coordinator.listen(address)
    var replies = Inbox(worker.events)
    let workerPipe = try await replies.connected()
    try await worker.sendEventually(text("hello"))
    var inbox = Inbox(coordinator.events)
    let (pipe, bytes) = try await inbox.message()
    #expect(bytes == text("hello"))
    try await coordinator.send(text("welcome"), to: pipe)
    #expect(try await replies.event() == .message(workerPipe, text("welcome")))
  }

  /// nng's dialler ends for ever when its peer leaves before it has greeted; a new one does the work.
  @Test func aDiallerThatDiedIsReplaced() async throws {
    let directory = try TemporaryDirectory()
    let address = try directory.address()
    let worker = try WorkerSocket(receiveLimit: 64)
    #expect(worker.attempts == nil)
    let listener = try BareListener(path: try #require(address.path))
    try worker.dial(address)
    // Until nobody has dialled for longer than nng waits between two attempts, or it has proved to be immune.
    var visits = 0
    while visits < 30, await listener.turnsAwayOne(within: .seconds(3)) { visits += 1 }
    #expect(visits > 0)
    if visits < 30 { #expect(worker.attempts == UInt64(visits)) }
    listener.end()

    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    try coordinator.listen(address)
    if visits < 30 { worker.replaceDeadDialer() }
    try await worker.sendEventually(text("hello"))
    var inbox = Inbox(coordinator.events)
    #expect(try await inbox.message().1 == text("hello"))
    #expect(try #require(worker.attempts) >= 1)
  }

  @Test func peersThatMisbehaveLoseOnlyTheirOwnConnections() async throws {
    let directory = try TemporaryDirectory()
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    let address = try coordinator.listen(directory.address())
    let path = try #require(address.path)
    var inbox = Inbox(coordinator.events)
    let worker = try WorkerSocket(receiveLimit: 64)
    try worker.dial(address)
    try await worker.send(text("before"))
    let (good, _) = try await inbox.message()

    let header: [UInt8] = [0x80, 0, 0, 1]
    let misdeeds: [(BarePeer) throws -> Void] = [
      { try $0.sendMessage(header + [UInt8](repeating: 0, count: 65)) },
      { try $0.sendMessage(header, announcing: 1 << 62) },
      { try $0.sendMessage([0x80]) },
      { try $0.write([9, 9, 9, 9, 9, 9, 9, 9, 9, 9]) },
      { $0.disconnect() },
    ]
    for misdeed in misdeeds {
      let peer = try BarePeer(path: path)
      let pipe = try await inbox.connected()
      try misdeed(peer)
      #expect(try await inbox.event() == .disconnected(pipe))
    }
    // Forwarded messages are dropped: they would make us answer along a path that the sender chose.
    let peer = try BarePeer(path: path)
    let pipe = try await inbox.connected()
    try peer.sendMessage([0, 0, 0, 5] + header + [1])
    try peer.sendMessage(header + [2])
    #expect(try await inbox.event() == .message(pipe, [2]))
    // A peer of another protocol is announced and goes at once.
    let stranger = try BarePeer(path: path, protocolNumber: 0x10)
    let strange = try await inbox.connected()
    #expect(try await inbox.event() == .disconnected(strange))
    stranger.disconnect()

    try await worker.send(text("after"))
    #expect(try await inbox.event() == .message(good, text("after")))
    try await coordinator.send(text("still here"), to: good)
    var replies = Inbox(worker.events)
    #expect(try await replies.message().bytes == text("still here"))
  }

  @Test func cancellingTheReaderEndsTheStream() async throws {
    let worker = try WorkerSocket(receiveLimit: 64)
    let reader = Task {
      var count = 0
      for await _ in worker.events { count += 1 }
      return count
    }
    reader.cancel()
    #expect(await reader.value == 0)
  }
}
