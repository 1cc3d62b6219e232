import Formats
import Foundation
import Models
import SwiftProtobuf
import Testing

@Suite struct ONNXTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func whatIsWrittenIsRead(seed: UInt64) throws {
    let model = try randomModel(seed)
    let bytes = ONNX.write(model)
    let again = try ONNX.read(bytes)
    let isSame = again == model
    #expect(isSame, "seed \(seed)")
    #expect(ONNX.write(again) == bytes)
  }

  @Test(arguments: ["branches-legacy", "branches-dynamo", "flattened-legacy", "flattened-dynamo"])
  func filesOfPyTorch(name: String) throws {
    let model = try ONNX.read(modelFixture("\(name).onnx"))
    let expected = try SafetensorsFile(modelFixture("\(name.split(separator: "-")[0])-expected.safetensors"))
    let (x, y) = (expected.tensors[0].values, expected.tensors[1].values)
    let features = model.network.inputCount
    for sample in 0..<20 {
      let out = forward(model, Array(x[sample * features..<(sample + 1) * features]))
      let wanted = Array(y[sample * out.count..<(sample + 1) * out.count])
      #expect(relativeDifference(out, wanted) < 1e-5, "sample \(sample)")
    }
    let names = model.network.nodes.map(\.name)
    let telling = name.hasPrefix("branches") ? ["stem.0", "left", "right", "down", "head"] : ["conv", "output"]
    for layer in telling { #expect(names.contains(layer), "\(names)") }
  }

  @Test func normalisationComesBackInDoublePrecision() throws {
    let model = try ONNX.read(modelFixture("branches-legacy.onnx"))
    let norms = model.network.nodes.compactMap { node in
      if case .batchNorm(let norm) = node.layer { norm } else { nil as BatchNorm? }
    }
    #expect(norms == [BatchNorm(epsilon: 1e-5, momentum: 0.1)])
  }

  /// A graph of one dense layer from [N, 3], changed.
  private func edited(_ edit: (inout Onnx_ModelProto) -> Void) throws -> [UInt8] {
    let network = try NetworkDescription(name: "one", widths: [3, 2])
    let bytes = ONNX.write(try Model(network: network, parameters: [1, 2, 3, 4, 5, 6, 7, 8]))
    var message = try Onnx_ModelProto(serializedBytes: bytes)
    edit(&message)
    return try message.serializedBytes()
  }

  @Test func otherFormsOfADenseLayer() throws {
    // [3, 2] weights, a factor for both, and a bias of one value.
    let gemm = try ONNX.read(
      edited {
        $0.graph.node[0].attribute = [
          .with {
            $0.name = "alpha"; $0.f = 2
          },
          .with {
            $0.name = "beta"; $0.type = 1; $0.f = 0.5
          },
        ]
        $0.graph.initializer[0].dims = [3, 2]
        $0.graph.initializer[1] = .with {
          $0.name = "dense1.bias"; $0.dims = [1]; $0.dataType = 11; $0.doubleData = [3]
        }
      })
    #expect(gemm.parameters == [2, 6, 10, 4, 8, 12, 1.5, 1.5])

    // MatMul and Add, behind an Identity.
    let product = try ONNX.read(
      edited {
        $0.graph.initializer[0].dims = [3, 2]
        $0.graph.node = [
          .with {
            $0.opType = "Identity"; $0.input = ["input"]; $0.output = ["same"]
          },
          .with {
            $0.opType = "MatMul"; $0.input = ["same", "dense1.weight"]; $0.output = ["product"]
          },
          .with {
            $0.opType = "Add"; $0.input = ["dense1.bias", "product"]; $0.output = ["logits"]
          },
        ]
      })
    #expect(product.parameters == [1, 3, 5, 2, 4, 6, 7, 8])
    #expect(product.network.nodes.map(\.name) == ["input", "dense1"])

    let half = try ONNX.read(
      edited {
        $0.graph.initializer[0] = .with {
          $0.name = "dense1.weight"; $0.dims = [2, 3]; $0.dataType = 10
          $0.int32Data = [0x3C00, 0xBC00, 0, 0x4000, 0x3800, 0]
        }
      })
    #expect(Array(half.parameters[..<6]) == [1, -1, 0, 2, 0.5, 0])
  }

  /// A matrix of integers that is transposed and then converted, as an exporter that folds nothing may write one.
  @Test(arguments: [false, true]) func convertedWeights(transposesFirst: Bool) throws {
    let model = try ONNX.read(
      edited {
        $0.graph.initializer[0] = .with {
          $0.name = "dense1.weight"; $0.dims = [3, 2]; $0.dataType = 7; $0.int64Data = [1, 2, 3, 4, 5, 6]
        }
        let transpose = Onnx_NodeProto.with {
          $0.opType = "Transpose"; $0.input = [transposesFirst ? "dense1.weight" : "float"]
          $0.output = [transposesFirst ? "turned" : "last"]
        }
        let cast = Onnx_NodeProto.with {
          $0.opType = "Cast"; $0.input = [transposesFirst ? "turned" : "dense1.weight"]
          $0.output = [transposesFirst ? "last" : "float"]
          $0.attribute = [
            .with {
              $0.name = "to"; $0.i = 1
            }
          ]
        }
        $0.graph.node[0].input[1] = "last"
        $0.graph.node = (transposesFirst ? [transpose, cast] : [cast, transpose]) + $0.graph.node
      })
    #expect(model.parameters == [1, 3, 5, 2, 4, 6, 7, 8])
  }

  /// Tensors are looked at where they are read: others may be of any kind.
  @Test func tensorsOfOtherKinds() throws {
    for raw in [false, true] {
      let model = try ONNX.read(
        edited {
          $0.graph.initializer += [
            .with {
              $0.name = "unused"; $0.dims = [1]; $0.dataType = 6; $0.int32Data = [5]
            },
            .with {
              $0.name = "mode"; $0.dataType = 9
              if raw { $0.rawData = Data([0]) } else { $0.int32Data = [0] }
            },
          ]
          $0.graph.node[0].output = ["flat"]
          $0.graph.node.append(
            .with {
              $0.opType = "Dropout"; $0.input = ["flat", "", "mode"]; $0.output = ["logits"]
            })
        })
      #expect(model.network.nodes.map(\.layer.kind) == ["input", "dense", "dropout"])
    }
  }

  /// Windows that are rounded up: the sizes and values are those of PyTorch's `ceil_mode=True`.
  @Test func roundingUp() throws {
    func pooled(_ kind: String, counts: Int64, pads: [Int64]) throws -> Model {
      try ONNX.read(
        edited {
          $0.graph.input[0].type.tensorType.shape.dim = [
            .with { $0.dimParam = "N" }, .with { $0.dimValue = 1 }, .with { $0.dimValue = 3 },
            .with { $0.dimValue = 1 },
          ]
          $0.graph.initializer[0].dims = [3, 2]
          $0.graph.node = [
            .with {
              $0.opType = kind; $0.input = ["input"]; $0.output = ["pool"]
              $0.attribute = [
                .with {
                  $0.name = "kernel_shape"; $0.ints = [2, 1]
                },
                .with {
                  $0.name = "strides"; $0.ints = [2, 1]
                },
                .with {
                  $0.name = "ceil_mode"; $0.i = 1
                },
                .with {
                  $0.name = "pads"; $0.ints = pads
                },
              ]
              if kind == "AveragePool" {
                $0.attribute.append(
                  .with {
                    $0.name = "count_include_pad"; $0.i = counts
                  })
              }
            },
            .with {
              $0.opType = "Flatten"; $0.input = ["pool"]; $0.output = ["flat"]
            },
            .with {
              $0.opType = "Gemm"; $0.input = ["flat", "dense1.weight"]; $0.output = ["logits"]
              $0.attribute = [
                .with {
                  $0.name = "transB"; $0.i = 1
                }
              ]
            },
          ]
        })
    }
    // Windows (1, 3) and (8): sums with the weights 1 2 / 3 4 / 5 6.
    #expect(forward(try pooled("MaxPool", counts: 0, pads: [0, 0, 0, 0]), [1, 3, 8]) == [19, 41, 63])
    #expect(forward(try pooled("AveragePool", counts: 1, pads: [0, 0, 0, 0]), [1, 3, 8]) == [18, 38, 58])
    #expect(
      complaint { try pooled("AveragePool", counts: 1, pads: [1, 0, 1, 0]) }?.contains("ceil_mode") == true)
  }

  /// What is not understood is named, with its node.
  @Test func refusals() throws {
    func refusal(_ edit: (inout Onnx_ModelProto) -> Void) throws -> String {
      let bytes = try edited(edit)
      return complaint { try ONNX.read(bytes) } ?? "nothing"
    }
    let cases: [(String, (inout Onnx_ModelProto) -> Void)] = [
      ("operator set 12", { $0.opsetImport[0].version = 12 }),
      ("operator set 21", { $0.opsetImport[0].version = 21 }),
      ("node 'dense1' (Einsum): found operator 'Einsum'", { $0.graph.node[0].opType = "Einsum" }),
      (
        "attribute 'transC'",
        {
          $0.graph.node[0].attribute.append(
            .with {
              $0.name = "transC"; $0.i = 1
            })
        }
      ),
      (
        "transA 1",
        {
          $0.graph.node[0].attribute.append(
            .with {
              $0.name = "transA"; $0.i = 1
            })
        }
      ),
      ("attribute 'transB' of kind 5", { $0.graph.node[0].attribute[0].type = 5 }),
      ("domain 'com.microsoft'", { $0.graph.node[0].domain = "com.microsoft" }),
      ("data in another file", { $0.graph.initializer[0].dataLocation = 1 }),
      ("elements of type 3", { $0.graph.initializer[0].dataType = 3 }),
      ("tensor 'dense1.weight': found 6 values, expected 9", { $0.graph.initializer[0].dims = [3, 3] }),
      ("dimensions [-2, -3]", { $0.graph.initializer[0].dims = [-2, -3] }),
      ("that fits 63 bits", { $0.graph.initializer[0].dims = [1 << 40, 1 << 40] }),
      ("expected 4611686018427387904", { $0.graph.initializer[0].dims = [1 << 31, 1 << 31] }),
      ("weights of shape [3, 2]", { $0.graph.initializer[0].dims = [3, 2] }),
      ("inputs 'input', 'more'", { $0.graph.input.append(.with { $0.name = "more" }) }),
      ("unknown size 'W'", { $0.graph.input[0].type.tensorType.shape.dim[1].dimParam = "W" }),
      ("found [-3]", { $0.graph.input[0].type.tensorType.shape.dim[1].dimValue = -3 }),
      ("'nowhere'", { $0.graph.node[0].input[0] = "nowhere" }),
      (
        "value 0 of dense1.weight is nan",
        { $0.graph.initializer[0].rawData.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F]) }
      ),
      (
        "a new shape []",
        {
          $0.graph.initializer.append(
            .with {
              $0.name = "shape"; $0.dims = [0]; $0.dataType = 7
            })
          $0.graph.node[0].output = ["flat"]
          $0.graph.node.append(
            .with {
              $0.opType = "Reshape"; $0.input = ["flat", "shape"]; $0.output = ["logits"]
            })
        }
      ),
      (
        "training mode",
        {
          $0.graph.initializer.append(
            .with {
              $0.name = "mode"; $0.dataType = 9; $0.int32Data = [1]
            })
          $0.graph.node[0].output = ["flat"]
          $0.graph.node.append(
            .with {
              $0.opType = "Dropout"; $0.input = ["flat", "", "mode"]; $0.output = ["logits"]
            })
        }
      ),
      ("a second one of that name", { $0.graph.initializer.append($0.graph.initializer[0]) }),
      ("output 'logits'", { $0.graph.node = [] }),
      ("0 outputs", { $0.graph.output = [] }),
      ("a second value 'logits'", { $0.graph.node.append($0.graph.node[0]) }),
    ]
    for (reason, edit) in cases {
      let text = try refusal(edit)
      #expect(text.contains(reason), "\(text) for \(reason)")
    }
  }

  @Test func hostileMessages() {
    // Groups nested a million deep, messages nested as deep as they go, and lengths beyond the end.
    #expect(complaint { try ONNX.read([UInt8](repeating: 0x3B, count: 1_000_000)) }?.contains("wire type 3") == true)
    #expect(complaint { try ONNX.read([0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]) } != nil)
    #expect(complaint { try ONNX.read([0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07]) }?.contains("are left") == true)
    #expect(complaint { try ONNX.read([]) } != nil)
    #expect(complaint { try ONNX.read([0x80]) } != nil)
    // A graph of 400,000 empty nodes, two bytes each.
    let nodes = [UInt8](repeating: 0x0A, count: 800_000).enumerated().map { $0.offset % 2 == 0 ? $0.element : 0 }
    let graph: [UInt8] = [0x3A, 0x80, 0xEA, 0x30] + nodes
    #expect(complaint { try ONNX.read(graph) }?.contains("more than 262144 parts") == true)
  }
}
