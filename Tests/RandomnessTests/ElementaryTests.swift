import Elementary
import Foundation
import Randomness
import Testing

/// Units in the last place between two finite numbers of one sign.
private func distance(_ a: Double, _ b: Double) -> Int {
  Int(abs(Int64(bitPattern: a.bitPattern) - Int64(bitPattern: b.bitPattern)))
}

@Suite struct ElementaryTests {
  @Test func expIsWithinOneUnit() {
    var stream = RandomStream(seed: 21, .test)
    var worst = 0
    for round in 0..<100_000 {
      let range = [1e-9, 1, 20, 708][round % 4]
      let x = (2 * stream.uniform() - 1) * range
      let units = distance(Elementary.exp(x), Foundation.exp(x))
      if units > worst { worst = units }
      #expect(units <= 1, "exp(\(x)), seed 21, round \(round)")
    }
  }

  @Test func tanhAndSigmoidAreAccurate() {
    var stream = RandomStream(seed: 23, .test)
    for round in 0..<100_000 {
      let x = (2 * stream.uniform() - 1) * [1e-9, 0.3, 2, 40][round % 4]
      let (tanh, sigmoid) = (Foundation.tanh(x), 1 / (1 + Foundation.exp(-x)))
      #expect(abs(Elementary.tanh(x) - tanh) <= 1e-12 * abs(tanh), "tanh(\(x)), seed 23, round \(round)")
      #expect(abs(Elementary.sigmoid(x) - sigmoid) <= 1e-14 * sigmoid, "sigmoid(\(x)), seed 23, round \(round)")
    }
    for (x, tanh, sigmoid) in [(1000.0, 1.0, 1.0), (-1000, -1, 0), (.infinity, 1, 1), (-.infinity, -1, 0)] {
      #expect(Elementary.tanh(x) == tanh)
      #expect(Elementary.sigmoid(x) == sigmoid)
    }
  }

  @Test func logIsWithinOneUnit() {
    var stream = RandomStream(seed: 22, .test)
    for round in 0..<100_000 {
      let x =
        switch round % 4 {
        case 0: 1 + (2 * stream.uniform() - 1) * 1e-3
        case 1: stream.openUniform() * 300
        case 2: Double(bitPattern: UInt64(stream.below(0x7fe)) << 52 | stream.next() >> 12)
        default: Double(bitPattern: 1 + stream.next() >> 12)
        }
      #expect(distance(Elementary.log(x), Foundation.log(x)) <= 1, "log(\(x)), seed 22, round \(round)")
    }
  }

  @Test func expOfSpecialNumbers() {
    #expect(Elementary.exp(0) == 1)
    #expect(Elementary.exp(-0.0) == 1)
    #expect(Elementary.exp(-.infinity) == 0)
    #expect(Elementary.exp(.infinity) == .infinity)
    #expect(Elementary.exp(.nan).isNaN)
    #expect(Elementary.exp(710) == .infinity)
    #expect(Elementary.exp(-709) == 0)
  }

  @Test func logOfSpecialNumbers() {
    #expect(Elementary.log(1).bitPattern == 0)
    #expect(Elementary.log(0) == -.infinity)
    #expect(Elementary.log(-0.0) == -.infinity)
    #expect(Elementary.log(.infinity) == .infinity)
    #expect(Elementary.log(-1).isNaN)
    #expect(Elementary.log(.nan).isNaN)
  }
}

@Suite struct CosineTests {
  @Test func cosineIsWithinTwoToTheMinus52() {
    var stream = RandomStream(seed: 23, .test)
    for round in 0..<100_000 {
      let x = (2 * stream.uniform() - 1) * [1e-9, 1, 7, 1e6][round % 4]
      #expect(abs(Elementary.cos(x) - Foundation.cos(x)) <= 0x1p-52, "cos(\(x)), seed 23, round \(round)")
    }
  }

  @Test func cosineOfSpecialNumbers() {
    #expect(Elementary.cos(0) == 1)
    #expect(Elementary.cos(.pi) == -1)
    #expect(abs(Elementary.cos(.pi / 2) - 6.123233995736766e-17) < 1e-32)
    #expect(Elementary.cos(.infinity).isNaN)
    #expect(Elementary.cos(.nan).isNaN)
    #expect(Elementary.cos(1e7).isNaN)
  }
}
