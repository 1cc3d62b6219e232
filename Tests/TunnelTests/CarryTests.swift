import Certificates
import Digests
import Foundation
import Messaging
import Testing
import Tunnel

/// Both tunnels between two sockets of one machine.
@Suite(.timeLimit(.minutes(5))) struct CarryTests {
  /// The worker's end of a tunnel to `gate`.
  private func worker(_ cluster: Cluster, _ scratch: Scratch, _ port: Int) async throws -> (WorkerTunnel, Record) {
    let record = Record()
    let tunnel = try WorkerTunnel(cluster.credentials(.worker), host: "localhost", port: port, log: record.log)
    try await tunnel.listen(at: scratch.file("w"))
    return (tunnel, record)
  }

  private func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }

  @Test func megabytesArriveAsTheyWereBothWaysAtOnce() async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster)
    let scratch = try Scratch()
    let (tunnel, _) = try await worker(cluster, scratch, gate.port)
    let peer = try BarePeer(path: scratch.file("w"))
    #expect(await peer.write(workerGreeting))
    #expect(await peer.read(8) == LocalServer.greeting)
    #expect(await peer.read(8) == workerGreeting, "the echo of the greeting")
    let bytes = noise(24 << 20, seed: 7)
    async let writes = peer.write(bytes)
    let echo = await peer.read(bytes.count)
    #expect(await writes)
    #expect(Digest(of: echo) == Digest(of: bytes))
    #expect(gate.server.counts.bytes == bytes.count + 8)
    await tunnel.close()
    #expect(await eventually { gate.server.counts.open == 0 })
    try await gate.close()
  }

  @Test func aSlowReaderStopsItsSenderAndLosesNothing() async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster, .greetOnly)
    let scratch = try Scratch()
    let (tunnel, _) = try await worker(cluster, scratch, gate.port)
    let peer = try BarePeer(path: scratch.file("w"))
    #expect(await peer.write(workerGreeting))
    #expect(await peer.read(8) == LocalServer.greeting)
    try await gate.server.read(false)
    let total = 192 << 20
    let block = [UInt8](repeating: 1, count: 1 << 20)[...]
    var sent = 0
    var lastProgress = ContinuousClock.now
    // Until nothing has gone for half a second; too early an end makes the number only smaller.
    while sent < total, ContinuousClock.now < lastProgress + .milliseconds(500) {
      let count = peer.sendSome(block.prefix(total - sent))
      if count > 0 {
        sent += count
        lastProgress = .now
      } else {
        try await Task.sleep(for: .milliseconds(2))
      }
    }
    // Buffers of the system on the way, four marks of 256 KiB and some reads; without back-pressure it would be all.
    #expect(sent < total / 2, "\(sent) bytes went into a connection that nobody reads")
    try await gate.server.read(true)
    let rest = [UInt8](repeating: 1, count: total - sent)
    #expect(await peer.write(rest))
    #expect(await eventually { gate.server.counts.bytes == total + 8 }, "\(gate.server.counts)")
    await tunnel.close()
    try await gate.close()
  }

  @Test func whatWasSentBeforeTheEndStillArrives() async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster, .greetOnly)
    let scratch = try Scratch()
    let (tunnel, record) = try await worker(cluster, scratch, gate.port)
    do {
      let peer = try BarePeer(path: scratch.file("w"))
      #expect(await peer.write(workerGreeting + [UInt8](repeating: 3, count: 8 << 20)))
      #expect(await peer.read(8) == LocalServer.greeting)
    }
    #expect(await eventually { gate.server.counts.bytes == 8 << 20 + 8 }, "\(gate.server.counts)")
    #expect(await eventually { gate.server.counts.open == 0 && gate.tunnel.connectionCount == 0 })
    #expect(!record.has("warning"), "\(record.lines)")
    await tunnel.close()
    try await gate.close()
  }

  /// The trap of nanomsg/nng#1518 with a stand-in that tells whether the local end was closed before it had greeted.
  @Test func aPeerThatLeavesAfterItsGreetingDoesNotCloseTheLocalEndTooSoon() async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster, .silent)
    let pair = try cluster.authority.issue(.worker, name: "w", validity: Cluster.valid)
    let peer = try await TLSPeer(dialling: gate.port, showing: pair)
    #expect(await eventually { gate.server.counts.bytes == 8 })
    peer.close()
    #expect(await eventually { gate.record.has("left before the coordinator's socket greeted") })
    #expect(gate.server.counts == LocalServer.Counts(accepted: 1, bytes: 8, closedTooSoon: 0, open: 1))
    #expect(gate.tunnel.connectionCount == 1)
    gate.server.greet()
    #expect(await eventually { gate.server.counts.open == 0 && gate.tunnel.connectionCount == 0 })
    #expect(gate.server.counts.closedTooSoon == 0)
    try await gate.close()
  }

  @Test func nngGoesOnAfterHundredsOfPeersThatLeftAtOnce() async throws {
    let cluster = try Cluster()
    let scratch = try Scratch()
    let record = Record()
    let socket = try CoordinatorSocket(receiveLimit: 4 << 20)
    let place = try Address("ipc://\(scratch.file("nng/c"))")
    try socket.listen(place)
    var limits = TunnelLimits()
    limits.burst = 1e6
    let gate = try CoordinatorTunnel(
      cluster.credentials(.coordinator), host: "127.0.0.1", port: 0, limits: limits, log: record.log)
    let port = try await gate.listen(carryingTo: try #require(place.path))
    let pair = try cluster.authority.issue(.worker, name: "w", validity: Cluster.valid)
    for _ in 0..<300 {
      let peer = try await TLSPeer(dialling: port, showing: pair)
      peer.close()
    }
    let (tunnel, _) = try await worker(cluster, scratch, port)
    let worker = try WorkerSocket(receiveLimit: 4 << 20)
    try worker.dial(try Address("ipc://\(scratch.file("w"))"))
    let question = noise(1_250_000, seed: 9)
    var asked = false
    loop: for await event in worker.events {
      guard case .connected = event else { continue }
      try await worker.send(question)
      asked = true
      break loop
    }
    #expect(asked)
    for await event in socket.events {
      guard case .message(let pipe, let bytes) = event else { continue }
      #expect(Digest(of: bytes) == Digest(of: question))
      try await socket.send(Array("answer".utf8), to: pipe)
      break
    }
    await tunnel.close()
    await gate.close()
  }
}
