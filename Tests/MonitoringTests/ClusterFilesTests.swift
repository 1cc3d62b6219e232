import Foundation
import Monitoring
import Testing

/// What cluster/ asks of the metrics.
@Suite struct ClusterFilesTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test(arguments: ["cluster/prometheus/alerts.yml", "cluster/grafana/sentei.json", "docs/watching.md"])
  func everyMetricThatIsNamedIsThere(file: String) throws {
    var metrics = CoordinatorMetrics()
    metrics.best = ("loss", 1)
    metrics.facts = ["evaluate": 1]
    metrics.answers = ["computed": 1]
    let text = metrics.exposition(ClusterSnapshot(study: "s", run: "r", epoch: 1), version: "1").text
    let known = Set(
      text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.prefix { $0 != " " && $0 != "{" } })
    let content = try String(contentsOf: Self.root.appendingPathComponent(file), encoding: .utf8)
    let named = Set(content.matches(of: /sentei_[a-z_]+[a-z]/).map(\.output))
    #expect(named.count > 5)
    for name in named {
      // A histogram by its name alone stands for its lines.
      #expect(known.contains(name) || known.contains("\(name)_count"), "\(name)")
    }
  }
}
