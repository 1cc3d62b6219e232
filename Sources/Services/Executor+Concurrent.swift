internal import Dispatch
package import Search

extension Executor {
  /// On as many threads as the processor has.
  package static let concurrent = Executor { count, body in
    DispatchQueue.concurrentPerform(iterations: count, execute: body)
  }
}
