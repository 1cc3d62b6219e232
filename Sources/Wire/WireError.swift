/// Bytes that are no message of this protocol, or one with impossible content.
package struct WireError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String
}
