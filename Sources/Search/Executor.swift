/// Who does pieces of work that do not depend on each other, one after another or side by side. What comes of them is the
/// same.
///
/// A floor that knows no threads is given one by a floor that does.
package struct Executor: Sendable {
  private let forEach: @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void

  /// - Parameter forEach: calls a body once with each number below a count, and returns when all calls have.
  package init(forEach: @escaping @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void) {
    self.forEach = forEach
  }

  /// One after another.
  package static let serial = Executor { count, body in for index in 0..<count { body(index) } }

  /// The results for a range of numbers, in its order.
  package func map<Result: Sendable>(_ range: Range<Int>, _ body: @Sendable (Int) -> Result) -> [Result] {
    [Result](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      // Each call writes a place of its own.
      nonisolated(unsafe) let places = buffer
      forEach(range.count) { places.initializeElement(at: $0, to: body(range.lowerBound + $0)) }
      initialized = range.count
    }
  }
}
