internal import Digests
internal import FoundationEssentials
internal import Models
internal import Studies

extension PBGrow {
  init(_ job: Growing, network: Int) {
    self.init()
    self.network = UInt32(network)
    recipe = .init(job.recipe.canonicalBytes.bytes)
    seed = job.seed
    slice = PBSlice(job.slice)
    state = .init(job.state.bytes)
    step = UInt64(clamping: job.step)
    growth = .init(job.growth.canonicalBytes.bytes)
    numerics = job.numerics.name
  }

  func domain(_ networks: [NetworkDescription]) throws(WireError) -> Growing {
    guard numerics.utf8.count <= 256 else { throw WireError(description: "grow: a class of no possible name") }
    let recipe: TrainingRecipe
    let growth: GrowthStep
    do {
      recipe = try TrainingRecipe(canonical: Array(self.recipe))
      growth = try GrowthStep(canonical: Array(self.growth))
    } catch { throw WireError(description: "grow: \(error.description)") }
    let network = try networks.at(network)
    let slice = try slice.domain(TrainingUse.self)
    let state = try Digest(wire: state, "grow.state")
    let step = try checked(step, 0...1 << 48, "grow.step")
    do {
      return try Growing(
        network: network, recipe: recipe, seed: seed, slice: slice, state: state, step: step, growth: growth,
        numerics: NumericsClass(numerics))
    } catch { throw WireError(description: "grow: \(error.description)") }
  }
}
