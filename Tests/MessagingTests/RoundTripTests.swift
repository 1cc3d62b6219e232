import Messaging
import Testing

@Suite(.timeLimit(.minutes(2))) struct RoundTripTests {
  enum Transport: CaseIterable {
    case ipc
    case tcp
  }

  private func address(_ transport: Transport, in directory: TemporaryDirectory) throws -> Address {
    switch transport {
    case .ipc: try directory.address()
    case .tcp: try Address("tcp://127.0.0.1:0")
    }
  }

  @Test(arguments: Transport.allCases)
  func goesThereAndBack(transport: Transport) async throws {
    let directory = try TemporaryDirectory()
    let coordinator = try CoordinatorSocket(receiveLimit: 1024)
    let bound = try coordinator.listen(address(transport, in: directory))
    #expect(bound.port != 0)
    let worker = try WorkerSocket(receiveLimit: 1024)
    try worker.dial(bound)

    try await worker.send(text("hello"))
    var inbox = Inbox(coordinator.events)
    let connected = try await inbox.event()
    let message = try await inbox.event()
    guard case .connected(let pipe) = connected else {
      Issue.record("\(connected) came before the connection")
      return
    }
    #expect(message == .message(pipe, text("hello")))

    // More than one answer to one message, and one much later: REQ and REP would not allow either.
    try await coordinator.send(text("welcome"), to: pipe)
    try await coordinator.send(text("task"), to: pipe)
    var replies = Inbox(worker.events)
    let workerPipe = try await replies.connected()
    #expect(try await replies.event() == .message(workerPipe, text("welcome")))
    #expect(try await replies.event() == .message(workerPipe, text("task")))
    await coordinator.flush()
    await worker.flush()
  }

  @Test(arguments: Transport.allCases)
  func twoThousandMessagesEachWayArriveInOrderAndWhole(transport: Transport) async throws {
    let directory = try TemporaryDirectory()
    let limit = try #require(Payload.sizes.max())
    let coordinator = try CoordinatorSocket(receiveLimit: limit)
    let bound = try coordinator.listen(address(transport, in: directory))
    let worker = try WorkerSocket(receiveLimit: limit)
    try worker.dial(bound)
    let count = 2000
    let sizes = Payload.sizes

    async let served: Int = {
      var inbox = Inbox(coordinator.events)
      for index in 0..<count {
        let (pipe, bytes) = try await inbox.message()
        guard Payload.areEqual(bytes, Payload.bytes(index, size: sizes[index % sizes.count])) else { return index }
        try await coordinator.send(Payload.bytes(index + 5, size: sizes[index / 3 % sizes.count]), to: pipe)
      }
      return count
    }()

    // At most 32 unanswered: nng drops replies silently beyond 64.
    var inbox = Inbox(worker.events)
    var sent = 0
    for received in 0..<count {
      while sent < count, sent < received + 32 {
        try await worker.send(Payload.bytes(sent, size: sizes[sent % sizes.count]))
        sent += 1
      }
      let bytes = try await inbox.message().bytes
      try #require(Payload.areEqual(bytes, Payload.bytes(received + 5, size: sizes[received / 3 % sizes.count])))
    }
    #expect(try await served == count)
  }

  @Test func eachOfThreeWorkersGetsOnlyItsOwn() async throws {
    let directory = try TemporaryDirectory()
    let coordinator = try CoordinatorSocket(receiveLimit: 1024)
    let bound = try coordinator.listen(directory.address())
    let names = ["a", "b", "c"]
    var workers: [String: WorkerSocket] = [:]
    for name in names {
      let worker = try WorkerSocket(receiveLimit: 1024)
      try worker.dial(bound)
      try await worker.send(text(name))
      workers[name] = worker
    }
    var inbox = Inbox(coordinator.events)
    var pipes: [String: PipeID] = [:]
    while pipes.count < names.count {
      let (pipe, bytes) = try await inbox.message()
      pipes[String(decoding: bytes, as: UTF8.self)] = pipe
    }
    #expect(Set(pipes.values).count == names.count)

    for round in 0..<20 {
      for name in names.reversed() {
        try await coordinator.send(text("\(name)\(round)"), to: #require(pipes[name]))
      }
    }
    // A pipe keeps its order, so that anything astray would come before the last one.
    for name in names {
      var replies = Inbox(try #require(workers[name]).events)
      for round in 0..<20 { #expect(try await replies.message().bytes == text("\(name)\(round)")) }
    }
  }
}
