"""Evaluates masks in PyTorch on one CPU thread, as people do: weights times mask, then a dense forward pass.

Reads what `kernel-benchmark population` wrote (parameters.f32, masks.u8, scores.txt), checks that both sides count the
same right answers and have the same losses, and prints `KEY RATE`: masks a second, the median of five rounds at the
best batch size.
"""

import argparse
import os
import statistics
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"  # Read while torch is loaded.

import numpy
import torch
from torch import nn

import peer_data
import peer_networks


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network")
    parser.add_argument("key")
    parser.add_argument("data", help="the data folder")
    parser.add_argument("exchange", help="the folder that kernel-benchmark wrote")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    _, (images, labels) = peer_data.mnist(arguments.data)
    values = peer_data.scaled(images, normalise=False)
    if arguments.network != "lenet-5":
        values = values.reshape(len(values), 1, 1, -1)
    model = peer_networks.network(arguments.network, tuple(values.shape[1:]), 10).eval()
    flat = torch.from_numpy(numpy.fromfile(f"{arguments.exchange}/parameters.f32", dtype=numpy.float32))
    first = 0
    for tensor in model.parameters():
        tensor.data = flat[first:first + tensor.numel()].reshape(tensor.shape).clone()
        first += tensor.numel()
    assert first == len(flat), "not the network's parameters"

    pruned = [module for module in model.modules() if isinstance(module, (nn.Linear, nn.Conv2d))][:-1]
    dense = [module.weight.data.clone() for module in pruned]
    size = sum(weight.numel() for weight in dense)
    masks = torch.from_numpy(numpy.fromfile(f"{arguments.exchange}/masks.u8", dtype=numpy.uint8)).reshape(-1, size)

    @torch.inference_mode()
    def evaluate(mask, batch):
        parts = mask.split([weight.numel() for weight in dense])
        for module, weight, part in zip(pruned, dense, parts):
            module.weight.data = weight * part.reshape(weight.shape)
        correct, loss = 0, 0.0
        for begin in range(0, len(values), batch):
            logits, wanted = model(values[begin:begin + batch]), labels[begin:begin + batch]
            correct += int((logits.argmax(1) == wanted).sum())
            loss += float(nn.functional.cross_entropy(logits, wanted, reduction="sum"))
        return correct, loss / len(values)

    with open(f"{arguments.exchange}/scores.txt") as file:
        scores = [(int(line.split()[0]), float(line.split()[1])) for line in file]
    for mask, (correct, loss) in list(zip(masks, scores))[:8]:
        theirs = evaluate(mask, 1000)
        # Sums of other orders round differently, which moves a sample on the edge.
        assert abs(theirs[0] - correct) <= 5 and abs(theirs[1] - loss) < 1e-5 * max(1, loss), (theirs, correct, loss)

    def rate(batch, some):
        start = time.perf_counter()
        for mask in some:
            evaluate(mask, batch)
        return len(some) / (time.perf_counter() - start)

    best = max((250, 1000, 10000), key=lambda batch: rate(batch, masks[:2]))
    rates = [rate(best, masks[:8]) for _ in range(arguments.rounds)]
    print(f"{arguments.key} {statistics.median(rates)}")
    print(f"batches of {best}, checked against 8 scores", file=sys.stderr)


if __name__ == "__main__":
    main()
