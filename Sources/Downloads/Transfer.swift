internal import Foundation
internal import FoundationNetworking
internal import Synchronization

/// One http transfer into an open file, over `URLSession`; the one file that knows it.
///
/// The session's own time-outs do not tell silence from slowness, so a watchdog beside the transfer counts both. Known
/// limit: the session unpacks what a server labels with a `Content-Encoding`, so a `.gz` file that is served with that
/// label arrives unpacked, and its checksum does not fit.
final class Transfer: NSObject, URLSessionDataDelegate {
  private struct State {
    var received = 0
    var redirections = 0
    var isAccepted = false
    var lastByte = ContinuousClock.now
    /// What went wrong first; what the session says after it is a consequence.
    var failure: DownloadError?
    var waiting: CheckedContinuation<Void, Never>?
    /// Whether the outcome is settled; the file is not touched from then on.
    var isOver = false
    var silence = Duration.zero
  }

  private static let maximumRedirections = 8

  private let address: String
  private let descriptor: Int32
  private let path: String
  private let limit: Int
  private let state = Mutex(State())

  /// - Parameters:
  ///   - address: For messages.
  ///   - descriptor: Of an empty file, open until the transfer has ended.
  ///   - path: Of that file, for messages.
  ///   - limit: The most bytes that may come.
  init(address: String, descriptor: Int32, path: String, limit: Int) {
    self.address = address
    self.descriptor = descriptor
    self.path = path
    self.limit = limit
  }

  /// Transfers the body of the answer to a GET request.
  ///
  /// - Throws: ``DownloadError`` for another status than 200, too many bytes, silence longer than `silence`, more time
  ///   than `total`, and a connection that fails or ends early.
  func run(_ url: URL, silence: Duration, total: Duration) async throws(DownloadError) {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.urlCache = nil
    configuration.httpCookieStorage = nil
    configuration.timeoutIntervalForRequest = Double(silence.components.seconds + 60)
    configuration.timeoutIntervalForResource = Double(total.components.seconds + 60)
    let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
    defer { session.finishTasksAndInvalidate() }
    var request = URLRequest(url: url)
    // The checksum is that of the file and not of what a server makes of it on the way.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    state.withLock { $0.silence = silence }
    let task = session.dataTask(with: request)
    let watchdog = Task { await watch(silence: silence, total: total) }
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if !state.isOver { state.waiting = continuation }
        return state.isOver
      }
      if isOver { continuation.resume() } else { task.resume() }
    }
    watchdog.cancel()
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  private func watch(silence: Duration, total: Duration) async {
    let end = ContinuousClock.now + total
    while !Task.isCancelled {
      let last = state.withLock { $0.lastByte }
      let deadline = min(last + silence, end)
      guard ContinuousClock.now < deadline else {
        finish(.timeOut(address: address, after: deadline == end ? total : silence))
        return
      }
      try? await Task.sleep(until: deadline, clock: .continuous)
    }
  }

  /// Ends the waiting; what still arrives is dropped.
  ///
  /// The task is not cancelled here but at its next callback, or by the session's time-out: a cancel that meets a
  /// redirection on its way to the delegate traps inside the session (seen with Swift 6.3.1).
  private func finish(_ error: DownloadError?) {
    let waiting = state.withLock { state in
      if !state.isOver { state.failure = error }
      state.isOver = true
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume()
  }

  /// Ends the transfer from a callback about its body.
  private func fail(_ error: DownloadError, _ task: URLSessionTask) {
    finish(error)
    task.cancel()
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    let (redirections, isOver) = state.withLock {
      $0.redirections += 1
      return ($0.redirections, $0.isOver)
    }
    guard !isOver else { return completionHandler(nil) }
    guard redirections <= Self.maximumRedirections, ["http", "https"].contains(request.url?.scheme ?? "") else {
      finish(.redirect(address: address, to: request.url?.absoluteString ?? "nowhere"))
      completionHandler(nil)
      return
    }
    completionHandler(request)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    let code = (response as? HTTPURLResponse)?.statusCode ?? 0
    if state.withLock({ $0.isOver }) {
      dataTask.cancel()
      completionHandler(.cancel)
    } else if code != 200 {
      fail(.status(address: address, code: code), dataTask)
      completionHandler(.cancel)
    } else if response.expectedContentLength > Int64(limit) {
      fail(.tooLarge(address: address, limit: limit), dataTask)
      completionHandler(.cancel)
    } else {
      state.withLock {
        $0.lastByte = .now
        $0.isAccepted = true
      }
      completionHandler(.allow)
    }
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let (failure, isOver): (DownloadError?, Bool) = state.withLock { state in
      guard !state.isOver, state.isAccepted else { return (nil, state.isOver) }
      state.lastByte = .now
      state.received += data.count
      if state.received > limit { return (.tooLarge(address: address, limit: limit), false) }
      return (data.withUnsafeBytes { PendingFile.write($0, to: descriptor, path: path) }, false)
    }
    if let failure { fail(failure, dataTask) } else if isOver { dataTask.cancel() }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    let (isAccepted, silence) = state.withLock { ($0.isAccepted, $0.silence) }
    // The session's own time-out comes first where the watchdog gets no processor for a minute.
    if let error = error as? URLError, error.code == .timedOut {
      finish(.timeOut(address: address, after: silence))
      return
    }
    let reason = error?.localizedDescription ?? (isAccepted ? nil : "no answer")
    finish(reason.map { .connection(address: address, reason: $0) })
  }
}
