"""Prints the table of `make bench` from lines `KEY VALUE` on standard input: medians, from one run on one machine."""

import sys

CONV_4 = ["onednn.conv-4", "libxsmm.conv-4", "gemm.conv-4"]
RESNET_20 = ["onednn.resnet-20", "libxsmm.resnet-20", "gemm.resnet-20"]

# What is measured, our key, the peer's key (or keys, the best of which counts), the aim as a ratio, and whether small
# values are good.
ROWS = [
    ("64 unrelated masks, lenet-300-100 at 90 %: masks/s, PyTorch", "unrelated.together", ["unrelated.torch"], 20, False),
    ("the same without skipping zero inputs", "limit.evaluations", ["unrelated.torch"], 14, False),
    ("64 masks of a search's 20th generation: masks/s, PyTorch", "generation.together", ["generation.torch"], 60, False),
    ("annealing that flips 16 weights: steps/s, PyTorch", "annealing", ["unrelated.torch"], 200, False),
    ("eight such walks at once: steps/s, PyTorch", "annealing.chains", ["unrelated.torch"], 200, False),
    ("16 steps from one state at once: steps/s, PyTorch", "annealing.brood", ["unrelated.torch"], 200, False),
    ("masks of lenet-5 at 90 %: masks/s, PyTorch", "lenet-5.together", ["lenet-5.torch"], 8, False),
    ("whole genetic algorithm: s, DEAP with PyTorch", "ga.sentei", ["ga.deap"], 25, True),
    ("nonzero multiply-adds: 10^9/s, limit of the core", "limit.nonzeros", ["limit.core"], 0.6, False),
    ("trivial jobs: 1/s, best of Ray and Dask", "jobs.sentei", ["jobs.ray", "jobs.dask"], 5, False),
    ("coordinator, dispatch and commit: µs a candidate, aim 10", "dispatch.tiny", [], 10, True),
    ("the same, masks of 265,200 bits, aim 10", "dispatch.lenet-300-100", [], 10, True),
    ("breeding and naming a child of 265,200 bits: µs, aim 80", "breeding", [], 80, True),
    ("coordinator as a process, start and report included: µs a trivial job", "coordinator.us", [], 10, True),
    ("1,000 simulated workers, jobs of 50 ms: utilisation, aim 0.9", "scale.1000", [], 0.9, False),
    ("a run of a million facts goes on: s, aim 5", "resume", [], 5, True),
    ("two generations of 1,000 genomes of 10^7 bits: GB, aim 2", "genomes.gigabytes", [], 2, True),
    ("two workers, search phase: s, one worker", "scaling.two", ["scaling.one"], 1.95, True),
    ("training lenet-300-100: s an epoch, PyTorch", "train.lenet-300-100", ["torch.train.lenet-300-100"], 1, True),
    ("training lenet-5: s an epoch, PyTorch", "train.lenet-5", ["torch.train.lenet-5"], 1, True),
    ("training conv-4: s for 1,280 images, PyTorch", "train.conv-4", ["torch.train.conv-4"], 1, True),
    ("training resnet-20: s for 1,280 images, PyTorch", "train.resnet-20", ["torch.train.resnet-20"], 1, True),
    ("dense inference conv-4: s, PyTorch", "forward.conv-4", ["torch.forward.conv-4"], 1, True),
    ("dense inference resnet-20: s, PyTorch", "forward.resnet-20", ["torch.forward.resnet-20"], 1, True),
    ("the same conv-4, convolutions alone of the best library", "forward.conv-4", CONV_4, 1, True),
    ("the same resnet-20", "forward.resnet-20", RESNET_20, 1, True),
]


def main():
    values = {}
    for line in sys.stdin:
        words = line.split()
        # Behind the figure may stand its parts.
        if len(words) >= 2:
            try:
                values[words[0]] = float(words[1])
            except ValueError:
                pass
    print(f"{'':70}{'ours':>10}{'peer':>10}{'ratio':>8}{'aim':>7}")
    for title, mine, peers, aim, is_less_better in ROWS:
        if mine not in values:
            continue
        ours = values[mine]
        found = [values[peer] for peer in peers if peer in values]
        if peers and not found:
            print(f"{title:70}{ours:10.4g}{'-':>10}{'-':>8}{aim:7g}")
        elif not peers:
            print(f"{title:70}{ours:10.4g}{'':10}{'':8}{aim:7g}")
        else:
            peer = min(found) if is_less_better else max(found)
            ratio = peer / ours if is_less_better else ours / peer
            print(f"{title:70}{ours:10.4g}{peer:10.4g}{ratio:8.2f}{aim:7g}")


if __name__ == "__main__":
    main()
