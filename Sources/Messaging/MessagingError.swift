internal import CNNG
internal import Glibc

/// Why a socket could not do what was asked; the description is one sentence for the person who runs the program.
package enum MessagingError: Error, Hashable, Sendable {
  /// What was being done.
  package enum Operation: String, Hashable, Sendable {
    case open = "open a socket for"
    case configure = "configure the socket for"
    case listen = "listen at"
    case dial = "dial"
    case send = "send to"
  }

  /// Another process, or another socket of this one, already listens there.
  case addressInUse(Address)
  /// The directory of an `ipc://` socket belongs to or is open to others.
  case directoryNotPrivate(String)
  /// What stands at the path of an `ipc://` socket is no socket; it is left alone.
  case notASocket(String)
  /// A worker cannot dial port 0.
  case portMissing(Address)
  case permissionDenied(Operation, place: String)
  case connectionRefused(Operation, place: String)
  /// The message was not sent.
  case messageTooLarge(place: String, byteCount: Int, limit: Int)
  /// Nobody took the message in time; it was not sent.
  case timedOut(Operation, place: String)
  /// The peer has disconnected, or has not yet sent the message that tells how to reach it.
  case unreachable(PipeID)
  /// The socket is closed.
  case closed(Operation, place: String)
  /// The task was cancelled before the message was handed over; it was not sent.
  case cancelled(Operation, place: String)
  /// A system call failed with this `errno`.
  case system(Operation, place: String, code: Int32)
  /// nng failed with another code of its own.
  case nng(Operation, place: String, code: Int32)

  /// The error for a code that nng returned other than 0.
  init(code: Int32, _ operation: Operation, place: String) {
    self =
      switch nng_errno_enum(rawValue: UInt32(bitPattern: code)) {
      case NNG_EPERM: .permissionDenied(operation, place: place)
      case NNG_ECONNREFUSED: .connectionRefused(operation, place: place)
      case NNG_ETIMEDOUT: .timedOut(operation, place: place)
      case NNG_ECLOSED: .closed(operation, place: place)
      case NNG_ECANCELED: .cancelled(operation, place: place)
      default: .nng(operation, place: place, code: code)
      }
  }

  /// The error for an `errno` of a system call.
  init(errno code: Int32, _ operation: Operation, place: String) {
    self =
      code == EACCES || code == EPERM
      ? .permissionDenied(operation, place: place) : .system(operation, place: place, code: code)
  }
}

/// Throws unless nng returned 0.
func check(
  _ code: Int32, _ operation: MessagingError.Operation, place: @autoclosure () -> String
) throws(MessagingError) {
  guard code == 0 else { throw MessagingError(code: code, operation, place: place()) }
}

extension MessagingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .addressInUse(let address):
      "cannot listen at \(address): it is in use; stop the process that listens there or choose another address"
    case .directoryNotPrivate(let path):
      "cannot listen in \(path): others can enter it; choose a directory of your own with mode 0700, or one that does "
        + "not exist yet"
    case .notASocket(let path):
      "cannot listen at ipc://\(path): something that is no socket stands there; move it away or choose another path"
    case .portMissing(let address):
      "cannot dial \(address): port 0 is only for listening; give the port at which the coordinator listens"
    case .permissionDenied(let operation, let place):
      "cannot \(operation.rawValue) \(place): permission denied; check the owner and mode of its directory, and for TCP "
        + "choose a port above 1023"
    case .connectionRefused(let operation, let place):
      "cannot \(operation.rawValue) \(place): the connection was refused; check that the coordinator runs there"
    case .messageTooLarge(let place, let byteCount, let limit):
      "cannot send to \(place): the message has \(byteCount) bytes, more than the limit of \(limit); send it in parts"
    case .timedOut(let operation, let place):
      "cannot \(operation.rawValue) \(place): nobody took the message in time; check that the other side runs and can "
        + "be reached"
    case .unreachable(let pipe):
      "cannot send to \(pipe): it has disconnected or has not sent anything yet; wait for its next message"
    case .closed(let operation, let place):
      "cannot \(operation.rawValue) \(place): the socket is closed; start the process again"
    case .cancelled(let operation, let place):
      "cannot \(operation.rawValue) \(place): the task was cancelled; nothing was sent"
    case .system(let operation, let place, let code):
      "cannot \(operation.rawValue) \(place): \(String(cString: strerror(code))); check the path and try again"
    case .nng(let operation, let place, let code):
      "cannot \(operation.rawValue) \(place): \(String(cString: nng_strerror(code))) (nng code \(code)); check the "
        + "address and the system's limits"
    }
  }
}
