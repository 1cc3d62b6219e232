internal import Synchronization

/// For each connected pipe, the header that leads a message to it.
final class PipeRoutes: Sendable {
  /// The bit that marks the last word of a header (scalability protocols, request/reply).
  static let lastHop: UInt32 = 0x8000_0000

  private let requests = Mutex<[PipeID: UInt32?]>([:])

  func connected(_ pipe: PipeID) {
    requests.withLock { $0[pipe] = .some(nil) }
  }

  func disconnected(_ pipe: PipeID) {
    _ = requests.withLock { $0.removeValue(forKey: pipe) }
  }

  /// Notes the request id of a pipe's latest message; a pipe that has gone already is not brought back.
  func received(request: UInt32, from pipe: PipeID) {
    requests.withLock { if $0[pipe] != nil { $0[pipe] = .some(request) } }
  }

  /// The header `[pipe id][request id | 0x80000000]`; nil for a pipe that has gone or has not sent anything.
  func header(to pipe: PipeID) -> [UInt32]? {
    guard let request = requests.withLock({ $0[pipe] ?? nil }) else { return nil }
    return [pipe.rawValue, request | Self.lastHop]
  }
}
