import Digests
import Foundation
import RunStore
import Testing

/// A small file system of its own, if this process may mount one.
private final class SmallDisk: Sendable {
  let path: String

  init?(in scratch: Scratch, kilobytes: Int) {
    path = scratch("disk")
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else {
      print("skipped: a full disk needs the right to mount a tmpfs")
      return nil
    }
  }

  /// Fills the disk to the last byte.
  func fill() {
    let file = open(path + "/ballast", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { close(file) }
    let block = [UInt8](repeating: 0, count: 4096)
    while write(file, block, block.count) > 0 {}
  }

  func free() { unlink(path + "/ballast") }

  deinit { umount2(path, Int32(MNT_DETACH)) }
}

@Suite struct DiskTests {
  let scratch = Scratch()

  @Test func aFullDiskPoisonsTheStoreAndLosesNothing() throws {
    guard let disk = SmallDisk(in: scratch, kilobytes: 1024) else { return }
    let path = disk.path + "/run"
    try RunStore.create(at: path, studyText: "s", studyDigest: digest("s"), runID: "r")
    var committed: [FactRow] = []
    do {
      let store = try RunStore.open(at: path, mode: .writing)
      _ = try store.commit([fact(1)], attempts: [attempt(1)])
      committed.append(fact(1))
      disk.fill()
      var failure: RunStoreError?
      for start in stride(from: 2, to: 10_000, by: 8) {
        let group = (start..<start + 8).map { fact($0) }
        do {
          _ = try store.commit(group, attempts: [])
          committed += group
        } catch {
          failure = error
          break
        }
      }
      guard case .noSpace(_, path + "/sentei.sqlite") = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
      disk.free()
      #expect(store.failure?.contains("the disk is full") == true)
      for write in [
        { _ = try store.commit([fact(1)], attempts: []) }, { try store.storeBlob([1]) }, { try store.writeHead() },
        { try store.writeSnapshot(observed: 1, state: []) }, { try store.appendBudgets([]) },
        { try store.setMeta("a", "b") }, { _ = try store.revoke(fact(1).job, reason: "") },
      ] as [() throws -> Void] {
        guard case .failed = #expect(throws: RunStoreError.self, performing: write) else {
          Issue.record("not refused")
          return
        }
      }
      #expect(try store.fact(for: fact(1).job) == fact(1))
      try store.close()
    }
    let store = try RunStore.open(at: path, mode: .writing)
    #expect(store.damage == [])
    #expect(try store.allFacts() == committed)
  }

  @Test func aFullDiskRefusesBlobsSnapshotsAndHeads() throws {
    guard let disk = SmallDisk(in: scratch, kilobytes: 1024) else { return }
    let path = disk.path + "/run"
    try RunStore.create(at: path, studyText: "s", studyDigest: digest("s"), runID: "r")
    let writes: [(RunStore) throws -> Void] = [
      { try $0.storeBlob([UInt8](repeating: 1, count: 1 << 20)) },
      { try $0.writeSnapshot(observed: 2, state: [UInt8](repeating: 1, count: 1 << 20)) },
      { try $0.blobWriter(for: digest("x"), byteCount: 2 << 20).append([UInt8](repeating: 1, count: 2 << 20)) },
    ]
    for write in writes {
      let store = try RunStore.open(at: path, mode: .writing)
      try store.writeSnapshot(observed: 1, state: [1])
      guard case .noSpace = #expect(throws: RunStoreError.self, performing: { try write(store) }) else {
        Issue.record("not refused")
        return
      }
      #expect(throws: RunStoreError.self) { try store.commit([fact(1)], attempts: []) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/partial") == [])
      #expect(try store.newestSnapshot().snapshot?.observed == 1)
    }
    #expect(try RunStore.open(at: path, mode: .writing).damage == [])
  }

  @Test func aCreationOnAFullDiskLeavesNothing() throws {
    guard let disk = SmallDisk(in: scratch, kilobytes: 256) else { return }
    try FileManager.default.createDirectory(atPath: disk.path + "/empty", withIntermediateDirectories: true)
    disk.fill()
    let before = try Image(of: disk.path)
    for name in ["new/deeper", "empty"] {
      guard
        case .noSpace = #expect(
          throws: RunStoreError.self,
          performing: {
            try RunStore.create(
              at: disk.path + "/" + name, studyText: "s", studyDigest: digest("s"), runID: "r")
          })
      else {
        Issue.record("not refused")
        return
      }
      #expect(try Image(of: disk.path) == before)
    }
    disk.free()
    #expect(
      try RunStore.create(at: disk.path + "/empty", studyText: "s", studyDigest: digest("s"), runID: "r") == .created)
  }

  @Test func aReadOnlyDiskCanBeReadAndRefusesToBeWritten() throws {
    guard let disk = SmallDisk(in: scratch, kilobytes: 1024) else { return }
    let path = disk.path + "/run"
    try RunStore.create(at: path, studyText: "s", studyDigest: digest("s"), runID: "r")
    do {
      let store = try RunStore.open(at: path, mode: .writing)
      _ = try store.commit([fact(1)], attempts: [])
      try store.close()
    }
    guard mount("tmpfs", disk.path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 else { return }
    #expect(try RunStore.open(at: path, mode: .reading).allFacts() == [fact(1)])
    let refusals = [
      #expect(throws: RunStoreError.self, performing: { try RunStore.open(at: path, mode: .writing) }),
      #expect(
        throws: RunStoreError.self,
        performing: {
          try RunStore.create(at: disk.path + "/other", studyText: "s", studyDigest: digest("s"), runID: "r")
        }),
    ]
    for refusal in refusals {
      guard case .permission = refusal else {
        Issue.record("\(String(describing: refusal))")
        return
      }
    }
  }

  @Test func aFailedWriteOfTheSystemPoisonsTheStore() async throws {
    let path = try scratch.run()
    await #expect(processExitsWith: .success) { [path = path as String] in
      let store = try RunStore.open(at: path, mode: .writing)
      _ = try store.commit([fact(1)], attempts: [])
      // Writes past this size fail with EFBIG, which is neither a full disk nor a missing right.
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 64 << 10, rlim_max: rlim_t.max)
      setrlimit(__rlimit_resource_t(1), &limit)
      var failure: RunStoreError?
      var number = 2
      while failure == nil, number < 10_000 {
        do { _ = try store.commit([fact(number)], attempts: []) } catch { failure = error as? RunStoreError }
        number += 1
      }
      guard case .io = failure, store.failure != nil else { exit(3) }
      limit.rlim_cur = rlim_t.max
      setrlimit(__rlimit_resource_t(1), &limit)
      do {
        _ = try store.commit([fact(number)], attempts: [])
        exit(4)
      } catch {
        guard case .failed = error as? RunStoreError else { exit(5) }
      }
      let committed = try store.factCount()
      try store.close()
      let again = try RunStore.open(at: path, mode: .writing)
      guard again.damage == [], try again.factCount() == committed, committed == number - 2 else { exit(6) }
    }
  }
}
