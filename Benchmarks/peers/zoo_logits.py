"""Writes the logits that PyTorch computes for the networks of the zoo, which ZooLogitsTests.swift compares with ours.

Parameters and inputs are not stored: both sides make them by one rule, exactly, in single precision.

- hash(k, i): x = k * 0x9E3779B1 + i (mod 2^32), then MurmurHash3's 32-bit finaliser.
- u(k, i) = (hash(k, i) >> 8) / 2^24, which is exact.
- Element i of tensor t (in the order of the parameter buffer): weights (2u - 1) * (gain * sqrt(6 / fan_in)); biases,
  shifts and running means (2u - 1) * 0.1; scales and running variances 0.5 + u.
- Pixel i of sample s: the byte (hash(0xFFFF, i) & 255) >> s, seen by the network as byte / 255.

The gain is found by halving an interval, so that the two samples' logits lie about 1 apart (root mean square) and the
comparison sees the whole depth of the network.
"""

import argparse
import json

import numpy as np
import torch
from torch import nn

import peer_networks

MNIST, CIFAR = (1, 28, 28), (3, 32, 32)

# Name, shape, width multiplier.
NETWORKS = [
    ("mlp-32-16", MNIST, 1), ("lenet-300-100", MNIST, 1), ("lenet-5", MNIST, 1), ("lenet-5-classic", MNIST, 1),
    ("conv-2", CIFAR, 1), ("conv-4", CIFAR, 1), ("conv-6", CIFAR, 1),
    ("vgg-11", CIFAR, 1), ("vgg-16", CIFAR, 0.25), ("vgg-19", CIFAR, 0.25),
    ("vgg-11", (3, 64, 96), 0.25), ("vgg-16", (3, 64, 64), 0.25), ("vgg-19", (3, 64, 64), 0.25),
    ("alexnet", (3, 227, 227), 0.25), ("alexnet", (3, 224, 224), 0.25),
    ("mobilenet-v1", CIFAR, 1), ("mobilenet-v1", (3, 64, 64), 0.25),
    ("resnet-18", CIFAR, 0.25), ("resnet-18", (3, 64, 64), 1), ("resnet-20", CIFAR, 1), ("resnet-56", CIFAR, 1),
    ("wide-resnet-28-10", CIFAR, 0.25), ("wide-resnet-16-2", CIFAR, 1),
]
CLASSES = 10
SAMPLES = 2


def hashes(key, count):
    x = np.uint32(key * 0x9E3779B1 & 0xFFFFFFFF) + np.arange(count, dtype=np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def unit(key, count):
    return (hashes(key, count) >> np.uint32(8)).astype(np.float32) / np.float32(1 << 24)


def tensors(model):
    """(kind, tensor) in the order of the Swift side's parameter buffer."""
    layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear, nn.BatchNorm2d))]
    for layer in layers:
        yield ("scale" if isinstance(layer, nn.BatchNorm2d) else "weight"), layer.weight
        if layer.bias is not None:
            yield "shift", layer.bias
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            yield "shift", layer.running_mean
            yield "scale", layer.running_var


@torch.no_grad()
def fill(model, gain):
    one, two, tenth, half = np.float32(1), np.float32(2), np.float32(0.1), np.float32(0.5)
    for index, (kind, tensor) in enumerate(tensors(model)):
        u = unit(index, tensor.numel())
        if kind == "weight":
            values = (two * u - one) * (np.float32(gain) * np.sqrt(np.float32(6) / np.float32(tensor[0].numel())))
        elif kind == "shift":
            values = (two * u - one) * tenth
        else:
            values = half + u
        tensor.copy_(torch.from_numpy(values).view_as(tensor))


def inputs(shape):
    count = int(np.prod(shape))
    base = hashes(0xFFFF, count) & np.uint32(255)
    values = np.stack([base >> np.uint32(s) for s in range(SAMPLES)]).astype(np.float32) / np.float32(255)
    return torch.from_numpy(values.reshape(SAMPLES, *shape))


@torch.no_grad()
def logits(model, shape, gain, precision):
    model.float()
    fill(model, gain)
    return model.to(precision)(inputs(shape).to(precision))


def calibrated_gain(model, shape):
    """The gain, in steps of 1/1024, at which the samples' logits lie about 1 apart."""
    low, high = 1 / 16, 4.0
    for _ in range(8):
        middle = (low * high) ** 0.5
        a, b = logits(model, shape, middle, torch.float64)
        low, high = (middle, high) if (a - b).square().mean().sqrt() < 1 else (low, middle)
    return float(np.float32(round(low * 1024) / 1024))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    entries = []
    for name, shape, multiplier in NETWORKS:
        model = peer_networks.network(name, shape, CLASSES, multiplier).eval()
        gain = calibrated_gain(model, shape)
        exact, single = (logits(model, shape, gain, p) for p in (torch.float64, torch.float32))
        difference = (exact - single).abs().max().item()
        apart = (exact[0] - exact[1]).square().mean().sqrt().item()
        print(f"{name:18} {str(shape):14} x{multiplier:<5} gain {gain:<9} largest {exact.abs().max():.3f} "
              f"apart {apart:.3f} single precision off by {difference:.2e}", flush=True)
        entries.append(dict(
            name=name, shape=shape, multiplier=multiplier, gain=gain,
            parameters=sum(t.numel() for _, t in tensors(model)),
            logits=[[float(f"{x:.9g}") for x in row] for row in exact.tolist()]))
    with open(arguments.output, "w") as file:
        # An entry a line.
        lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
        file.write(f'{{"torch":"{torch.__version__}","classes":{CLASSES},"networks":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
