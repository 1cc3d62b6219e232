import Models
import Testing

@Suite struct DropoutTests {
  private func rates(_ network: NetworkDescription) -> [Double] {
    network.nodes.compactMap { if case .dropout(let rate) = $0.layer { rate } else { nil } }
  }

  @Test("Dropout is added behind the activation of each hidden dense layer, and no parameter moves")
  func added() throws {
    for (name, shape, hidden) in [
      ("lenet-300-100", [784], 2), ("lenet-5", [1, 28, 28], 1), ("conv-4", [3, 32, 32], 2),
    ] {
      let plain = try Zoo.network(named: name, shape: shape, classes: 10)
      let network = try plain.addingDropout(rate: 0.25)
      #expect(rates(network) == Array(repeating: 0.25, count: hidden), "\(name)")
      let (before, after) = (ParameterLayout(plain), ParameterLayout(network))
      #expect(before.tensors.map(\.name) == after.tensors.map(\.name))
      #expect(before.tensors.map(\.range) == after.tensors.map(\.range))
      for (index, node) in network.nodes.enumerated() {
        guard case .dropout = node.layer else { continue }
        guard case .activation = network.nodes[node.inputs[0]].layer else {
          Issue.record("\(name): dropout behind \(network.nodes[node.inputs[0]].name)")
          continue
        }
        #expect(network.nodes.contains { $0.inputs == [index] })
      }
    }
    #expect(throws: NetworkError.self) {
      try Zoo.network(named: "resnet-20", shape: [3, 32, 32], classes: 10).addingDropout(rate: 0.5)
    }
  }

  @Test("A rate is scaled by the factor of the layer in front")
  func scaled() throws {
    let network = try Zoo.network(named: "mlp-8-4", shape: [6], classes: 3).addingDropout(rate: 0.5)
    let names = network.nodes.map(\.name)
    let scaled = network.scalingDropout { names[$0] == "dense1" ? 0.5 : 0.25 }
    #expect(rates(scaled) == [0.25, 0.125])
    #expect(rates(network.scalingDropout { _ in 0 }) == [0, 0])
    #expect(network.hasDropout)
    #expect(try !Zoo.network(named: "mlp-8-4", shape: [6], classes: 3).hasDropout)
  }
}
