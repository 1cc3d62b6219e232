import Messaging
import Testing

@Suite struct AddressTests {
  @Test(arguments: [
    "ipc:///a", "ipc:///run/user/1000/sentei/coordinator.sock", "ipc:///with space/and:colon",
    "ipc:///" + String(repeating: "x", count: Address.pathLimit - 1), "tcp://localhost:80", "tcp://127.0.0.1:0",
    "tcp://example.org:65535", "tcp://node_7.cluster-2:5555", "tcp://[::1]:5555", "tcp://[2001:db8::7]:1",
    "tls://example.org:4433", "tls://[::1]:0",
  ])
  func readsAndWritesTheSame(text: String) throws {
    let address = try Address(text)
    #expect(address.description == text)
    #expect(try Address(address.description) == address)
    #expect(address.kind == (text.hasPrefix("ipc") ? .ipc : text.hasPrefix("tcp") ? .tcp : .tls))
    #expect((address.path == nil) != (address.port == nil))
  }

  @Test(arguments: [
    ("", AddressError.unknownScheme("")),
    ("coordinator.sock", .unknownScheme("coordinator.sock")),
    ("http://a:1", .unknownScheme("http://a:1")),
    ("IPC:///a", .unknownScheme("IPC:///a")),
    ("tls://a", .missingPort("tls://a")),
    ("tls://:1", .missingHost("tls://:1")),
    ("tls://a:65536", .unusablePort("tls://a:65536", found: "65536")),
    ("ipc://", .relativePath("ipc://")),
    ("ipc://a", .relativePath("ipc://a")),
    ("ipc://./a", .relativePath("ipc://./a")),
    ("ipc:///", .unusablePath("ipc:///")),
    ("ipc:///a/", .unusablePath("ipc:///a/")),
    ("ipc:///a\u{0}b", .unusablePath("ipc:///a\u{0}b")),
    ("ipc:///a\nb", .unusablePath("ipc:///a\nb")),
    ("tcp://", .missingPort("tcp://")),
    ("tcp://a", .missingPort("tcp://a")),
    ("tcp://a:", .missingPort("tcp://a:")),
    ("tcp://[::1]", .missingPort("tcp://[::1]")),
    ("tcp://:1", .missingHost("tcp://:1")),
    ("tcp://*:1", .unusableHost("tcp://*:1", found: "*")),
    ("tcp://::1:1", .unusableHost("tcp://::1:1", found: "::1")),
    ("tcp://[::g]:1", .unusableHost("tcp://[::g]:1", found: "[::g]")),
    ("tcp://a..b:1", .unusableHost("tcp://a..b:1", found: "a..b")),
    ("tcp://-a:1", .unusableHost("tcp://-a:1", found: "-a")),
    ("tcp://127.1:1", .unusableHost("tcp://127.1:1", found: "127.1")),
    ("tcp://1.2.3.256:1", .unusableHost("tcp://1.2.3.256:1", found: "1.2.3.256")),
    ("tcp://a b:1", .unusableHost("tcp://a b:1", found: "a b")),
    ("tcp://a/b:1", .unusableHost("tcp://a/b:1", found: "a/b")),
    ("tcp://a:65536", .unusablePort("tcp://a:65536", found: "65536")),
    ("tcp://a:+1", .unusablePort("tcp://a:+1", found: "+1")),
    ("tcp://a:1/", .unusablePort("tcp://a:1/", found: "1/")),
  ])
  func refuses(text: String, error: AddressError) {
    #expect(throws: error) { try Address(text) }
    #expect(error.description.contains(text.debugDescription))
    #expect(error.description.contains("expected"))
    #expect(!error.description.contains("\n"))
  }

  @Test func countsBytesOfPathsNotCharacters() {
    let path = "/" + String(repeating: "é", count: 50)
    #expect(throws: AddressError.pathTooLong("ipc://" + path, byteCount: 101)) { try Address("ipc://" + path) }
  }

  @Test(arguments: [
    ("ipc:///a", true), ("tcp://localhost:1", true), ("tcp://LocalHost:1", true), ("tcp://127.0.0.1:1", true),
    ("tcp://127.255.0.3:1", true), ("tcp://[::1]:1", true), ("tcp://[0:0:0:0:0:0:0:1]:1", true),
    ("tcp://0.0.0.0:1", false), ("tcp://[::]:1", false), ("tcp://128.0.0.1:1", false),
    ("tcp://127.example.org:1", false), ("tcp://localhost.example.org:1", false), ("tcp://[::2]:1", false),
    ("tls://127.0.0.1:1", true), ("tls://10.0.0.1:1", false),
  ])
  func knowsWhatStaysOnTheMachine(text: String, stays: Bool) throws {
    #expect(try Address(text).isLoopbackOrLocal == stays)
  }
}
