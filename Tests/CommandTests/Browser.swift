import Foundation
import Testing

/// Headless Chromium, told what to do by the DevTools protocol over two pipes.
final class Browser {
  static let isInstalled = (try? Program.tool(["chromium-headless-shell", "--version"]))?.status == 0

  private let place = Workplace()
  private let process: Running
  private let input: FileHandle
  private let output: FileHandle
  private var rest = Data()
  private var number = 0
  private var session: String?
  /// Addresses that were asked for.
  private(set) var requests: [String] = []
  /// What pages complained of: messages of the console, exceptions, refusals of the browser.
  private(set) var complaints: [String] = []

  struct Failure: Error { let what: String }

  init() throws {
    let pipes = [place.file("in"), place.file("out")]
    for pipe in pipes { try #require(mkfifo(pipe, 0o600) == 0) }
    // Descriptors 3 and 4 are where it listens and speaks.
    let command =
      "exec chromium-headless-shell --no-sandbox --disable-gpu --remote-debugging-pipe --user-data-dir=\"$2\" "
      + "about:blank 3<\"$0\" 4>\"$1\""
    process = try Running(
      words: ["/bin/sh", "-c", command] + pipes + [place.file("profile")], output: "/dev/null",
      errors: place.file("log"), environment: [:])
    // Opening waits for the other end, in the same order.
    input = try #require(FileHandle(forWritingAtPath: pipes[0]))
    output = try #require(FileHandle(forReadingAtPath: pipes[1]))
    let targets = try call("Target.getTargets")["targetInfos"] as? [[String: Any]]
    let target = try #require(targets?.first { $0["type"] as? String == "page" }?["targetId"] as? String)
    let attached = try call("Target.attachToTarget", ["targetId": target, "flatten": true])
    session = attached["sessionId"] as? String
    for domain in ["Runtime", "Network", "Page", "Log"] { try call("\(domain).enable") }
  }

  deinit {
    try? input.close()
    try? output.close()
    process.kill9()
  }

  /// Shows a page in a window of a size.
  func open(_ address: String, width: Int, height: Int, isDark: Bool = false) throws {
    try call(
      "Emulation.setDeviceMetricsOverride",
      ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600])
    try call(
      "Emulation.setEmulatedMedia",
      ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    try call("Page.navigate", ["url": address])
  }

  /// The value of an expression in the page.
  func value<Value>(of expression: String, as type: Value.Type = Value.self) throws -> Value {
    let answer = try call("Runtime.evaluate", ["expression": expression, "returnByValue": true])
    guard let result = answer["result"] as? [String: Any], let value = result["value"] as? Value else {
      throw Failure(what: "\(expression): \(answer)")
    }
    return value
  }

  /// Waits until an expression is true.
  func wait(for expression: String, seconds: Double = 60) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while try !value(of: "Boolean(\(expression))", as: Bool.self) {
      guard ContinuousClock.now < end else { throw Failure(what: "never true: \(expression)") }
      usleep(50_000)
    }
  }

  /// A picture of the window as PNG.
  func screenshot() throws -> Data {
    let text = try call("Page.captureScreenshot", ["format": "png"])["data"] as? String
    return try #require(text.flatMap { Data(base64Encoded: $0) })
  }

  @discardableResult private func call(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
    number += 1
    var message: [String: Any] = ["id": number, "method": method, "params": parameters]
    if let session { message["sessionId"] = session }
    try input.write(contentsOf: try JSONSerialization.data(withJSONObject: message) + [0])
    while true {
      let next = try read()
      if next["id"] as? Int == number {
        if let error = next["error"] { throw Failure(what: "\(method): \(error)") }
        return next["result"] as? [String: Any] ?? [:]
      }
      note(next)
    }
  }

  private func read() throws -> [String: Any] {
    while true {
      if let end = rest.firstIndex(of: 0) {
        defer { rest = Data(rest[rest.index(after: end)...]) }
        return try JSONSerialization.jsonObject(with: rest[..<end]) as? [String: Any] ?? [:]
      }
      // What is there; `read(upToCount:)` would wait for all of it.
      let more = output.availableData
      guard !more.isEmpty else {
        throw Failure(what: "the browser has gone: \(process.logText.suffix(500))")
      }
      rest += more
    }
  }

  private func note(_ event: [String: Any]) {
    let parameters = event["params"] as? [String: Any] ?? [:]
    switch event["method"] as? String {
    case "Network.requestWillBeSent":
      requests.append((parameters["request"] as? [String: Any])?["url"] as? String ?? "?")
    case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded": complaints.append("\(parameters)")
    default: break
    }
  }
}
