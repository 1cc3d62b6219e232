import Formats
import Models
import Networks
import Testing

@Suite struct SharedWeightsTests {
  /// What the model must come back as: zeros, and for each other weight the nearest centroid.
  private func expected(_ model: Model, _ file: Safetensors.SharedFile, _ bits: Safetensors.SharingBits) -> [Float] {
    var values = model.parameters
    for tensor in ParameterLayout(model.network).tensors {
      guard file.layers.first(where: { $0.name == tensor.name })?.isShared == true else { continue }
      let nonzero = values[tensor.range].filter { $0 != 0 }
      let codebook = Codebook(nonzero, bits: tensor.shape.count > 2 ? bits.convolution : bits.dense)
      for index in tensor.range {
        values[index] = values[index] == 0 ? 0 : codebook.centroids[codebook.index(of: values[index])]
      }
    }
    return values
  }

  @Test(arguments: 0..<24 as Range<UInt64>)
  func modelsComeBackAsTheirCentroids(seed: UInt64) throws {
    for share in [0, 0.5, 0.95, 0.999, 1] {
      let model = try seed % 3 == 0 ? sparseModel(seed, zeros: share) : wideModel(seed, zeros: share)
      let bits = Safetensors.SharingBits(dense: 1 + Int(seed) % 8, convolution: 1 + Int(seed) % 5)
      let file = Safetensors.writeShared(model, scope: PruningScope(), bits: bits)
      let again = try Safetensors.read(file.bytes)
      let expected = expected(model, file, bits)
      #expect(again.parameters.map(\.bitPattern) == expected.map(\.bitPattern), "seed \(seed), share \(share)")
      #expect(again.network == model.network)
      #expect(try Safetensors.read(file.bytes, into: model.network) == again, "seed \(seed), share \(share)")
      // What was shared once is the same when it is shared again.
      let twice = Safetensors.writeShared(again, scope: PruningScope(), bits: bits)
      #expect(try Safetensors.read(twice.bytes) == again, "seed \(seed), share \(share)")
    }
  }

  @Test func layersOutsideTheScopeAreSharedOnlyWithZeros() throws {
    func shared(_ model: Model, classifier: Bool) -> [Bool] {
      Safetensors.writeShared(model, scope: PruningScope(prunesClassifier: classifier)).layers.map(\.isShared)
    }
    let whole = try wideModel(2, widths: [300, 60, 60], zeros: 0)
    #expect(shared(whole, classifier: false) == [true, false])
    #expect(shared(whole, classifier: true) == [true, true])
    #expect(shared(try wideModel(2, widths: [300, 60, 60], zeros: 0.5), classifier: false) == [true, true])
    // A codebook and its codes would be larger than so few weights.
    #expect(shared(try wideModel(2, widths: [4, 3, 2], zeros: 0.5), classifier: true) == [false, false])
  }

  /// The counts that people are shown are those of the file.
  @Test func theSummaryIsThatOfTheFile() throws {
    let file = Safetensors.writeShared(try wideModel(8, zeros: 0.97), scope: PruningScope(prunesClassifier: true))
    let tensors = Dictionary(uniqueKeysWithValues: try SafetensorsFile(file.bytes).tensors.map { ($0.name, $0) })
    let layer = try #require(file.layers.first)
    func bytes(_ part: String) -> Int { tensors["dense1.weight.\(part)"]?.bytes.count ?? -1 }
    #expect(layer.name == "dense1.weight" && layer.weights == 18_000 && layer.isShared)
    #expect(layer.positionBytes == bytes("positions") && layer.indexBytes == bytes("indices"))
    #expect(layer.codebookBytes == bytes("codebook") && layer.codebookBytes == 4 * layer.centroids)
    #expect(layer.lengthBytes == bytes("position_lengths") + bytes("index_lengths"))
    #expect(layer.fillers > 0 && layer.centroids == 32)
    // 3 % of the weights in 5 bits and 5 bits a distance, and no more than that.
    #expect(layer.positionBytes + layer.indexBytes <= (layer.nonzero + layer.fillers) * 11 / 8)
  }

  @Test func everyTruncationIsRefused() throws {
    let file = Safetensors.writeShared(try wideModel(3, widths: [80, 20, 3], zeros: 0.9), scope: PruningScope())
    #expect(file.layers[0].isShared)
    for length in file.bytes.indices {
      let text = complaint { try Safetensors.read(Array(file.bytes.prefix(length))) }
      if text == nil { Issue.record("\(length) of \(file.bytes.count) bytes were accepted") }
    }
  }

