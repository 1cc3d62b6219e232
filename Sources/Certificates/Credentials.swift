package import Foundation
internal import SwiftASN1
internal import X509

/// What a process shows its peers and by what it judges them, read from files and checked.
package struct Credentials: Sendable {
  /// The one certificate that is trusted, in DER form.
  package let authority: [UInt8]
  /// The certificate that is shown, in DER form.
  package let certificate: [UInt8]
  /// Its private key, in PEM form.
  package let key: [UInt8]
  /// Who the certificate says that this is.
  package let name: String
  /// When the certificate stops working.
  package let expiry: Date

  /// Checks that certificate and key belong together, to the authority and to the role, and are valid now.
  ///
  /// A peer would find out most of this too, but could not say it to the person who can mend it.
  ///
  /// - Throws: ``CertificateError/unusable(_:reason:)`` that names the file.
  package init(
    role: Role, authority: String, authorityFile: String, pair: Authority.Pair, file: String, at now: Date
  ) throws(CertificateError) {
    let trusted = try Authority.read(authority, file: authorityFile)
    guard Role(trusted) == .authority else {
      throw .unusable(authorityFile, reason: "it is no authority's certificate")
    }
    let own = try Authority.read(pair.certificate, file: file)
    guard let key = try? Certificate.PrivateKey(pemEncoded: pair.key), key.publicKey == own.publicKey else {
      throw .unusable(file, reason: "the key beside it is another certificate's")
    }
    guard own.issuer == trusted.subject, trusted.publicKey.isValidSignature(own.signature, for: own) else {
      throw .unusable(file, reason: "it was not signed by \(authorityFile)")
    }
    guard Role(own) == role else {
      let found = Role(own).map { "it is a certificate for \($0.article)" } ?? "it is no certificate of sentei's"
      throw .unusable(file, reason: "\(found), and one for \(role.article) is needed")
    }
    for (certificate, file) in [(trusted, authorityFile), (own, file)] {
      guard certificate.notValidBefore <= now else {
        throw .unusable(
          file, reason: "it is not valid before \(certificate.notValidBefore.iso8601), says this machine's clock")
      }
      guard now <= certificate.notValidAfter else {
        throw .unusable(file, reason: "it expired at \(certificate.notValidAfter.iso8601)")
      }
    }
    self.authority = trusted.der
    self.certificate = own.der
    self.key = Array(pair.key.utf8)
    name = own.commonName
    expiry = own.notValidAfter
  }
}

extension Role {
  fileprivate var article: String {
    switch self {
    case .authority: "an authority"
    case .coordinator: "a coordinator"
    case .worker: "a worker"
    }
  }
}

extension Date {
  /// The time in UTC to the second, as `2026-07-01T12:00:00Z`.
  package var iso8601: String { formatted(.iso8601) }
}
