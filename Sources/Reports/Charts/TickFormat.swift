internal import Foundation

/// How the numbers of a chart are written.
package enum TickFormat: Hashable, Sendable {
  /// `0.25`, `40k`, `2·10⁻⁵`.
  case number
  /// Of whole things, between whose numbers there is nothing: epochs, weights.
  case count
  /// Of fractions: 0.5 is `50 %`.
  case percent
  /// Of ratios: `8×`.
  case ratio

  /// One number by itself.
  ///
  /// - Parameter significant: how many digits it has at most, save those of whole numbers.
  package func text(_ value: Double, significant: Int = 3) -> String {
    let value = self == .percent ? value * 100 : value
    guard value.isFinite else { return "–" }
    guard value != 0 else { return dressed("0") }
    let exponent = Self.exponent(value)
    guard -3..<15 ~= exponent else { return dressed(Self.power(value, exponent)) }
    let unit = Self.unit(abs(value))
    let digits = max(0, significant - 1 - Self.exponent(value / unit.factor))
    return dressed(Self.trimmed((value / unit.factor).fixed(digits: digits)) + unit.name)
  }

  /// The numbers of evenly spread ticks, all with the same unit and as many digits as tell them apart.
  package func labels(_ ticks: [Double]) -> [String] {
    let values = self == .percent ? ticks.map { $0 * 100 } : ticks
    guard let largest = values.map(abs).max(), largest > 0, -3..<15 ~= Self.exponent(largest) else {
      return ticks.map { text($0) }
    }
    let unit = Self.unit(largest)
    let scaled = values.map { $0 / unit.factor }
    let step = zip(scaled, scaled.dropFirst()).map { abs($1 - $0) }.min() ?? largest / unit.factor
    let digits =
      (0...8).first { digits in
        let power = pow(10, Double(digits))
        return scaled.allSatisfy { abs(($0 * power).rounded() / power - $0) <= step / 1000 }
      } ?? 8
    return scaled.map { value in
      dressed(abs(value) < step / 1000 ? "0" : Self.signed(value.fixed(digits: digits)) + unit.name)
    }
  }

  private func dressed(_ number: String) -> String {
    switch self {
    case .number, .count: number
    case .percent: number + "\u{A0}%"
    case .ratio: number + "×"
    }
  }

  /// With a letter only where digits would crowd an axis.
  private static func unit(_ magnitude: Double) -> (factor: Double, name: String) {
    switch magnitude {
    case ..<1e4: (1, "")
    case ..<1e6: (1e3, "k")
    case ..<1e9: (1e6, "M")
    case ..<1e12: (1e9, "G")
    default: (1e12, "T")
    }
  }

  private static let superscripts: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]

  private static func exponent(_ value: Double) -> Int { Int((log10(abs(value)) + 1e-12).rounded(.down)) }

  private static func power(_ value: Double, _ exponent: Int) -> String {
    // In two steps, as the power of a subnormal number's exponent alone is none.
    let half = exponent / 2
    let mantissa = trimmed((value / pow(10, Double(half)) / pow(10, Double(exponent - half))).fixed(digits: 1))
    let raised = String("\(exponent)".map { digit in digit.wholeNumberValue.map { superscripts[$0] } ?? "⁻" })
    return mantissa == "1" ? "10\(raised)" : "\(mantissa)·10\(raised)"
  }

  private static func trimmed(_ number: String) -> String {
    guard number.contains(".") else { return signed(number) }
    let digits = number.reversed().drop { $0 == "0" }
    return signed(String((digits.first == "." ? digits.dropFirst() : digits).reversed()))
  }

  private static func signed(_ number: String) -> String {
    number.hasPrefix("-") ? "−" + number.dropFirst() : number
  }
}
