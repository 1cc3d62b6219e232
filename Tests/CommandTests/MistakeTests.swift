import Foundation
import Testing

/// A person's mistake gets one clear line, a documented exit code, and nothing is changed on the disk.
@Suite struct MistakeTests {
  /// Runs `sentei run` on a study and expects a refusal that leaves no run behind.
  private func refuses(
    _ study: String, _ status: Int32, _ parts: [String], arguments: [String] = [], _ place: Workplace = Workplace(),
    location: SourceLocation = #_sourceLocation
  ) throws {
    let file = try place.write("wrong.yaml", study)
    let run = place.file("run")
    let errors = place.file("errors-\(UUID().uuidString)")
    let process = try Running(
      ["run", file, "--run-directory", run] + arguments, errors: errors, environment: ["SENTEI_DATA": ""])
    #expect(process.wait() == status, "\(process.logText)", sourceLocation: location)
    let message = process.logText
    for part in parts { #expect(message.contains(part), "\(message)", sourceLocation: location) }
    #expect(message.split(separator: "\n").count == 1, "one line: \(message)", sourceLocation: location)
    #expect(!FileManager.default.fileExists(atPath: run), "a run was left behind", sourceLocation: location)
  }

  @Test func studyFilesAreRefusedByLineAndKey() throws {
    let good = Studies.quick()
    try refuses(
      good.replacing("elite_size", with: "elit_size"), 65, ["wrong.yaml:6", "search.elit_size", "unknown key"])
    try refuses(
      good.replacing("population_size: 32", with: "population_size: 1"), 65,
      ["wrong.yaml:6", "search.population_size", "from 2", "found 1"])
    try refuses(
      good.replacing("at_compression: 5", with: "at_compression: 0.5"), 65, ["wrong.yaml:5", "above 1", "0.5"])
    try refuses(good.replacing("at_compression: 5", with: "at_compression: 500"), 65, ["wrong.yaml:5", "compression"])
    try refuses(
      good.replacing("epochs: 6", with: "epochs: many"), 65, ["wrong.yaml:4", "network.train.epochs", "many"])
    try refuses(good.replacing("mlp-32", with: "resnet-9000"), 65, ["wrong.yaml:4", "network.zoo", "resnet-9000"])
    try refuses(good.replacing("{ name: digits }", with: "[ digits"), 65, ["wrong.yaml:", "YAML"])
    try refuses("", 65, ["wrong.yaml", "empty"])
  }

  @Test func aStudyFileThatIsNotThere() throws {
    let result = try Program.run("run", "/nowhere/study.yaml")
    #expect(result.status == 66)
    #expect(result.errors.contains("/nowhere/study.yaml"))
  }

  @Test func dataThatIsMissingOrTruncated() throws {
    let mnist = Studies.quick().replacing("digits", with: "mnist")
    try refuses(mnist, 64, ["--data", "SENTEI_DATA"])
    try refuses(mnist, 66, ["/nowhere"], arguments: ["--data", "/nowhere"])
    let place = Workplace()
    try refuses(mnist, 66, ["train-images-idx3-ubyte"], arguments: ["--data", place.path], place)
    for name in [
      "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ] {
      _ = FileManager.default.createFile(atPath: place.file(name), contents: Data([0, 0, 8, 3, 0, 0]))
    }
    try refuses(mnist, 65, ["train-images-idx3-ubyte"], arguments: ["--data", place.path], place)
  }

  @Test func theRunDirectoryOfAnotherStudyStaysAsItWas() throws {
    let place = Workplace()
    let first = try place.write("first.yaml", Studies.quick(generations: 2))
    let second = try place.write("second.yaml", Studies.quick(seed: 9, generations: 2))
    let run = place.file("run")
    #expect(try Program.run("run", first, "--run-directory", run, "--workers", "1").status == 0)
    let before = place.contents(of: run)
    let refused = try Program.run("run", second, "--run-directory", run, "--workers", "1")
    #expect(refused.status == 73, "\(refused.errors)")
    #expect(refused.errors.contains("another study"))
    #expect(place.contents(of: run) == before)
    // The same study again is no mistake: there is simply nothing left to do.
    let again = try Program.run("run", first, "--run-directory", run, "--workers", "1")
    #expect(again.status == 0 && again.output.contains("GeneticAlgorithm"), "\(again.errors)")
  }

  @Test func aForeignOrTruncatedDatabaseStaysAsItWas() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 2))
    let run = place.file("run")
    #expect(try Program.run("run", study, "--run-directory", run, "--workers", "1").status == 0)
    let database = "\(run)/sentei.sqlite"
    let whole = try #require(FileManager.default.contents(atPath: database))
    for (bytes, what) in [
      (whole.prefix(whole.count / 2), "truncated"), (Data("not a database".utf8), "foreign"), (Data(), "empty"),
    ] {
      _ = FileManager.default.createFile(atPath: database, contents: bytes)
      let before = place.contents(of: run)
      for command in ["resume", "status", "history"] {
        let refused = try Program.run(command, run)
        if command == "resume" {
          #expect([65, 73].contains(refused.status), "\(what) \(command): \(refused.status) \(refused.errors)")
          #expect(refused.errors.contains("sentei.sqlite"), "\(what): \(refused.errors)")
        }
        #expect(refused.status < 128, "\(what) \(command) crashed")
        #expect(place.contents(of: run) == before, "\(what): \(command) changed the directory")
      }
    }
  }

  @Test func commandsOnAFolderThatIsNoRun() throws {
    let place = Workplace()
    for command in ["resume", "status", "history", "verify"] {
      let refused = try Program.run(command, place.path)
      #expect(refused.status == 66, "\(command): \(refused.errors)")
      #expect(refused.errors.contains("holds no run"))
      #expect(place.contents(of: place.path).isEmpty)
    }
  }

  @Test func addressesThatCannotBe() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick())
    for (address, status, part) in [
      ("tcp://127.0.0.1:0", 64 as Int32, "--insecure"), ("carrier-pigeon", 64, "carrier-pigeon"),
      ("ipc://relative", 64, "absolute"),
    ] {
      let refused = try Program.run("coordinator", study, "--listen", address, "--run-directory", place.file("run"))
      #expect(refused.status == status, "\(address): \(refused.errors)")
      #expect(refused.errors.contains(part), "\(refused.errors)")
      #expect(!FileManager.default.fileExists(atPath: place.file("run")))
    }
  }
}
