import Messaging
import RunStore
import StudyFile

/// Text that people write, and the kernel.
extension Decoder {
  static let texts = [
    Decoder("studies", base: 16 << 20, perByte: 4096) {
      studies.map { Array($0.utf8) }
    } read: { bytes in
      guard let text = String(validating: bytes, as: UTF8.self) else { return false }
      return try !AnyStudyDocument(text: text, file: "study.yaml").name.isEmpty
    },
    Decoder("addresses") {
      ["ipc:///tmp/a", "tcp://127.0.0.1:80", "tls://[::1]:4433", "tls://host.example.org:1"].map { Array($0.utf8) }
    } read: { bytes in
      guard let text = String(validating: bytes, as: UTF8.self) else { return false }
      return try !"\(Address(text))".isEmpty
    },
    Decoder("mount-tables") {
      [Array("36 35 98:0 /root /mount rw - nfs4 server:/a rw\n36 35 0:1 / / rw shared:1 - ext4 /dev/a rw\n".utf8)]
    } read: { bytes in
      guard let text = String(validating: bytes, as: UTF8.self) else { return false }
      return MountTable.isRemote(device: 98 << 8, in: text)
    },
  ]

  private static let studies = [
    """
    study: digits-at-10x
    seed: 1
    dataset: { name: digits }
    network: { zoo: mlp-8, train: { epochs: 4 } }
    objective: { minimize: loss, at_compression: 4 }
    fitness: { retrain: none }
    search: { algorithm: genetic, population_size: 8, generations: 5 }
    """,
    """
    study: rivals
    dataset:
      name: digits
      splits: { search: 0.25, validation: 50, test: 100 }
      normalize: { mean: [0.1307], std: [0.3081] }
    network:
      zoo: mlp-16
      train: { epochs: 12, optimizer: adam, schedule: { milestones: [4, 9], gamma: 0.5 }, warmup_epochs: 2 }
    objective: { pareto: [accuracy, size], compression: [2, 4] }
    search:
      - { algorithm: nsga2, population_size: 8, evaluations: 64 }
      - { algorithm: random, noise: 0.5 }
    """,
    """
    study: own
    dataset: { x: x.npy, y: y.npy }
    network: { onnx: model.onnx }
    objective: { minimize: size, subject_to: { accuracy: 0.98 }, compression: [5, 50] }
    search:
      - { algorithm: annealing, cooling_steps: 400, evaluations: 800 }
      - { algorithm: tempering }
      - { algorithm: islands, islands: 4, population_size: 16, elite_size: 4 }
      - { algorithm: one_plus_lambda, name: Staged, lambda: 32, shares: [0.2, 1], survivors: [8] }
    """,
    """
    study: digits-architecture
    dataset: { name: digits }
    network:
      architecture:
        layers:
          - { convolution: { widths: [2, 4, 8], kernels: [3, 5], pool: 2 } }
          - { dense: { widths: [8, 16], activation: [relu, tanh] } }
      train: { epochs: 10, learning_rate: 0.05 }
    objective: { minimize: size, subject_to: { accuracy: 0.95 } }
    fitness: { draws: 3, final_draws: 3 }
    search: { algorithm: genetic, population_size: 8, elite_size: 4, generations: 5 }
    """,
    """
    study: cycles
    dataset: { name: digits }
    network: { zoo: mlp-8, train: { epochs: 20, l1: 2e-5, l2: 0, schedule: cosine } }
    prune: { classifier: true }
    objective: { minimize: loss, at_compression: 4 }
    cycles: { rounds: 3, compression_step: 1.25, least_accuracy: 0.9, train: { epochs: 2 } }
    search: { algorithm: one_plus_lambda, lambda: 4, evaluations: 400, horizon: 100, random_search: false }
    """,
  ]
}
