import Glibc

/// Processor seconds of the calling thread.
func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Seconds of a clock that never goes back.
func wallSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Processor seconds by what they were spent on, in the order of first use.
struct Costs {
  private(set) var seconds: [(name: String, value: Double)] = []

  mutating func measure<Value>(_ name: String, _ body: () throws -> Value) rethrows -> Value {
    let start = threadSeconds()
    defer { add(threadSeconds() - start, to: name) }
    return try body()
  }

  private mutating func add(_ value: Double, to name: String) {
    if let index = seconds.firstIndex(where: { $0.name == name }) {
      seconds[index].value += value
    } else {
      seconds.append((name, value))
    }
  }

  var total: Double { seconds.reduce(0) { $0 + $1.value } }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
