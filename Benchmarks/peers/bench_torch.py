"""Times PyTorch on one CPU thread and prints JSON: seconds by key, medians of several rounds.

- train.NETWORK: one epoch on the 60,000 images of MNIST; batches of 64, SGD with momentum, data ready as floats.
- train.conv-4, train.resnet-20: an epoch on 1,280 images of CIFAR-10, normalised.
- forward.NETWORK: dense logits of the 10,000 test images of CIFAR-10, with the best batch size and memory format.
"""

import argparse
import json
import os
import statistics
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"  # Read while torch is loaded.

import torch
from torch import nn

import peer_data
import peer_networks
import train_torch


def timed(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


def epoch(network, values, labels):
    """One epoch of training as a function without arguments."""
    model = peer_networks.network(network, tuple(values.shape[1:]), 10)
    train_torch.initialise(model, torch.Generator().manual_seed(1))
    step = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def run():
        for picked in torch.randperm(len(labels)).split(64):
            loss = nn.functional.cross_entropy(model(values[picked]), labels[picked])
            step.zero_grad()
            loss.backward()
            step.step()

    return run


def forward(network, values, batch, memory_format):
    """Logits of all samples as a function without arguments."""
    model = peer_networks.network(network, tuple(values.shape[1:]), 10).eval().to(memory_format=memory_format)
    values = values.contiguous(memory_format=memory_format)

    @torch.inference_mode()
    def run():
        for first in range(0, len(values), batch):
            model(values[first:first + batch])

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="the data folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lines", action="store_true", help="print lines `torch.KEY SECONDS` instead of JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)

    seconds, choices = {}, {}

    def measure(key, run):
        rounds = [timed(run) for _ in range(arguments.rounds)]
        seconds[key] = statistics.median(rounds)
        print(f"{key}: {' '.join(f'{r:.3f}' for r in rounds)}", file=sys.stderr, flush=True)

    (images, labels), _ = peer_data.mnist(arguments.data)
    values = peer_data.scaled(images, normalise=False)
    for network in ("lenet-300-100", "lenet-5"):
        measure(f"train.{network}", epoch(network, values, labels))

    _, (images, labels) = peer_data.cifar10(arguments.data)
    values = peer_data.scaled(images, normalise=True)
    for network in ("conv-4", "resnet-20"):
        measure(f"train.{network}", epoch(network, values[:1280], labels[:1280]))
        ways = [(batch, form) for batch in (64, 250, 1000) for form in (torch.contiguous_format, torch.channels_last)]

        def trial(way):
            run = forward(network, values[:2000], *way)
            return min(timed(run), timed(run))

        batch, form = min(ways, key=trial)
        choices[f"forward.{network}"] = dict(batch=batch, memory_format=str(form))
        measure(f"forward.{network}", forward(network, values, batch, form))
    if arguments.lines:
        for key, value in seconds.items():
            print(f"torch.{key} {value}")
        return
    print(json.dumps(dict(torch=torch.__version__, rounds=arguments.rounds, seconds=seconds, choices=choices)))


if __name__ == "__main__":
    main()
