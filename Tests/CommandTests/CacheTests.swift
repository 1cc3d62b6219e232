import Foundation
import Testing

/// Equal candidates are evaluated once.
@Suite struct CacheTests {
  @Test func thirtyPercentPlantedDuplicatesAreExactlyThirtyCacheHits() throws {
    let place = Workplace()
    let extra = ", random_search: false, initial_population: { equal: 0.3, random: 0.7 }"
    // Two prunable layers, or global and per-layer magnitude would be one mask.
    let text = Studies.quick(population: 100, generations: 1, extra: extra).replacing("mlp-32", with: "mlp-32-16")
    let study = try place.write("study.yaml", text)
    let run = try Program.run("run", study, "--run-directory", place.file("run"), "--workers", "2")
    #expect(run.status == 0, "\(run.errors)")
    // Thirty founders are global magnitude's mask, which the baseline had asked for; seventy random ones and the six
    // baselines are evaluated, and what is compared once more on validation.
    let status = try Program.run("status", place.file("run"))
    #expect(status.output.contains("76 asked for, 30 more answered from the cache"), "\(status.output)")
    #expect((82...83).contains { status.output.contains("\($0) evaluate") }, "\(status.output)")
  }
}
