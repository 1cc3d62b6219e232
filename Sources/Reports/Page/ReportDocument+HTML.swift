extension ReportDocument {
  /// One file that needs no other one and no scripts: for screens of any width, light and dark, and for print.
  ///
  /// Each chart is there in two widths, of which the style sheet shows one: text of a scaled image is too small on a phone.
  ///
  /// - Complexity: linear in what is shown.
  package var html: String {
    var body = "<h1>\(title.escapedForXML)</h1>\n"
    for (index, block) in blocks.enumerated() { body += Self.html(block, id: "c\(index)") }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(title.escapedForXML)</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <main>
      \(body)</main>
      </body>
      </html>

      """
  }

  private static func html(_ block: Block, id: String) -> String {
    switch block {
    case .heading(let level, let text): return "<h\(level)>\(text.escapedForXML)</h\(level)>\n"
    case .paragraph(let text): return "<p>\(text.escapedForXML)</p>\n"
    case .table(let caption, let header, let rows): return table(caption, header, rows)
    case .chart(let chart):
      return """
        <figure>
        <figcaption>\(chart.title.escapedForXML)</figcaption>
        <div class="wide">\(chart.svg(width: 720, id: "\(id)w"))</div>
        <div class="narrow">\(chart.svg(width: 340, id: "\(id)n"))</div>
        </figure>

        """
    case .pictures(let pictures):
      let figures = pictures.enumerated().map { index, picture in
        "<figure>\n<figcaption>\(picture.title.escapedForXML)</figcaption>\n\(picture.svg(id: "\(id)p\(index)"))\n</figure>\n"
      }
      return "<div class=\"pictures\">\n\(figures.joined())</div>\n"
    case .source(let name, let text):
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).escapedForXML }
      return
        "<details>\n<summary>\(name.escapedForXML)</summary>\n<pre>\(lines.joined(separator: "\n"))</pre>\n</details>\n"
    }
  }

  /// The first cell of a row is its heading.
  private static func table(_ caption: String, _ header: [String], _ rows: [[String]]) -> String {
    var out = "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"\(caption.escapedForXML)\">\n<table>\n"
    out += "<caption>\(caption.escapedForXML)</caption>\n<thead><tr>"
    // Long names may break, or they alone would make the columns wide.
    out += header.map { name in
      let parts = name.split(separator: "_", omittingEmptySubsequences: false).map { String($0).escapedForXML }
      return "<th scope=\"col\">\(parts.joined(separator: "_<wbr/>"))</th>"
    }.joined()
    out += "</tr></thead>\n<tbody>\n"
    for row in rows {
      out += "<tr>"
      for (index, cell) in row.enumerated() {
        out += index == 0 ? "<th scope=\"row\">\(cell.escapedForXML)</th>" : "<td>\(cell.escapedForXML)</td>"
      }
      out += "</tr>\n"
    }
    return out + "</tbody>\n</table>\n</div>\n"
  }

  private static let style = """
    :root { color-scheme: light dark; --text: #1b1b1b; --ground: #ffffff; --quiet: #595959; --line: #c8c8c8; }
    @media (prefers-color-scheme: dark) {
      :root { --text: #ececec; --ground: #1b1b1b; --quiet: #b0b0b0; --line: #4a4a4a; }
    }
    svg { --chart-paper: var(--ground); max-width: 100%; height: auto; }
    body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
    main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
    h1 { font-size: 1.7rem; line-height: 1.2; overflow-wrap: anywhere; }
    h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
    p { max-width: 45rem; }
    figure { margin: 1.5rem 0; break-inside: avoid; }
    figcaption, caption { font-weight: 600; text-align: left; padding-bottom: .4rem; }
    figure svg { display: block; width: 100%; height: auto; }
    .wide { max-width: 720px; }
    .narrow { display: none; max-width: 340px; }
    @media screen and (max-width: 600px) { .wide { display: none; } .narrow { display: block; } }
    .pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 0 1.5rem; }
    .pictures figure { max-width: 280px; }
    .table { overflow-x: auto; margin: 1.5rem 0; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .875rem; }
    th, td { padding: .25rem .45rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
    th:first-child { text-align: left; }
    tbody th { font-weight: 400; }
    thead th { color: var(--quiet); white-space: normal; vertical-align: bottom; }
    pre { overflow-x: auto; border: 1px solid var(--line); padding: .8rem; font-size: .875rem; }
    @media print {
      :root { --text: #000000; --ground: #ffffff; --quiet: #404040; --line: #a0a0a0; }
      main { max-width: none; padding: 0; }
      .table { overflow: visible; }
      table { font-size: .55rem; }
      th, td { padding: .2rem .15rem; }
    }
    """
}
