internal import Synchronization

extension RunStore {
  /// Writes `HEAD` anew, atomically: count and running hash of all facts committed so far, and the epoch.
  ///
  /// Call it at snapshots; ``close()`` does it at a clean stop.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  /// - Complexity: O(1), with two fsyncs.
  package func writeHead() throws(RunStoreError) {
    try writing("write HEAD of") { () throws(RunStoreError) in
      // Under the ledger's lock, so that no older HEAD is ever put over a newer one.
      try ledger.withLock { ledger throws(RunStoreError) in
        let head = Head(epoch: identity.epoch, chain: ledger.facts)
        try Files.replace(layout.head, in: layout.directory, with: Array(head.text.utf8), by: layout)
      }
    }
  }
}
