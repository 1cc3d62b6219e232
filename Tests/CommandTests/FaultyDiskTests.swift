import Foundation
import RunStore
import Testing

/// Disks that refuse, and limits that are reached, in the middle of a run: it stops cleanly, nothing that it counted is
/// missing, and resuming goes on to the same history.
@Suite struct FaultyDiskTests {
  /// An ext4 in a sparse file, whose own disk can be filled: what is written to it then fails as on a broken disk, and
  /// ext4 itself turns read-only, also for those who have files open.
  ///
  /// Not `mount -o remount,abort`: about once in twenty, ext4 (Linux 6.18) then answers an fdatasync with success whose
  /// bytes it does not keep, which no program can know.
  private final class Image {
    let path: String
    private let bottom: String
    private var file: String { "\(bottom)/image" }
    private var filler: String { "\(bottom)/filler" }

    init?(_ place: Workplace) throws {
      path = place.file("disk")
      bottom = place.file("bottom")
      for folder in [path, bottom] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      guard Glibc.mount("tmpfs", bottom, "tmpfs", 0, "size=64m") == 0,
        FileManager.default.createFile(atPath: file, contents: nil), truncate(file, 64 << 20) == 0,
        command("mkfs.ext4", "-q", "-F", file), mount()
      else {
        print("skipped: a disk that turns read-only needs root, a loop device and mkfs.ext4")
        umount2(bottom, Int32(MNT_DETACH))
        return nil
      }
    }

    deinit {
      unmount(path)
      unmount(bottom)
    }

    private func mount() -> Bool { command("mount", "-o", "loop", file, path) }

    /// Waits for those who still have files open: workers go a moment after their coordinator.
    private func unmount(_ path: String) {
      let deadline = ContinuousClock.now + .seconds(30)
      while umount2(path, 0) != 0, errno == EBUSY {
        guard ContinuousClock.now < deadline else {
          umount2(path, Int32(MNT_DETACH))
          return
        }
        usleep(10_000)
      }
    }

    /// From now on nothing that needs a new block gets one.
    func refuse() throws {
      let descriptor = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      try #require(descriptor >= 0)
      defer { close(descriptor) }
      let zeros = [UInt8](repeating: 0, count: 1 << 20)
      while write(descriptor, zeros, zeros.count) > 0 {}
      try #require(errno == ENOSPC)
    }

    /// Its journal is written each five seconds.
    func turnsReadOnly() -> Bool {
      let deadline = ContinuousClock.now + .seconds(30)
      while !isReadOnly {
        guard ContinuousClock.now < deadline else { return false }
        usleep(10_000)
      }
      return true
    }

    private var isReadOnly: Bool {
      let mounts = (try? String(contentsOfFile: "/proc/mounts", encoding: .utf8)) ?? ""
      let options = mounts.split(separator: "\n").first { $0.contains(" \(path) ") }?.split(separator: " ")[3] ?? ""
      return options.split(separator: ",").contains { $0 == "ro" || $0 == "emergency_ro" }
    }

    /// The disk is sound again, with what it kept: mounted anew, behind its journal.
    func mend() -> Bool {
      unmount(path)
      unlink(filler)
      return mount()
    }
  }

  @Test func aDiskThatTurnsReadOnlyStopsTheRun() throws {
    let place = Workplace()
    guard let disk = try Image(place) else { return }
    let run = "\(disk.path)/run"
    let study = try place.write("study.yaml", Studies.quick(generations: 100))
    let running = try Running(
      ["run", study, "--run-directory", run, "--workers", "1", "--log-level", "debug"], errors: place.file("log"))
    #expect(running.commits(20))
    try disk.refuse()
    #expect(running.wait() == 74, "\(running.logText.suffix(1000))")
    print("read-only: \(running.logText.split(separator: "\n").last ?? "")")
    #expect(disk.turnsReadOnly())
    #expect(!running.logText.contains("a local worker died"), "its log lies on this disk")
    #expect(disk.mend())
    try expectWhole(run, counted: running.logText, study, place)
  }

