import Foundation
import Messaging
import Testing

@Suite(.timeLimit(.minutes(2))) struct ListenTests {
  private func exchange(_ coordinator: CoordinatorSocket, at address: Address) async throws {
    let worker = try WorkerSocket(receiveLimit: 64)
    try worker.dial(address)
    try await worker.send(text("hello"))
    var inbox = Inbox(coordinator.events)
    #expect(try await inbox.message().bytes == text("hello"))
  }

  private func bareSocket(boundTo path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
    let code = withUnsafePointer(to: name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(code == 0)
    return descriptor
  }

  private func mode(_ path: String) throws -> mode_t {
    var status = stat()
    try #require(lstat(path, &status) == 0)
    return status.st_mode & 0o777
  }

  @Test func anAddressInUseIsRefusedAndStaysInUse() async throws {
    let directory = try TemporaryDirectory()
    for address in [try directory.address(), try Address("tcp://127.0.0.1:0")] {
      let first = try CoordinatorSocket(receiveLimit: 64)
      let bound = try first.listen(address)
      let second = try CoordinatorSocket(receiveLimit: 64)
      #expect(throws: MessagingError.addressInUse(bound)) { try second.listen(bound) }
      try await exchange(first, at: bound)
    }
  }

  @Test func aListenerThatCannotBeReachedIsNoticed() async throws {
    let directory = try TemporaryDirectory()
    let address = try directory.address()
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    try coordinator.listen(address)
    for _ in 0..<20 { #expect(await coordinator.complaint(about: address) == nil) }
    try await exchange(coordinator, at: address)
    unlink(try #require(address.path))
    #expect(await coordinator.complaint(about: address)?.contains("no connection") == true)
    // In its place a socket that takes connections and never says a word, like a deaf one of nng's.
    let deaf = try bareSocket(boundTo: try #require(address.path))
    defer { close(deaf) }
    try #require(listen(deaf, 4) == 0)
    #expect(await coordinator.complaint(about: address)?.contains("no greeting") == true)
    #expect(await coordinator.complaint(about: try Address("tcp://127.0.0.1:9")) == nil)
  }

  @Test func theSocketFileOfADeadProcessIsReplaced() async throws {
    let directory = try TemporaryDirectory()
    let address = try directory.address()
    let path = try #require(address.path)
    // What a killed process leaves: a bound file whose descriptor is closed.
    close(try bareSocket(boundTo: path))
    try #require(FileManager.default.fileExists(atPath: path))

    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    try coordinator.listen(address)
    try await exchange(coordinator, at: address)
  }

  @Test func aStrangerThatListensIsLeftAloneAndTheLockIsGivenUp() async throws {
    let directory = try TemporaryDirectory()
    let address = try directory.address()
    let path = try #require(address.path)
    let stranger = try bareSocket(boundTo: path)
    try #require(listen(stranger, 1) == 0)
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    #expect(throws: MessagingError.addressInUse(address)) { try coordinator.listen(address) }
    close(stranger)
    try coordinator.listen(address)
    try await exchange(coordinator, at: address)
  }

  @Test func whatIsNoSocketIsLeftAlone() throws {
    let directory = try TemporaryDirectory()
    let address = try directory.address()
    let path = try #require(address.path)
    try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    #expect(throws: MessagingError.notASocket(path)) { try coordinator.listen(address) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("precious".utf8))
  }

  @Test func aMissingDirectoryIsMadePrivate() throws {
    let directory = try TemporaryDirectory()
    let address = try directory.address("new/coordinator.sock")
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    try coordinator.listen(address)
    #expect(try mode(directory.path + "/new") == 0o700)
    #expect(try mode(directory.path + "/new/coordinator.sock") == 0o600)
  }

  @Test(arguments: [0o755, 0o710, 0o701, 0o1777] as [mode_t])
  func aDirectoryOpenToOthersIsRefused(mode: mode_t) throws {
    let directory = try TemporaryDirectory()
    try #require(chmod(directory.path, mode) == 0)
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    #expect(throws: MessagingError.directoryNotPrivate(directory.path)) { try coordinator.listen(directory.address()) }
  }

  @Test func aLinkToADirectoryIsRefused() throws {
    let directory = try TemporaryDirectory()
    try #require(symlink(directory.path, directory.path + "/link") == 0)
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    #expect(throws: MessagingError.directoryNotPrivate(directory.path + "/link")) {
      try coordinator.listen(directory.address("link/coordinator.sock"))
    }
  }

  @Test func aDirectoryDeeperThanOneLevelIsNotInvented() throws {
    let directory = try TemporaryDirectory()
    let address = try directory.address("no/such/coordinator.sock")
    let coordinator = try CoordinatorSocket(receiveLimit: 64)
    #expect(throws: MessagingError.system(.listen, place: address.description, code: ENOENT)) {
      try coordinator.listen(address)
    }
  }

  @Test func portZeroCannotBeDialled() throws {
    let address = try Address("tcp://127.0.0.1:0")
    let worker = try WorkerSocket(receiveLimit: 64)
    #expect(throws: MessagingError.portMissing(address)) { try worker.dial(address) }
  }
}
