/// The number that nng gives one connection of a socket.
///
/// A peer that reconnects gets a new one; in the life of a process nng repeats a number only after 2^31 connections.
package struct PipeID: Hashable, Sendable {
  /// The number as it stands in message headers.
  package let rawValue: UInt32

  /// The connection with this number.
  package init(_ rawValue: UInt32) {
    self.rawValue = rawValue
  }
}

extension PipeID: CustomStringConvertible {
  package var description: String { "pipe \(rawValue)" }
}
