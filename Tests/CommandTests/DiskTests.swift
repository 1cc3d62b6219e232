import Foundation
import Testing

/// A disk that fills up stops the run cleanly; with room again it goes on to the same history.
@Suite struct DiskTests {
  @Test func aFullDiskStopsTheRunAndNothingIsLost() throws {
    let place = Workplace()
    let disk = place.file("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    guard mount("tmpfs", disk, "tmpfs", 0, "size=700k") == 0 else {
      print("skipped: a small tmpfs can only be mounted by root")
      return
    }
    defer { umount2(disk, Int32(MNT_DETACH)) }
    let study = try place.write("study.yaml", Studies.quick(generations: 100))
    let full = try Program.run("run", study, "--run-directory", "\(disk)/run", "--workers", "1")
    #expect(full.status == 74, "\(full.status) \(full.errors)")
    #expect(full.errors.contains("the disk is full"), "\(full.errors)")
    #expect(mount("tmpfs", disk, "tmpfs", UInt(MS_REMOUNT), "size=64m") == 0)
    let resumed = try Program.run("resume", "\(disk)/run", "--workers", "1")
    #expect(resumed.status == 0, "\(resumed.errors)")
    let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "1")
    #expect(whole.status == 0, "\(whole.errors)")
    let digests = try ["\(disk)/run", place.file("whole")].map { try Program.run("history", $0, "--digest").output }
    #expect(digests[0] == digests[1] && digests[0].count == 65)
  }

  @Test func aLogThatCannotBeWrittenEndsNothing() throws {
    let place = Workplace()
    let study = try place.write("study.yaml", Studies.quick(generations: 3))
    let full = try Running(
      ["run", study, "--run-directory", place.file("full"), "--workers", "1"], errors: "/dev/full")
    #expect(full.wait() == 0)
    let pipe = place.file("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK)
    try #require(reader >= 0)
    let alone = try Running(
      ["run", study, "--run-directory", place.file("alone"), "--workers", "1"], errors: pipe)
    close(reader)
    #expect(alone.wait() == 0)
  }
}
