internal import NIOCore

/// The eight bytes with which a worker's nng begins: the scalability protocols' greeting with the number of REQ.
///
/// Source: the SP mappings for TCP and IPC.
enum Greeting {
  static let bytes: [UInt8] = [0, UInt8(ascii: "S"), UInt8(ascii: "P"), 0, 0, 0x30, 0, 0]

  enum Judgement {
    case whole, incomplete, wrong
  }

  /// Judges what a peer has sent so far by as much of it as there is.
  static func judge(_ received: ByteBuffer) -> Judgement {
    let view = received.readableBytesView.prefix(bytes.count)
    guard bytes.starts(with: view) else { return .wrong }
    return view.count == bytes.count ? .whole : .incomplete
  }
}
