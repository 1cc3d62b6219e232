import Foundation
import FoundationNetworking
import Testing

/// Debian's Prometheus with the configuration of cluster/prometheus, scraping one coordinator each second.
final class Prometheus {
  static let isInstalled = (try? Program.tool(["prometheus", "--version"]))?.status == 0

  private let process: Running
  private let address: String

  init(scraping dashboard: URL, token: String, in place: Workplace) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("cluster/prometheus")
    let target = "\(try #require(dashboard.host)):\(try #require(dashboard.port))"
    let committed = try String(contentsOf: folder.appendingPathComponent("prometheus.yml"), encoding: .utf8)
    let configuration = committed.replacing("scrape_interval: 5s", with: "scrape_interval: 1s")
      .replacing("127.0.0.1:8080", with: target)
      .replacing("- job_name: sentei", with: "- job_name: sentei\n    authorization: { credentials_file: \(token) }")
    #expect(configuration.contains(target) && configuration.contains("credentials_file: \(token)"))
    let file = try place.write("prometheus.yml", configuration)
    try FileManager.default.copyItem(
      atPath: folder.appendingPathComponent("alerts.yml").path, toPath: place.file("alerts.yml"))
    address = "127.0.0.1:\(try Self.freePort())"
    process = try Running(
      words: [
        "prometheus", "--config.file=\(file)", "--storage.tsdb.path=\(place.file("tsdb"))",
        "--web.listen-address=\(address)",
      ], output: place.file("prometheus.log"), errors: place.file("prometheus.log"), environment: [:])
    #expect(process.says("Server is ready"), "\(process.logText)")
  }

  deinit { process.kill9() }

  /// A query's one value, once it is as wanted.
  func value(of query: String, _ isWanted: (Double) -> Bool) throws -> Double {
    struct Answer: Decodable {
      struct Body: Decodable { let result: [Series] }
      struct Series: Decodable { let value: [Value] }
      /// A time as a number, or a value as text.
      struct Value: Decodable {
        let number: Double?
        init(from decoder: any Decoder) throws {
          let container = try decoder.singleValueContainer()
          number = try (try? container.decode(Double.self)) ?? Double(container.decode(String.self))
        }
      }
      let data: Body
    }
    var components = try #require(URLComponents(string: "http://\(address)/api/v1/query"))
    components.queryItems = [URLQueryItem(name: "query", value: query)]
    let url = try #require(components.url)
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      if let data = try? Data(contentsOf: url), let answer = try? JSONDecoder().decode(Answer.self, from: data),
        let value = answer.data.result.first?.value.last?.number, isWanted(value)
      {
        return value
      }
      usleep(100_000)
    }
    throw POSIXError(.ETIMEDOUT)
  }

  /// One that was free a moment ago: Prometheus does not say which it took for port 0.
  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
      }
    }
    try #require(code == 0)
    return UInt16(bigEndian: address.sin_port)
  }
}