  @Test func everyByteChanged() throws {
    let whole = Safetensors.writeShared(try wideModel(4, widths: [80, 20, 3], zeros: 0.9), scope: PruningScope()).bytes
    for place in whole.indices {
      for change in [1, 0x80, 0xFF] as [UInt8] {
        var bytes = whole
        bytes[place] ^= change
        do throws(FormatError) {
          let read = try Safetensors.read(bytes, limit: 1 << 16)
          #expect(read.parameters.count == ParameterLayout(read.network).count, "byte \(place) ^ \(change)")
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }
}

/// Files that claim to hold shared weights.
@Suite struct SharedFileTests {
  /// A sound file of one layer [2, 3] with weights 0, 0, 1.5, −2, 0, 1.5, put together by hand.
  private struct Draft {
    var shared = "{\"dense1.weight\":{\"shape\":[2,3],\"entries\":4}}"
    /// Distances of 1 bit: a filler of two places, then 1.5, −2, and 1.5 two places on. Indices: 11 is the filler, 0 is 1.5,
    /// 10 is −2.
    var tensors: [(name: String, type: String, bytes: [UInt8])] = [
      ("dense1.weight.codebook", "F32", [0, 0, 0, 0xC0, 0, 0, 0xC0, 0x3F]),
      ("dense1.bias", "F32", [UInt8](repeating: 0, count: 8)), ("dense1.weight.positions", "U8", [0b1001_0000]),
      ("dense1.weight.position_lengths", "U8", [1, 1]), ("dense1.weight.indices", "U8", [0b1101_0000]),
      ("dense1.weight.index_lengths", "U8", [2, 1, 2]),
    ]

    var bytes: [UInt8] {
      var header = "{\"__metadata__\":{\"sentei.shared\":\"\(shared.replacing("\"", with: "\\\""))\"}"
      var data: [UInt8] = []
      for (name, type, bytes) in tensors {
        let (width, end) = (type == "F32" ? 4 : 1, data.count + bytes.count)
        header += ",\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(bytes.count / width)],"
        header += "\"data_offsets\":[\(data.count),\(end)]}"
        data += bytes
      }
      return safetensors(header + "}") + data
    }

    mutating func set(_ name: String, _ bytes: [UInt8], type: String? = nil) {
      let place = tensors.firstIndex { $0.name == "dense1.weight.\(name)" }!
      tensors[place] = (tensors[place].name, type ?? tensors[place].type, bytes)
    }
  }

  private static let network = try! NetworkDescription(name: "n", widths: [3, 2])

  private func refuses(_ reason: String, location: SourceLocation = #_sourceLocation, _ change: (inout Draft) -> Void) {
    var draft = Draft()
    change(&draft)
    let text = complaint { try Safetensors.read(draft.bytes, into: Self.network) }
    #expect(text?.contains(reason) == true, "\(text ?? "nothing")", sourceLocation: location)
  }

  @Test func whatIsSoundIsRead() throws {
    let model = try Safetensors.read(Draft().bytes, into: Self.network)
    #expect(model.parameters == [0, 0, 1.5, -2, 0, 1.5, 0, 0])
  }

  @Test func streamsThatAreNonsense() {
    refuses("dense1.weight: found code lengths that no code has") { $0.set("index_lengths", [2, 2, 2]) }
    refuses("code lengths that no code has") { $0.set("index_lengths", [1, 1, 1]) }
    refuses("at most 15 bits") { $0.set("position_lengths", [16, 1]) }
    refuses("a power of two") { $0.set("position_lengths", [1, 2, 2]) }
    refuses("a power of two") { $0.set("position_lengths", [1]) }
    refuses("a power of two") { $0.set("position_lengths", [UInt8](repeating: 9, count: 512)) }
    refuses("a power of two") { $0.set("position_lengths", []) }
    refuses("2 centroids and 4 code lengths") { $0.set("index_lengths", [2, 2, 2, 2]) }
    refuses("257 centroids") {
      $0.set("codebook", [UInt8](repeating: 0, count: 4 * 257))
      $0.set("index_lengths", [UInt8](repeating: 0, count: 258))
    }
    refuses("expected the end") { $0.set("positions", [0b1001_1000]) }
    refuses("expected the end") { $0.set("positions", [0b1001_0000, 0]) }
    refuses("a bit for each at least") { $0.set("positions", []) }
    refuses("8 entries, expected at most 6") {
      $0.shared = "{\"dense1.weight\":{\"shape\":[2,3],\"entries\":8}}"
    }
    refuses("4 code words, expected 6") {
      $0.shared = "{\"dense1.weight\":{\"shape\":[2,3],\"entries\":6}}"
      $0.set("indices", [0b1111_1111])
    }
    // All four distances of two places end at 7.
    refuses("an entry at 7, expected positions below 6") { $0.set("positions", [0b1111_0000]) }
    refuses("a filler after 1 places, expected fillers after 2") { $0.set("positions", [0b0001_0000]) }
    refuses("parts of types U8, U8") { $0.set("codebook", [0, 0], type: "U8") }
    refuses("is inf") { $0.set("codebook", [0, 0, 0, 0xC0, 0, 0, 0x80, 0x7F]) }
  }

  @Test func metadataThatAreNonsense() {
    func shared(_ text: String) -> (inout Draft) -> Void { { $0.shared = text } }
    refuses(
      "999999999999999999 entries, expected at most 6",
      shared("{\"dense1.weight\":{\"shape\":[2,3],\"entries\":999999999999999999}}"))
    refuses("18 digits", shared("{\"dense1.weight\":{\"shape\":[2,3],\"entries\":9999999999999999999}}"))
    refuses("expected the end", shared("{\"dense1.weight\":{\"shape\":[2,3],\"entries\":3}}"))
    refuses("is [2, 2] instead of [2, 3]", shared("{\"dense1.weight\":{\"shape\":[2,2],\"entries\":4}}"))
    refuses("without shape or entries", shared("{\"dense1.weight\":{\"shape\":[2,3]}}"))
    refuses("each once", shared("{\"dense1.weight\":{\"shape\":[2,3],\"shape\":[2,3],\"entries\":4}}"))
    refuses("cannot be read", shared("{\"dense1.weight\":[2,3]}"))
    refuses("belongs to no layer", shared("{}"))
    refuses("without its 'other.codebook'", shared("{\"other\":{\"shape\":[2,3],\"entries\":4}}"))
    refuses("the tensor in two forms") { $0.tensors.append(("dense1.weight", "F32", [UInt8](repeating: 0, count: 24))) }
  }
}
