internal import Models
internal import Randomness

/// Samples as a pass reads them, with what augmentation does to them.
///
/// The same bits as `LabelledData.inputs(of:)`, which defines them; bytes go through a table for each channel.
struct BatchInput: Sendable {
  let data: LabelledData
  private let augmentation: TrainingRecipe.Augmentation
  /// Whether channels go last: for networks that take images.
  private let channelsLast: Bool
  /// [channels][256], for bytes.
  private let table: [Float]
  /// What a zero pixel of each channel becomes.
  private let zeros: [Float]

  /// - Throws: ``NetworkError`` if images are asked to be augmented where there are none.
  init(
    _ data: LabelledData, _ network: NetworkDescription,
    augmentation: TrainingRecipe.Augmentation = TrainingRecipe.Augmentation()
  ) throws(NetworkError) {
    guard augmentation.isNone || data.shape.count == 3 else {
      throw NetworkError("only images can be augmented, a sample of the data has the shape \(data.shape)")
    }
    self.data = data
    self.augmentation = augmentation
    channelsLast = network.inputShape.count == 3
    func seen(_ value: Float, _ channel: Int) -> Float {
      guard let normalization = data.normalization else { return value }
      return (value - normalization.mean[channel]) / normalization.deviation[channel]
    }
    zeros = (0..<data.channels).map { seen(0, $0) }
    guard case .bytes(_, let scale) = data.values else {
      table = []
      return
    }
    table = (0..<data.channels).flatMap { channel in
      (0..<256).map { seen(Float($0) / Float(scale), channel) }
    }
  }

  /// Writes samples: [samples][height][width][channels], or as they lie for networks of features.
  ///
  /// With a key they are augmented: for each sample in turn first the crop's row and column are drawn, then the flip.
  func load(_ samples: some Collection<Int>, _ key: Pass.Key?, into x: UnsafeMutablePointer<Float>) {
    var stream = key.map { RandomStream(seed: $0.seed, .augmentation, UInt64($0.step)) }
    let features = data.featureCount
    for (row, sample) in samples.enumerated() {
      var view = View()
      if stream != nil, !augmentation.isNone {
        if augmentation.cropPadding > 0 {
          view.down = stream!.below(2 * augmentation.cropPadding + 1) - augmentation.cropPadding
          view.right = stream!.below(2 * augmentation.cropPadding + 1) - augmentation.cropPadding
        }
        view.isFlipped = augmentation.flip && stream!.chance(0.5)
      }
      load(sample, view, into: x + row * features)
    }
  }

  /// What is seen of an image: moved and mirrored.
  private struct View {
    var down = 0
    var right = 0
    var isFlipped = false

    var isWhole: Bool { down == 0 && right == 0 && !isFlipped }
  }

  private func load(_ sample: Int, _ view: View, into x: UnsafeMutablePointer<Float>) {
    let first = sample * data.featureCount
    switch data.values {
    case .bytes(let bytes, _):
      bytes.withUnsafeBufferPointer { bytes in
        table.withUnsafeBufferPointer { table in
          let source = bytes.baseAddress! + first
          write(view, into: x) { table[$0 &<< 8 | Int(source[$1])] }
        }
      }
    case .floats(let floats):
      floats.withUnsafeBufferPointer { floats in
        let source = floats.baseAddress! + first
        guard let normalization = data.normalization else { return write(view, into: x) { source[$1] } }
        write(view, into: x) { (source[$1] - normalization.mean[$0]) / normalization.deviation[$0] }
      }
    }
  }

  /// Writes `value(channel, index)` for each value of a sample.
  @inline(__always)
  private func write(_ view: View, into x: UnsafeMutablePointer<Float>, _ value: (Int, Int) -> Float) {
    let channels = data.channels
    let size = data.featureCount / channels
    let (step, gap) = channelsLast ? (channels, 1) : (1, size)
    for channel in 0..<channels {
      let out = x + channel * gap
      if view.isWhole {
        for index in 0..<size { out[index &* step] = value(channel, channel &* size &+ index) }
        continue
      }
      let (height, width) = (data.shape[1], data.shape[2])
      for row in 0..<height {
        let from = row + view.down
        for column in 0..<width {
          let across = (view.isFlipped ? width - 1 - column : column) + view.right
          let isInside = (0..<height).contains(from) && (0..<width).contains(across)
          out[(row &* width &+ column) &* step] =
            isInside ? value(channel, (channel &* height &+ from) &* width &+ across) : zeros[channel]
        }
      }
    }
  }
}
