internal import Glibc

/// Why certificates cannot be made or used; the description is one sentence for the person who has to act.
package enum CertificateError: Error, Hashable, Sendable {
  /// A file that is not there, with what would put it there.
  case missing(String, advice: String)
  /// A file that people other than its owner could read or change, with its mode and the mode that it should have.
  case exposed(String, mode: UInt32, wanted: String)
  /// A file of another user, who could change it.
  case foreignOwner(String, owner: UInt32)
  /// A file with the wrong content.
  case unusable(String, reason: String)
  /// A file that would have to be replaced.
  case exists(String, advice: String)
  /// A name that cannot stand for a worker.
  case unusableName(String)
  /// A system call that failed.
  case system(String, file: String, code: Int32)
}

extension CertificateError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let file, let advice): "\(file) is not there: \(advice)"
    case .exposed(let file, let mode, let wanted):
      "\(file) could be read or changed by other users (mode \(octal(mode))): run chmod \(wanted) '\(file)'"
    case .foreignOwner(let file, let owner):
      "\(file) belongs to user \(owner): expected it to belong to you or to root; run chown \(geteuid()) '\(file)'"
    case .unusable(let file, let reason): "\(file) cannot be used: \(reason)"
    case .exists(let file, let advice): "\(file) exists and is never overwritten: \(advice)"
    case .unusableName(let name):
      "'\(name)' cannot be a worker's name: expected up to 64 letters, digits, '-', '_' and '.', the first of them a "
        + "letter or digit, and neither 'ca' nor 'coordinator'"
    case .system(let operation, let file, let code):
      "cannot \(operation) \(file): \(String(cString: strerror(code)))"
    }
  }
}

private func octal(_ mode: UInt32) -> String {
  let digits = String(mode, radix: 8)
  return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
