import Monitoring
import Testing

/// The text that Prometheus reads.
@Suite struct ExpositionTests {
  @Test func aFamilyHasItsHeadingAndALineForEachSample() {
    var out = Exposition()
    out.counter("a_total", "All of a.", 3)
    out.gauge(
      "b", "Some \\ b\nin two lines.", [.init([("kind", "x\"y\\z\n"), ("of", "2")], 0.5), .init([], -.infinity)])
    #expect(
      out.text == """
        # HELP a_total All of a.
        # TYPE a_total counter
        a_total 3
        # HELP b Some \\\\ b\\nin two lines.
        # TYPE b gauge
        b{kind="x\\"y\\\\z\\n",of="2"} 0.5
        b -Inf

        """)
  }

  @Test func bucketsOfAHistogramAreCumulative() {
    var histogram = Histogram(bounds: [0.1, 1])
    for value in [0.05, 0.1, 0.2, 5, .nan, .infinity] { histogram.add(value) }
    #expect(histogram.counts == [2, 1, 1] && histogram.count == 4)
    var out = Exposition()
    out.histogram("h", "H.", histogram)
    #expect(
      out.text.split(separator: "\n").dropFirst(2) == [
        "h_bucket{le=\"0.1\"} 2", "h_bucket{le=\"1\"} 3", "h_bucket{le=\"+Inf\"} 4", "h_sum 5.35", "h_count 4",
      ])
  }

  @Test func theCoordinatorSaysWhatIsCountedOnIt() {
    var metrics = CoordinatorMetrics()
    metrics.facts = ["evaluate": 7, "train": 2]
    metrics.answers = ["computed": 8, "audit": 3]
    metrics.evaluationSeconds.add(0.02)
    metrics.best = ("loss", 0.25)
    metrics.quarantines = 1
    var now = ClusterSnapshot(study: "s", run: "r", epoch: 1)
    now.jobs = JobCounts(waiting: 5, leased: 2, storing: 1)
    now.workers = [
      WorkerSnapshot(name: "a", lanes: 2, condition: .working, jobs: 2, oldestLease: 3.5, silence: 0),
      WorkerSnapshot(name: "b", lanes: 4, condition: .disconnected, jobs: 0, oldestLease: nil, silence: 9),
    ]
    let lines = Set(metrics.exposition(now, version: "1.2.3").text.split(separator: "\n"))
    for line in [
      "sentei_evaluations_total 7", "sentei_queue_length 7", "sentei_jobs{state=\"leased\"} 2", "sentei_audits_total 3",
      "sentei_facts_total{kind=\"train\"} 2", "sentei_facts_total{kind=\"test\"} 0", "sentei_workers_quarantined 1",
      "sentei_workers{state=\"working\"} 1", "sentei_workers{state=\"disconnected\"} 1",
      "sentei_workers{state=\"idle\"} 0", "sentei_lanes 2", "sentei_oldest_lease_seconds 3.5",
      "sentei_evaluation_seconds_bucket{le=\"0.025\"} 1", "sentei_evaluation_seconds_count 1",
      "sentei_best_fitness{figure=\"loss\"} 0.25", "sentei_info{version=\"1.2.3\",study=\"s\",run=\"r\"} 1",
    ] {
      #expect(lines.contains(Substring(line)), "\(line)")
    }
    // No name has two headings, and each sample stands below its own.
    let headings = metrics.exposition(now, version: "").text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }
    #expect(Set(headings).count == headings.count)
  }
}
