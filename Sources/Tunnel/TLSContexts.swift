internal import Certificates
internal import NIOCore
internal import NIOSSL

/// TLS as every tunnel of ours speaks it: version 1.3, certificates on both sides, one authority.
enum TLSContexts {
  /// For the coordinator's side.
  ///
  /// A client's certificate has no host name to check; that it comes from our authority and is for clients is what counts.
  static func server(_ credentials: Credentials) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeServerConfigurationWithMTLS(
      certificateChain: [.certificate(try certificate(credentials.certificate))],
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: credentials.key, format: .pem)),
      trustRoots: .certificates([try certificate(credentials.authority)]))
    harden(&configuration)
    return try NIOSSLContext(configuration: configuration)
  }

  /// For the worker's side, which also checks that the name is the coordinator's.
  static func client(_ credentials: Credentials) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .fullVerification
    configuration.trustRoots = .certificates([try certificate(credentials.authority)])
    configuration.certificateChain = [.certificate(try certificate(credentials.certificate))]
    configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: credentials.key, format: .pem))
    harden(&configuration)
    return try NIOSSLContext(configuration: configuration)
  }

  private static func harden(_ configuration: inout TLSConfiguration) {
    configuration.minimumTLSVersion = .tlsv13
    configuration.maximumTLSVersion = .tlsv13
    // A peer that does not answer the goodbye holds its connection no longer than this.
    configuration.shutdownTimeout = .seconds(1)
  }

  private static func certificate(_ bytes: [UInt8]) throws -> NIOSSLCertificate {
    try NIOSSLCertificate(bytes: bytes, format: .der)
  }
}
