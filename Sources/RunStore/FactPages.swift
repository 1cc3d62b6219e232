internal import Dispatch
internal import GRDB
internal import Synchronization

/// All facts behind a number, group by group, in sequence order.
///
/// The next group is read and checked on a thread of its own while the caller works on one, and no lock on the database is
/// held in between. So a walk takes as long as the slower half of its work.
struct FactPages {
  /// A group as it was read.
  private struct Page: Sendable {
    var rows: [FoundFact] = []
    /// Why there are no more; the rows before it count.
    var error: RunStoreError?

    init() {}

    init(of database: RunDatabase, after last: Int) {
      do throws(RunStoreError) {
        try database.read("read the facts of") { db in try FoundFact.page(of: db, after: last, into: &rows) }
      } catch { self.error = error }
    }
  }

  /// A group on its way.
  private final class Reading: Sendable {
    private let page = Mutex(Page())
    private let group = DispatchGroup()

    init(_ database: RunDatabase, after last: Int, on queue: DispatchQueue) {
      queue.async(group: group) { [self] in
        let read = Page(of: database, after: last)
        page.withLock { $0 = read }
      }
    }

    func wait() -> Page {
      group.wait()
      return page.withLock { $0 }
    }
  }

  private let database: RunDatabase
  /// Not one that is shared: threads that wait for each other's work there might be all that it has.
  private let queue = DispatchQueue(label: "facts")

  init(of database: RunDatabase) { self.database = database }

  /// Calls `body` for each row.
  ///
  /// - Throws: ``RunStoreError`` behind the last row that could be read.
  /// - Complexity: O(n) in the number of rows; memory for two groups.
  func forEachRow(after: Int, _ body: (FoundFact) -> Void) throws(RunStoreError) {
    var page = Page(of: database, after: after)
    var last = after
    while true {
      var next: Reading?
      var isAstray = false
      if page.error == nil, let end = page.rows.last?.sequence, page.rows.count == FoundFact.pageSize {
        // SQLite looks for the first row alone by its number, so damaged numbers could lead back here for ever.
        isAstray = end <= last
        if !isAstray { next = Reading(database, after: end, on: queue) }
        last = end
      }
      for row in page.rows { body(row) }
      if let error = page.error { throw error }
      if isAstray { throw .damaged(path: database.path, found: "its facts are out of order") }
      guard let next else { return }
      page = next.wait()
    }
  }
}
