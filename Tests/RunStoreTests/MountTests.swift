import RunStore
import Testing

@Suite struct MountTests {
  private let table = """
    21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
    36 21 0:41 / /home rw,relatime shared:20 master:3 - nfs4 server:/export/home rw,vers=4.2
    37 21 0:42 / /cache rw - tmpfs tmpfs rw
    """

  @Test func networkFileSystemsAreToldByTheirDevice() {
    #expect(MountTable.isRemote(device: 41, in: table))
    #expect(!MountTable.isRemote(device: 42, in: table))
    #expect(!MountTable.isRemote(device: 254 << 8, in: table))
    #expect(!MountTable.isRemote(device: 99, in: table))
    #expect(!MountTable.isRemote(device: 41, in: "nonsense\n1 2 0:41 / -\n"))
  }

  @Test func aRunWithARollbackJournalWorksTheSame() throws {
    let scratch = Scratch()
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing, journal: .rollback)
    _ = try store.commit([fact(1)], attempts: [])
    #expect(try !Image(of: path).files.keys.contains("sentei.sqlite-wal"))
    #expect(try RunStore.open(at: path, mode: .reading).allFacts() == [fact(1)])
    _ = try store.commit([fact(2)], attempts: [])
    try store.close()
    #expect(try RunStore.open(at: path, mode: .writing).allFacts() == [fact(1), fact(2)])
  }
}
