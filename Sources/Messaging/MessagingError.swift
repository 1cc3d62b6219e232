internal import CNNG

/// What a socket or an address can refuse, in one sentence each.
package enum MessagingError: Error, Equatable, Sendable {
  case badAddress(String)
  case addressInUse(String)
  case permission(String)
  case tooLarge(bytes: Int, limit: Int)
  /// Nobody took the message in time.
  case timedOut(String)
  case system(operation: String, address: String, reason: String)

  init(_ code: Int32, _ operation: String, _ address: String) {
    switch nng_errno_enum(UInt32(bitPattern: code)) {
    case NNG_EADDRINUSE: self = .addressInUse(address)
    case NNG_EPERM: self = .permission(address)
    case NNG_ETIMEDOUT: self = .timedOut(operation)
    default: self = .system(operation: operation, address: address, reason: String(cString: nng_strerror(code)))
    }
  }
}

extension MessagingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badAddress(let text): text
    case .addressInUse(let address):
      "cannot listen on \(address): another process uses it; stop that one or choose another address"
    case .permission(let address): "cannot use \(address): permission denied; choose another address"
    case .tooLarge(let bytes, let limit): "a message of \(bytes) bytes is above the limit of \(limit)"
    case .timedOut(let operation): "cannot \(operation): nobody answered in time"
    case .system(let operation, let address, let reason): "cannot \(operation) \(address): \(reason)"
    }
  }
}
