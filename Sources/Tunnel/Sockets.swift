internal import Glibc
internal import NIOCore
internal import NIOPosix

/// The options of the tunnel's sockets.
enum Sockets {
  /// For connections between machines: small messages go at once, and a link that is dead is given up within 15 seconds,
  /// with data under way (`TCP_USER_TIMEOUT`) or without (keepalive).
  static let tcp: [(ChannelOptions.Types.SocketOption, Int)] = [
    (.tcpOption(.tcp_nodelay), 1),
    (.socketOption(.so_keepalive), 1),
    (.tcpOption(.init(rawValue: TCP_KEEPIDLE)), 6),
    (.tcpOption(.init(rawValue: TCP_KEEPINTVL)), 3),
    (.tcpOption(.init(rawValue: TCP_KEEPCNT)), 3),
    (.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), 15_000),
  ]

  /// What may wait for a slow reader before its sender is stopped, in bytes.
  static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 64 << 10, high: 256 << 10)

  /// A whole parcel of jobs in one read.
  static let reads = FixedSizeRecvByteBufferAllocator(capacity: 64 << 10)

  /// Raises the soft limit of open files to the hard one: each connection of a coordinator takes three descriptors, and
  /// the usual soft limit is 1,024.
  ///
  /// - Returns: how many files may be open.
  static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    let old = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = old }
    return Int(clamping: limit.rlim_cur)
  }

  /// By whom a connection counts for the rate limit: the IPv4 address, or the /64 network of an IPv6 address.
  static func source(of address: SocketAddress?) -> Admission.Source {
    switch address {
    case .v4(let address): return withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
    case .v6(let address):
      let bytes = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
      // IPv4 in the clothes of IPv6 (RFC 4291, section 2.5.5.2), as a socket that listens to both sees it.
      let isMapped = bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
      return Array(isMapped ? bytes.suffix(4) : bytes.prefix(8))
    case .unixDomainSocket, nil: return []
    }
  }
}

extension Duration {
  /// The same time for the event loop.
  var timeAmount: TimeAmount {
    .nanoseconds(components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000)
  }
}
