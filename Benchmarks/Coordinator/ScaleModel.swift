/// What things cost in the simulated cluster, in seconds of one core and of the wire.
///
/// Calibrated by `coordinator-benchmark dispatch` (2026-11, one core of a Zen 5) and, for transfers, by a profile of a
/// coordinator with two workers, where nng's threads took a seventh of its processor time. Guesses: how the cost of a parcel
/// divides into message and job, what a candidate of a small network costs the planner, the disk's 2 ms.
struct ScaleModel {
  /// The desk, one thread: decoding and handling a message of results, each result in it, each fact that came to the disk,
  /// each job that was submitted, each message and each job in a message that it encodes, each byte of it.
  var perMessage = 6e-6
  var perResult = 4.0e-6
  var perPersisted = 2.1e-6
  var perSubmitted = 1.7e-6
  var perParcel = 8e-6
  var perParcelJob = 1.5e-6
  var perByte = 0.6e-9
  /// A tick, for each worker and each open job.
  var perTickPart = 0.27e-6
  /// nng's threads, for each message either way.
  var perTransfer = 12e-6
  /// The persister, one thread: a commit with its fsync, and each fact and attempt in it.
  var commit = 2e-3
  var perFact = 12e-6
  /// The planner: observing an answer and breeding and naming a candidate, and the threads that do it.
  var perCandidate = 25e-6
  var planners = 1.0
  /// Bytes of a mask in a parcel.
  var maskBytes = 80.0
  /// Bytes a second of the coordinator's link towards the workers, and the way of a message.
  var bandwidth = 1.25e9
  var latency = 100e-6
  /// Seconds of a job, and by how much it varies.
  var job = 0.05
  var spread = 0.1
}

/// What a run of the simulated cluster came to.
struct ScaleReport {
  var jobsPerSecond = 0.0
  /// Of all lanes, the share of time in which they computed.
  var utilisation = 0.0
  /// Of one core each.
  var desk = 0.0
  var persister = 0.0
  var planner = 0.0
  var transfers = 0.0
  /// Of the link, towards the workers.
  var link = 0.0
  var backups = 0
  /// The longest that an answer waited for the desk, in seconds.
  var deskDelay = 0.0

  var cores: Double { desk + persister + planner + transfers }
}

extension ScaleModel {
  /// The model with other figures: `KEY=VALUE` each.
  init(_ changes: [String]) {
    let keys: [String: WritableKeyPath<ScaleModel, Double>] = [
      "job": \.job, "maskBytes": \.maskBytes, "perCandidate": \.perCandidate, "planners": \.planners,
    ]
    for change in changes {
      let parts = change.split(separator: "=").map(String.init)
      guard parts.count == 2, let key = keys[parts[0]], let value = Double(parts[1]) else {
        fatalError("\(change): expected a number for one of \(keys.keys.sorted())")
      }
      self[keyPath: key] = value
    }
  }
}

extension ScaleReport {
  func line(workers: Int, open: Int) -> String {
    func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
    func cores(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
    return
      "scale.\(workers) \((utilisation * 1000).rounded() / 1000) (\(Int(jobsPerSecond)) jobs/s, \(open) open; cores: "
      + "desk \(cores(desk)), persister \(cores(persister)), planner \(cores(planner)), transfers \(cores(transfers)), "
      + "all \(cores(self.cores)); link \(percent(link)); longest wait for the desk \((deskDelay * 1e4).rounded() / 10) ms; "
      + "backups \(backups))"
  }
}
