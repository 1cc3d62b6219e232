import Foundation
import Testing

/// A bare connection to a port of this machine from one of its loopback addresses, as its descriptor.
func bareConnection(to port: UInt16, from source: String = "127.0.0.1", saying words: [UInt8]) throws -> Int32 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  try #require(descriptor >= 0)
  func with(_ host: String, _ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, host, &address.sin_addr)
    return withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
  try #require(with(source, 0) { bind(descriptor, $0, $1) } == 0)
  try #require(with("127.0.0.1", port) { connect(descriptor, $0, $1) } == 0)
  _ = send(descriptor, words, words.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
  return descriptor
}

/// The largest resident set that a process has had, in kB.
func peakMemory(of process: Running) throws -> Int {
  let status = try String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)
  let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
  return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
}

/// The files that a process has open.
func descriptorCount(of process: Running) throws -> Int {
  try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.identifier)/fd").count
}

/// Breaks every connection between this process and another of this machine, as the end of this process would.
///
/// - Returns: how many there were.
func shutConnections(with process: Running) -> Int {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
  return names.compactMap { Int32($0) }.count { descriptor in
    // The kernel's `struct ucred`: process, user, group. Glibc shows it to those alone who define `_GNU_SOURCE`.
    var peer: (process: pid_t, user: uid_t, group: gid_t) = (0, 0, 0)
    var length = socklen_t(MemoryLayout.size(ofValue: peer))
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.process == process.identifier
      && shutdown(descriptor, Int32(SHUT_RDWR)) == 0
  }
}
