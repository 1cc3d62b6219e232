import Certificates
import NIOSSL
import Testing
import Tunnel

/// Who is let in: a stranger's byte reaches nobody, and nobody's byte reaches a stranger.
@Suite(.timeLimit(.minutes(3))) struct TrustTests {
  enum Stranger: CaseIterable, Sendable {
    case nobody, expired, notYetValid, foreign, selfSigned, coordinator, oldTLS

    func pair(_ cluster: Cluster, _ other: Cluster) throws -> Authority.Pair? {
      switch self {
      case .nobody: nil
      case .expired: try cluster.authority.issue(.worker, name: "w", validity: Cluster.past)
      case .notYetValid: try cluster.authority.issue(.worker, name: "w", validity: Cluster.future)
      case .foreign: try other.authority.issue(.worker, name: "w", validity: Cluster.valid)
      case .selfSigned: try TunnelTests.selfSigned(.worker)
      case .coordinator: try cluster.authority.issue(.coordinator, name: "w", validity: Cluster.valid)
      case .oldTLS: try cluster.authority.issue(.worker, name: "w", validity: Cluster.valid)
      }
    }
  }

  @Test(arguments: Stranger.allCases) func strangersAreNotLetIn(stranger: Stranger) async throws {
    let (cluster, other) = (try Cluster(), try Cluster())
    let gate = try await Gate(cluster)
    let peer = try await TLSPeer(
      dialling: gate.port, showing: stranger.pair(cluster, other), version: stranger == .oldTLS ? .tlsv12 : .tlsv13)
    try await peer.ended()
    #expect(await eventually { gate.record.has("connection refused", "127.0.0.1") }, "\(gate.record.lines)")
    #expect(await eventually { gate.tunnel.connectionCount == 0 })
    #expect(peer.received.isEmpty)
    #expect(gate.server.counts == LocalServer.Counts())

    // The same peer with a good certificate is greeted by the local end, so the counts above count.
    let good = try await TLSPeer(
      dialling: gate.port, showing: cluster.authority.issue(.worker, name: "w", validity: Cluster.valid))
    #expect(await eventually { good.received.starts(with: LocalServer.greeting) })
    #expect(gate.record.has("connection carried", "certificate=w"))
    good.close()
    try await gate.close()
  }

  enum Impostor: CaseIterable, Sendable {
    case foreign, worker, expired, selfSigned

    func pair(_ cluster: Cluster, _ other: Cluster) throws -> Authority.Pair {
      switch self {
      case .foreign: try other.authority.issue(.coordinator, name: "c", validity: Cluster.valid)
      case .worker: try cluster.authority.issue(.worker, name: Role.coordinatorName, validity: Cluster.valid)
      case .expired: try cluster.authority.issue(.coordinator, name: "c", validity: Cluster.past)
      case .selfSigned: try TunnelTests.selfSigned(.coordinator)
      }
    }
  }

  @Test(arguments: Impostor.allCases) func impostorsGetNothingFromAWorker(impostor: Impostor) async throws {
    let (cluster, other) = (try Cluster(), try Cluster())
    let scratch = try Scratch()
    let record = Record()
    func worker(port: Int, _ name: String) async throws -> BarePeer {
      let tunnel = try WorkerTunnel(
        cluster.credentials(.worker), host: "127.0.0.1", port: port, log: record.log)
      try await tunnel.listen(at: scratch.file(name))
      let peer = try BarePeer(path: scratch.file(name))
      // Whoever is refused may be gone before he has said a word.
      await peer.write(workerGreeting)
      return peer
    }
    let (port, received) = try await TLSPeer.listening(showing: impostor.pair(cluster, other))
    let refused = try await worker(port: port, "refused")
    #expect(await refused.readToEnd() == [], "the worker's side is closed without a byte")
    #expect(received().isEmpty)
    #expect(await eventually { record.has("no connection to the coordinator", "certificate") }, "\(record.lines)")

    let honest = try await TLSPeer.listening(
      showing: cluster.authority.issue(.coordinator, name: "c", validity: Cluster.valid))
    let accepted = try await worker(port: honest.port, "accepted")
    #expect(await accepted.read(11) == Array("work for me".utf8), "\(record.lines)")
    #expect(await eventually { honest.received() == workerGreeting }, "\(record.lines)")
  }

  @Test func aCoordinatorThatIsNotThereEndsTheLocalConnection() async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster)
    try await gate.close()
    let scratch = try Scratch()
    let record = Record()
    let tunnel = try WorkerTunnel(
      cluster.credentials(.worker), host: "127.0.0.1", port: gate.port, log: record.log)
    try await tunnel.listen(at: scratch.file("w"))
    #expect(try await BarePeer(path: scratch.file("w")).readToEnd() == [])
    // Refused or, where the system is still taking the old port down, reset.
    #expect(await eventually { record.has("no connection to the coordinator") }, "\(record.lines)")
    await tunnel.close()
  }

  @Test func anAddressInUseIsAClearError() async throws {
    let cluster = try Cluster()
    let gate = try await Gate(cluster)
    let second = try CoordinatorTunnel(
      cluster.credentials(.coordinator), host: "127.0.0.1", port: gate.port, log: gate.record.log)
    let error = await #expect(throws: TunnelError.self) { try await second.listen(carryingTo: gate.server.path) }
    #expect(error?.description.contains("in use") == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\(gate.port)") == true)
    try await gate.close()
  }
}
