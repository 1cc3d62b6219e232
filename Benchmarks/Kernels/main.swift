// Times of evaluation and training, one thread. Arguments:
//
//   [SPARSITY...]                    LeNet-300-100 under masks, beside BLAS
//   forward NETWORK... [SPARSITY...] networks of the zoo on images of CIFAR's size
//   peers                            what scripts/peers compares with PyTorch; needs SENTEI_DATA
//   population NETWORK KEY FOLDER [MASKS]
//                                    masks evaluated together; what PyTorch needs for the same goes to FOLDER
//   annealing                        steps that flip 16 weights
//   limit                            thousand million multiply-adds a second, of the core and of the sparse kernel

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
  try peerTimes(folder: dataFolder())
case "population":
  try populationTimes(
    words[1], folder: dataFolder(), masks: words.count > 4 ? words[4] : nil, exchange: words[3], key: words[2])
case "annealing": try annealingTimes(folder: dataFolder())
case "limit": try limits(folder: dataFolder())
default:
  try maskedEvaluations(
    sparsities: asked.isEmpty ? [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98] : asked)
}

func dataFolder() -> String {
  guard let folder = ProcessInfo.processInfo.environment["SENTEI_DATA"] else {
    fatalError("set SENTEI_DATA to a folder with mnist and cifar10")
  }
  return folder
}
