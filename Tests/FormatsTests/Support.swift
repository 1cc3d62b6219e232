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
private func crc32(_ bytes: [UInt8]) -> UInt32 {
  var crc: UInt32 = ~0
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
  }
  return ~crc
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
