import Certificates
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// A peer with a bare socket, which may say anything, or nothing.
final class BarePeer: Sendable {
  let descriptor: Int32

  /// Connects to a port of this machine, from one of its loopback addresses.
  init(port: Int, from source: String = "127.0.0.1") throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    var own = Self.address(source, port: 0)
    var other = Self.address("127.0.0.1", port: UInt16(port))
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    try #require(Self.generic(&own) { bind(descriptor, $0, size) } == 0)
    try #require(Self.generic(&other) { connect(descriptor, $0, size) } == 0)
    limitPatience()
  }

  /// Connects to a socket file.
  init(path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    try #require(Self.generic(&address) { connect(descriptor, $0, size) } == 0)
    limitPatience()
  }

  deinit { Glibc.close(descriptor) }

  /// Sends as much as the system takes without waiting; returns how much, or -1 once the connection is gone.
  func sendSome(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.withUnsafeBytes {
      send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }
  }

  /// Sends all; false if the connection is gone.
  @discardableResult
  func write(_ bytes: [UInt8]) async -> Bool {
    await waiting {
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }

  /// Does what waits on a thread of its own: on those that tasks share it would stop whatever the tunnel waits for, as
  /// the look-up of names.
  private func waiting<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      Thread { continuation.resume(returning: body()) }.start()
    }
  }

  /// Reads up to so many bytes; fewer only at the end of the connection.
  func read(_ count: Int) async -> [UInt8] {
    await waiting {
      var bytes = [UInt8](repeating: 0, count: count)
      var have = 0
      while have < count {
        let got = bytes.withUnsafeMutableBytes { recv(self.descriptor, $0.baseAddress! + have, count - have, 0) }
        guard got > 0 else { break }
        have += got
      }
      return Array(bytes[..<have])
    }
  }

  /// Whether the other side has ended the connection by now.
  var isEnded: Bool {
    var byte: UInt8 = 0
    let got = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT | MSG_PEEK))
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)
  }

  /// Reads to the end of the connection; nil if it does not come within half a minute.
  func readToEnd() async -> [UInt8]? {
    await waiting {
      var all: [UInt8] = []
      while true {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let got = recv(self.descriptor, &bytes, bytes.count, 0)
        if got < 0, errno == EAGAIN { return nil }
        guard got > 0 else { return all }
        all += bytes[..<got]
      }
    }
  }

  private func limitPatience() {
    var time = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  private static func address(_ host: String, port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, host, &address.sin_addr)
    return address
  }

  private static func generic<Address>(_ address: inout Address, _ body: (UnsafePointer<sockaddr>) -> Int32) -> Int32 {
    withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) } }
  }
}

/// A TLS peer that shows whatever certificate it likes, checks nothing, and counts what it gets.
final class TLSPeer: Sendable {
  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    let received: Box
    let words: [UInt8]

    init(_ received: Box, saying words: [UInt8]) {
      self.received = received
      self.words = words
    }

    func channelActive(context: ChannelHandlerContext) {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: words)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let buffer = unwrapInboundIn(data)
      received.bytes.withLock { $0 += buffer.readableBytesView }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }

  fileprivate final class Box: Sendable {
    let bytes = Mutex<[UInt8]>([])
  }

  let channel: any Channel
  private let box: Box

  var received: [UInt8] { box.bytes.withLock { $0 } }

  private static func settings(_ pair: Authority.Pair?, _ version: TLSVersion) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    configuration.minimumTLSVersion = version
    configuration.maximumTLSVersion = version
    if let pair {
      configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(pair.certificate.utf8))
        .map { .certificate($0) }
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(pair.key.utf8), format: .pem))
    }
    return configuration
  }

  /// Dials a coordinator and says `words` as soon as TLS lets it.
  init(
    dialling port: Int, showing pair: Authority.Pair?, saying words: [UInt8] = workerGreeting,
    version: TLSVersion = .tlsv13
  ) async throws {
    let context = try NIOSSLContext(configuration: Self.settings(pair, version))
    let box = Box()
    self.box = box
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([
            NIOSSLClientHandler(context: context, serverHostname: Role.coordinatorName),
            Handler(box, saying: words),
          ])
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

  func close() { channel.close(promise: nil) }

  /// Waits until the connection is over.
  func ended() async throws { try? await channel.closeFuture.get() }

  /// Listens in a coordinator's place, as somebody with this certificate; takes any client's.
  static func listening(showing pair: Authority.Pair) async throws -> (port: Int, received: () -> [UInt8]) {
    var configuration = try settings(pair, .tlsv13)
    configuration = .makeServerConfiguration(
      certificateChain: configuration.certificateChain, privateKey: try #require(configuration.privateKey))
    let context = try NIOSSLContext(configuration: configuration)
    let box = Box()
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([
            NIOSSLServerHandler(context: context), Handler(box, saying: Array("work for me".utf8)),
          ])
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return (try #require(listener.localAddress?.port), { box.bytes.withLock { $0 } })
  }
}
