import Certificates
import Crypto
import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import SwiftASN1
import Synchronization
import Testing
import Tunnel
import X509

/// Looks until a condition holds or half a minute has passed: what other threads do tells nobody.
func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
  let deadline = ContinuousClock.now + .seconds(30)
  while try !condition() {
    guard ContinuousClock.now < deadline else { return false }
    try? await Task.sleep(for: .milliseconds(2))
  }
  return true
}

/// A private folder, removed at the end of the test.
final class Scratch: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/sentei-tunnel-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// Certificates of a cluster in memory.
struct Cluster {
  static let now = Date.now
  static let valid = now - 3600..<now + 86400
  static let past = now - 7200..<now - 3600
  static let future = now + 3600..<now + 7200

  let authority: Authority

  init() throws { authority = try Authority(validity: Self.now - 86400..<Self.now + 86400 * 10) }

  func credentials(_ role: Role, _ name: String = "w1") throws -> Credentials {
    try Credentials(
      role: role, authority: authority.pair().certificate, authorityFile: "ca.pem",
      pair: authority.issue(role, name: name, validity: Self.valid), file: "\(name).pem", at: Self.now)
  }
}

/// A certificate that vouches for itself, with what a peer of this role would have.
func selfSigned(_ role: Role) throws -> Authority.Pair {
  let own = P256.Signing.PrivateKey()
  let name = try DistinguishedName { CommonName("w1") }
  let certificate = try Certificate(
    version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: Certificate.PublicKey(own.publicKey),
    notValidBefore: Cluster.valid.lowerBound, notValidAfter: Cluster.valid.upperBound, issuer: name, subject: name,
    extensions: try Certificate.Extensions {
      Critical(BasicConstraints.notCertificateAuthority)
      Critical(KeyUsage(digitalSignature: true))
      try ExtendedKeyUsage([role == .coordinator ? .serverAuth : .clientAuth])
      SubjectAlternativeNames([.dnsName(Role.coordinatorName)])
    },
    issuerPrivateKey: Certificate.PrivateKey(own))
  return Authority.Pair(certificate: try certificate.serializeAsPEM().pemString, key: own.pemRepresentation)
}

/// What a log was told.
final class Record: Sendable {
  private struct Handler: LogHandler {
    let record: Record
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
      record.state.withLock { $0.append("\(event.level): \(event.message)\(pairs)") }
    }
  }

  private let state = Mutex<[String]>([])

  var lines: [String] { state.withLock { $0 } }

  var log: Logger { Logger(label: "test") { _ in Handler(record: self) } }

  func has(_ parts: String...) -> Bool { lines.contains { line in parts.allSatisfy { line.contains($0) } } }
}

/// A server at a socket file in nng's place: greets, and then echoes, swallows or does not even read.
final class LocalServer: Sendable {
  enum Manner: Sendable {
    case echo, greetOnly, silent
  }

  struct Counts: Equatable, Sendable {
    var accepted = 0
    var bytes = 0
    /// Connections that were closed from outside before this server had greeted.
    var closedTooSoon = 0
    var open = 0
  }

  let path: String
  private let listener: any Channel
  private let state: Box

  fileprivate final class Box: Sendable {
    let counts = Mutex(Counts())
    let channels = Mutex<[any Channel]>([])
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    let box: Box
    let manner: Manner
    var greeted = false

    init(_ box: Box, _ manner: Manner) {
      self.box = box
      self.manner = manner
    }

    func channelActive(context: ChannelHandlerContext) {
      box.counts.withLock {
        $0.accepted += 1
        $0.open += 1
      }
      box.channels.withLock { $0.append(context.channel) }
      if manner != .silent { greet(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if event is Greet { greet(context) }
    }

    private func greet(_ context: ChannelHandlerContext) {
      greeted = true
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: LocalServer.greeting)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let buffer = unwrapInboundIn(data)
      box.counts.withLock { $0.bytes += buffer.readableBytes }
      if manner == .echo { context.writeAndFlush(wrapOutboundOut(buffer), promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
      box.counts.withLock {
        $0.open -= 1
        if !greeted { $0.closedTooSoon += 1 }
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }

  private struct Greet {}

  /// What nng's REP answers.
  static let greeting: [UInt8] = [0, 0x53, 0x50, 0, 0, 0x31, 0, 0]

  init(_ manner: Manner, at path: String) async throws {
    self.path = path
    let state = Box()
    self.state = state
    listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Handler(state, manner))
        }
      }
      .bind(unixDomainSocketPath: path).get()
  }

  var counts: Counts { state.counts.withLock { $0 } }

  /// Greets whoever is connected, late.
  func greet() {
    for channel in state.channels.withLock({ $0 }) {
      channel.pipeline.fireUserInboundEventTriggered(Greet())
    }
  }

  /// Stops or starts to read what comes.
  func read(_ reads: Bool) async throws {
    for channel in state.channels.withLock({ $0 }) { try await channel.setOption(.autoRead, value: reads).get() }
  }

  func close() async throws { try await listener.close().get() }
}

/// The eight bytes of a worker's nng.
let workerGreeting: [UInt8] = [0, 0x53, 0x50, 0, 0, 0x30, 0, 0]

/// A coordinator's tunnel at a port of its own, in front of a server in nng's place.
struct Gate {
  let tunnel: CoordinatorTunnel
  let port: Int
  let server: LocalServer
  let record: Record
  private let scratch: Scratch

  init(
    _ cluster: Cluster, _ manner: LocalServer.Manner = .echo, _ change: (inout TunnelLimits) -> Void = { _ in }
  ) async throws {
    scratch = try Scratch()
    record = Record()
    server = try await LocalServer(manner, at: scratch.file("nng"))
    var limits = TunnelLimits()
    change(&limits)
    tunnel = try CoordinatorTunnel(
      cluster.credentials(.coordinator, "c"), host: "127.0.0.1", port: 0, limits: limits, log: record.log)
    port = try await tunnel.listen(carryingTo: server.path)
  }

  func close() async throws {
    await tunnel.close()
    try await server.close()
  }
}
