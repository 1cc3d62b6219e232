// swift-tools-version: 6.2
import PackageDescription

/// Whether this is the build of scripts/fuzz: our own targets, and they alone, count coverage and watch their memory.
let isFuzzing = Context.environment["SENTEI_FUZZING"] != nil

/// The house: floors and allowed imports are described in docs/architecture.md and checked by scripts/check-layers.
let strict: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
  ] + (isFuzzing ? [.unsafeFlags(["-sanitize=address", "-sanitize=fuzzer"])] : [])

/// A target of ours with the house settings.
func room(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

/// The tests of one target, with whatever else they need beside it.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource]? = nil)
  -> Target
{
  .testTarget(
    name: name + "Tests", dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let sqlite = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOTLS", package: "swift-nio"),
]
let tls = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let x509: [Target.Dependency] = [
  .product(name: "X509", package: "swift-certificates"), .product(name: "SwiftASN1", package: "swift-asn1"),
]
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let processes: [Target.Dependency] = [
  .product(name: "Subprocess", package: "swift-subprocess"), .product(name: "SystemPackage", package: "swift-system"),
]
let web: [Target.Dependency] = [
  .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HTTPTypes", package: "swift-http-types"),
]
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
  name: "sentei",
  products: [.executable(name: "sentei", targets: ["sentei"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    // Floor 0: C.
    .target(name: "CBits", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "CCode"),
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "CTraining", cSettings: [.unsafeFlags(["-O3"])]),
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "CNNG"),
    .systemLibrary(name: "COpenBLAS"),
    .systemLibrary(name: "CZlib"),

    // Floor 1: pure values.
    room("Digests", [crypto]),
    room("Elementary"),
    room("Monitoring"),
    room("Randomness", ["Elementary", "CBits"]),
    room("Models", ["Digests"]),
    room("Pruning", ["Digests", "Models", "Randomness", "Elementary", "CBits"]),

    // Floor 2: pure planners and state machines.
    room("Search", ["Pruning", "Models", "Randomness", "Digests", "Elementary", deque]),
    room("Studies", ["Search", "Pruning", "Models", "Randomness", "Elementary", "Digests", deque]),
    room("Scheduling", ["Studies", "Pruning", "Models", "Monitoring", "Digests", deque]),
    room(
      "Wire", ["Scheduling", "Studies", "Pruning", "Models", "Digests", deque, protobuf], exclude: ["sentei.proto"]),

    // Floor 3: arithmetic.
    room(
      "Networks",
      ["Pruning", "Models", "Randomness", "Elementary", "Digests", "COpenBLAS", "CCode", "CKernels", "CTraining"]),

    // Floor 4: the outside world.
    room("Messaging", ["CNNG"]),
    room("Certificates", ["Digests", crypto] + x509),
    room("Tunnel", ["Certificates", logging, tls] + nio),
    room("RunStore", ["Studies", "Digests", sqlite]),
    room("Downloads", ["Digests"]),
    room(
      "Formats", ["Networks", "Models", "Digests", "CZlib", protobuf], exclude: ["ONNX/onnx.proto"],
      resources: [.embedInCode("Resources/digits.csv.gz")]),
    room("StudyFile", ["Studies", "Search", "Pruning", "Models", "Digests", yams]),

    // Floor 5: services.
    room("Reports", ["RunStore", "Studies", "Search", "Pruning", "Models", "Digests"]),
    room(
      "Dashboard", ["Monitoring", lifecycle, logging, .product(name: "NIOCore", package: "swift-nio")] + web,
      resources: ["dashboard.html", "dashboard.css", "dashboard.js", "icon.svg"].map {
        .embedInCode("Resources/\($0)")
      }),
    room(
      "Services",
      [
        "Messaging", "RunStore", "Reports", "Formats", "StudyFile", "Networks", "Wire", "Scheduling", "Studies",
        "Search", "Pruning", "Models", "Monitoring", "Digests", "CMalloc", lifecycle, logging,
      ] + processes),

    // Floor 6: the command.
    .executableTarget(
      name: "sentei",
      dependencies: [
        "Services", "Dashboard", "Reports", "StudyFile", "RunStore", "Downloads", "Formats", "Messaging",
        "Certificates", "Tunnel",
        "Networks", "Wire",
        "Scheduling", "Studies", "Search", "Pruning", "Models", "Monitoring", "Randomness", "Digests", arguments,
        logging, lifecycle,
        signals,
      ],
      swiftSettings: strict),

    // Built only when asked for by name; prints what `make bench` shows.
    .executableTarget(
      name: "kernel-benchmark", dependencies: ["CPeak", "Formats", "Networks", "Pruning", "Models", "Randomness"],
      path: "Benchmarks/Kernels", swiftSettings: strict),
    .target(name: "CPeak", path: "Benchmarks/CPeak", cSettings: [.unsafeFlags(["-O3"])]),
    .executableTarget(
      name: "coordinator-benchmark",
      dependencies: [
        "Services", "RunStore", "Wire", "Scheduling", "Studies", "Search", "Pruning", "Models", "Randomness", "Digests",
        deque,
        .product(name: "HeapModule", package: "swift-collections"),
      ],
      path: "Benchmarks/Coordinator", swiftSettings: strict),
    .executableTarget(
      name: "tunnel-benchmark", dependencies: ["Tunnel", "Certificates", "Messaging", logging],
      path: "Benchmarks/Tunnel", swiftSettings: strict),

    // Every reader of bytes from outside, and the program that fuzzes them (scripts/fuzz, FuzzingTests).
    .target(
      name: "CFuzzing", path: "Tests/Fuzzing/CFuzzing",
      cSettings: isFuzzing ? [.unsafeFlags(["-fsanitize=address"])] : []),
    .target(
      name: "Decoders",
      dependencies: [
        "StudyFile", "Formats", "RunStore", "Messaging", "Wire", "Scheduling", "Studies", "Search",
        "Pruning", "Models", "Digests",
      ], path: "Tests/Fuzzing/Decoders", swiftSettings: strict),
    .executableTarget(
      name: "fuzz", dependencies: ["Decoders", "CFuzzing"], path: "Tests/Fuzzing/Command", swiftSettings: strict,
      // libFuzzer brings a main of its own; ours comes first.
      linkerSettings: isFuzzing
        ? [.unsafeFlags(["-sanitize=address", "-sanitize=fuzzer", "-use-ld=lld", "-Xlinker", "-zmuldefs"])] : []),

    tests("Fuzzing", processes),
    tests("Digests", ["Digests"]),
    tests("Randomness", ["Randomness", "Elementary", "CBits"]),
    tests("Models", ["Models", "Randomness", "Digests"]),
    tests("Pruning", ["Pruning", "Models", "Randomness", "Digests"]),
    tests("Search", ["Search", "Pruning", "Models", "Randomness", "Digests"]),
    tests("Studies", ["Studies", "Search", "Pruning", "Models", "Randomness", "Digests"]),
    tests("Scheduling", ["Scheduling", "Studies", "Search", "Pruning", "Models", "Randomness", "Digests"]),
    tests("Wire", ["Wire", "Scheduling", "Studies", "Pruning", "Models", "Digests", "Randomness", protobuf]),
    tests(
      "Networks", ["Networks", "CKernels", "CTraining", "Pruning", "Models", "Randomness", "Elementary", "Digests"],
      resources: [.embedInCode("Resources/zoo-logits.json")]),
    tests("Messaging", ["Messaging"]),
    tests("Certificates", ["Certificates"]),
    tests("Tunnel", ["Tunnel", "Certificates", "Messaging", "Digests", crypto, logging, tls] + nio + x509),
    tests("Reports", ["Reports", "Studies", "Pruning", "Models"], exclude: ["Fixtures"]),
    tests("Monitoring", ["Monitoring"]),
    tests("Dashboard", ["Dashboard", "Monitoring"]),
    tests("RunStore", ["RunStore", "Studies", "Digests", sqlite]),
    tests("Downloads", ["Downloads", "Digests"]),
    tests("Formats", ["Decoders", "Formats", "Networks", "Pruning", "Models", "Randomness", "Digests", protobuf]),
    tests("StudyFile", ["StudyFile", "Studies", "Search", "Models", "Digests"]),
    tests(
      "Command",
      [
        "sentei", "Services", "StudyFile", "Studies", "RunStore", "Messaging", "Wire", "Scheduling", "Networks",
        "Models", "Monitoring", "Digests", yams,
      ]),
  ]
)
