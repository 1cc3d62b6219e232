internal import Foundation
internal import Glibc
internal import Monitoring

/// What the system knows of this process, under the names that all exporters use.
enum ProcessMetrics {
  static var now: Exposition {
    var out = Exposition()
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let seconds =
      Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
    out.counter("process_cpu_seconds_total", "Processor seconds of this process.", [.init([], seconds)])
    if let pages = words("/proc/self/statm").dropFirst().first.flatMap({ Double($0) }) {
      out.gauge("process_resident_memory_bytes", "Memory of this process.", pages * Double(getpagesize()))
    }
    if let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      out.gauge("process_open_fds", "Open files of this process.", Double(files.count))
    }
    return out
  }

  private static func words(_ path: String) -> [Substring] {
    ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: " ")
  }
}
