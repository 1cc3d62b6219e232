import ArgumentParser
import Formats
import Foundation

/// Checks before long work that its results can be kept.
enum OutputPlace {
  /// - Throws: `ValidationError` for a path that no model is written to.
  static func checkModelName(_ path: String) throws {
    guard ModelFile.canSave(as: path) else {
      throw ValidationError("--output takes a file that ends in .onnx or .safetensors, found '\(path)'")
    }
  }

  /// - Throws: `FormatError` where the folder of the path is not there or takes no files, or a folder has its name.
  static func check(_ path: String) throws {
    let parent = (path as NSString).deletingLastPathComponent
    // The dot makes a file in the folder's place an error.
    guard access("\(parent.isEmpty ? "." : parent)/.", W_OK | X_OK) == 0 else {
      throw FormatError.unwritable(path: path, reason: String(cString: strerror(errno)))
    }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw FormatError.unwritable(path: path, reason: String(cString: strerror(EISDIR)))
    }
  }
}
