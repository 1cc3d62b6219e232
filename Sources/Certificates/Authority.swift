internal import Crypto
package import Foundation
internal import SwiftASN1
internal import X509

/// The certificate authority of one cluster: a P-256 key and the certificate that its coordinator and workers trust.
package struct Authority: Sendable {
  /// A certificate and its private key, both as PEM text.
  package struct Pair: Sendable {
    package let certificate: String
    package let key: String

    package init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  private let certificate: Certificate
  private let key: Certificate.PrivateKey

  /// Makes a new authority; no two have the same name or key.
  package init(validity: Range<Date>) throws {
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    // The number tells two authorities apart where a person compares them.
    let number = String(UInt32.random(in: 0 ... .max), radix: 16)
    let name = try DistinguishedName { CommonName("Sentei authority \(number)") }
    self.key = key
    certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
      notValidBefore: validity.lowerBound, notValidAfter: validity.upperBound, issuer: name, subject: name,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true))
      },
      issuerPrivateKey: key)
  }

  /// An authority that was stored.
  ///
  /// - Throws: ``CertificateError/unusable(_:reason:)`` if the pair is no authority's.
  package init(_ pair: Pair, file: String) throws(CertificateError) {
    certificate = try Self.read(pair.certificate, file: file)
    guard let key = try? Certificate.PrivateKey(pemEncoded: pair.key), key.publicKey == certificate.publicKey else {
      throw .unusable(file, reason: "its key is not that of the certificate")
    }
    self.key = key
    guard Role(certificate) == .authority else { throw .unusable(file, reason: "it is no authority's certificate") }
  }

  /// The authority's own pair.
  package func pair() throws -> Pair {
    Pair(certificate: try certificate.serializeAsPEM().pemString, key: try key.serializeAsPEM().pemString)
  }

  /// Signs a certificate over a new key.
  ///
  /// - Parameter validity: shortened to that of the authority, after which nobody would accept the certificate.
  package func issue(_ role: Role, name: String, validity: Range<Date>) throws -> Pair {
    precondition(role != .authority, "an authority of ours signs no other")
    let own = P256.Signing.PrivateKey()
    let issued = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(own.publicKey), notValidBefore: validity.lowerBound,
      notValidAfter: min(validity.upperBound, certificate.notValidAfter), issuer: certificate.subject,
      subject: try DistinguishedName { CommonName(name) },
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([role == .coordinator ? .serverAuth : .clientAuth])
        if role == .coordinator { SubjectAlternativeNames([.dnsName(Role.coordinatorName)]) }
      },
      issuerPrivateKey: key)
    return Pair(certificate: try issued.serializeAsPEM().pemString, key: own.pemRepresentation)
  }

  /// The one certificate in a PEM text.
  static func read(_ text: String, file: String) throws(CertificateError) -> Certificate {
    do { return try Certificate(pemEncoded: text) } catch {
      throw .unusable(file, reason: "it is no certificate in PEM form")
    }
  }
}
