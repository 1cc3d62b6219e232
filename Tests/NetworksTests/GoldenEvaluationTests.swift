import Networks
import Pruning
import Testing

@Suite struct GoldenEvaluationTests {
  @Test func theReferenceGivesTheCommittedScores() {
    let scores = GoldenEvaluation.referenceScores
    #expect(scores == GoldenEvaluation.expected)
    #expect(
      scores.map(\.loss.bitPattern) == GoldenEvaluation.expected.map(\.loss.bitPattern),
      "\(scores.map { String($0.loss.bitPattern, radix: 16) })")
  }

  @Test(arguments: KernelVariant.available) func everyVariantMatches(_ variant: KernelVariant) {
    #expect(GoldenEvaluation.matches(variant: variant))
  }
}
