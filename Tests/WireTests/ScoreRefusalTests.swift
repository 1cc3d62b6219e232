import Digests
import Foundation
import Models
import Pruning
import Scheduling
import Studies
import SwiftProtobuf
import Testing
import Wire

/// What a peer may not say of a scoring.
@Suite struct ScoreRefusalTests {
  private func refusal(_ criterion: Scoring.Criterion, _ change: (inout PBScore) -> Void) throws -> String {
    var generator = Generator(seed: 4)
    let job = Scoring(
      network: try NetworkDescription(name: "n", widths: [6, 5, 2]), scope: PruningScope(),
      parameters: generator.digest(), slice: Slice(digest: generator.digest(), count: 50), samples: 20,
      criterion: criterion, numerics: .portable)
    var envelope = PBEnvelope()
    envelope.parcel = PBParcel([.score(job)])
    let intact = Seal.sealed(try envelope.serializedBytes())
    #expect(try WireCodec.coordinatorMessage(intact).message == .parcel([.score(job)]))
    change(&envelope.parcel.job[0].score)
    let bytes = Seal.sealed(try envelope.serializedBytes())
    return #expect(throws: WireError.self) { try WireCodec.coordinatorMessage(bytes) }?.description ?? ""
  }

  @Test("Other networks, digests, samples and criteria are refused")
  func fields() throws {
    #expect(try refusal(.gradient) { $0.network = 1 }.contains("network 1"))
    #expect(try refusal(.gradient) { $0.parameters = .init([1, 2]) }.contains("score.parameters"))
    #expect(try refusal(.gradient) { $0.samples = 1 << 40 }.contains("score.samples"))
    #expect(try refusal(.gradient) { $0.criterion = nil }.contains("criterion"))
    #expect(try refusal(.gradient) { $0.numerics = String(repeating: "a", count: 257) }.contains("class"))
    #expect(try refusal(.gradient) { $0.criterion = .activation(PBEmpty()) }.contains("digest"))
    #expect(try refusal(.gradient) { $0.samples = 21 }.contains("digest"))
  }

  @Test("Recipes that are none and counts beyond the layers are refused")
  func popup() throws {
    let popup = Scoring.Criterion.edgePopup(
      Scoring.PopupTraining(recipe: TrainingRecipe(epochs: 2), kept: [12], seed: 1))
    #expect(try refusal(popup) { $0.edgePopup.recipe = .init([1]) }.contains("edge_popup.recipe"))
    for kept: [UInt64] in [[], [31], [12, 1], [.max]] {
      #expect(try refusal(popup) { $0.edgePopup.kept = kept }.contains("edge_popup.kept"))
    }
    #expect(try refusal(popup) { $0.edgePopup.kept = [13] }.contains("digest"))
  }

  @Test("Masks of other networks, impossible blocks and unknown magnitudes are refused")
  func rewriting() throws {
    let count = 30
    let folding = Scoring.Criterion.rewriting(.folding(to: Mask(count: count)))
    #expect(try refusal(folding) { $0.folding.to = PBMask(Mask(count: count + 1)) }.contains("mask"))
    #expect(try refusal(folding) { $0.folding.to = PBMask(Mask(count: count, keeping: [0])) }.contains("digest"))
    let surgeon = Scoring.Criterion.rewriting(.compensation(block: 8, damping: 0.5))
    for block: UInt32 in [0, 1025] { #expect(try refusal(surgeon) { $0.compensation.block = block }.contains("block")) }
    for damping in [0, -1, .infinity, .nan] as [Double] {
      #expect(try refusal(surgeon) { $0.compensation.damping = damping }.contains("damping"))
    }
    let rule = Scoring.Criterion.rewriting(.resetting(ResetRule(.shuffled, keepsSigns: true, seed: 5)))
    #expect(try refusal(rule) { $0.resetting.magnitudes = .UNRECOGNIZED(9) }.contains("magnitudes"))
    #expect(try refusal(rule) { $0.resetting.seed = 6 }.contains("digest"))
  }
}
