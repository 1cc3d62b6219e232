/// A description that cannot be a network, data or recipe: shapes that do not meet, or sizes out of bounds.
package struct NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
