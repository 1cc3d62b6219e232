/// How wide text is, without a font at hand.
///
/// A reader's font is not known here. The table has, for each character, the wider of DejaVu Sans, about the widest
/// font that systems come with, and Helvetica: so text takes less place than is left for it, never more.
package enum TextWidth {
  /// Widths of the characters from space to `~`, in hundredths of the text size.
  private static let hundredths: [Int] = [
    32, 40, 46, 84, 64, 95, 78, 28, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 56, 102, 68, 69, 72, 77, 67, 61, 78, 75, 30, 50, 67, 56, 86, 75, 79, 67, 79, 72, 67, 61, 73, 68, 99, 69, 67,
    69, 39, 34, 39, 84, 56, 50, 61, 64, 55, 64, 62, 35, 64, 63, 28, 28, 58, 28, 97, 63, 61, 64, 64, 41, 52, 39, 63, 59,
    82, 59, 59, 53, 64, 34, 64, 84,
  ]

  /// The width of a line of text of a size, in pixels.
  ///
  /// - Complexity: O(length).
  package static func of(_ text: String, size: Double) -> Double {
    Double(text.unicodeScalars.reduce(0) { $0 + hundredths(of: $1) }) * size / 100
  }

  /// The text, or as much of its start and end around an ellipsis as has room: names often differ in their ends only.
  ///
  /// - Complexity: O(length + room²).
  package static func shortened(_ text: String, to room: Double, size: Double) -> String {
    guard of(text, size: size) > room else { return text }
    let characters = Array(text)
    // No character is narrower than a quarter of the size, save those that join others.
    var kept = min(characters.count - 1, Int(room / size * 4) + 1)
    while kept > 0 {
      let start = (kept + 1) / 2
      let short = String(characters.prefix(start)) + "…" + String(characters.suffix(kept - start))
      if of(short, size: size) <= room { return short }
      kept -= 1
    }
    return "…"
  }

  private static func hundredths(of scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0x20...0x7E: hundredths[Int(scalar.value - 0x20)]
    case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: 0
    case 0xA0, 0x202F: 32
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60,
      0x1F000...0x1FAFF, 0x20000...0x3FFFF:
      110
    case 0x2070...0x209F, 0xB2, 0xB3, 0xB7, 0xB9: 45
    case 0x2026: 100
    default: 84
    }
  }
}
