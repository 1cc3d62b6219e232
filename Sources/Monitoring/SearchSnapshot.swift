/// How the searches of a run went so far: what the charts of a dashboard are drawn of.
///
/// Its JSON is what `/search.json` says. Figures are as people read them: a loss is a loss, and smaller.
package struct SearchSnapshot: Hashable, Codable, Sendable {
  /// The figures of the objective; the first is that of ``Line``.
  package var objectives: [Objective] = []
  package var lines: [Line] = []
  /// What the searches have to beat.
  package var baselines: [Baseline] = []
  package var acceptance: [Acceptance] = []
  package var fronts: [Front] = []
  /// How much of each layer the best network keeps.
  package var layers: [Layer] = []
  package var picture: Picture?
  /// Trials answered from the cache, and all trials, in this life of the coordinator.
  package var cacheHits = 0
  package var trials = 0

  package init() {}

  package struct Objective: Hashable, Codable, Sendable {
    package var name: String
    package var isLargerBetter: Bool

    package init(name: String, isLargerBetter: Bool) { (self.name, self.isLargerBetter) = (name, isLargerBetter) }
  }

  /// Fitness by generations.
  package struct Line: Hashable, Codable, Sendable {
    package var name: String
    /// Trials of a generation: where searches are compared, they are at equal numbers of trials.
    package var generationSize: Int
    package var points: [Point]

    package init(name: String, generationSize: Int, points: [Point]) {
      (self.name, self.generationSize, self.points) = (name, generationSize, points)
    }
  }

  package struct Point: Hashable, Codable, Sendable {
    package var generation: Int
    /// Of this generation; nil where nothing is known.
    package var best: Double?
    package var mean: Double?

    package init(generation: Int, best: Double?, mean: Double?) {
      (self.generation, self.best, self.mean) = (generation, best, mean)
    }
  }

  package struct Baseline: Hashable, Codable, Sendable {
    package var name: String
    package var value: Double

    package init(name: String, value: Double) { (self.name, self.value) = (name, value) }
  }

  /// Moves accepted by temperature, hot to cold.
  package struct Acceptance: Hashable, Codable, Sendable {
    package var name: String
    package var temperatures: [Double]
    package var rates: [Double]

    package init(name: String, temperatures: [Double], rates: [Double]) {
      (self.name, self.temperatures, self.rates) = (name, temperatures, rates)
    }
  }

  /// Networks none of which is better than another in everything: a value for each objective.
  package struct Front: Hashable, Codable, Sendable {
    package var name: String
    package var points: [[Double]]

    package init(name: String, points: [[Double]]) { (self.name, self.points) = (name, points) }
  }

  package struct Layer: Hashable, Codable, Sendable {
    package var name: String
    package var kept: Int
    package var size: Int

    package init(name: String, kept: Int, size: Int) { (self.name, self.kept, self.size) = (name, kept, size) }
  }

  /// How many weights of a dense layer look at each input of the network, as a picture.
  package struct Picture: Hashable, Codable, Sendable {
    package var layer: String
    package var width: Int
    package var height: Int
    /// The most that a pixel could have.
    package var most: Int
    /// Kept weights at each pixel, by rows; of several channels their sum.
    package var kept: [Int]

    package init(layer: String, width: Int, height: Int, most: Int, kept: [Int]) {
      (self.layer, self.width, self.height, self.most, self.kept) = (layer, width, height, most, kept)
    }
  }
}
