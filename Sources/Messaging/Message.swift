internal import CNNG

/// An nng message that is ours: freed at the end, unless a send has taken it.
struct Message: ~Copyable {
  private var pointer: OpaquePointer?

  /// A message of our own, with 32-bit big-endian words as protocol header.
  init(header: [UInt32], body: [UInt8]) {
    // Allocation fails only when memory is exhausted, where a Swift array would trap too.
    precondition(nng_msg_alloc(&pointer, 0) == 0, "out of memory for a message")
    for word in header { nng_msg_header_append_u32(pointer, word) }
    body.withUnsafeBytes { bytes in
      precondition(nng_msg_append(pointer, bytes.baseAddress, bytes.count) == 0, "out of memory for a message")
    }
  }

  /// Takes over a message that nng handed out.
  init(owning pointer: OpaquePointer?) { self.pointer = pointer }

  deinit { if let pointer { nng_msg_free(pointer) } }

  /// Gives the message away.
  consuming func release() -> OpaquePointer? {
    let taken = pointer
    pointer = nil
    return taken
  }

  /// The connection that it came over.
  var pipe: UInt32 { UInt32(bitPattern: nng_pipe_id(nng_msg_get_pipe(pointer))) }

  /// A copy of the body.
  var body: [UInt8] {
    let count = nng_msg_len(pointer)
    guard count > 0 else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: nng_msg_body(pointer), count: count))
  }
}
