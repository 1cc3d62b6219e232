import ArgumentParser
import Certificates
import Dashboard
import Downloads
import Formats
import Foundation
import Messaging
import Models
import Pruning
import RunStore
import Services
import Studies
import StudyFile
import Tunnel

/// The documented exit codes, after sysexits.h.
enum ExitStatus {
  static let usage: Int32 = 64
  static let badData: Int32 = 65
  static let missing: Int32 = 66
  static let unavailable: Int32 = 69
  static let cannotGoOn: Int32 = 70
  static let cannotCreate: Int32 = 73
  static let disk: Int32 = 74
  static let stopped: Int32 = 75
  static let exposed: Int32 = 77
}

/// Runs a command's body; an error ends in one line on standard error and the exit code that the help names.
func reporting(_ body: () async throws -> Void) async throws {
  do { try await body() } catch let error as ExitCode { throw error } catch let error as ValidationError {
    throw error
  } catch {
    Terminal.standard.say("sentei: \(error)")
    throw ExitCode(exitStatus(of: error))
  }
}

/// ``reporting(_:)`` for commands that compute on the main thread.
func reportingSync(_ body: () throws -> Void) throws {
  do { try body() } catch let error as ExitCode { throw error } catch let error as ValidationError {
    throw error
  } catch {
    Terminal.standard.say("sentei: \(error)")
    throw ExitCode(exitStatus(of: error))
  }
}

/// Like ``reporting(_:)`` for commands that use sockets, and ends the process.
///
/// nng's threads are still at work then, and closing its sockets can deadlock; so nothing is closed.
func reportingAndLeaving(_ body: () async throws -> Void) async -> Never {
  var status: Int32 = 0
  // Who reads the log may go; the work goes on.
  signal(SIGPIPE, SIG_IGN)
  do {
    try await reporting {
      try OpenFiles.allow()
      // Outside of the body: what it made for one life is removed by then.
      do { try await body() } catch let anew as BeginAnew { anew.execute() }
    }
  } catch let error as ExitCode { status = error.rawValue } catch {
    Terminal.standard.say("sentei: \(error)")
    status = ExitStatus.usage
  }
  fflush(nil)
  lookForLeaks()
  _exit(status)
}

/// In a build with LeakSanitizer, what it does at a process's end, which `_exit` leaves out; else nothing.
private func lookForLeaks() {
  guard let function = dlsym(nil, "__lsan_do_leak_check") else { return }
  unsafeBitCast(function, to: (@convention(c) () -> Void).self)()
}

private func exitStatus(of error: any Error) -> Int32 {
  switch error {
  case is LostInputs, is GarbageRefusal: ExitStatus.badData
  case is StudyFileError, is SplitError, is BudgetError, is NetworkError, is CheckpointError: ExitStatus.badData
  case let error as FormatError:
    switch error {
    case .unknownDataSet, .folderNeeded: ExitStatus.usage
    case .missingFolder, .missingFile: ExitStatus.missing
    case .unreadable(let path, _): FileManager.default.fileExists(atPath: path) ? ExitStatus.disk : ExitStatus.missing
    case .unwritable: ExitStatus.disk
    case .tooLarge, .badData: ExitStatus.badData
    }
  case let error as DownloadError:
    switch error {
    case .unusableAddress: ExitStatus.usage
    case .status, .redirect, .connection, .timeOut: ExitStatus.unavailable
    case .tooLarge, .checksum: ExitStatus.badData
    case .occupied: ExitStatus.cannotCreate
    case .disk: ExitStatus.disk
    }
  case let error as RunStoreError:
    switch error {
    case .notARun, .noBlob: ExitStatus.missing
    case .foreign, .otherStudy, .locked: ExitStatus.cannotCreate
    case .damaged, .damagedBlob, .rejected: ExitStatus.badData
    case .noSpace, .permission, .io, .failed: ExitStatus.disk
    }
  case let error as CertificateError:
    switch error {
    case .missing: ExitStatus.missing
    case .exposed, .foreignOwner: ExitStatus.exposed
    case .unusable: ExitStatus.badData
    case .exists: ExitStatus.cannotCreate
    case .unusableName: ExitStatus.usage
    case .system: ExitStatus.disk
    }
  case is AddressError, is BudgetRefusal: ExitStatus.usage
  case is OtherBudget: ExitStatus.cannotCreate
  case is MessagingError, is TunnelError: ExitStatus.unavailable
  case is FileError: ExitStatus.missing
  case is StudyFailure, is LocalWorkerError, is WorkerSetupError, is RejectedError: ExitStatus.cannotGoOn
  case is NoCoordinator, is TooFewFiles, is DashboardError, is NoDashboard, is Unhealthy: ExitStatus.unavailable
  default: ExitStatus.cannotGoOn
  }
}

/// A file that cannot be read.
struct FileError: Error, CustomStringConvertible {
  let description: String
}

/// A coordinator that will never take this worker.
struct RejectedError: Error, CustomStringConvertible {
  let description: String
}

/// No coordinator for as long as one was waited for.
struct NoCoordinator: Error, CustomStringConvertible {
  let description: String
}
