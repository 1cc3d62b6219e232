import Formats
import Models
import Testing

@Suite struct MNISTTests {
  @Test(
    "The original files hold 60,000 and 10,000 images with the published label counts",
    .enabled(if: publicData != nil, "MNIST is not here: give the folder that holds it in SENTEI_DATA"))
  func original() throws {
    let set = try DataFolder.load(named: "mnist", folder: publicData)
    let test = try #require(set.officialTest)
    #expect(set.training.count == 60_000 && test.count == 10_000)
    #expect(set.training.shape == [1, 28, 28] && test.shape == [1, 28, 28])
    #expect(counts(set.training) == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    #expect(counts(test) == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    #expect(set.training.labels.prefix(5) == [5, 0, 4, 1, 9])
    #expect(test.labels.prefix(5) == [7, 2, 1, 0, 4])
  }

  private func counts(_ data: LabelledData) -> [Int] {
    var counts = [Int](repeating: 0, count: data.classes)
    for label in data.labels { counts[Int(label)] += 1 }
    return counts
  }
}
