import Digests
import Downloads
import Foundation
import Testing

@Suite struct DownloaderTests {
  private let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }

  /// A folder of its own, gone afterwards.
  private struct Folder: ~Copyable {
    let path = NSTemporaryDirectory() + "sentei-downloads-" + UUID().uuidString
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
    func content(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: "\(path)/\(name)").map(Array.init) }
  }

  private func head(_ lines: String...) -> [UInt8] { Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) }

  /// Fetches `path` of a server and says what is wrong; nothing may be left behind then.
  private func refusal(
    _ answers: [String: TestServer.Answer], path: String = "/file", limit: Int = 1 << 20, sha256: Digest? = nil,
    downloader: Downloader = Downloader(silence: .seconds(20))
  ) async throws -> (DownloadError?, TestServer) {
    let server = try TestServer(answers)
    let folder = try Folder()
    let target = folder.path + "/file"
    let error = await #expect(throws: DownloadError.self) {
      try await downloader.fetch([server.address(path)], to: target, limit: limit, sha256: sha256 ?? Digest(of: body))
    }
    #expect(try folder.names == [])
    return (error, server)
  }

  @Test("The right file arrives, alone and whole, and is not fetched again")
  func right() async throws {
    let server = try TestServer(["/file": .whole(body)])
    let folder = try Folder()
    let target = folder.path + "/file"
    let digest = Digest(of: body)
    #expect(try await Downloader().fetch([server.address("/file")], to: target, limit: body.count, sha256: digest))
    #expect(try folder.names == ["file"])
    #expect(folder.content("file") == body)
    #expect(try await !Downloader().fetch([server.address("/file")], to: target, limit: body.count, sha256: digest))
    #expect(server.requests == ["/file"])
  }

  @Test("A body without a length that the end of the connection ends is a whole one")
  func untold() async throws {
    let server = try TestServer(["/file": .bytes(head("HTTP/1.1 200 OK", "Connection: close") + body)])
    let folder = try Folder()
    let target = folder.path + "/file"
    #expect(
      try await Downloader().fetch(
        [server.address("/file")], to: target, limit: body.count, sha256: Digest(of: body)))
    #expect(folder.content("file") == body)
  }

  @Test("A wrong checksum leaves nothing")
  func checksum() async throws {
    let (error, server) = try await refusal(["/file": .whole(Array(body.reversed()))])
    #expect(
      error
        == .checksum(
          address: server.address("/file"), found: Digest(of: body.reversed()), expected: Digest(of: body)))
  }

  @Test("Another file of the name stays as it is, and nothing is fetched over it", arguments: [0, 3, 300_001])
  func occupied(count: Int) async throws {
    let server = try TestServer(["/file": .whole(body)])
    let folder = try Folder()
    let target = folder.path + "/file"
    let other = [UInt8](repeating: 7, count: count)
    try PendingFile.write(other[...], to: target)
    await #expect(throws: DownloadError.occupied(path: target)) {
      try await Downloader().fetch(
        [server.address("/file")], to: target, limit: body.count, sha256: Digest(of: body))
    }
    #expect(server.requests == [])
    #expect(throws: DownloadError.occupied(path: target)) { try PendingFile.write([1], to: target) }
    // A link that leads nowhere is somebody's too.
    let dangling = folder.path + "/link"
    try FileManager.default.createSymbolicLink(atPath: dangling, withDestinationPath: "nowhere")
    #expect(throws: DownloadError.occupied(path: dangling)) { try PendingFile.write([1], to: dangling) }
    #expect(try folder.names == ["file", "link"])
    #expect(folder.content("file") == other)
  }

  @Test("What is not regular or longer than the limit is not read to compare it")
  func long() async throws {
    let folder = try Folder()
    let target = folder.path + "/file"
    // Sparse, so that it takes no room; read as a whole it would take more memory than there is.
    #expect(FileManager.default.createFile(atPath: target, contents: nil))
    try #require(FileHandle(forWritingAtPath: target)).truncate(atOffset: 1 << 42)
    await #expect(throws: DownloadError.occupied(path: target)) {
      try await Downloader().fetch(["/nowhere"], to: target, limit: 10, sha256: Digest(of: []))
    }
  }

  @Test("A file whose writer died after giving it its name is not emptied by the next one")
  func half() throws {
    let folder = try Folder()
    let target = folder.path + "/file"
    try PendingFile.write([1, 2, 3], to: target)
    try FileManager.default.linkItem(atPath: target, toPath: folder.path + "/.file.part")
    try FileManager.default.moveItem(atPath: target, toPath: folder.path + "/moved")
    try PendingFile.write([4], to: target)
    #expect(folder.content("moved") == [1, 2, 3])
    #expect(folder.content("file") == [4])
    #expect(try folder.names == ["file", "moved"])
  }

  @Test("A body shorter than its length, and a connection that ends without an answer, are refused")
  func truncated() async throws {
    for answer in [
      TestServer.Answer.bytes(head("HTTP/1.1 200 OK", "Content-Length: 300000") + body[..<100_000]), .bytes([]),
      .bytes(head("HTTP/1.1 200 OK", "Content-Length: 300000")),
    ] {
      let (error, _) = try await refusal(["/file": answer])
      guard case .connection = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test("A body above the limit is refused, whether its length is told or not, before it is all there")
  func tooLarge() async throws {
    let untold = head("HTTP/1.1 200 OK", "Connection: close") + body
    for answer in [
      TestServer.Answer.whole(body), .silence(after: untold),
      .silence(after: head("HTTP/1.1 200 OK", "Content-Length: 99999999999")),
    ] {
      let (error, server) = try await refusal(["/file": answer], limit: body.count - 1)
      #expect(error == .tooLarge(address: server.address("/file"), limit: body.count - 1))
    }
  }

  @Test("Another status than 200 is told", arguments: [404, 403, 500, 204, 206])
  func status(code: Int) async throws {
    let (error, server) = try await refusal(["/file": .whole(code == 204 ? [] : body, status: "\(code) Told")])
    #expect(error == .status(address: server.address("/file"), code: code))
  }

  @Test("Redirections are followed to http, but neither to files nor in circles")
  func redirections() async throws {
    func to(_ place: String) -> TestServer.Answer { .whole([], status: "302 Found", headers: ["Location: \(place)"]) }
    let server = try TestServer(["/file": .whole(body), "/moved": to("/file"), "/again": to("/moved")])
    let folder = try Folder()
    let target = folder.path + "/file"
    #expect(
      try await Downloader().fetch(
        [server.address("/again")], to: target, limit: body.count, sha256: Digest(of: body)))
    #expect(server.requests == ["/again", "/moved", "/file"])

    // The session looks for a file address on the same server.
    let (error, _) = try await refusal(["/file": to("file:///etc/passwd")])
    #expect(error != nil)
    for place in ["ftp://127.0.0.1/file", "/file"] {
      let (error, _) = try await refusal(["/file": to(place)])
      guard case .redirect = error else {
        Issue.record("\(place): \(String(describing: error))")
        continue
      }
    }
  }

  @Test("A server that says nothing, or stops in the middle, is given up")
  func silent() async throws {
    let answers = [
      TestServer.Answer.silence(after: []), .silence(after: head("HTTP/1.1 200 OK", "Content-Length: 300000")),
      .silence(after: head("HTTP/1.1 200 OK", "Content-Length: 300000") + body[..<100_000]),
    ]
    for answer in answers {
      let short = Downloader(silence: .milliseconds(200))
      let (error, server) = try await refusal(["/file": answer], downloader: short)
      #expect(error == .timeOut(address: server.address("/file"), after: .milliseconds(200)))
    }
    let hasty = Downloader(silence: .seconds(600), total: .milliseconds(200))
    let (error, server) = try await refusal(["/file": answers[0]], downloader: hasty)
    #expect(error == .timeOut(address: server.address("/file"), after: .milliseconds(200)))
  }

  @Test("After a time-out the rest of a body is not taken from the server")
  func abandoned() async throws {
    let head = head("HTTP/1.1 200 OK", "Connection: close")
    for first in [[], head] {
      // Small pieces, so that minutes pass before all of them are gone, however busy the machine is.
      let piece = (first.isEmpty ? head : []) + body[..<200]
      let server = try TestServer(["/file": .late(first: first, then: piece, count: 1 << 26)])
      let folder = try Folder()
      await #expect(throws: DownloadError.self) {
        try await Downloader(silence: .milliseconds(200)).fetch(
          [server.address("/file")], to: folder.path + "/file", limit: 1 << 40, sha256: Digest(of: body))
      }
      let sent = await server.release()
      #expect(sent < 1 << 26, "the client never hung up")
    }
  }

  @Test("A port where nobody listens, and addresses of other kinds, are refused")
  func addresses() async throws {
    let folder = try Folder()
    let target = folder.path + "/file"
    for address in ["http://127.0.0.1:1/file", "file:///nowhere/file", "/nowhere/file", "/", "ftp://a/b", "http://"] {
      await #expect(throws: DownloadError.self, "\(address)") {
        try await Downloader(silence: .seconds(5)).fetch([address], to: target, limit: 10, sha256: Digest(of: []))
      }
    }
    #expect(try folder.names == [])
  }

  @Test("The next address is tried; a local file or file address will do")
  func mirrors() async throws {
    let server = try TestServer(["/bad": .whole([1])])
    let folder = try Folder()
    let source = folder.path + "/source"
    try PendingFile.write(body[...], to: source)
    for (number, address) in [source, "file://" + source].enumerated() {
      let target = folder.path + "/\(number)"
      #expect(
        try await Downloader().fetch(
          [server.address("/missing"), server.address("/bad"), address], to: target, limit: body.count,
          sha256: Digest(of: body)))
      #expect(folder.content("\(number)") == body)
    }
    let target = folder.path + "/small"
    await #expect(throws: DownloadError.tooLarge(address: source, limit: 10)) {
      try await Downloader().fetch([source], to: target, limit: 10, sha256: Digest(of: body))
    }
  }

  @Test("Two writers of one file do not mix, and what a killed one left is used up")
  func pending() throws {
    let folder = try Folder()
    let target = folder.path + "/file"
    #expect(FileManager.default.createFile(atPath: folder.path + "/.file.part", contents: Data([9, 9, 9])))
    do {
      let file = try PendingFile(for: target)
      #expect(throws: DownloadError.disk(path: target, reason: "another process is writing it")) {
        try PendingFile.write([1], to: target)
      }
      try file.write([4, 5])
      #expect(try file.digest() == Digest(of: [4, 5]))
      try file.keep()
    }
    #expect(folder.content("file") == [4, 5])
    #expect(try folder.names == ["file"])
    let nowhere = folder.path + "/none/file"
    #expect(throws: DownloadError.self) { try PendingFile.write([1], to: nowhere) }
  }
}
