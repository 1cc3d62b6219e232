/// Activations of 16 samples: [channels][rows][places][16 lanes], with a border of zeros around each channel where a
/// convolution's padding reads.
struct Image {
  /// How far a border reaches.
  struct Border: Hashable {
    var top = 0
    var left = 0
    var bottom = 0
    var right = 0

    func union(_ other: Border) -> Border {
      Border(
        top: max(top, other.top), left: max(left, other.left), bottom: max(bottom, other.bottom),
        right: max(right, other.right))
    }
  }

  /// Sizes; images of one geometry can use the same memory in turn, because nobody writes into the border.
  struct Geometry: Hashable {
    let channels: Int
    let height: Int
    let width: Int
    let border: Border

    /// - Parameter shape: [channels, height, width].
    init(shape: [Int], border: Border) {
      (channels, height, width) = (shape[0], shape[1], shape[2])
      self.border = border
    }

    var rowStride: Int { (width + border.left + border.right) * Kernels.imageLanes }
    var channelStride: Int { (height + border.top + border.bottom) * rowStride }
    var count: Int { channels * channelStride }
  }

  let base: UnsafeMutablePointer<Float>
  let geometry: Geometry

  var channels: Int { geometry.channels }
  var height: Int { geometry.height }
  var width: Int { geometry.width }
  var rowStride: Int { geometry.rowStride }
  var channelStride: Int { geometry.channelStride }

  /// The lanes of one place; rows and columns count from the image's corner, negative ones are in the border.
  func place(channel: Int, row: Int, column: Int) -> UnsafeMutablePointer<Float> {
    base + channel * channelStride + (row + geometry.border.top) * rowStride
      + (column + geometry.border.left) * Kernels.imageLanes
  }

  /// The image of some channels of this one.
  func channels(_ range: Range<Int>) -> Image {
    Image(
      base: base + range.lowerBound * channelStride,
      geometry: Geometry(shape: [range.count, height, width], border: geometry.border))
  }

  /// Calls `body` with the first place of each row of each channel.
  func forEachRow(_ body: (_ channel: Int, _ row: Int, UnsafeMutablePointer<Float>) -> Void) {
    for channel in 0..<channels {
      for row in 0..<height { body(channel, row, place(channel: channel, row: row, column: 0)) }
    }
  }

  /// Floats of one row without the border.
  var rowCount: Int { width * Kernels.imageLanes }
}
