import Reports
import Testing

@Suite struct ChartTicksTests {
  private static let scales: [AxisScale] = [.linear, .log2, .log10]

  /// Ranges of all magnitudes; above 0 for logarithmic axes.
  private static func ranges(_ scale: AxisScale) -> [ClosedRange<Double>] {
    var ranges: [ClosedRange<Double>] = []
    for place in 0..<600 {
      let magnitude = (0..<Int(ChartSamples.noise(place) * 16)).reduce(1e-8) { value, _ in value * 10 }
      let (one, other) = (ChartSamples.noise(place + 1000), ChartSamples.noise(place + 2000))
      let shift = scale == .linear ? 0.5 : -1e-4
      let ends = [(one - shift) * magnitude, (other - shift) * magnitude * (place % 3 == 0 ? 1 : 300)]
      ranges.append(ends.min()!...ends.max()!)
    }
    return ranges
  }

  @Test("Ticks ascend, cover their range and are no more than allowed", arguments: scales)
  func covering(scale: AxisScale) {
    for range in Self.ranges(scale) {
      for count in [2, 3, 5, 8, 13] {
        let ticks = Ticks(scale, covering: range, atMost: count).values
        let slack = (range.upperBound - range.lowerBound) * 1e-6
        #expect(ticks.count >= 2 && ticks.count <= max(count, 3), "\(range)")
        #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0 < $1 }, "\(range)")
        #expect(ticks.first! <= range.lowerBound + slack && ticks.last! >= range.upperBound - slack, "\(range)")
      }
    }
  }

  @Test("Linear ticks are evenly spread, and no further than they have to be")
  func even() {
    for range in Self.ranges(.linear) {
      let ticks = Ticks(.linear, covering: range, atMost: 8).values
      let step = ticks[1] - ticks[0]
      #expect(zip(ticks, ticks.dropFirst()).allSatisfy { abs($1 - $0 - step) < step * 1e-6 }, "\(range)")
      #expect(ticks[1] > range.lowerBound && ticks[ticks.count - 2] < range.upperBound, "\(range)")
    }
  }

  @Test("Ticks of well-known ranges")
  func known() {
    #expect(Ticks(.linear, covering: 0...1, atMost: 6).values == [0, 0.2, 0.4, 0.6, 0.8, 1])
    #expect(Ticks(.linear, covering: 0...1, atMost: 5).values == [0, 0.25, 0.5, 0.75, 1])
    #expect(Ticks(.linear, covering: 0.3...0.7, atMost: 5).values == [0.3, 0.4, 0.5, 0.6, 0.7])
    #expect(Ticks(.linear, covering: 0...3, atMost: 8, whole: true).values == [0, 1, 2, 3])
    #expect(Ticks(.linear, covering: 1...1, atMost: 8, whole: true).values == [0, 1, 2])
    #expect(Ticks(.log2, covering: 2...32, atMost: 8).values == [2, 4, 8, 16, 32])
    #expect(Ticks(.log2, covering: 3...3, atMost: 8).values == [1, 2, 4, 8])
    #expect(Ticks(.log10, covering: 0.001...10, atMost: 5).values == [0.001, 0.01, 0.1, 1, 10])
    #expect(Ticks(.log10, covering: 3...40, atMost: 6).values == [2, 5, 10, 20, 50])
    #expect(Ticks(.log10, covering: 1...1e9, atMost: 4).values == [1, 1e3, 1e6, 1e9])
  }

  @Test("Whole ticks are whole", arguments: [0.0...0.5, 0.2...0.3, 1...4, 0...7.5, 3...1000])
  func whole(range: ClosedRange<Double>) {
    for count in 3...12 {
      let ticks = Ticks(.linear, covering: range, atMost: count, whole: true).values
      #expect(ticks.allSatisfy { $0 == $0.rounded() })
    }
  }

  @Test("Bounds of any size have finite ticks", arguments: scales)
  func extremes(scale: AxisScale) {
    let greatest = Double.greatestFiniteMagnitude
    let least = Double.leastNonzeroMagnitude
    for range in [
      -greatest...greatest, 0...least, least...least, 1...1.0.nextUp, 1e18...1e18 + 256, 0...0, -least...1e300,
      least...greatest, 0...Double.infinity,
    ] {
      let ticks = Ticks(scale, covering: range, atMost: 7).values
      #expect(ticks.count >= 2 && ticks.allSatisfy(scale.has), "\(range)")
      #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0 < $1 }, "\(range)")
    }
  }

  @Test("Labels of ticks have one unit and the digits that tell them apart")
  func labels() {
    #expect(TickFormat.percent.labels([0.975, 0.98, 0.985]) == ["97.5\u{A0}%", "98.0\u{A0}%", "98.5\u{A0}%"])
    #expect(TickFormat.percent.labels([0, 0.25, 0.5]) == ["0\u{A0}%", "25\u{A0}%", "50\u{A0}%"])
    #expect(TickFormat.number.labels([-0.1, 0, 0.1]) == ["−0.1", "0", "0.1"])
    #expect(TickFormat.number.labels([0, 5000, 10000]) == ["0", "5k", "10k"])
    #expect(TickFormat.number.labels([0, 250_000, 1_000_000]) == ["0", "0.25M", "1.00M"])
    #expect(TickFormat.count.labels([0, 50, 100]) == ["0", "50", "100"])
    #expect(TickFormat.number.labels([0, 1e-5, 2e-5]) == ["0", "10⁻⁵", "2·10⁻⁵"])
    #expect(TickFormat.number.labels([]) == [] && TickFormat.number.labels([0]) == ["0"])
  }

  @Test("Single numbers have three digits, and letters or powers where they are large or small")
  func texts() {
    let expected: [(TickFormat, Double, String)] = [
      (.ratio, 2, "2×"), (.ratio, 12.5, "12.5×"), (.percent, 0.98765, "98.8\u{A0}%"), (.number, 266_200, "266k"),
      (.number, 0.001, "0.001"), (.number, 1e-4, "10⁻⁴"), (.number, -0.00025, "−2.5·10⁻⁴"),
      (.number, 1e20, "10²⁰"),
      (.count, 1000, "1000"), (.number, 0, "0"), (.number, .nan, "–"), (.percent, 1.7e308, "–"),
      (.number, 4.99, "4.99"), (.number, .leastNonzeroMagnitude, "4.9·10⁻³²⁴"), (.percent, 1, "100\u{A0}%"),
      (.number, -1.5, "−1.5"),
    ]
    for (format, number, text) in expected { #expect(format.text(number) == text) }
    #expect(TickFormat.percent.text(0.0456, significant: 2) == "4.6\u{A0}%")
  }
}
