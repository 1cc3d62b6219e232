/// How much memory genomes may take, in bytes. What a search asks for is the same however much it is.
package struct GenomeMemory: Hashable, Sendable {
  /// A generation: one beyond it is made again instead of kept, and not stored.
  package var generation: Int
  /// Trials of a round that wait for answers; two broods of each search always may.
  package var pending: Int

  package init(generation: Int = 1 << 28, pending: Int = 1 << 28) {
    self.generation = generation
    self.pending = pending
  }
}
