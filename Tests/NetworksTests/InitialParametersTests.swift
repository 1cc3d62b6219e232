import Models
import Networks
import Testing

@Suite struct InitialParametersTests {
  @Test func initialWeightsFillTheirInterval() throws {
    let network = try Zoo.network(named: "lenet-300-100", shape: [64], classes: 10)
    let parameters = initialParameters(network, seed: 5)
    for tensor in ParameterLayout(network).tensors {
      let values = parameters[tensor.range]
      if tensor.shape.count == 1 {
        #expect(values.allSatisfy { $0 == 0 })
      } else {
        let bound = (6 / Float(tensor.shape[1])).squareRoot()
        #expect(values.allSatisfy { abs($0) <= bound })
        #expect(values.max()! > 0.98 * bound && values.min()! < -0.98 * bound, "\(tensor.name)")
      }
    }
  }
}
