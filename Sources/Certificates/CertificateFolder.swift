package import Foundation
internal import Glibc

/// A folder with the certificates and keys of one cluster, or with those that one machine needs.
///
/// `ca.pem`, `ca.key`; `coordinator.pem`, `coordinator.key`; `worker.pem`, `worker.key`; a pair for each other worker by
/// its name. A coordinator needs `ca.pem` and its pair, a worker the same with its own; `ca.key` belongs nowhere near
/// them.
package struct CertificateFolder: Sendable {
  /// A certificate in the folder.
  package struct Entry: Sendable {
    package let file: String
    package let summary: CertificateSummary
  }

  package let path: String

  private static let authority = "ca"
  private static let coordinator = "coordinator"
  /// The worker whose name nobody has to say.
  package static let defaultWorker = "worker"

  /// Clocks of machines differ; a certificate must not be "not yet valid" on the one beside.
  private static let clockAllowance: TimeInterval = 3600
  private static let authorityDays = 3650

  package init(path: String) {
    self.path = path
  }

  /// Makes what is missing: the authority, the coordinator's pair and those of workers.
  ///
  /// - Parameters:
  ///   - workers: names to make pairs for; none means the default one, if it is missing.
  ///   - days: how long the pairs are valid, counted from `now`; the authority has ten years.
  /// - Returns: the certificates that were made, in the order in which they were.
  /// - Throws: ``CertificateError``: a pair exists, half an authority, a name that cannot be, or the disk. A pair is
  ///   made whole or not at all; those made before an error of the disk stay.
  package func create(workers: [String], days: Int, now: Date) throws -> [Entry] {
    for name in workers where !Self.isName(name) { throw CertificateError.unusableName(name) }
    try checkAbsent(workers)
    try makeFolder()
    var made: [Entry] = []
    let start = now - Self.clockAllowance
    let authority: Authority
    if let stored = try storedAuthority(at: now) {
      authority = stored
    } else {
      authority = try Authority(validity: start..<now + TimeInterval(Self.authorityDays) * 86400)
      made.append(try write(try authority.pair(), as: Self.authority))
    }
    let validity = start..<now + TimeInterval(days) * 86400
    if try !exists(Self.coordinator) {
      let pair = try authority.issue(.coordinator, name: Self.coordinator, validity: validity)
      made.append(try write(pair, as: Self.coordinator))
    }
    let wanted = try workers.isEmpty && !exists(Self.defaultWorker) ? [Self.defaultWorker] : workers
    for name in wanted {
      made.append(try write(try authority.issue(.worker, name: name, validity: validity), as: name))
    }
    guard !made.isEmpty else {
      throw CertificateError.exists(
        file(Self.defaultWorker, "pem"),
        advice: "nothing is missing; --worker NAME adds a worker, and a pair that is removed is made anew")
    }
    return made
  }

  /// All certificates in the folder, by file name.
  ///
  /// - Throws: ``CertificateError``: no folder, or a `.pem` file that is no certificate.
  package func entries() throws -> [Entry] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw CertificateError.missing(path, advice: "expected a folder that `sentei certs create` made")
    }
    return try names.filter { $0.hasSuffix(".pem") }.sorted().map { name in
      let file = "\(path)/\(name)"
      let text = try SafeFile.read(file, .trusted) ?? ""
      return Entry(file: file, summary: try CertificateSummary(Authority.read(text, file: file)))
    }
  }

  /// What a coordinator or a worker shows its peers.
  ///
  /// - Parameter worker: whose pair a worker takes.
  /// - Throws: ``CertificateError``: a file is missing, exposed, another user's, expired, or does not fit the others.
  package func credentials(_ role: Role, worker: String = defaultWorker, now: Date) throws(CertificateError)
    -> Credentials
  {
    guard role != .worker || Self.isName(worker) else { throw .unusableName(worker) }
    let name = role == .worker ? worker : Self.coordinator
    return try Credentials(
      role: role, authority: text(of: Self.authority, "pem", .trusted), authorityFile: file(Self.authority, "pem"),
      pair: Authority.Pair(certificate: text(of: name, "pem", .trusted), key: text(of: name, "key", .secret)),
      file: file(name, "pem"), at: now)
  }

  private func file(_ name: String, _ kind: String) -> String { "\(path)/\(name).\(kind)" }

  private func exists(_ name: String) throws(CertificateError) -> Bool {
    let kinds = ["pem", "key"].filter { FileManager.default.fileExists(atPath: file(name, $0)) }
    guard kinds.count != 1 else {
      throw .exists(
        file(name, kinds[0]), advice: "but the other half of the pair is missing; remove it or restore that")
    }
    return kinds.count == 2
  }

  private func checkAbsent(_ workers: [String]) throws(CertificateError) {
    for name in workers where try exists(name) {
      throw .exists(file(name, "pem"), advice: "remove it and its key if a new pair shall take their place")
    }
    guard Set(workers).count == workers.count else {
      throw .unusable("the list of workers", reason: "a name stands twice in it")
    }
  }

  private func makeFolder() throws(CertificateError) {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw .system("make the folder", file: path, code: errno)
    }
  }

  private func storedAuthority(at now: Date) throws(CertificateError) -> Authority? {
    let file = file(Self.authority, "pem")
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    guard let key = try SafeFile.read(self.file(Self.authority, "key"), .secret) else {
      throw .missing(self.file(Self.authority, "key"), advice: "only the authority's key can sign another certificate")
    }
    let text = try text(of: Self.authority, "pem", .trusted)
    let expiry = try CertificateSummary(Authority.read(text, file: file)).validity.upperBound
    guard now < expiry else {
      throw .unusable(file, reason: "it expired at \(expiry.iso8601); make new certificates in another folder")
    }
    return try Authority(Authority.Pair(certificate: text, key: key), file: file)
  }

  private func text(of name: String, _ kind: String, _ care: SafeFile.Care) throws(CertificateError) -> String {
    guard let text = try SafeFile.read(file(name, kind), care) else {
      throw .missing(
        file(name, kind),
        advice: "`sentei certs create` makes it; copy ca.pem and the machine's own pair into the folder")
    }
    return text
  }

  /// The key first: where the certificate is, the pair is whole.
  private func write(_ pair: Authority.Pair, as name: String) throws(CertificateError) -> Entry {
    let (key, certificate) = (file(name, "key"), file(name, "pem"))
    try SafeFile.write(pair.key, to: key, mode: 0o600)
    do throws(CertificateError) {
      try SafeFile.write(pair.certificate, to: certificate, mode: 0o644)
    } catch {
      unlink(key)
      throw error
    }
    try SafeFile.sync(folder: path)
    return Entry(
      file: certificate, summary: try CertificateSummary(Authority.read(pair.certificate, file: certificate)))
  }

  private static func isName(_ name: String) -> Bool {
    guard (1...64).contains(name.utf8.count), ![authority, coordinator].contains(name) else { return false }
    let isPlain = { (byte: UInt8) in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    return isPlain(name.utf8.first!) && name.utf8.allSatisfy { isPlain($0) || "-_.".utf8.contains($0) }
  }
}
