internal import SwiftASN1
internal import X509

/// What a certificate allows its holder to be; the extended key usage says which (RFC 5280, section 4.2.1.12).
package enum Role: String, Sendable {
  /// Signs the others; its key is needed by nobody who only runs something.
  case authority
  /// Accepts workers: `serverAuth`.
  case coordinator
  /// Dials a coordinator: `clientAuth`, so that it cannot pose as one.
  case worker

  /// The name in every coordinator's certificate, which workers check instead of a host name.
  ///
  /// An authority of ours signs for one cluster only, so "the coordinator of this authority" is exactly what a worker
  /// wants to know, and a certificate goes on working when the machine's name or address changes.
  package static let coordinatorName = "coordinator.sentei.internal"

  /// The one role that a certificate's extensions give; nil for certificates that are none of ours.
  init?(_ certificate: Certificate) {
    if case .isCertificateAuthority = try? certificate.extensions.basicConstraints {
      self = .authority
      return
    }
    let usages = (try? certificate.extensions.extendedKeyUsage).map { Array($0) } ?? []
    switch usages {
    case [.serverAuth]: self = .coordinator
    case [.clientAuth]: self = .worker
    default: return nil
    }
  }
}
