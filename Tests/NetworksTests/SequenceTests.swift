import CKernels
import Elementary
import Networks
import Randomness
import Testing

/// The small C kernels against what defines them, bit by bit, in each variant.
@Suite struct SequenceTests {
  static let exponents: [Double] = {
    var stream = RandomStream(seed: 31, .test)
    var out: [Double] = [0, -0.0, 709, 709.0000001, -708, -708.0000001, 1e300, -1e300, .infinity, -.infinity, .nan]
    for _ in 0..<20_000 {
      out.append((2 * stream.uniform() - 1) * 720)
      out.append(-stream.uniform() * 20)
    }
    return out
  }()

  static let arguments: [Double] = {
    var stream = RandomStream(seed: 32, .test)
    var out: [Double] = [
      0, -0.0, 1, -1, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, .leastNormalMagnitude,
      .greatestFiniteMagnitude, 0x1.6a09e667f3bcdp0, 0x1.6a09e667f3bccp0,
    ]
    for _ in 0..<20_000 {
      out.append(1 + stream.uniform() * 255)
      out.append(Double(bitPattern: stream.next() >> 1))
      out.append(Double(bitPattern: stream.next() >> 12))
    }
    return out
  }()

  func same(_ a: Double, _ b: Double) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }

  @Test(arguments: KernelVariant.available) func exponential(_ variant: KernelVariant) {
    var y = [Double](repeating: 0, count: Self.exponents.count)
    switch variant {
    case .baseline: ck_exp_baseline(Self.exponents, &y, y.count)
    case .v3: ck_exp_v3(Self.exponents, &y, y.count)
    case .v4: ck_exp_v4(Self.exponents, &y, y.count)
    }
    for (x, y) in zip(Self.exponents, y) { #expect(same(Elementary.exp(x), y), "exp(\(x))") }
  }

  @Test(arguments: KernelVariant.available) func logarithm(_ variant: KernelVariant) {
    var y = [Double](repeating: 0, count: Self.arguments.count)
    switch variant {
    case .baseline: ck_log_baseline(Self.arguments, &y, y.count)
    case .v3: ck_log_v3(Self.arguments, &y, y.count)
    case .v4: ck_log_v4(Self.arguments, &y, y.count)
    }
    for (x, y) in zip(Self.arguments, y) { #expect(same(Elementary.log(x), y), "log(\(x))") }
  }

  @Test(arguments: KernelVariant.available) func hyperbolicTangentAndSigmoid(_ variant: KernelVariant) {
    let x = Self.exponents + Self.exponents.map { $0 / 1000 } + Self.arguments
    var (tanh, sigmoid) = ([Double](repeating: 0, count: x.count), [Double](repeating: 0, count: x.count))
    switch variant {
    case .baseline:
      ck_tanh_baseline(x, &tanh, x.count)
      ck_sigmoid_baseline(x, &sigmoid, x.count)
    case .v3:
      ck_tanh_v3(x, &tanh, x.count)
      ck_sigmoid_v3(x, &sigmoid, x.count)
    case .v4:
      ck_tanh_v4(x, &tanh, x.count)
      ck_sigmoid_v4(x, &sigmoid, x.count)
    }
    for (index, x) in x.enumerated() {
      #expect(same(Elementary.tanh(x), tanh[index]), "tanh(\(x))")
      #expect(same(Elementary.sigmoid(x), sigmoid[index]), "sigmoid(\(x))")
    }
  }

  /// Every byte over every scale that data may have.
  @Test(arguments: KernelVariant.available) func division(_ variant: KernelVariant) {
    let bytes = (0...UInt8.max).map { $0 }
    var quotients = [Float](repeating: 0, count: bytes.count)
    var wrong = 0
    for scale in 1...1 << 16 {
      let divisor = Float(scale)
      switch variant {
      case .baseline: ck_expand_baseline(bytes, divisor, bytes.count, &quotients)
      case .v3: ck_expand_v3(bytes, divisor, bytes.count, &quotients)
      case .v4: ck_expand_v4(bytes, divisor, bytes.count, &quotients)
      }
      for (byte, quotient) in zip(bytes, quotients)
      where quotient.bitPattern != (Float(byte) / divisor).bitPattern { wrong += 1 }
    }
    #expect(wrong == 0)
  }
}
