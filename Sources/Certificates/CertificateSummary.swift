internal import Digests
package import Foundation
internal import SwiftASN1
internal import X509

/// What a person wants to know about a certificate.
package struct CertificateSummary: Sendable {
  /// Nil for a certificate that `sentei certs` did not make.
  package let role: Role?
  /// The common name of the subject, empty if it has none.
  package let name: String
  package let validity: Range<Date>
  /// SHA-256 over the DER bytes, in hexadecimal digits, as other tools print it.
  package let fingerprint: String

  init(_ certificate: Certificate) throws(CertificateError) {
    role = Role(certificate)
    name = certificate.commonName
    // A range may not be empty; a certificate whose validity is backwards is never valid.
    let start = certificate.notValidBefore
    validity = start..<max(start, certificate.notValidAfter)
    fingerprint = Digest(of: certificate.der).hex
  }

  /// The common name in a certificate that a peer has shown and TLS has verified; nil for bytes that are no certificate.
  package static func commonName(der: [UInt8]) -> String? {
    (try? Certificate(derEncoded: der))?.commonName
  }
}

extension Certificate {
  /// The DER bytes.
  var der: [UInt8] {
    var serializer = DER.Serializer()
    // A certificate that was parsed or signed is written from the bytes that it keeps.
    do { try serializer.serialize(self) } catch { preconditionFailure("a certificate cannot be serialized: \(error)") }
    return serializer.serializedBytes
  }

  /// The first common name of the subject, empty if there is none.
  var commonName: String {
    for part in subject {
      for attribute in part where attribute.type == .RDNAttributeType.commonName {
        return String(attribute.value) ?? ""
      }
    }
    return ""
  }
}
