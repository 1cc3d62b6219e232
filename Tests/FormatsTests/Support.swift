import Formats
import Foundation

/// A gzip member written the slow, obvious way: stored blocks only (RFC 1951, 3.2.4), so that zlib judges it alone.
func gzipStored(_ content: [UInt8]) -> [UInt8] {
  var bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
  var start = 0
  repeat {
    let end = min(start + 65_535, content.count)
    let length = UInt16(end - start)
    bytes.append(end == content.count ? 1 : 0)
    for part in [length, ~length] { bytes += [UInt8(part & 255), UInt8(part >> 8)] }
    bytes += content[start..<end]
    start = end
  } while start < content.count
  for word in [crc32(content), UInt32(content.count)] {
    for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
  }
  return bytes
}

/// CRC-32 bit by bit (RFC 1952, section 8).
func crc32(_ bytes: [UInt8]) -> UInt32 {
  var crc: UInt32 = ~0
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
  }
  return ~crc
}

/// Bytes from base64, as fixtures are kept.
func bytes(base64: String) -> [UInt8] { Data(base64Encoded: base64).map(Array.init) ?? [] }

/// What NumPy 2.4.6 wrote.
enum NumPy {
  /// `np.arange(6, dtype=np.float32).reshape(2, 3) / 4`
  static let floats = bytes(
    base64:
      "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAg"
      + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPgAAAD8AAEA/AACAPwAA"
      + "oD8=")
  /// `np.asfortranarray(np.arange(24, dtype='>i2').reshape(2, 3, 4))`, version 2.0
  static let fortran = bytes(
    base64:
      "k05VTVBZAgB0AAAAeydkZXNjcic6ICc+aTInLCAnZm9ydHJhbl9vcmRlcic6IFRydWUsICdzaGFwZSc6ICgyLCAzLCA0KSwgfSAg"
      + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAMAAQAEAAIABQAAQANAAUAEQAJ"
      + "ABUAAgAOAAYAEgAKABYAAwAPAAcAEwALABc=")
  /// `np.savez(f, x=np.arange(8, dtype=np.uint8).reshape(2, 2, 2), y=np.array([1, 0]))`
  static let stored = bytes(
    base64:
      "UEsDBC0AAAAAAAAAIQBhYP21//////////8FABQAeC5ucHkBABAAiAAAAAAAAACIAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzog"
      + "J3x1MScsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCAyLCAyKSwgfSAgICAgICAgICAgICAgICAgICAgICAg"
      + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAECAwQFBgdQSwMELQAAAAAAAAAhAHH7Oav//////////wUAFAB5Lm5w"
      + "eQEAEACQAAAAAAAAAJAAAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3No"
      + "YXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoB"
      + "AAAAAAAAAAAAAAAAAAAAUEsBAi0DLQAAAAAAAAAhAGFg/bWIAAAAiAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAA"
      + "AAAAAAAhAHH7OauQAAAAkAAAAAUAAAAAAAAAAAAAAIABvwAAAHkubnB5UEsFBgAAAAACAAIAZgAAAIYBAAAAAA==")
  /// `np.savez_compressed(f, x_train=np.zeros((40, 5), np.float32), y_train=np.arange(40) % 3)`
  static let deflated = bytes(
    base64:
      "UEsDBC0AAAAIAAAAIQAHtyLp//////////8LABQAeF90cmFpbi5ucHkBABAAoAMAAAAAAABPAAAAAAAAAJvsF+obEMnIUMZQrZ6S"
      + "WpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GiYGOgqmmjoKtQrkAi6GUTAKRgFOAABQSwMELQAAAAgA"
      + "AAAhAGN+c/z//////////wsAFAB5X3RyYWluLm5weQEAEADAAQAAAAAAAFIAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNp"
      + "oa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaJgY6mjoKtQrkAy4GKGCE0kwMqGBUHL84AFBLAQItAy0AAAAIAAAAIQAH"
      + "tyLpTwAAAKADAAALAAAAAAAAAAAAAACAAQAAAAB4X3RyYWluLm5weVBLAQItAy0AAAAIAAAAIQBjfnP8UgAAAMABAAALAAAAAAAA"
      + "AAAAAACAAYwAAAB5X3RyYWluLm5weVBLBQYAAAAAAgACAHIAAAAbAQAAAAA=")
}

/// A tar archive of plain files with ustar headers.
func tar(_ files: [(name: String, type: Character, content: [UInt8])]) -> [UInt8] {
  var bytes: [UInt8] = []
  for (name, type, content) in files {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    func octal(_ number: Int, _ width: Int) -> String {
      let digits = String(number, radix: 8)
      return String(repeating: "0", count: width - digits.count) + digits
    }
    put(name, at: 0)
    put("0000644\0", at: 100)
    put(octal(content.count, 11) + "\0", at: 124)
    put("        ", at: 148)
    put(String(type), at: 156)
    put("ustar\0" + "00", at: 257)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148)
    bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }
  return bytes + [UInt8](repeating: 0, count: 1024)
}

/// A folder of its own for each test, gone afterwards.
struct TemporaryFolder: ~Copyable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "sentei-formats-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, with the folders above it.
  func write(_ name: String, _ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }
}

/// The folder with the public data sets: SENTEI_DATA, or `shared/data` beside the package; nil where neither is there.
let publicData: String? = {
  let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let beside = package.deletingLastPathComponent().appendingPathComponent("shared/data").path
  let candidates = [ProcessInfo.processInfo.environment["SENTEI_DATA"], beside].compactMap { $0 }
  return candidates.first { folder in
    ["", "/mnist"].contains { below in
      ["", ".gz"].contains {
        FileManager.default.fileExists(atPath: "\(folder)\(below)/train-images-idx3-ubyte\($0)")
      }
    }
  }
}()
