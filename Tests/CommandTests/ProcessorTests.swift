import Services
import Testing

/// How many processors a container leaves.
@Suite struct ProcessorTests {
  private func limit(_ files: [String: String]) -> Double? { Processors.limit { files[$0] } }

  @Test func aLimitOfVersionTwoIsThatOfTheTightestGroup() {
    let groups = "0::/kubepods/pod1/c1\n"
    #expect(limit(["/proc/self/cgroup": groups]) == nil)
    #expect(limit(["/proc/self/cgroup": groups, "/sys/fs/cgroup/kubepods/pod1/c1/cpu.max": "max 100000\n"]) == nil)
    #expect(
      limit([
        "/proc/self/cgroup": groups, "/sys/fs/cgroup/kubepods/pod1/c1/cpu.max": "max 100000\n",
        "/sys/fs/cgroup/kubepods/pod1/cpu.max": "250000 100000\n", "/sys/fs/cgroup/kubepods/cpu.max": "400000 100000\n",
      ]) == 2.5)
    // In a container with a name space of its own, its group is the root.
    #expect(limit(["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "50000 100000\n"]) == 0.5)
  }

  @Test func aLimitOfVersionOneToo() {
    let groups = "9:name=systemd:/\n4:cpu,cpuacct:/docker/abc\n3:cpuset:/docker/abc\n0::/\n"
    let folder = "/sys/fs/cgroup/cpu,cpuacct"
    #expect(
      limit([
        "/proc/self/cgroup": groups, "\(folder)/docker/abc/cpu.cfs_quota_us": "-1\n",
        "\(folder)/docker/abc/cpu.cfs_period_us": "100000\n",
      ]) == nil)
    // A container sees the host's name of its group, and itself mounted at the root.
    #expect(
      limit([
        "/proc/self/cgroup": groups, "\(folder)/cpu.cfs_quota_us": "300000\n",
        "\(folder)/cpu.cfs_period_us": "100000\n",
      ]) == 3)
  }

  @Test(arguments: ["", "0", "::", "x:cpu", "1:cpu:", "0::/a/../b\n", "0:::/\n1:cpu:/x\n"])
  func oddFilesAreNoLimit(text: String) {
    #expect(limit(["/proc/self/cgroup": text, "/sys/fs/cgroup/cpu.max": "a b"]) == nil)
  }

  @Test func lanesAreANumberOrAsManyAsThereAre() throws {
    #expect(Processors.available >= 1)
    for text in ["0", "-1", "1025", "two"] {
      let refused = try Program.run("worker", "ipc:///tmp/x/y", "--lanes=\(text)")
      #expect(refused.status == 64 && refused.errors.contains("--lanes"), "\(text): \(refused.errors)")
    }
    let place = Workplace()
    let worker = try Running(
      ["worker", "ipc://\(place.file("socket/c"))", "--lanes", "auto", "--wait", "1"], errors: place.file("log"))
    #expect(worker.says("lanes=\(Processors.available)"), "\(worker.logText)")
    #expect(worker.wait() == 69)
  }
}
