import Foundation
import Reports
import Testing

@Suite struct ChartPaletteTests {
  /// The parts of a colour as light adds them up.
  private static func light(_ colour: String) -> [Double] {
    let number = Int(colour.dropFirst(), radix: 16) ?? 0
    return [16, 8, 0].map { shift in
      let part = Double((number >> shift) & 255) / 255
      return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
    }
  }

  /// The contrast of two colours, from 1 to 21 (WCAG 2.2).
  private static func contrast(_ one: String, _ other: String) -> Double {
    let luminances = [one, other].map { colour in
      zip(light(colour), [0.2126, 0.7152, 0.0722]).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return (luminances.max()! + 0.05) / (luminances.min()! + 0.05)
  }

  /// Eyes without and with colour blindness (Machado and others, 2009): protanopia, deuteranopia, tritanopia.
  private static let eyes: [[[Double]]] = [
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
  ]

  private static func times(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
    matrix.map { row in zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  /// A colour as eyes see it, in the space Oklab, times 100.
  private static func seen(_ colour: String, by eyes: [[Double]]) -> [Double] {
    let cones = times(
      [
        [0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
      ], times(eyes, light(colour)).map { max(0, $0) })
    return times(
      [
        [0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
      ], cones.map(cbrt)
    ).map { $0 * 100 }
  }

  @Test("Colours stand out from white and from a dark page", arguments: SeriesStyle.colours)
  func contrast(colour: String) {
    #expect(Self.contrast("#000000", "#ffffff") == 21)
    #expect(Self.contrast(colour, "#ffffff") >= 3)
    #expect(Self.contrast(colour, "#1b1b1b") >= 3)
  }

  @Test("Colours are told apart with and without colour blindness", arguments: eyes.indices)
  func difference(index: Int) {
    let colours = SeriesStyle.colours.map { Self.seen($0, by: Self.eyes[index]) }
    for (place, one) in colours.enumerated() {
      for other in colours[(place + 1)...] {
        let distance = zip(one, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        #expect(distance > (index == 0 ? 12 : 6.5))
      }
    }
  }

  @Test("Sixteen series differ in colour or dashes, and in markers; the seventeenth begins anew")
  func styles() {
    let styles = (0..<16).map { SeriesStyle($0) }
    #expect(SeriesStyle.colours.count == 8 && Marker.allCases.count == 8)
    #expect(Set(styles.map { [$0.colour, $0.dashes] }).count == 16)
    #expect(Set(styles.map { "\($0.marker) \($0.isHollow)" }).count == 16)
    // Without colours eight lines still differ.
    #expect(Set(styles.prefix(8).map(\.dashes)).count == 8)
    #expect(SeriesStyle(16) == styles[0])
  }
}
