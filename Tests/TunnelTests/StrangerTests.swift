import Certificates
import Foundation
import Testing
import Tunnel

/// Peers that say nonsense, or too little, or come too often.
@Suite(.timeLimit(.minutes(3))) struct StrangerTests {
  private func pair(_ cluster: Cluster) throws -> Authority.Pair {
    try cluster.authority.issue(.worker, name: "w", validity: Cluster.valid)
  }

  @Test(arguments: [
    Array("GET / HTTP/1.1\r\n\r\n".utf8), workerGreeting, [UInt8](repeating: 0xFF, count: 100_000),
    [0x16, 0x03, 0x01, 0xFF, 0xFF] + [UInt8](repeating: 7, count: 70_000),
  ])
  func garbageIsDisconnectedAtOnce(bytes: [UInt8]) async throws {
    let gate = try await Gate(try Cluster()) { $0.handshake = .seconds(3600) }
    let peer = try BarePeer(port: gate.port)
    await peer.write(bytes)
    // An alert at most, in the clear; never what a greeting looks like.
    let answer = try #require(await peer.readToEnd())
    #expect(answer.count < 64 && !answer.starts(with: [0, 0x53, 0x50]))
    #expect(await eventually { gate.tunnel.connectionCount == 0 })
    #expect(gate.server.counts == LocalServer.Counts())
    try await gate.close()
  }

  /// Nothing; half a TLS record; a record that never ends, byte by byte.
  @Test(arguments: [0, 3, 1000]) func whoeverDoesNotFinishTheHandshakeIsDisconnected(byteCount: Int) async throws {
    let gate = try await Gate(try Cluster()) { $0.handshake = .milliseconds(400) }
    let hello: [UInt8] = [0x16, 0x03, 0x01, 0x10, 0x00, 0x01, 0x00, 0x0F, 0xFC, 0x03, 0x03]
    let start = ContinuousClock.now
    let peer = try BarePeer(port: gate.port)
    if byteCount == 1000 {
      for index in 0... {
        guard await peer.write([index < hello.count ? hello[index] : 0]), !peer.isEnded else { break }
        try await Task.sleep(for: .milliseconds(20))
      }
    } else {
      await peer.write(Array(hello.prefix(byteCount)))
    }
    #expect(await peer.readToEnd() != nil)
    let time = ContinuousClock.now - start
    #expect(time >= .milliseconds(390) && time < .seconds(20), "\(time)")
    #expect(gate.record.has("connection refused", "did not finish the handshake in time"), "\(gate.record.lines)")
    #expect(await eventually { gate.tunnel.connectionCount == 0 })
    #expect(gate.server.counts == LocalServer.Counts())
    try await gate.close()
  }

  @Test(arguments: [
    ([], "did not greet in time"), (Array(workerGreeting.prefix(7)), "did not greet in time"),
    ([0, 0x53, 0x50, 1], "greets like no worker"), (LocalServer.greeting, "greets like no worker"),
    (Array("GET / HTTP/1.1\r\n".utf8), "greets like no worker"),
  ])
  func anAuthenticatedPeerWithoutTheRightGreetingDoesNotReachNNG(words: [UInt8], reason: String) async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster) { $0.greeting = .milliseconds(300) }
    let peer = try await TLSPeer(dialling: gate.port, showing: pair(cluster), saying: words)
    try await peer.ended()
    #expect(peer.received.isEmpty)
    #expect(gate.record.has("connection refused", reason), "\(gate.record.lines)")
    #expect(gate.server.counts == LocalServer.Counts())
    try await gate.close()
  }

  @Test func aCrowdOfStrangersDisplacesOnlyItself() async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster) {
      $0.strangers = 8
      $0.burst = 1000
      $0.handshake = .seconds(3600)
    }
    let carried = try await TLSPeer(dialling: gate.port, showing: pair(cluster))
    #expect(await eventually { carried.received.count == 16 })
    var crowd: [BarePeer] = []
    for _ in 0..<60 { crowd.append(try BarePeer(port: gate.port)) }
    #expect(await eventually { crowd.count { !$0.isEnded } == 8 }, "\(crowd.count { !$0.isEnded })")
    #expect(await eventually { gate.tunnel.connectionCount == 9 }, "\(gate.tunnel.connectionCount)")
    // Who was there goes on, and who has a certificate gets in.
    carried.send(Array("still here".utf8))
    #expect(await eventually { carried.received.count == 26 })
    let late = try await TLSPeer(dialling: gate.port, showing: pair(cluster))
    #expect(await eventually { late.received.count == 16 })
    carried.close()
    late.close()
    crowd = []
    #expect(await eventually { gate.tunnel.connectionCount == 0 })
    try await gate.close()
  }

  @Test func aFullTunnelRefusesNewcomersAndKeepsItsOwn() async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster) { $0.connections = 2 }
    let first = try await TLSPeer(dialling: gate.port, showing: pair(cluster))
    let second = try await TLSPeer(dialling: gate.port, showing: pair(cluster))
    #expect(await eventually { first.received.count == 16 && second.received.count == 16 })
    #expect(try await BarePeer(port: gate.port).readToEnd() == [])
    #expect(gate.record.has("connection refused", "all places are taken"))
    first.close()
    #expect(await eventually { gate.tunnel.connectionCount == 1 })
    let third = try await TLSPeer(dialling: gate.port, showing: pair(cluster))
    #expect(await eventually { third.received.count == 16 })
    second.send([1])
    #expect(await eventually { second.received.count == 17 })
    try await gate.close()
  }

  @Test func whoConnectsTooOftenIsRefusedAndOthersAreNot() async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster) {
      $0.burst = 5
      $0.perSecond = 0
    }
    var peers: [BarePeer] = []
    for _ in 0..<20 { peers.append(try BarePeer(port: gate.port, from: "127.0.0.2")) }
    #expect(await eventually { peers.count { !$0.isEnded } == 5 })
    let other = try await TLSPeer(dialling: gate.port, showing: pair(cluster))
    #expect(await eventually { other.received.count == 16 })
    // One line for the fifteen: strangers must not fill the disk.
    #expect(gate.record.lines.count { $0.contains("connects too often") } == 1)
    try await gate.close()
  }

  @Test func aCarriedConnectionThatFallsSilentIsEnded() async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster) { $0.silence = .milliseconds(300) }
    let peer = try await TLSPeer(dialling: gate.port, showing: pair(cluster))
    try await peer.ended()
    #expect(peer.received.count == 16, "it was carried before")
    #expect(await eventually { gate.record.has("connection ended", "silent") })
    #expect(await eventually { gate.server.counts.open == 0 })
    try await gate.close()
  }
}
