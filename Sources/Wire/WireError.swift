/// Bytes that are no message of this protocol, or one with impossible content.
package struct WireError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String
  /// Whether it is only that a mask is told by its difference from one that the receiver never got: then both ends have to
  /// begin with empty shelves.
  package var missesMask = false
}