  @Test(arguments: ["fsync", "write"]) func aDiskErrorStopsTheRunAndIsNotTriedAgain(call: String) throws {
    let place = Workplace()
    guard let library = try Self.shim(place) else { return }
    let (run, order) = (place.file("run"), place.file("order"))
    let study = try place.write("study.yaml", Studies.quick(generations: 100))
    let running = try Running(
      ["run", study, "--run-directory", run, "--workers", "1", "--log-level", "debug"], errors: place.file("log"),
      environment: [
        "LD_PRELOAD": library, "FAULT_CALL": call, "FAULT_ORDER": order, "FAULT_FOLDER": run,
        "FAULT_LOG": place.file("later"),
      ])
    #expect(running.commits(20))
    #expect(FileManager.default.createFile(atPath: order, contents: nil))
    #expect(running.wait() == 74, "\(running.logText.suffix(1000))")
    print("\(call): \(running.logText.split(separator: "\n").last ?? "")")
    #expect(!FileManager.default.fileExists(atPath: order), "the call failed")
    // A second fsync would say that all is well, and the pages that the first one lost would be gone.
    let later = (try? String(contentsOfFile: place.file("later"), encoding: .utf8)) ?? ""
    #expect(later.isEmpty, "after the failure: \(later)")
    try expectWhole(run, counted: running.logText, study, place)
  }

