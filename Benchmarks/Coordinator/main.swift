// What the coordinator spends on a candidate, and what becomes of it with many workers. Arguments:
//
//   dispatch [WORKERS]   microseconds of processor time for leases, messages, facts and commits: tiny masks and masks of
//                        lenet-300-100
//   breeding             the same for a child of 265,200 bits, and its digest; then by the wall's clock, on one thread and on all
//   scale WORKERS [OPEN] [KEY=VALUE...]
//                        a simulated cluster, five seconds of it; keys: job (seconds), maskBytes, perCandidate (seconds),
//                        planners
//
// Each line is a key, a figure and, for people, its parts.

import Models
import Search
import Services

let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
case "dispatch":
  let workers = words.dropFirst().first.flatMap { Int($0) } ?? 16
  for (name, widths, count) in [("tiny", [8, 4, 2], 100_000), ("lenet-300-100", [784, 300, 100, 10], 20_000)] {
    let network = try NetworkDescription(name: name, widths: widths)
    let open = min(count / 2, max(1024, 32 * workers))
    let benchmark = DispatchBenchmark(network: network, workers: workers, open: open, count: count)
    var rounds: [(Costs, Double, Int, Int)] = []
    for _ in 0..<5 { rounds.append(try benchmark.run()) }
    rounds.sort { $0.0.total < $1.0.total }
    let (costs, tick, sent, received) = rounds[2]
    func each(_ seconds: Double) -> Double { (seconds / Double(count) * 1e8).rounded() / 100 }
    let parts = costs.seconds.map { "\($0.name) \(each($0.value))" }.joined(separator: ", ")
    print(
      "dispatch.\(name)", each(costs.total),
      "(\(parts); bytes \(sent / count) out, \(received / count) in; a tick \((tick * 1e6).rounded()))")
  }
case "breeding":
  let benchmark = try BreedingBenchmark()
  let (breed, digest) = benchmark.run(by: .serial, threadSeconds)
  print("breeding", (breed + digest).rounded(), "(breed \(breed.rounded()), digest \(digest.rounded()))")
  let pace = [benchmark.run(by: .serial, wallSeconds), benchmark.run(by: .concurrent, wallSeconds)]
  print("breeding.wall", pace.map { "\(($0.breed + $0.digest).rounded())" }.joined(separator: " on all threads "))
case "scale" where words.count > 1:
  let numbers = words.dropFirst().compactMap { Int($0) }
  let model = ScaleModel(words.dropFirst().filter { $0.contains("=") })
  let workers = numbers[0]
  let open = numbers.count > 1 ? numbers[1] : max(20_000, 4 * workers)
  var simulation = ScaleSimulation(workers: workers, open: open, seconds: 5, model: model)
  print(simulation.run().line(workers: workers, open: open))
default: fatalError("dispatch [WORKERS], breeding or scale WORKERS [OPEN] [KEY=VALUE...]")
}
