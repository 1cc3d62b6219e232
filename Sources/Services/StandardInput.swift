internal import Foundation
internal import Glibc

/// Calls `body` once standard input ends, which for a child means that its parent is gone.
func followStandardInput(_ body: @escaping @Sendable () -> Void) {
  let thread = Thread {
    var byte: UInt8 = 0
    while read(STDIN_FILENO, &byte, 1) > 0 {}
    body()
  }
  thread.start()
}
