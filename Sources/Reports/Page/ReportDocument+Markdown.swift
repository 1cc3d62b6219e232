extension ReportDocument {
  /// The report's text and tables; of a chart its title and what it shows, in words.
  package var markdown: String {
    "# \(Self.escaped(title))\n\n" + blocks.map(Self.markdown).joined(separator: "\n\n") + "\n"
  }

  private static func markdown(_ block: Block) -> String {
    switch block {
    case .heading(let level, let text): return String(repeating: "#", count: level) + " " + escaped(text)
    case .paragraph(let text): return escaped(text)
    case .table(let caption, let header, let rows):
      let lines = [header, header.indices.map { $0 == 0 ? "---" : "---:" }] + rows.map { $0.map(escaped) }
      return "*\(escaped(caption))*\n\n"
        + lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    case .chart(let chart): return "*\(escaped(chart.title)).* \(escaped(chart.summary))"
    case .pictures(let pictures):
      return pictures.map { "*\(escaped($0.title)).* \(escaped($0.summary))" }.joined(separator: "\n\n")
    case .source(let name, let text):
      // Longer than any run of grave accents in the text.
      let fence = String(repeating: "`", count: max(3, longestRun(of: "`", in: text) + 1))
      return "\(escaped(name)):\n\n\(fence)\n\(text)\(text.hasSuffix("\n") ? "" : "\n")\(fence)"
    }
  }

  private static func escaped(_ text: String) -> String {
    var out = ""
    for character in text {
      if "\\`*_[]<>|#".contains(character) { out.append("\\") }
      out.append(character.isNewline ? " " : character)
    }
    return out
  }

  private static func longestRun(of character: Character, in text: String) -> Int {
    var (longest, run) = (0, 0)
    for other in text {
      run = other == character ? run + 1 : 0
      longest = max(longest, run)
    }
    return longest
  }
}
