import Models
import Networks
import Pruning
import Testing

@Suite struct EvaluationReportTests {
  @Test func topFiveAndEqualScores() {
    // Sample 0: its label is first. 1: five classes before it, one of them by its lower index. 2: four before it.
    let logits: [Float] = [
      9, 1, 2, 3, 4, 5,
      5, 6, 7, 8, 5, 9,
      5, 6, 7, 4, 8, 9,
    ]
    let report = EvaluationReport(logits: logits, classes: 6, labels: [0, 4, 0], loss: 0.5)
    #expect(report.count == 3)
    #expect(report.top1 == 1)
    #expect(report.top5 == 2)
    #expect(report.loss == 0.5)
    #expect(report.perClass.map(\.count) == [2, 0, 0, 0, 1, 0])
    #expect(report.perClass.map(\.correct) == [1, 0, 0, 0, 0, 0])
  }

  @Test func agreesWithTheScore() throws {
    let network = try NetworkDescription(name: "test", widths: [20, 9, 7])
    let data = try Samples.data(7, count: 150, features: 20, classes: 7)
    let layout = ParameterLayout(network)
    let evaluator = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: Samples.parameters(7, count: layout.count), data: data)
    let mask = Samples.mask(7, count: layout.prunableCount, density: 0.5)
    let report = try #require(evaluator.report(mask))
    #expect(evaluator.evaluate(mask) == .exact(correct: report.top1, count: report.count, loss: report.loss))
    #expect(report.perClass.map(\.correct).reduce(0, +) == report.top1)
    #expect(report.perClass.map(\.count) == (0..<7).map { label in data.labels.count { $0 == label } })
    #expect(report.top5 > report.top1 && report.top5 < report.count)
  }

  @Test func nothingIsReportedOfInfinities() throws {
    let network = try NetworkDescription(name: "test", widths: [2, 2])
    let data = try Samples.data(7, count: 3, features: 2, classes: 2)
    let evaluator = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: [.infinity, 0, 0, 0, 0, 0], data: data)
    #expect(evaluator.report(nil) == nil)
  }
}
