import Digests
import Models
import Studies
import StudyFile
import Testing

/// A study of a search over a student's masks, one key a line.
private let student = """
  study: student
  seed: 4
  dataset:
    teacher:
      widths: [20, 10, 10]
      samples: 3100
    splits: { search: 100 }
  network:
    hidden: [5]
    train: { epochs: 3 }
  objective: { minimize: loss, at_compression: 2 }
  search: {}
  """

/// Data that a teacher answers, and networks by their hidden widths.
@Suite struct TeacherDocumentTests {
  private func methods(_ text: String) throws -> MethodStudy {
    guard case .methods(let document) = try AnyStudyDocument(text: text, file: "x.yaml") else {
      preconditionFailure("no study of methods")
    }
    return try document.study(
      try document.subjects.map { subject in
        guard case .teacher(let plan) = subject.dataset else { preconditionFailure("no teacher") }
        let network = try #require(try subject.ownNetwork(shape: [plan.network.inputCount], classes: 10))
        return StudyInputs(dataset: plan.digest, shape: [20], network: network, pretrained: nil)
      })
  }

  @Test("A teacher is read, and shows the shape of its data without any file")
  func read() throws {
    let document = try StudyDocument(text: student, file: "x.yaml")
    #expect(try document.subject.dataset == .teacher(TeacherPlan(widths: [20, 10, 10], samples: 3100)))
    #expect(document.subject.datasetName == "teacher-20-10-10")
    let extent = try #require(document.subject.dataset.extent)
    #expect(extent.shape == [20] && extent.classes == 10)
    let network = try #require(try document.subject.ownNetwork(shape: extent.shape, classes: extent.classes))
    #expect(try network == NetworkDescription(name: "mlp-5", widths: [20, 5, 10]))
  }

  @Test("Each replicate of a study of methods cuts the plan's data with its own seed")
  func replicates() throws {
    let study = try methods(
      """
      study: students
      seed: 7
      replicates: 3
      dataset: { teacher: { widths: [20, 10, 10], samples: 3100 } }
      network: { hidden: [100, 50], train: { epochs: 3 } }
      sweep: { strategies: [GlobalMagWeight], compressions: [2] }
      """)
    #expect(study.subjects[0].name == "mlp-100-50/teacher-20-10-10")
    let plan = try TeacherPlan(widths: [20, 10, 10], samples: 3100)
    let splits = AnyStudy.methods(study).splits
    #expect(splits.map(\.seed) == [7, 8, 9] && splits.allSatisfy { $0.dataset == plan.digest })
  }

  @Test("Hidden widths name a network of the zoo, flatten images and take a file's weights as it does")
  func hidden() throws {
    func network(_ source: String) throws -> NetworkDescription {
      let text = try replacing("network: { zoo: mlp-16 }", by: "network: \(source)", in: minimal).text
      return try StudyFileTests.study(of: try StudyDocument(text: text, file: "x.yaml")).network
    }
    for (hidden, name) in [("[5]", "mlp-5"), ("[100, 50]", "mlp-100-50")] {
      #expect(try network("{ hidden: \(hidden) }") == network("{ zoo: \(name) }"))
      #expect(try network("{ hidden: \(hidden), dropout: 0.5 }") == network("{ zoo: \(name), dropout: 0.5 }"))
    }
    #expect(try network("{ hidden: [5] }").inputCount == 64)
    let text = try replacing("hidden: [5]", by: "hidden: [5]\n  safetensors: weights.safetensors", in: student).text
    #expect(try StudyDocument(text: text, file: "x.yaml").subject.network.file == "weights.safetensors")
  }

  @Test(
    "A wrong line is named with its key",
    arguments: [
      Mistake("widths: [20, 10, 10]", "widths: [20]", "dataset.teacher.widths", "at least two widths"),
      Mistake("widths: [20, 10, 10]", "widths: [20, 1]", "dataset.teacher.widths", "2 to 256 outputs", "found 1"),
      Mistake("widths: [20, 10, 10]", "widths: [20, 300]", "dataset.teacher.widths", "2 to 256 outputs"),
      Mistake("widths: [20, 10, 10]", "widths: 20", "dataset.teacher.widths", "list of whole numbers", "found 20"),
      Mistake("widths: [20, 10, 10]", "widths: [20, 0, 2]", "dataset.teacher.widths", "from 1 to 65536", "found 0"),
      Mistake("widths: [20, 10, 10]", "widths: [20, 2.5]", "dataset.teacher.widths", "whole numbers", "found 2.5"),
      Mistake("widths: [20, 10, 10]", "widths: [65536, 65536, 2]", "dataset.teacher.widths", "parameters"),
      Mistake("samples: 3100", "samples: 0", "dataset.teacher.samples", "from 1 to", "found 0"),
      Mistake("samples: 3100", "samples: 100000000", "dataset.teacher.samples", "can give 1 to 8947848 samples"),
      Mistake(
        "splits: { search: 100 }", "name: digits", "dataset.name", "either a name", "teacher:"
      ),
      Mistake("splits: { search: 100 }", "x: x.npy", "dataset.x", "teacher:"),
      Mistake("splits: { search: 100 }", "classes: 5", "dataset.classes", "unknown key"),
      Mistake(
        "splits: { search: 100 }", "normalize: { mean: [0], std: [1] }", "dataset.normalize",
        "standard normal", "expected no normalize"),
      Mistake("hidden: [5]", "hidden: []", "network.hidden", "list of widths such as [100, 50]"),
      Mistake("hidden: [5]", "hidden: 5", "network.hidden", "list of whole numbers", "found 5"),
      Mistake("hidden: [5]", "hidden: [0]", "network.hidden", "from 1 to 65536", "found 0"),
      Mistake("hidden: [5]", "hidden: [65536, 65536]", "network.hidden", "parameters"),
      Mistake("hidden: [5]", "zoo: lenet-5", "network.zoo", "[channels, height, width]", "[20]"),
    ].map { Mistake($0, in: student) })
  func wrongLine(mistake: Mistake) throws { try mistake.check() }

  @Test(
    "Hidden widths stand alone",
    arguments: [
      ("zoo: mlp-5", "network.hidden", "either zoo: or hidden:"),
      ("onnx: model.onnx", "network.onnx", "either hidden: or onnx:"),
      ("width_multiplier: 2", "network.width_multiplier", "hidden: says the widths themselves"),
      (
        "architecture: { layers: [{ dense: { widths: [4, 8] } }] }", "network.hidden",
        "either architecture: or one network"
      ),
    ])
  func alone(other: String, key: String, words: String) throws {
    let text = try replacing("hidden: [5]", by: "hidden: [5]\n  \(other)", in: student).text
    let error = try #require(failure(of: text))
    #expect(error.key == key && error.problem.contains(words), "\(error)")
  }

  @Test(
    "Strategies by the curvature of the cross-entropy are refused for a teacher's data",
    arguments: ["GlobalFisher", "LayerOBD", "GlobalOBS", "{ name: GlobalMagWeight, compensate: true }"])
  func curvature(strategy: String) {
    let error = #expect(throws: StudyFileError.self) {
      try methods(
        """
        study: students
        dataset: { teacher: { widths: [20, 10, 10], samples: 3100 } }
        network: { hidden: [5], train: { epochs: 3 } }
        sweep: { strategies: [\(strategy)], compressions: [2] }
        """)
    }
    #expect(error?.key == "sweep.strategies" && error?.line == 4, "\(String(describing: error))")
    #expect(error?.problem.contains("targets") == true, "\(String(describing: error))")
  }
}
