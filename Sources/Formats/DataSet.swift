package import Models

/// A data set by its name, with the test part that its authors set aside, if they did.
package struct DataSet: Hashable, Sendable {
  /// For example `mnist`.
  package let name: String
  package let training: LabelledData
  /// The authors' own test set, of the same shape and classes; nil where there is none and a split must make one.
  package let officialTest: LabelledData?
  /// What people should know beside the results, for example that a part is missing; nil if there is nothing to say.
  package let note: String?

  /// A data set of parts that the caller has checked against each other.
  package init(name: String, training: LabelledData, officialTest: LabelledData?, note: String? = nil) {
    self.name = name
    self.training = training
    self.officialTest = officialTest
    self.note = note
  }
}
