import Models
import Networks
import Testing

@Suite struct ZooTests {
  @Test func lenetAdaptsToTheData() throws {
    let mnist = try Zoo.network(named: "lenet-300-100", inputs: 784, classes: 10)
    #expect(ParameterLayout(mnist).count == 266_610)
    let digits = try Zoo.network(named: "lenet-300-100", inputs: 64, classes: 10)
    #expect(ParameterLayout(digits).count == 64 * 300 + 300 + 300 * 100 + 100 + 100 * 10 + 10)
  }

  @Test func hiddenWidthsStandInTheName() throws {
    let network = try Zoo.network(named: "mlp-32-16", inputs: 8, classes: 3)
    #expect(network == (try NetworkDescription(name: "mlp-32-16", widths: [8, 32, 16, 3])))
  }

  @Test(arguments: [
    "", "mlp", "mlp-", "mlp-0", "mlp--3", "mlp-+3", "mlp-3-", "mlp-x", "lenet", "lenet-5", "mlp-99999999999999999999",
    "MLP-3",
  ])
  func unknownNamesAreRefused(_ name: String) {
    #expect(throws: NetworkError.self) { try Zoo.network(named: name, inputs: 8, classes: 3) }
  }

  @Test func initialWeightsFillTheirInterval() throws {
    let network = try Zoo.network(named: "lenet-300-100", inputs: 64, classes: 10)
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
