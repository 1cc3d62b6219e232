import Digests
import Models
import Testing

/// What a teacher can be.
@Suite struct TeacherPlanTests {
  @Test func thePlanIsItsIdentity() throws {
    let plan = try TeacherPlan(widths: [20, 10, 10], samples: 3100)
    #expect(plan.name == "teacher-20-10-10" && plan.network.inputCount == 20 && plan.network.outputCount == 10)
    #expect(try TeacherPlan(widths: [20, 10, 10], samples: 3100).digest == plan.digest)
    let others = [
      try TeacherPlan(widths: [20, 10, 10], samples: 3101), try TeacherPlan(widths: [20, 10], samples: 3100),
      try TeacherPlan(widths: [20, 11, 10], samples: 3100), try TeacherPlan(widths: [10, 20, 10], samples: 3100),
    ]
    #expect(Set(others.map(\.digest) + [plan.digest]).count == 5)
  }

  @Test func impossiblePlansAreRefused() {
    let impossible = [
      [], [3], [0, 2], [3, -1, 2], [3, 1], [3, 257], [70_000, 2], [65_536, 65_536, 2], [.max, .max],
    ]
    for widths in impossible {
      #expect(throws: NetworkError.self, "\(widths)") { try TeacherPlan(widths: widths, samples: 10) }
    }
    for samples in [0, -1, .min, .max, TeacherPlan.maximumValues / 5 + 1] {
      #expect(throws: NetworkError.self, "\(samples)") { try TeacherPlan(widths: [3, 2], samples: samples) }
    }
    #expect(throws: Never.self) { try TeacherPlan(widths: [3, 2], samples: TeacherPlan.maximumValues / 5) }
  }
}
