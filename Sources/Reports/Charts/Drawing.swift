/// The text of a drawing as it grows.
struct Drawing {
  private(set) var markup = ""
  /// Of all text in it, in pixels.
  let textSize: Double

  /// - Parameter width: of the drawing; narrow ones, for phones, have smaller text that stays above 11 pixels there.
  init(width: Double) { textSize = width < 480 ? 12 : 13 }

  /// Adds an element, closed.
  mutating func add(_ name: String, _ attributes: KeyValuePairs<String, String>, text: String? = nil) {
    markup += Self.tag(name, attributes)
    markup += text.map { ">\($0.escapedForXML)</\(name)>\n" } ?? "/>\n"
  }

  /// Adds an element around what the body adds, named for those who point at it.
  mutating func group(
    _ name: String = "g", _ attributes: KeyValuePairs<String, String> = [:], title: String? = nil,
    _ body: (inout Drawing) -> Void
  ) {
    markup += Self.tag(name, attributes) + ">\n"
    if let title { add("title", [:], text: title) }
    body(&self)
    markup += "</\(name)>\n"
  }

  /// Adds a line of text with its baseline at the height.
  mutating func text(_ text: String, x: Double, y: Double, anchor: String = "start", angle: Double = 0) {
    guard angle != 0 else {
      return add("text", ["x": x.drawn, "y": y.drawn, "text-anchor": anchor], text: text)
    }
    let turn = "translate(\(x.drawn) \(y.drawn)) rotate(\(angle.drawn))"
    add("text", ["transform": turn, "text-anchor": anchor], text: text)
  }

  /// Draws what a chart without numbers shows.
  ///
  /// - Returns: the height of it.
  mutating func empty(width: Double) -> Double {
    let frame = ["M0.5 0.5H\((width - 0.5).drawn)", "V99.5H0.5z"].joined()
    add(
      "path",
      ["d": frame, "fill": "none", "stroke": "currentColor", "stroke-opacity": "0.4", "stroke-dasharray": "4 4"])
    text("no data", x: width / 2, y: 50 + textSize / 3, anchor: "middle")
    return 100
  }

  /// The whole image, with a name and a description for those who listen to it.
  ///
  /// Width and height are what it takes by itself; `max-width: 100%; height: auto` in a style sheet lets it shrink. It
  /// takes the colour of the text around it, and that of the page from the property `--chart-paper`.
  ///
  /// - Parameter id: starts the names of its parts; no other image of a page may have the same.
  func document(width: Double, height: Double, id: String, title: String, summary: String) -> String {
    var whole = Drawing(width: width)
    whole.group(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(width.drawn) \(height.drawn)", "width": width.drawn,
        "height": height.drawn, "role": "img", "aria-labelledby": "\(id)-title \(id)-summary",
        "font-family": "system-ui, sans-serif", "font-size": textSize.drawn, "fill": "currentColor",
      ]
    ) { whole in
      whole.add("title", ["id": "\(id)-title"], text: title)
      whole.add("desc", ["id": "\(id)-summary"], text: summary)
      whole.markup += markup
    }
    return whole.markup
  }

  private static func tag(_ name: String, _ attributes: KeyValuePairs<String, String>) -> String {
    attributes.reduce("<\(name)") { "\($0) \($1.key)=\"\($1.value.escapedForXML)\"" }
  }
}

extension String {
  /// The text as XML has it in elements and attributes; line breaks become spaces, what XML forbids U+FFFD.
  package var escapedForXML: String {
    var out = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      case "\t", "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": out += " "
      case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}

extension Double {
  /// The number in a drawing: two decimals at most, and no more than it needs; 0 for what is no number.
  package var drawn: String {
    guard isFinite else { return "0" }
    let hundredths = Int((Swift.min(Swift.max(self, -1e6), 1e6) * 100).rounded())
    let (whole, part) = (abs(hundredths) / 100, abs(hundredths) % 100)
    let sign = hundredths < 0 ? "-" : ""
    guard part > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole)." + (part % 10 == 0 ? "\(part / 10)" : part < 10 ? "0\(part)" : "\(part)")
  }
}
