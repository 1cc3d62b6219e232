/// A report as a list of things to read and look at, whatever it is written as.
package struct ReportDocument: Hashable, Sendable {
  package enum Block: Hashable, Sendable {
    /// Level 2 or 3; the title is 1.
    case heading(Int, String)
    case paragraph(String)
    case table(caption: String, header: [String], rows: [[String]])
    case chart(Chart)
    /// Small ones side by side.
    case pictures([MaskPicture])
    /// Text as it stands, folded behind its name.
    case source(name: String, text: String)
  }

  package enum Chart: Hashable, Sendable {
    case lines(LineChart)
    case bars(BarChart)
    case histogram(HistogramChart)
  }

  package let title: String
  package var blocks: [Block] = []

  package init(title: String) { self.title = title }

  package mutating func add(_ block: Block) { blocks.append(block) }
}

extension ReportDocument.Chart {
  package var title: String {
    switch self {
    case .lines(let chart): chart.title
    case .bars(let chart): chart.title
    case .histogram(let chart): chart.title
    }
  }

  package var summary: String {
    switch self {
    case .lines(let chart): chart.summary
    case .bars(let chart): chart.summary
    case .histogram(let chart): chart.summary
    }
  }

  /// The chart as an image.
  package func svg(width: Double, id: String) -> String {
    switch self {
    case .lines(let chart): chart.svg(width: width, id: id)
    case .bars(let chart): chart.svg(width: width, id: id)
    case .histogram(let chart): chart.svg(width: width, id: id)
    }
  }
}
