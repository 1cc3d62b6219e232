import Foundation
import Reports
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The elements of an image as an XML parser finds them.
final class ParsedChart: NSObject, XMLParserDelegate {
  struct Element {
    let name: String
    let attributes: [String: String]
    /// The names and attributes of the elements around it.
    let parents: [(name: String, attributes: [String: String])]
    var text = ""

    func isInside(_ name: String) -> Bool { parents.contains { $0.name == name } }
    var isClipped: Bool { parents.contains { $0.attributes["clip-path"] != nil } }
    func number(_ key: String) -> Double? { attributes[key].flatMap { Double($0) } }
  }

  private(set) var elements: [Element] = []
  private var open: [Int] = []

  /// - Throws: a failed expectation if the text is no well-formed XML.
  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    let parents = open.map { (elements[$0].name, elements[$0].attributes) }
    open.append(elements.count)
    elements.append(Element(name: name, attributes: attributes, parents: parents))
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) { elements[open.last!].text += text }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }

  func named(_ name: String) -> [Element] { elements.filter { $0.name == name } }

  var size: (width: Double, height: Double) {
    let box = elements[0].attributes["viewBox"]?.split(separator: " ").compactMap { Double($0) } ?? []
    return box.count == 4 ? (box[2], box[3]) : (0, 0)
  }

  /// The ends of all lines of a path, as the image places them.
  static func points(_ element: Element) -> [(x: Double, y: Double)] {
    var points: [(x: Double, y: Double)] = []
    var (x, y) = (0.0, 0.0)
    for part in element.attributes["d", default: ""].matches(of: /([MLHVlhvazm])([^MLHVlhvazm]*)/) {
      let numbers = part.2.split(separator: " ").compactMap { Double($0) }
      switch part.1 {
      case "M", "L": (x, y) = (numbers[0], numbers[1])
      case "H": x = numbers[0]
      case "V": y = numbers[0]
      case "l": (x, y) = (x + numbers[0], y + numbers[1])
      case "a": (x, y) = (x + numbers[5], y + numbers[6])
      case "h": x += numbers[0]
      case "v": y += numbers[0]
      default: continue
      }
      points.append((x, y))
    }
    let moves = element.parents.compactMap { $0.attributes["transform"] }
    guard let move = moves.first?.firstMatch(of: /translate\(([\d.]+) ([\d.]+)\) scale\(([\d.]+)\)/),
      let left = Double(move.1), let top = Double(move.2), let scale = Double(move.3)
    else { return points }
    return points.map { (left + $0.x * scale, top + $0.y * scale) }
  }

  /// Both ends of a text's base line.
  func ends(_ text: Element) -> (start: (x: Double, y: Double), end: (x: Double, y: Double), isLevel: Bool) {
    let width = TextWidth.of(text.text, size: elements[0].number("font-size") ?? 0)
    let shares: [String: Double] = ["middle": 0.5, "end": 1]
    let before = width * (text.attributes["text-anchor"].flatMap { shares[$0] } ?? 0)
    if let x = text.number("x"), let y = text.number("y") {
      return ((x - before, y), (x - before + width, y), true)
    }
    let turn = text.attributes["transform"]?.matches(of: /-?\d+(\.\d+)?/).compactMap { Double($0.0) } ?? []
    guard turn.count == 3 else { return ((-1e9, 0), (0, 0), false) }
    let (cosine, sine) = (cos(turn[2] * .pi / 180), sin(turn[2] * .pi / 180))
    return (
      (turn[0] - before * cosine, turn[1] - before * sine),
      (turn[0] + (width - before) * cosine, turn[1] + (width - before) * sine), false
    )
  }
}

/// What holds for every chart, whatever it shows.
@Suite struct ChartMarkupTests {
  static let widths = [200.0, 340, 720]

