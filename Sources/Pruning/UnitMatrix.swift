internal import Models

/// The units of one weight tensor, cut into rectangles; single weights are rectangles of one.
///
/// Units stand row by row. With taps, a row of the tensor is read tap by tap, the inputs innermost, so that inputs at one
/// place of a window are neighbours.
struct UnitMatrix: Sendable {
  let tensor: ParameterTensor
  let units: Range<Int>
  /// Weights of a row; with taps, inputs.
  let columns: Int
  let taps: Int
  let blockRows: Int
  let blockColumns: Int

  init(tensor: ParameterTensor, firstUnit: Int, columns: Int, taps: Int, blockRows: Int, blockColumns: Int) {
    self.tensor = tensor
    self.columns = columns
    self.taps = taps
    self.blockRows = blockRows
    self.blockColumns = blockColumns
    let rows = (tensor.shape[0] + blockRows - 1) / blockRows
    units = firstUnit..<firstUnit + rows * ((columns + blockColumns - 1) / blockColumns) * taps
  }

  /// Rectangles side by side, for one tap.
  var blocksPerRow: Int { (columns + blockColumns - 1) / blockColumns }

  /// The rows and columns of the tensor that a rectangle covers.
  private func rectangle(_ unit: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (row, column) = (unit - units.lowerBound).quotientAndRemainder(dividingBy: blocksPerRow)
    return (
      row * blockRows..<min((row + 1) * blockRows, tensor.shape[0]),
      column * blockColumns..<min((column + 1) * blockColumns, columns)
    )
  }

  /// The place within the tensor of a single weight.
  private func weight(_ unit: Int) -> Int {
    guard taps > 1 else { return unit - units.lowerBound }
    let (line, input) = (unit - units.lowerBound).quotientAndRemainder(dividingBy: columns)
    let (output, tap) = line.quotientAndRemainder(dividingBy: taps)
    return (output * columns + input) * taps + tap
  }

  private var isSingle: Bool { blockRows == 1 && blockColumns == 1 }

  /// Removes the weights of removed units from a mask.
  func apply(_ mask: Mask, to weights: inout Mask) {
    let start = tensor.maskRange!.lowerBound
    for unit in units where !mask[unit] {
      if isSingle {
        weights[start + weight(unit)] = false
      } else {
        let (rows, cut) = rectangle(unit)
        for row in rows {
          let line = start + row * columns
          weights.set(line + cut.lowerBound..<line + cut.upperBound, to: false)
        }
      }
    }
  }

  func scores(_ parameters: [Float], _ norm: Norm) -> [Float] {
    let start = tensor.range.lowerBound
    if isSingle { return units.map { abs(parameters[start + weight($0)]) } }
    return units.map { unit in
      let (rows, cut) = rectangle(unit)
      var sum = 0.0
      for row in rows {
        let line = start + row * columns
        sum += norm.sum(parameters[line + cut.lowerBound..<line + cut.upperBound])
      }
      return norm.score(sum)
    }
  }

  /// Units by what they cost.
  struct Kinds {
    var costs: [Int] = []
    var runs: [CostModel.Run] = []
    /// The cost of all units.
    var total = 0
  }

  /// At most four sizes of rectangles: inner ones, those of the right edge, of the lower edge, of the corner.
  func addKinds(_ measure: CostMeasure, to kinds: inout Kinds) {
    let factor = measure == .keptWeights ? 1 : tensor.multiplyAdds
    kinds.total += tensor.range.count * factor
    if isSingle {
      kinds.runs.append(CostModel.Run(units: units, kind: kinds.costs.count))
      kinds.costs.append(factor)
      return
    }
    var known: [Int: Int] = [:]
    func add(_ range: Range<Int>) {
      guard let unit = range.first else { return }
      let (rows, columns) = rectangle(unit)
      // Rectangles of one tensor and one area cost the same, whatever their sides.
      let area = rows.count * columns.count
      if known[area] == nil {
        known[area] = kinds.costs.count
        kinds.costs.append(area * factor)
      }
      kinds.runs.append(CostModel.Run(units: range, kind: known[area]!))
    }
    for start in stride(from: units.lowerBound, to: units.upperBound, by: blocksPerRow) {
      add(start..<start + blocksPerRow - 1)
      add(start + blocksPerRow - 1..<start + blocksPerRow)
    }
  }
}
