internal import CMalloc

/// Memory in large blocks, such as masks of ten million bits.
enum LargeBlocks {
  /// Lets blocks of a megabyte and more go back to the system when they are freed, from now on and in all of this process.
  ///
  /// Else glibc takes the size of each such block that is freed, up to 32 MB, as one to keep: a coordinator with a thousand
  /// masks of ten million bits grew to 2.5 GB instead of 1.8. Not for workers, which use the same buffers again and again.
  static func giveBack() { mallopt(M_MMAP_THRESHOLD, 1 << 20) }
}