  @Test func aLimitOfOpenFilesStopsTheRunCleanly() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 20))
    let (run, limit) = (place.file("run"), ["prlimit", "--nofile=256:256"])
    let low = try Running(
      ["worker", "ipc:///nowhere/c"], through: ["prlimit", "--nofile=64:64"], errors: place.file("low.log"))
    #expect(low.wait() == 69)
    #expect(low.logText.contains("only 64 files may be open") && low.logText.contains("ulimit -n"), "\(low.logText)")

    let crowded = try Running(
      ["run", study, "--run-directory", place.file("crowded"), "--workers", "64"], through: limit,
      errors: place.file("crowded.log"))
    #expect(crowded.wait() == 69)
    #expect(crowded.logText.contains("only 256 files may be open, and 768 are needed"), "\(crowded.logText)")

    let coordinator = try Running(
      [
        "coordinator", study, "--listen", "tcp://127.0.0.1:0", "--insecure", "--run-directory", run, "--log-level",
        "debug",
      ], through: limit, errors: place.file("coordinator.log"), environment: Self.withoutLeaks)
    #expect(coordinator.says("listening"))
    let line = try #require(Chronicle(coordinator.logText).all("listening").first)
    let address = try #require(line.fields["address"])
    let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
    let worker = try Running(["worker", address, "--insecure"], errors: place.file("worker.log"))
    #expect(coordinator.says("debug: leased"))
    worker.send(SIGSTOP)
    var crowd: [Int32] = []
    defer { for descriptor in crowd { close(descriptor) } }
    let files = "/proc/\(coordinator.identifier)/fd"
    let deadline = ContinuousClock.now + .seconds(30)
    while (try? FileManager.default.contentsOfDirectory(atPath: files).count) ?? 256 < 256 {
      guard ContinuousClock.now < deadline else { break }
      if crowd.count < 300 { crowd.append(try Self.peer(at: port)) } else { usleep(10_000) }
    }
    worker.send(SIGCONT)
    defer { worker.kill9() }
    #expect(coordinator.wait() == 74, "\(coordinator.logText.suffix(1000))")
    print("open files: \(coordinator.logText.split(separator: "\n").last ?? "")")
    #expect(coordinator.logText.contains("Too many open files"))
    try expectWhole(run, counted: coordinator.logText, study, place)
  }

  /// A LeakSanitizer that cannot open a file has no symbolizer, and without names it finds nothing in its list.
  private static var withoutLeaks: [String: String] {
    ProcessInfo.processInfo.environment["ASAN_OPTIONS"].map { ["ASAN_OPTIONS": "\($0):detect_leaks=0"] } ?? [:]
  }

  /// A peer that greets as nng's workers do, and says no more.
  private static func peer(at port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    let code = withAddress("127.0.0.1", port) { connect(descriptor, $0, $1) }
    try #require(code == 0)
    let greeting: [UInt8] = [0, 0x53, 0x50, 0, 0, 0x30, 0, 0]
    _ = send(descriptor, greeting, greeting.count, Int32(MSG_NOSIGNAL))
    return descriptor
  }

  /// What was counted is on the disk, and resuming ends with the history of a run that nothing happened to.
  private func expectWhole(
    _ run: String, counted log: String, _ study: String, _ place: Workplace,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let counted = Chronicle(log).all("debug: committed").reduce(0) { $0 + (Int($1.fields["facts"] ?? "") ?? 0) }
    let held = try RunStore.open(at: run, mode: .reading).factCount()
    #expect(held >= counted, "\(held) facts of \(counted)", sourceLocation: location)
    let resumed = try Program.run("resume", run, "--workers", "1")
    #expect(resumed.status == 0, "\(resumed.errors)", sourceLocation: location)
    let verified = try Program.run("verify", run)
    #expect(verified.status == 0, "\(verified.output)", sourceLocation: location)
    let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "1")
    #expect(whole.status == 0, "\(whole.errors)", sourceLocation: location)
    let digests = try [run, place.file("whole")].map { try Program.run("history", $0, "--digest").output }
    #expect(digests[0] == digests[1] && digests[0].count == 65, sourceLocation: location)
  }

  /// A library that, loaded before others, makes one call on a file of the run fail as a broken disk does.
  private static func shim(_ place: Workplace) throws -> String? {
    let source = try place.write("fault.c", Self.source)
    guard command("clang", "-shared", "-fPIC", "-O1", "-o", place.file("fault.so"), source) else {
      print("skipped: a failing fsync needs clang")
      return nil
    }
    return place.file("fault.so")
  }

  /// The first call behind the order fails; later ones of its kind are noted and succeed, as the kernel lets them.
  private static let source = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <unistd.h>

    static int taken;

    static int fails(int fd, const char *call) {
      const char *kind = getenv("FAULT_CALL"), *order = getenv("FAULT_ORDER"), *folder = getenv("FAULT_FOLDER");
      char link[64], path[4096];
      if (!kind || strcmp(kind, call)) return 0;
      snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
      ssize_t length = readlink(link, path, sizeof path - 1);
      if (length < 0) return 0;
      path[length] = 0;
      if (strncmp(path, folder, strlen(folder))) return 0;
      if (!taken && unlink(order) == 0) return taken = 1;
      if (taken) {
        FILE *log = fopen(getenv("FAULT_LOG"), "a");
        if (log) fprintf(log, "%s %s\\n", call, path), fclose(log);
      }
      return 0;
    }

    #define NEXT(name) __typeof__(&name) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
    #define FAIL do { errno = EIO; return -1; } while (0)
    int fsync(int fd) { NEXT(fsync); if (fails(fd, "fsync")) FAIL; return next(fd); }
    int fdatasync(int fd) { NEXT(fdatasync); if (fails(fd, "fsync")) FAIL; return next(fd); }
    ssize_t write(int fd, const void *bytes, size_t count) {
      NEXT(write); if (fails(fd, "write")) FAIL; return next(fd, bytes, count);
    }
    ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
      NEXT(pwrite); if (fails(fd, "write")) FAIL; return next(fd, bytes, count, at);
    }
    ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
      NEXT(pwrite64); if (fails(fd, "write")) FAIL; return next(fd, bytes, count, at);
    }
    """
}

/// Runs a tool of the system.
///
/// - Returns: whether it is there and succeeded.
private func command(_ words: String...) -> Bool { (try? Program.tool(words).status) == 0 }
