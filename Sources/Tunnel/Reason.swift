internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Why a connection did not come about, in words for a log.
enum Reason {
  /// What BoringSSL reports, and what it means here.
  private static let known: [(code: String, meaning: String)] = [
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not from our authority, not for its role, or not valid now"),
    ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "it showed no certificate"),
    ("ALERT_UNKNOWN_CA", "it does not accept our certificate: another authority's"),
    ("CERTIFICATE_EXPIRED", "it does not accept our certificate: expired"),
    ("CERTIFICATE_REQUIRED", "it wants a certificate"),
    ("UNSUPPORTED_CERTIFICATE", "it does not accept our certificate: made for another role"),
    ("ALERT_BAD_CERTIFICATE", "it does not accept our certificate"),
    ("ALERT_CERTIFICATE_UNKNOWN", "it does not accept our certificate"),
    ("HTTP_REQUEST", "it speaks HTTP"), ("WRONG_VERSION_NUMBER", "it does not speak TLS"),
    ("UNSUPPORTED_PROTOCOL", "it does not speak TLS 1.3"), ("PROTOCOL_VERSION", "it does not speak TLS 1.3"),
    ("EOF during handshake", "it left during the handshake"),
  ]

  /// A sentence for an error; nil for the end of a connection that needs none.
  static func text(of error: any Error) -> String? {
    switch error {
    case NIOSSLError.uncleanShutdown: return nil
    case is SilentPeer: return "it was silent for too long"
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      return "its certificate is not a coordinator's"
    case let error as NIOConnectionError:
      guard let attempt = error.connectionErrors.first else { return "nobody knows an address of this name" }
      return text(of: attempt.error)
    case let error as IOError: return String(cString: strerror(error.errnoCode))
    case ChannelError.connectTimeout: return "it does not answer"
    case ChannelError.eof: return nil
    default:
      let text = "\(error)"
      return known.first { text.contains($0.code) }?.meaning ?? text
    }
  }
}
