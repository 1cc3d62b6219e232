// Times of evaluation and training, one thread. Arguments:
//
//   [SPARSITY...]                    LeNet-300-100 under masks, beside BLAS
//   forward NETWORK... [SPARSITY...] networks of the zoo on images of CIFAR's size
//   peers                            what scripts/peers compares with PyTorch; needs SENTEI_DATA

import Foundation
import Networks

NumericsProbe.configureSingleThread()
let words = Array(CommandLine.arguments.dropFirst())
let asked = words.compactMap { Double($0) }
switch words.first {
case "forward":
  try forwardTimes(
    words.dropFirst().filter { Double($0) == nil }, sparsities: asked.isEmpty ? [0, 0.5, 0.8, 0.9, 0.95] : asked)
case "peers":
  guard let folder = ProcessInfo.processInfo.environment["SENTEI_DATA"] else {
    fatalError("set SENTEI_DATA to a folder with mnist and cifar10")
  }
  try peerTimes(folder: folder)
case "population":
  try populationTimes(folder: ProcessInfo.processInfo.environment["SENTEI_DATA"]!)
default:
  try maskedEvaluations(
    sparsities: asked.isEmpty ? [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98] : asked)
}
