internal import Digests
internal import Elementary

/// The extremes of the temperatures of a search, from differences between neighbours that were measured where it starts.
///
/// Steps 1...steps of all chains together are made at temperature 0; each finite difference other than 0 counts by its
/// size, an improvement too, since the way back is a worsening. Were worse states accepted as well, a good founder would
/// be lost before the search begins. The median, because a few ruinous neighbours would make a mean far too hot. Where
/// nothing differs, temperatures are 0.
/// Source: Kirkpatrick et al. 1983; Johnson et al. 1989.
struct Calibration: Sendable {
  let start: StartTemperature
  let stop: StopTemperature
  /// Steps of each chain that measure; none where the start is given.
  let steps: Int
  private let chains: Int
  private var differences: [Double] = []
  /// The median size of a difference, once it is known.
  private var size: Double?

  init(start: StartTemperature, stop: StopTemperature, steps: Int, chains: Int) {
    switch start {
    case .given(let temperature):
      precondition(temperature > 0 && temperature.isFinite)
      self.steps = 0
    case .accepting(let chance):
      precondition(chance > 0 && chance < 1 && steps >= 1)
      self.steps = steps
    }
    switch stop {
    case .given(let temperature): precondition(temperature > 0 && temperature.isFinite)
    case .fraction(let fraction): precondition(fraction > 0 && fraction <= 1)
    }
    self.start = start
    self.stop = stop
    self.chains = chains
  }

  var isDone: Bool { steps == 0 || size != nil }

  /// The highest temperature; 0 while it is being measured.
  var hottest: Double {
    switch start {
    case .given(let temperature): temperature
    case .accepting(let chance): (size ?? 0) / -Elementary.log(chance)
    }
  }

  /// The lowest temperature.
  var coldest: Double {
    switch stop {
    case .given(let temperature): min(temperature, hottest)
    case .fraction(let fraction): fraction * hottest
    }
  }

  /// How many trials are told, founders included, when everything is measured.
  var trials: Int { steps == 0 ? 0 : (steps + 1) * chains }

  /// Takes in a measured difference; `told` counts the trials up to this one.
  mutating func note(_ difference: Double, told: Int) {
    if difference != 0, difference.isFinite { differences.append(difference.magnitude) }
    guard told == trials else { return }
    size = differences.isEmpty ? 0 : differences.sorted()[differences.count / 2]
    differences = []
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(list: differences) { $0.append($1) }
    bytes.append(list: size.map { [$0] } ?? []) { $0.append($1) }
  }

  /// - Throws: `CanonicalError` for measurements that do not fit a search of `told` answers.
  mutating func restore(from reader: inout CanonicalReader, told: Int) throws(CanonicalError) {
    differences = []
    for _ in 0..<(try reader.count(width: 8)) { differences.append(try reader.double()) }
    var sizes: [Double] = []
    for _ in 0..<(try reader.count(width: 8)) { sizes.append(try reader.double()) }
    size = sizes.first
    let isMeasured = steps > 0 && told >= trials
    guard differences.allSatisfy({ $0 > 0 && $0.isFinite }), sizes.allSatisfy({ $0 >= 0 && $0.isFinite }),
      sizes.count == (isMeasured ? 1 : 0), differences.count <= (isMeasured || steps == 0 ? 0 : max(0, told - chains))
    else { throw CanonicalError("the snapshot's calibration is of another search") }
  }
}
