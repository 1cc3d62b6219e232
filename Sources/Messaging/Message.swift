internal import CNNG

/// The owner of one `nng_msg`, which is freed with it unless it was released to nng.
struct Message: ~Copyable {
  private let handle: OpaquePointer

  /// Takes over a message that nng handed to us.
  init(owning handle: OpaquePointer) {
    self.handle = handle
  }

  /// A new message: header words in network byte order, and a copy of the body.
  ///
  /// - Throws: `MessagingError.nng` when there is no memory for it.
  /// - Complexity: linear in the size of the body.
  static func make(
    header: [UInt32], body: [UInt8], to place: @autoclosure () -> String
  ) throws(MessagingError) -> Message {
    var allocated: OpaquePointer?
    try check(nng_msg_alloc(&allocated, body.count), .send, place: place())
    let message = Message(owning: allocated!)
    body.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      nng_msg_body(message.handle)?.copyMemory(from: start, byteCount: source.count)
    }
    for word in header { try check(nng_msg_header_append_u32(message.handle, word), .send, place: place()) }
    return message
  }

  deinit {
    nng_msg_free(handle)
  }

  /// Gives the message up to whoever takes the pointer.
  consuming func release() -> OpaquePointer {
    let released = handle
    discard self
    return released
  }

  /// The pipe on which the message came.
  var pipe: PipeID { PipeID(nng_msg_get_pipe(handle).id) }

  /// The words of the header; nil if it is no whole number of them.
  var header: [UInt32]? {
    let count = nng_msg_header_len(handle)
    guard count.isMultiple(of: 4) else { return nil }
    guard count > 0, let start = nng_msg_header(handle) else { return [] }
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    return stride(from: 0, to: count, by: 4).map {
      UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
    }
  }

  /// A copy of the body.
  ///
  /// - Complexity: linear in its size.
  var body: [UInt8] {
    let count = nng_msg_len(handle)
    guard count > 0, let start = nng_msg_body(handle) else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }
}
