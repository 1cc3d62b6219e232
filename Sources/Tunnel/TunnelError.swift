internal import Glibc
internal import NIOCore

/// Why a tunnel cannot be opened; the description is one sentence for the person who chose the address.
package struct TunnelError: Error, CustomStringConvertible {
  package let description: String

  static func listening(_ place: String, _ error: any Error) -> TunnelError {
    guard let error = error as? IOError else { return TunnelError(description: "cannot listen at \(place): \(error)") }
    return TunnelError(description: "cannot listen at \(place): \(String(cString: strerror(error.errnoCode)))")
  }
}