  @Test("Every chart is well-formed, named, described, and has ids of its own", arguments: ChartSamples.all.indices)
  func markup(index: Int) throws {
    for width in Self.widths {
      let svg = ChartSamples.all[index].svg(width, "part-7")
      #expect(svg == ChartSamples.all[index].svg(width, "part-7"))
      let chart = try ParsedChart(svg)
      let root = chart.elements[0]
      #expect(root.name == "svg" && root.attributes["role"] == "img")
      let ids = chart.elements.compactMap { $0.attributes["id"] }
      #expect(Set(ids).count == ids.count && ids.allSatisfy { $0.hasPrefix("part-7-") })
      let names = root.attributes["aria-labelledby"]?.split(separator: " ").map(String.init) ?? []
      #expect(names.count == 2 && names.allSatisfy(ids.contains))
      for reference in svg.matches(of: /url\(#([^)]*)\)/) { #expect(ids.contains(String(reference.1))) }
      #expect((root.number("font-size") ?? 0) >= 12)
      let banned = ["script", "href", "nan", "inf", "e+", "e-"]
      for value in chart.elements.flatMap({ $0.attributes.filter { $0.key != "id" }.values }) {
        #expect(!banned.contains { value.lowercased().contains($0) } || value.contains("summary"), "\(value)")
        #expect(value.firstMatch(of: /\.\d\d\d/) == nil, "\(value)")
      }
    }
  }

  @Test("Nothing is cut off, and no text lies on another", arguments: ChartSamples.all.indices)
  func room(index: Int) throws {
    let sample = ChartSamples.all[index]
    for width in Self.widths {
      let chart = try ParsedChart(sample.svg(width, "c"))
      let size = chart.size
      #expect(size.width == width && size.height > 0)
      for path in chart.named("path") where !path.isInside("pattern") && !(path.isClipped && sample.isClipped) {
        for point in ParsedChart.points(path) {
          #expect(point.x >= -0.5 && point.x <= size.width + 0.5, "\(sample.name), \(width): \(point)")
          #expect(point.y >= -0.5 && point.y <= size.height + 0.5, "\(sample.name), \(width): \(point)")
        }
      }
      let texts = chart.named("text").map { (text: $0.text, place: chart.ends($0)) }
      for (text, place) in texts {
        for end in [place.start, place.end] {
          #expect(end.x >= -0.5 && end.x <= size.width + 0.5, "\(sample.name), \(width): \(text)")
          #expect(end.y >= 8 && end.y <= size.height, "\(sample.name), \(width): \(text)")
        }
      }
      let level = texts.filter(\.place.isLevel)
      for (place, one) in level.enumerated() {
        for other in level[(place + 1)...] where abs(one.place.start.y - other.place.start.y) < 10 {
          let (a, b) = (one.place, other.place)
          #expect(
            a.end.x <= b.start.x + 0.1 || b.end.x <= a.start.x + 0.1, "\(sample.name), \(width): \(one), \(other)")
        }
      }
    }
  }

  @Test("Text is escaped, and what XML forbids is replaced")
  func escaping() throws {
    let name = "<b>&\"'\u{0}\u{1}\u{FFFE}\n\r]]>é🙂"
    #expect(name.escapedForXML == "&lt;b&gt;&amp;&quot;&#39;\u{FFFD}\u{FFFD}\u{FFFD}  ]]&gt;é🙂")
    let chart = LineChart(
      title: name, summary: name, x: ChartAxis(name), y: ChartAxis(name),
      series: [LineChart.Series(name, [LineChart.Point(1, 2)])], references: [LineChart.Reference(name, y: 2)])
    let parsed = try ParsedChart(chart.svg(id: "a"))
    let clean = "<b>&\"'\u{FFFD}\u{FFFD}\u{FFFD}  ]]>é🙂"
    #expect(parsed.named("title").first?.text == clean && parsed.named("desc").first?.text == clean)
    #expect(parsed.named("text").count { $0.text == clean } == 4)
  }

  @Test("Numbers of drawings have two decimals at most")
  func numbers() {
    let expected: [(Double, String)] = [
      (0, "0"), (-0.001, "0"), (1, "1"), (1.5, "1.5"), (-1.25, "-1.25"), (0.05, "0.05"), (2.999, "3"), (-0.5, "-0.5"),
      (.nan, "0"), (.infinity, "0"), (1e300, "1000000"), (123.456, "123.46"),
    ]
    for (number, text) in expected { #expect(number.drawn == text) }
  }

  @Test("Shortened text has room, keeps both ends, and is left alone where it fits")
  func shortening() {
    let name = "GlobalMagWeight with rewinding to 500it, branch A"
    for room in stride(from: 20.0, through: 500, by: 7) {
      let short = TextWidth.shortened(name, to: room, size: 12)
      if TextWidth.of(name, size: 12) <= room {
        #expect(short == name)
      } else {
        #expect(TextWidth.of(short, size: 12) <= room && short.contains("…"))
        if room > 60 { #expect(short.hasPrefix("Gl") && short.hasSuffix("A")) }
      }
    }
    #expect(TextWidth.shortened("abc", to: -5, size: 12) == "…")
    #expect(TextWidth.shortened("", to: 0, size: 12) == "")
    #expect(TextWidth.of("语言", size: 10) > 20)
  }
}
