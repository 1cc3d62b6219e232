import Foundation
import Testing

/// A disk that fills up stops the run cleanly; with room again it goes on to the same history.
@Suite struct DiskTests {
  private func mount(_ arguments: String...) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/mount")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test func aFullDiskStopsTheRunAndNothingIsLost() throws {
    let place = Workplace()
    let disk = place.file("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    guard geteuid() == 0, try mount("-t", "tmpfs", "-o", "size=700k", "tmpfs", disk) else {
      print("skipped: a small tmpfs can only be mounted by root")
      return
    }
    defer {
      let unmount = Process()
      unmount.executableURL = URL(fileURLWithPath: "/bin/umount")
      unmount.arguments = ["-l", disk]
      try? unmount.run()
      unmount.waitUntilExit()
    }
    let study = try place.write("study.yaml", Studies.quick(generations: 100))
    let full = try Program.run("run", study, "--run-directory", "\(disk)/run", "--workers", "1")
    #expect(full.status == 74, "\(full.status) \(full.errors)")
    #expect(full.errors.contains("the disk is full"), "\(full.errors)")
    #expect(try mount("-o", "remount,size=64m", disk))
    let resumed = try Program.run("resume", "\(disk)/run", "--workers", "1")
    #expect(resumed.status == 0, "\(resumed.errors)")
    let whole = try Program.run("run", study, "--run-directory", place.file("whole"), "--workers", "1")
    #expect(whole.status == 0, "\(whole.errors)")
    let digests = try ["\(disk)/run", place.file("whole")].map { try Program.run("history", $0, "--digest").output }
    #expect(digests[0] == digests[1] && digests[0].count == 65)
  }
}
