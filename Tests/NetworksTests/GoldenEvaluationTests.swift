import Networks
import Pruning
import Testing

@Suite struct GoldenEvaluationTests {
  @Test func theReferenceGivesTheCommittedScores() {
    #expect(
      GoldenEvaluation.referenceScores == GoldenEvaluation.expected,
      "loss bits \(GoldenEvaluation.referenceScores.map { String($0.loss.bitPattern, radix: 16) })")
    #expect(
      GoldenEvaluation.referenceScores.map(\.loss.bitPattern) == GoldenEvaluation.expected.map(\.loss.bitPattern))
  }

  @Test(arguments: KernelVariant.available) func everyVariantMatches(_ variant: KernelVariant) {
    #expect(GoldenEvaluation.matches(variant: variant))
  }
}
