internal import Digests
internal import Models
internal import Pruning
internal import Studies

extension ResultRow {
  /// The columns of a CSV file: ShrinkBench's, and what more there is.
  ///
  /// As there, `pre` is the network as it was pruned, before retraining, and `post` behind it. There `post` is the best
  /// epoch on what it is reported on; here `test` chooses nothing.
  ///
  /// - Source: Blalock and others, "What is the state of neural network pruning?", MLSys 2020; names as in the code of
  ///   ShrinkBench, `plot/data.py`.
  package static let columns = [
    "study", "subject", "dataset", "model", "strategy", "compression", "size", "size_nz", "real_compression", "flops",
    "flops_nz", "speedup", "dense_acc1", "dense_acc5", "pre_acc1", "pre_acc5", "post_acc1", "post_acc5", "post_loss",
    "train_acc1", "val_acc1", "search_loss", "seed", "level", "is_result", "best_step", "batch_size", "epochs",
    "completed_epochs", "train_loss", "training_flops", "optim", "lr", "evaluations", "cpu_seconds",
    "weight_bytes_read", "mask", "name", "run",
  ]

  /// The cells in the order of ``columns``; empty for what there is not.
  package var cells: [String] {
    func cell(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    return [
      study, subject, dataset, model, strategy.rawValue, requested.text, "\(metrics.size)", "\(metrics.sizeNonzero)",
      cell(metrics.realCompression), "\(metrics.flops)", "\(metrics.flopsNonzero)", cell(metrics.theoreticalSpeedup),
      cell(dense.accuracy), cell(dense.accuracy5), cell(pruned?.accuracy), cell(pruned?.accuracy5),
      cell(after.accuracy), cell(after.accuracy5), cell(after.score.loss), cell(train?.accuracy),
      cell(validation?.accuracy), cell(search?.loss), "\(seed)", "\(level)", "\(isResult)",
      bestStep.map { "\($0)" } ?? "", "\(recipe.batchSize)", "\(recipe.epochs)", completedEpochs.short,
      cell(growth?.looks.last?.train.loss), cell(growth?.looks.last?.multiplyAdds),
      recipe.optimizer.name, cell(recipe.learningRate), "\(evaluations)", cell(cpuSeconds), "\(weightBytesRead)",
      mask?.digest.hex ?? "", name, run,
    ]
  }

  /// Bytes of weights that one sample reads, each value four and what is removed none: memory traffic is why Han et al.
  /// prune.
  package var weightBytesRead: Int { 4 * metrics.sizeNonzero }

  /// The rows as CSV (RFC 4180), with a heading.
  package static func csv(_ rows: [ResultRow]) -> String {
    ([columns] + rows.map(\.cells)).map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func quoted(_ cell: String) -> String {
    // Scalar by scalar: as a character, a line break of two is neither of its halves.
    guard cell.unicodeScalars.contains(where: { [",", "\"", "\r", "\n"].contains($0) }) else { return cell }
    return "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}

extension TrainingRecipe.Optimizer {
  /// As PyTorch names it.
  fileprivate var name: String {
    switch self {
    case .sgd: "SGD"
    case .adam: "Adam"
    case .adamW: "AdamW"
    }
  }
}
