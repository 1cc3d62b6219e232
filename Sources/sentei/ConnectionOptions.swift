import ArgumentParser
import Certificates
import Foundation
import Logging
import Messaging
import Tunnel

/// How peers are reached and trusted.
struct ConnectionOptions: ParsableArguments {
  @Option(help: "The folder with the certificates that tls:// needs; `sentei certs create` makes them.")
  var certificates: String?

  @Flag(help: "Allow an address without encryption (tcp://).")
  var insecure = false

  /// An address from the command line; what others could reach needs TLS, or a word that says so.
  ///
  /// - Throws: `AddressError`, or `ValidationError` where address and options do not fit.
  func address(_ text: String) throws -> Address {
    let address = try Address(text)
    switch address.kind {
    case .tls where certificates == nil:
      throw ValidationError("\(text) needs --certificates DIR; `sentei certs create DIR` makes what belongs there")
    case .tcp where !insecure:
      throw ValidationError(
        "\(text) is not encrypted; use tls://HOST:PORT with --certificates, or add --insecure if that is what you want")
    case .ipc, .tcp:
      guard certificates == nil else { throw ValidationError("--certificates is for tls://, found \(text)") }
    case .tls: break
    }
    return address
  }

  /// What a process shows its peers; warns two weeks before it stops working.
  func credentials(_ role: Role, worker: String = CertificateFolder.defaultWorker, log: Logger) throws -> Credentials {
    let now = Date.now
    let credentials = try CertificateFolder(path: certificates ?? ".").credentials(role, worker: worker, now: now)
    if credentials.expiry < now + 14 * 86400 {
      log.warning("the certificate expires soon", metadata: ["at": "\(credentials.expiry.iso8601)"])
    }
    return credentials
  }
}

/// Where a coordinator's socket listens, and the tunnel in front of it if others come by TLS.
struct ListeningPlace: Sendable {
  let socket: Address
  let tunnel: (tunnel: CoordinatorTunnel, address: Address)?
  private let folder: PrivateFolder?

  /// A place that only this run's own workers know.
  init() throws {
    let folder = try PrivateFolder()
    socket = try folder.socket
    tunnel = nil
    self.folder = folder
  }

  /// The place that a person named.
  ///
  /// - Throws: what is wrong with the address or the certificates; nothing listens yet.
  init(_ text: String, _ options: ConnectionOptions, log: Logger) throws {
    let address = try options.address(text)
    guard address.kind == .tls, let host = address.host, let port = address.port else {
      socket = address
      tunnel = nil
      folder = nil
      return
    }
    let credentials = try options.credentials(.coordinator, log: log)
    let folder = try PrivateFolder()
    socket = try folder.socket
    tunnel = (try CoordinatorTunnel(credentials, host: host, port: Int(port), log: log), address)
    self.folder = folder
  }
}

/// A folder of mode 0700 for the socket of one process: short, because a socket's path has a limit; removed with it.
final class PrivateFolder: Sendable {
  private let path: String

  var socket: Address {
    get throws { try Address("ipc://\(path)/coordinator") }
  }

  init() throws {
    var template = Array("/tmp/sentei-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw FileError(description: "cannot make a folder in /tmp: \(String(cString: strerror(errno)))")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
