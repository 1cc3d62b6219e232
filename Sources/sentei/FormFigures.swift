import Formats
import Foundation
import Models
import Networks
import Pruning
import Reports

/// What one form of a model takes and gives.
struct FormFigures: Encodable {
  /// The time for a batch.
  struct Latency: Encodable {
    let batch: Int
    /// `dense`, or `sparse` for lists of the weights other than zero.
    let kernels: String
    let seconds: Double
    /// The dense form's time, divided by this one.
    let speedup: Double
  }

  let form: String
  let parameters: Int
  let nonzero: Int
  /// Of the safetensors file.
  let bytes: Int
  let gzippedBytes: Int
  let multiplyAdds: Int
  let theoreticalSpeedup: Double
  let latency: [Latency]
  /// Nil without data.
  let accuracy: Double?

  enum CodingKeys: String, CodingKey {
    case form, parameters, nonzero, bytes, latency, accuracy
    case gzippedBytes = "gzipped_bytes"
    case multiplyAdds = "multiply_adds"
    case theoreticalSpeedup = "theoretical_speedup"
  }
}

/// All forms beside each other, for people and for programs.
struct FormListing: Encodable {
  let network: String
  let rounds: Int
  let forms: [FormFigures]

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// Comma-separated values with a heading; times in seconds.
  var csv: String {
    var header = ["form", "parameters", "nonzero", "bytes", "gzipped_bytes", "multiply_adds", "theoretical_speedup"]
    for time in forms[0].latency {
      header += ["seconds_\(time.batch)", "speedup_\(time.batch)", "kernels_\(time.batch)"]
    }
    header.append("accuracy")
    let rows = forms.map { row in
      counts(row) + ["\(row.theoreticalSpeedup)"]
        + row.latency.flatMap { ["\($0.seconds)", "\($0.speedup)", $0.kernels] } + [row.accuracy.map { "\($0)" } ?? ""]
    }
    return ([header] + rows).map { $0.joined(separator: ",") }.joined(separator: "\n")
  }

  var table: String {
    let hasAccuracy = forms.contains { $0.accuracy != nil }
    var header = ["form", "parameters", "nonzero", "bytes", "gzipped", "multiply_adds", "theoretical_speedup"]
    for time in forms[0].latency { header += ["ms_\(time.batch)", "speedup_\(time.batch)"] }
    header.append("kernels")
    if hasAccuracy { header.append("accuracy") }
    let rows = forms.map { row in
      var cells = counts(row) + [row.theoreticalSpeedup.fixed(digits: 3)]
      for time in row.latency { cells += [(1000 * time.seconds).short, time.speedup.fixed(digits: 3)] }
      var kernels: [String] = []
      for time in row.latency where !kernels.contains(time.kernels) { kernels.append(time.kernels) }
      cells.append(kernels.joined(separator: "/"))
      if hasAccuracy { cells.append(row.accuracy?.fixed(digits: 4) ?? "-") }
      return cells
    }
    return """
      \(network)
      \(TextTable.aligned(header: header, rows: rows))

      Bytes are those of safetensors files. Times are medians of \(rounds) rounds on one thread, by the kernels of the search.
      They compute 64 samples side by side: one costs what 64 do. masked, csr and shared are one computation.
      Times of ONNX exports in onnxruntime come from `scripts/peers onnx`.
      """
  }

  private func counts(_ row: FormFigures) -> [String] {
    [row.form] + [row.parameters, row.nonzero, row.bytes, row.gzippedBytes, row.multiplyAdds].map(String.init)
  }
}
