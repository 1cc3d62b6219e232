/// Metrics in the text format of Prometheus (Exposition formats, version 0.0.4).
package struct Exposition: Sendable {
  package private(set) var text = ""

  package init() {}

  /// The media type of ``text``.
  package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

  /// The value of a metric under some labels.
  package struct Sample: Sendable {
    let labels: [(name: String, value: String)]
    let value: Double

    package init(_ labels: [(name: String, value: String)] = [], _ value: Double) {
      (self.labels, self.value) = (labels, value)
    }
  }

  /// What only grows until the process ends.
  package mutating func counter(_ name: String, _ help: String, _ samples: [Sample]) {
    family(name, "counter", help)
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  package mutating func counter(_ name: String, _ help: String, _ value: Int) {
    counter(name, help, [Sample([], Double(value))])
  }

  /// What goes up and down.
  package mutating func gauge(_ name: String, _ help: String, _ samples: [Sample]) {
    family(name, "gauge", help)
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  package mutating func gauge(_ name: String, _ help: String, _ value: Double) {
    gauge(name, help, [Sample([], value)])
  }

  package mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
    family(name, "histogram", help)
    var total = 0
    for (bound, count) in zip(histogram.bounds + [.infinity], histogram.counts) {
      total += count
      line(name + "_bucket", [("le", Self.number(bound))], Double(total))
    }
    line(name + "_sum", [], histogram.sum)
    line(name + "_count", [], Double(total))
  }

  private mutating func family(_ name: String, _ kind: String, _ help: String) {
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind)\n"
  }

  private mutating func line(_ name: String, _ labels: [(name: String, value: String)], _ value: Double) {
    let words = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }.joined(separator: ",")
    text += words.isEmpty ? "\(name) \(Self.number(value))\n" : "\(name){\(words)} \(Self.number(value))\n"
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\"" where quotes: out += "\\\""
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}
