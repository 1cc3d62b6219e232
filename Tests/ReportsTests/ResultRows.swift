import Models
import Pruning
import Reports
import Studies

/// A network that was never trained, with what tests look at; accuracies in thousandths.
func resultRow(
  _ strategy: String, _ requested: RequestedSize, seed: Int = 1, accuracy: Int, dense: Int = 900, pruned: Int? = nil,
  train: Int? = nil, bestStep: Int? = nil, left: Double = 0.5, classes: Int = 10, subject: String = "lenet/digits",
  study: String = "sample", run: String = "runs/a"
) -> ResultRow {
  func test(_ correct: Int) -> TestScore {
    TestScore(.exact(correct: correct, count: 1000, loss: 0.5), top5: (1000 + correct) / 2)
  }
  let kept = Int((1000 * left).rounded())
  var row = ResultRow(
    run: run, study: study, subject: subject, dataset: "digits", model: "lenet", name: strategy,
    strategy: Strategy(strategy), requested: requested, level: requested == .whole ? 0 : 1, isResult: true,
    seed: UInt64(seed), metrics: SizeMetrics(size: 1000, sizeNonzero: kept, flops: 2000, flopsNonzero: 2 * kept),
    layers: [.init(name: "a", kept: kept / 2, size: 500), .init(name: "b", kept: kept - kept / 2, size: 500)],
    dense: test(dense), pruned: pruned.map(test), after: test(accuracy), validation: nil, search: nil, curve: [],
    bestStep: bestStep, recipe: TrainingRecipe(), completedEpochs: 20, classes: classes, evaluations: 0, cpuSeconds: 1,
    mask: nil)
  row.train = train.map { test($0).score }
  return row
}

/// The dense network of a seed.
func denseRow(
  seed: Int = 1, accuracy: Int = 900, train: Int? = nil, bestStep: Int? = nil, study: String = "sample"
) -> ResultRow {
  resultRow(
    "Dense", .whole, seed: seed, accuracy: accuracy, dense: accuracy, pruned: accuracy, train: train,
    bestStep: bestStep, left: 1, study: study)
}
