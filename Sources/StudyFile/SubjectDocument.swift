package import Models
internal import Studies

/// What a study is about, as its file says: data and how they are cut, and a network with its training.
package struct SubjectDocument {
  package let dataset: DatasetSource
  package let network: NetworkSource
  let splits: SplitSizes
  let normalization: LabelledData.Normalization?
  let training: TrainingSection
  /// Networks to search, instead of one that is named.
  let architecture: ArchitectureSection?
  /// For errors that show only with data and model at hand.
  let dataSection: Section
  let networkSection: Section

  /// Reads the groups `dataset` and `network` of a section.
  ///
  /// - Parameter allowsArchitecture: whether the network may be searched; its other groups are then checked, too.
  /// - Throws: ``StudyFileError`` with line and key.
  init(_ root: inout Section, allowsArchitecture: Bool) throws(StudyFileError) {
    var data = try root.required("dataset", try root.section("dataset"), "a group such as { name: digits }")
    dataset = try DatasetSource(&data)
    splits = try Self.splits(&data)
    normalization = try Self.normalization(&data)
    if case .teacher = dataset, normalization != nil {
      throw data.error("normalize", "a teacher is asked standard normal numbers; expected no normalize")
    }
    try data.finish()
    var network = try root.required("network", try root.section("network"), "a group such as { zoo: lenet-300-100 }")
    architecture = allowsArchitecture ? try ArchitectureSection(&network) : nil
    if architecture != nil { try ArchitectureSection.refuseOthers(&root, &network) }
    self.network = try NetworkSource(&network, isSearched: architecture != nil)
    training = try TrainingSection(&network, isOptional: self.network.file != nil)
    try network.finish()
    (dataSection, networkSection) = (data, network)
  }

  /// What the data are called: the name of a known set, the widths of a teacher, else the file of samples.
  package var datasetName: String {
    switch dataset {
    case .known(let known): known.name
    case .teacher(let plan): plan.name
    case .files(let files): String(files.x.split(separator: "/").last ?? "data")
    }
  }

  /// The network that the file itself says for samples of a shape: the zoo's, or the largest one where architectures are
  /// searched; nil where a model file does.
  ///
  /// - Throws: ``StudyFileError`` where the network does not fit them.
  package func ownNetwork(shape: [Int], classes: Int) throws(StudyFileError) -> NetworkDescription? {
    guard let architecture else {
      return network.zoo == nil ? nil : try zooNetwork(shape: shape, classes: classes)
    }
    let template = try architecture.template(shape: shape, classes: classes)
    do { return try template.network(template.largest) } catch {
      throw networkSection.error("architecture", error.description)
    }
  }

  /// The zoo's network for samples of a shape.
  ///
  /// - Precondition: the file names one.
  /// - Throws: ``StudyFileError`` where the network does not fit them.
  package func zooNetwork(shape: [Int], classes: Int) throws(StudyFileError) -> NetworkDescription {
    guard let zoo = network.zoo else { preconditionFailure("no zoo network is named") }
    let plain: NetworkDescription
    do {
      plain = try Zoo.network(
        named: zoo, shape: shape, classes: classes, widthMultiplier: network.widthMultiplier ?? 1)
    } catch { throw networkSection.error(network.zooKey, error.description) }
    guard let rate = network.dropout else { return plain }
    do { return try plain.addingDropout(rate: rate) } catch { throw networkSection.error("dropout", error.description) }
  }

  /// Checks that samples can be what the file says of them, and gives them as the network sees them.
  ///
  /// - Throws: ``StudyFileError`` where the normalisation does not fit their channels.
  package func normalized(_ data: LabelledData) throws(StudyFileError) -> LabelledData {
    do { return try data.normalized(by: normalization) } catch {
      throw dataSection.error("normalize", error.description)
    }
  }

  /// An error about what the data are made from.
  package func dataError(_ problem: String) -> StudyFileError { dataSection.error("teacher", problem) }

  /// The key that says what the network is.
  var networkKey: String { network.zoo == nil ? network.key : network.zooKey }

  /// An error about the file that ``network`` names.
  package func modelError(_ problem: String) -> StudyFileError { networkSection.error(network.key, problem) }

  private static func splits(_ section: inout Section) throws(StudyFileError) -> SplitSizes {
    var sizes = SplitSizes()
    guard var splits = try section.section("splits") else { return sizes }
    sizes.search = try share("search", &splits) ?? sizes.search
    sizes.validation = try share("validation", &splits) ?? sizes.validation
    sizes.test = try share("test", &splits) ?? sizes.test
    try splits.finish()
    return sizes
  }

  private static func normalization(
    _ section: inout Section
  ) throws(StudyFileError) -> LabelledData.Normalization? {
    guard var group = try section.section("normalize") else { return nil }
    let mean = try group.doubles("mean", "numbers") { _ in true }
    let deviation = try group.doubles("std", "numbers above 0") { $0 > 0 }
    try group.finish()
    return LabelledData.Normalization(
      mean: try group.required("mean", mean, "one number a channel").map { Float($0) },
      deviation: try group.required("std", deviation, "one number a channel").map { Float($0) })
  }

  private static func share(_ key: String, _ section: inout Section) throws(StudyFileError) -> SampleShare? {
    let expected = "a number of samples or a fraction between 0 and 1"
    // No data set is larger than 2⁴⁰ samples; what does not fit an integer must not reach Int(_:).
    guard let value = try section.double(key, expected, { $0 > 0 && ($0 < 1 || $0 == $0.rounded() && $0 <= 0x1p40) })
    else { return nil }
    return value < 1 ? .fraction(value) : .count(Int(value))
  }
}
