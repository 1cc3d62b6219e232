import Networks
import Pruning
import Testing

@Suite struct GoldenEvaluationTests {
  @Test func theReferenceGivesTheCommittedScore() {
    #expect(GoldenEvaluation.referenceScore == GoldenEvaluation.expected)
    if case .exact(_, _, let loss) = GoldenEvaluation.referenceScore {
      #expect(GoldenEvaluation.expected.loss.bitPattern == loss.bitPattern)
    }
  }

  @Test(arguments: KernelVariant.available) func everyVariantMatches(_ variant: KernelVariant) {
    #expect(GoldenEvaluation.matches(variant: variant))
  }
}
