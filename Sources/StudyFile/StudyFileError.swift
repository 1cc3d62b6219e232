/// A mistake in a study file: where it is, what stands there, and what was expected.
package struct StudyFileError: Error, Equatable, Sendable, CustomStringConvertible {
  package let file: String
  /// From 1; nil where the file as a whole is meant.
  package let line: Int?
  /// The key with its path, for example `search.population_size`; nil outside any key.
  package let key: String?
  package let problem: String

  package var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return key.map { "\(place): \($0): \(problem)" } ?? "\(place): \(problem)"
  }
}
