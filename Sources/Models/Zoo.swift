/// Networks known by name.
package enum Zoo {
  /// What ``network(named:inputs:classes:)`` accepts, for people.
  package static let names = ["lenet-300-100", "mlp-WIDTH[-WIDTH...]"]

  /// The network of a name, fitted to the data.
  ///
  /// `lenet-300-100` is the fully connected network of LeCun et al. 1998 with ReLU instead of tanh, as pruning papers
  /// use it; `mlp-32-16` has hidden layers of 32 and 16.
  ///
  /// - Throws: ``NetworkError`` for an unknown name or impossible widths.
  package static func network(
    named name: String, shape: [Int], classes: Int, widthMultiplier: Double = 1
  ) throws(NetworkError) -> NetworkDescription {
    let inputs = shape.reduce(1, *)
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    if name == "lenet-300-100" { return try NetworkDescription(name: name, widths: [inputs, 300, 100, classes]) }
    var hidden: [Int] = []
    for part in parts.dropFirst() {
      // Int(_:) would take "+8" too, a second name of one network.
      guard part.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let width = Int(part) else {
        throw unknown(name)
      }
      hidden.append(width)
    }
    guard parts[0] == "mlp", !hidden.isEmpty else { throw unknown(name) }
    return try NetworkDescription(name: name, widths: [inputs] + hidden + [classes])
  }

  private static func unknown(_ name: String) -> NetworkError {
    NetworkError("no network is called \(name); known are \(names.joined(separator: " and "))")
  }
}
