internal import Models
internal import Studies
internal import Yams

/// The `grow` group: how networks grow while they are trained.
struct GrowthSection {
  /// The baselines first.
  let procedures: [Procedure]
  /// For errors that show only with the networks at hand.
  let section: Section

  private static let methods = Dictionary(uniqueKeysWithValues: GrowthMethod.kinds.map { ($0.name, $0) })

  /// Nil where the file has no such group.
  ///
  /// - Throws: ``StudyFileError`` with line and key.
  init?(_ root: inout Section) throws(StudyFileError) {
    guard var section = try root.section("grow") else { return nil }
    let names = try section.texts("growers", oneOf: Self.methods.keys.sorted())
    let growers = try section.required("growers", names, "a list such as [GradMax, Firefly, Random]")
    guard !growers.isEmpty, Set(growers).count == growers.count else {
      throw section.error("growers", "expected one at least, and none twice")
    }
    let share = try section.double("share", "a fraction above 0, below 1") { $0 > 0 && $0 < 1 } ?? 0.5
    let order = try section.text("order", oneOf: GrowthPlan.Order.allCases.map(\.rawValue))
    let first = try section.int("start_iteration", 0...1_000_000_000)
    let timing = try Self.timing(&section)
    let growths = try section.int("n_growth_steps", 1...100_000)
    let amount = try Self.amount(&section)
    if amount != .even, growths != nil {
      throw section.error(
        "n_growth_steps", "says how often; expected either it or neurons, in numbers or as a fraction")
    }
    let layers = try Self.layers(&section)
    let scale = try section.double("norm_scale", "a number from 1e-6 to 1e6", GrowthStep.scales.contains) ?? 1
    let samples = try section.int("samples", 1...1 << 30) ?? 1000
    let candidates = try section.int("candidates", 1...1 << 12) ?? 32
    let rounds = try section.int("rounds", 1...10_000) ?? 10
    let look = try section.int("look_every", 1...1_000_000_000)
    let search = try StructureKeys(&section, growers)
    try section.finish()
    if search != nil {
      guard case .every = timing else { throw section.error("search", "needs update_frequency: genomes say when") }
      guard layers.isEmpty else { throw section.error("search", "changes widths alone; expected no layers") }
    }
    var usualLook = 100
    if case .every(let steps) = timing { usualLook = steps }
    func plan(_ method: GrowthMethod?, _ share: Double) -> GrowthPlan {
      GrowthPlan(
        method, share: share, order: order.map { GrowthPlan.Order(rawValue: $0)! } ?? .roundRobin, timing: timing,
        firstStep: first ?? usualLook, growths: growths ?? 5, amount: amount, layers: layers, scale: scale,
        samples: samples, lookEvery: look ?? usualLook)
    }
    func method(_ name: String) -> GrowthMethod {
      switch Self.methods[name]! {
      case .gradMaxOpt: .gradMaxOpt(rounds: rounds)
      case .firefly: .firefly(candidates: candidates, rounds: rounds)
      case let other: other
      }
    }
    let plans = [plan(nil, 1), plan(nil, share)] + growers.map { plan(method($0), share) }
    let searches = search?.plans { grower, wide in plan(method(grower), wide ?? share) } ?? []
    (procedures, self.section) = (plans.map(Procedure.growth) + searches.map(Procedure.structure), section)
  }

  private static func timing(_ section: inout Section) throws(StudyFileError) -> GrowthPlan.Timing {
    let frequency = try section.int("update_frequency", 1...1_000_000_000)
    guard var group = try section.section("plateau") else {
      let expected = "optimizer steps from one growth to the next, or plateau: { patience: LOOKS }"
      return .every(try section.required("update_frequency", frequency, expected))
    }
    guard frequency == nil else {
      throw section.error("plateau", "says when to grow; expected either it or update_frequency")
    }
    let patience = try group.int("patience", 1...100_000)
    let delta = try group.double("minimum_delta", "a number of at least 0", { $0 >= 0 }) ?? 0
    try group.finish()
    return .plateau(
      EarlyStopping(
        patience: try group.required("patience", patience, "the number of looks in a row without a lower loss"),
        minimumDelta: delta))
  }

  private static func amount(_ section: inout Section) throws(StudyFileError) -> GrowthPlan.Amount {
    let expected = "a number of neurons, or a fraction above 0, below 1, of those that a layer has"
    guard
      let value = try section.double(
        "neurons", expected, { $0 > 0 && ($0 < 1 || $0 == $0.rounded() && $0 <= Double(1 << 20)) })
    else { return .even }
    return value < 1 ? .fraction(value) : .neurons(Int(value))
  }

  private static func layers(_ section: inout Section) throws(StudyFileError) -> [GrowthPlan.NewLayer] {
    guard let node = section.node("layers") else { return [] }
    guard case .sequence(let items) = node else {
      throw section.error("layers", "expected a list such as [{ behind: relu1, kind: identity }]")
    }
    var out: [GrowthPlan.NewLayer] = []
    for item in items {
      var group = try Section(item, file: section.file, path: "\(section.path).layers")
      let behind = try group.required("behind", try group.text("behind"), "the name of a layer of the network")
      let kind = try group.text("kind", oneOf: ["identity", "residual"]) ?? "identity"
      let channels = try group.int("channels", 1...1 << 20)
      try group.finish()
      if kind == "identity" {
        if channels != nil { throw group.error("channels", "are those of a residual; an identity has its layer's") }
        out.append(GrowthPlan.NewLayer(behind: behind, .identity))
      } else {
        let width = try group.required("channels", channels, "how many channels lie inside of the residual")
        out.append(GrowthPlan.NewLayer(behind: behind, .residual(channels: width)))
      }
    }
    return out
  }

  /// Checks what shows with the data at hand.
  ///
  /// - Throws: ``StudyFileError`` where training ends before anything grows.
  func check(steps: Int, of subject: String) throws(StudyFileError) {
    for plan in procedures.compactMap(\.growthPlan) where plan.method != nil && plan.firstStep >= steps {
      throw section.error(
        "start_iteration",
        "the training of \(subject) has \(steps) steps; growing has to begin before, found \(plan.firstStep)")
    }
  }

  /// Checks what shows with the network alone.
  ///
  /// - Throws: ``StudyFileError`` where nothing of it can grow, or a new layer cannot stand where it should.
  func check(_ network: NetworkDescription, hasWeights: Bool) throws(StudyFileError) {
    if hasWeights {
      throw section.error("growers", "\(network.name) has weights from a file; what grows begins with fresh ones")
    }
    for plan in procedures.compactMap(\.growthPlan) where plan.share != 1 {
      let key = plan.share < 1 ? "share" : "search.wide_share"
      let seed: NetworkDescription
      do { seed = try network.scalingChannels(by: plan.share) } catch { throw section.error(key, error.description) }
      guard seed.growthSites == network.growthSites else {
        throw section.error(key, "with it \(network.name) has other layers than it is to grow to")
      }
      guard seed != network else {
        throw section.error(key, "with it no layer of \(network.name) has another width, so none can grow")
      }
      var deeper = network
      for layer in plan.layers {
        guard let node = deeper.nodes.firstIndex(where: { $0.name == layer.behind }) else {
          let names = deeper.nodes.dropFirst().map(\.name).joined(separator: ", ")
          throw section.error("layers", "\(network.name) has no layer \(layer.behind); there are \(names)")
        }
        do { deeper = try Deepening(deeper, behind: node, layer.kind).after } catch {
          throw section.error("layers", error.description)
        }
      }
    }
  }
}
