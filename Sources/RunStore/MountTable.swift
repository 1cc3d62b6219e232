internal import Glibc

/// What kind of file system a path lies on.
///
/// SQLite's write-ahead log needs memory that all processes share, which network file systems do not give.
package enum MountTable {
  /// The names under which Linux mounts file systems of other machines.
  private static let remoteTypes: Set<Substring> = [
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse.ceph", "fuse.glusterfs", "fuse.sshfs", "gfs2", "glusterfs",
    "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb3", "smbfs",
  ]

  /// Whether the path lies on a file system of another machine; unknown ones count as local.
  package static func isRemote(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0, let table = readAll("/proc/self/mountinfo") else { return false }
    return isRemote(device: UInt(status.st_dev), in: table)
  }

  /// Whether the device number belongs to a remote file system, by a table in the form of `/proc/self/mountinfo`.
  package static func isRemote(device: UInt, in table: String) -> Bool {
    let major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
    let minor = (device & 0xFF) | (device >> 12 & ~0xFF)
    return table.split(separator: "\n").contains { line in
      // 36 35 98:0 /root /mount options [optional fields] - type source options (proc_pid_mountinfo(5))
      let fields = line.split(separator: " ")
      guard fields.count > 2, fields[2] == "\(major):\(minor)", let dash = fields.firstIndex(of: "-"),
        dash + 1 < fields.count
      else { return false }
      return remoteTypes.contains(fields[dash + 1])
    }
  }

  /// A file of the kernel, which has no size of its own.
  private static func readAll(_ path: String) -> String? {
    guard let stream = fopen(path, "re") else { return nil }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = fread(&piece, 1, piece.count, stream)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += piece[..<count]
    }
  }
}
