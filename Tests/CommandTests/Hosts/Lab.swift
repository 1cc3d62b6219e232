import Foundation
import Synchronization

/// Hosts with addresses of their own at one switch; nothing leads from here to the machine's own network.
///
/// Several may exist at once, in one process or in many: all have the same addresses and none a name.
final class Lab {
  let hosts: [Host]
  /// The network of the switch, and what stands beside it.
  let middle: NetworkNamespace
  static let middleAddress = "10.77.0.1"

  /// - Returns: nil, with a line that says so, where this machine lacks a right or a tool.
  init?(hosts count: Int) throws {
    if let reason = Self.hindrance {
      print("skipped: hosts in network namespaces need \(reason)")
      return nil
    }
    guard let middle = NetworkNamespace() else {
      print("skipped: hosts in network namespaces need the right to make them")
      return nil
    }
    self.middle = middle
    try middle.run("ip", "link", "set", "lo", "up")
    try middle.run("ip", "link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0")
    try middle.run("ip", "addr", "add", "\(Self.middleAddress)/24", "dev", "br0")
    try middle.run("ip", "link", "set", "br0", "up")
    hosts = try (0..<count).map { try Host(number: $0, at: middle) }
  }

  /// What is missing, for people.
  private static let hindrance: String? = {
    if geteuid() != 0 { return "root" }
    let path: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let folders: [Substring] = path.split(separator: ":")
    for tool in ["ip", "tc", "nft", "nsenter"] where !folders.contains(where: { access("\($0)/\(tool)", X_OK) == 0 }) {
      return "\(tool), of the packages iproute2, nftables and util-linux"
    }
    return nil
  }()
}

/// One host of a lab: a network of its own with a cable to the switch, and what can happen to that cable.
final class Host {
  let address: String
  private let network: NetworkNamespace
  private let middle: NetworkNamespace
  private let port: String

  fileprivate init(number: Int, at middle: NetworkNamespace) throws {
    guard let network = NetworkNamespace() else {
      throw NetworkNamespace.Refused(description: "no further namespace")
    }
    self.network = network
    self.middle = middle
    address = "10.77.0.\(10 + number)"
    port = "h\(number)"
    try network.run("ip", "link", "set", "lo", "up")
    try middle.run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", network.path)
    try middle.run("ip", "link", "set", port, "master", "br0", "up")
    try network.run("ip", "addr", "add", "\(address)/24", "dev", "eth0")
    try network.run("ip", "link", "set", "eth0", "up")
  }

  /// Starts the command here.
  func start(_ arguments: [String], log: String, environment: [String: String] = [:]) throws -> Running {
    try Running(arguments, through: ["nsenter", "--net=\(network.path)"], errors: log, environment: environment)
  }

  /// Pulls the cable.
  func cut() throws { try middle.run("ip", "link", "set", port, "down") }

  func join() throws { try middle.run("ip", "link", "set", port, "up") }

  /// Which packets the switch lets fall on their way.
  enum Direction: CaseIterable { case fromHost, toHost }

  /// Lets packets between this host and others fall, some by chance; replaces what was asked before.
  ///
  /// - Parameter percent: of the packets in these directions; 100 is a black hole.
  func drop(_ directions: [Direction] = Direction.allCases, percent: Int = 100) throws {
    let chance = percent == 100 ? "" : " numgen random mod 100 < \(percent)"
    let rules = directions.map { direction in
      let side = direction == .fromHost ? "iifname" : "oifname"
      // What stands at the switch itself is neither forwarded by it.
      let chains = direction == .fromHost ? ["forward", "input"] : ["forward", "output"]
      return chains.map { "add rule bridge \(port) \($0) \(side) \(port)\(chance) drop;" }.joined()
    }
    let chains = ["forward", "input", "output"].map {
      "add chain bridge \(port) \($0) { type filter hook \($0) priority 0; };"
    }
    try middle.run("nft", "add table bridge \(port);" + chains.joined() + rules.joined())
  }

  /// Answers every TCP packet that comes here with a reset, as a firewall does that forgot its connections.
  func reset() throws {
    try network.run(
      "nft",
      "add table inet faults; add chain inet faults input { type filter hook input priority 0; };"
        + "add rule inet faults input meta l4proto tcp reject with tcp reset")
  }

  func stopResetting() throws { try network.run("nft", "delete table inet faults") }

  /// All packets arrive again.
  func stopDropping() throws { try middle.run("nft", "delete table bridge \(port)") }

  /// Narrows the cable, in both directions.
  func narrow(kilobits: Int) throws {
    let words = ["root", "tbf", "rate", "\(kilobits)kbit", "burst", "4k", "latency", "2s"]
    try middle.run(["tc", "qdisc", "add", "dev", port] + words)
    try network.run(["tc", "qdisc", "add", "dev", "eth0"] + words)
  }
}
