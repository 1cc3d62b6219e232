internal import Digests
internal import Foundation
internal import Networks
internal import Studies

/// Which build this is.
package enum Build {
  package static let version = "0.1.0"
}

/// Who this process is, for peers and people.
enum ProcessIdentity {
  /// Host name and process id.
  static var name: String {
    let host = ProcessInfo.processInfo.hostName
    return "\(host.isEmpty ? "host" : host)-\(ProcessInfo.processInfo.processIdentifier)"
  }

  /// A digest that no other start of a process has.
  static func random() -> Digest {
    var bytes = CanonicalBytes(kind: "process", version: 1)
    for _ in 0..<4 { bytes.append(UInt64.random(in: 0 ... .max)) }
    return bytes.digest
  }
}

/// The digest of the built-in evaluations' results on this machine.
enum GoldenResult {
  static let digest: Digest = {
    var bytes = CanonicalBytes(kind: "golden", version: 1)
    for score in GoldenEvaluation.scores(.best) { bytes.append(raw: Outcome.evaluated(score).canonicalBytes) }
    return bytes.digest
  }()
}
