internal import Digests

/// The small file beside the database that knows how many facts there were, and which.
///
/// SQLite opens a database whose WAL was cut off without a word; this is how the loss is noticed.
struct Head: Equatable, Sendable {
  var epoch: Int
  var count: Int
  var hash: Digest

  /// The text of the file: a line for each part, the last with a check over the others.
  var text: String {
    let body = "sentei head 1\nepoch \(epoch)\ncount \(count)\nhash \(hash.hex)\n"
    return body + "check \(Digest(of: Array(body.utf8)).hex.prefix(16))\n"
  }

  init(epoch: Int, chain: FactChain) {
    self.epoch = epoch
    count = chain.count
    hash = chain.hash
  }

  /// Reads the text back; nil if it is not exactly what ``text`` gives.
  init?(text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == 6, lines[1].hasPrefix("epoch "), lines[2].hasPrefix("count "), lines[3].hasPrefix("hash "),
      let epoch = Int(lines[1].dropFirst(6)), let count = Int(lines[2].dropFirst(6)),
      let hash = Digest(hex: lines[3].dropFirst(5)), epoch >= 0, count >= 0
    else { return nil }
    self.epoch = epoch
    self.count = count
    self.hash = hash
    guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
  }

  /// The file of a run.
  ///
  /// - Throws: ``RunStoreError`` if the operating system cannot read it; wrong bytes are an answer, not an error.
  static func read(_ layout: RunLayout) throws(RunStoreError) -> HeadFile {
    guard let bytes = try Files.read(layout.head, limit: 4096) else { return .absent }
    guard let text = String(validating: bytes, as: UTF8.self), let head = Head(text: text) else {
      return .damaged(found: "its \(bytes.count) bytes do not fit their check")
    }
    return .sound(head)
  }
}

/// What there is of a `HEAD` file; a run without snapshot or clean stop may well have none.
enum HeadFile: Equatable, Sendable {
  case absent
  case sound(Head)
  case damaged(found: String)

  var head: Head? {
    switch self {
    case .sound(let head): head
    case .absent, .damaged: nil
    }
  }

  /// About how many facts there are, for making room; bounded, since a file may say anything.
  var likelyCount: Int { min(head?.count ?? 0, 1 << 24) }
}

/// The text of a `HEAD` file by itself.
package enum HeadText {
  /// Whether bytes are such a text, with the right check.
  package static func isSound(_ bytes: [UInt8]) -> Bool {
    String(validating: bytes, as: UTF8.self).flatMap { Head(text: $0) } != nil
  }
}
