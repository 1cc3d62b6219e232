package import Studies

/// A study file of any kind, read and checked as far as that goes without its data and models.
package enum AnyStudyDocument {
  case search(StudyDocument)
  case methods(MethodDocument)

  /// Reads a study file's text.
  ///
  /// - Parameter file: the name to use in errors.
  /// - Throws: ``StudyFileError`` with line, key, what was found and what was expected.
  package init(text: String, file: String) throws(StudyFileError) {
    var root = try Section(try StudyDocument.compose(text, file: file), file: file, path: "")
    self = MethodDocument.isOne(root) ? .methods(try MethodDocument(&root)) : .search(try StudyDocument(&root))
  }

  package var name: String {
    switch self {
    case .search(let document): document.name
    case .methods(let document): document.name
    }
  }

  /// Trials of each search of a study of searches: a budget; nil for others.
  package var trials: Int? {
    switch self {
    case .search(let document): document.trials
    case .methods: nil
    }
  }

  /// The study, with what was found outside the file for each subject.
  ///
  /// - Throws: ``StudyFileError`` where no mask can meet the sizes that it asks for.
  package func study(_ inputs: [StudyInputs]) throws(StudyFileError) -> AnyStudy {
    switch self {
    case .search(let document): .search(try document.study(inputs[0]))
    case .methods(let document): .methods(try document.study(inputs))
    }
  }

  /// Checks what shows only with the data at hand.
  ///
  /// - Parameter trainSamples: of each subject.
  /// - Throws: ``StudyFileError`` for a step to rewind to that training never comes to.
  package func check(_ study: AnyStudy, trainSamples: [Int]) throws(StudyFileError) {
    switch (self, study) {
    case (.search(let document), .search(let study)): try document.check(study, trainSamples: trainSamples[0])
    case (.methods(let document), .methods(let study)): try document.check(study, trainSamples: trainSamples)
    case (.search, _), (.methods, _): preconditionFailure("a study of another file")
    }
  }

  /// The networks with their data, in order.
  package var subjects: [SubjectDocument] {
    switch self {
    case .search(let document): [document.subject]
    case .methods(let document): document.subjects
    }
  }
}

extension SubjectDocument {
  /// Runs what cuts the data, with the place in the file in its errors.
  ///
  /// - Throws: ``StudyFileError``
  package func placingErrors<Value>(_ body: () throws(SplitError) -> Value) throws(StudyFileError) -> Value {
    do { return try body() } catch { throw dataSection.error("splits", error.description) }
  }
}
