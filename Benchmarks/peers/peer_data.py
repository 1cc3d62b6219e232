"""Reads the data folder that SENTEI_DATA names: MNIST as gzipped IDX, CIFAR-10 as gzipped binary batches."""

import gzip
from pathlib import Path

import numpy as np
import torch

CIFAR_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR_DEVIATION = (0.2470, 0.2435, 0.2616)


def mnist(folder):
    """((images, labels), (images, labels)): training and test, uint8 [samples, 1, 28, 28] and int64."""
    folder = Path(folder) / "mnist"

    def part(prefix):
        images = np.frombuffer(gzip.decompress((folder / f"{prefix}-images-idx3-ubyte.gz").read_bytes())[16:], np.uint8)
        labels = np.frombuffer(gzip.decompress((folder / f"{prefix}-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)
        return torch.from_numpy(images.reshape(-1, 1, 28, 28).copy()), torch.from_numpy(labels.astype(np.int64))

    return part("train"), part("t10k")


def cifar10(folder):
    """As `mnist`, uint8 [samples, 3, 32, 32]; training is every data_batch file that is there, in order."""
    folder = Path(folder) / "cifar10"

    def part(paths):
        records = np.concatenate(
            [np.frombuffer(gzip.decompress(p.read_bytes()), np.uint8).reshape(-1, 3073) for p in paths])
        return (torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()),
                torch.from_numpy(records[:, 0].astype(np.int64)))

    return part(sorted(folder.glob("data_batch_*.bin.gz"))), part([folder / "test_batch.bin.gz"])


def scaled(images, normalise):
    """Bytes as floats: byte/255, then the CIFAR-10 normalisation if asked."""
    values = images.float() / 255
    if normalise:
        values = (values - torch.tensor(CIFAR_MEAN).view(1, 3, 1, 1)) / torch.tensor(CIFAR_DEVIATION).view(1, 3, 1, 1)
    return values


def augmented(images, generator, padding=4):
    """Padded random crop (zero pixels, before normalisation) and horizontal flip of a uint8 batch."""
    count, channels, height, width = images.shape
    padded = torch.zeros(count, channels, height + 2 * padding, width + 2 * padding, dtype=images.dtype)
    padded[:, :, padding:padding + height, padding:padding + width] = images
    tops = torch.randint(0, 2 * padding + 1, (count,), generator=generator).tolist()
    lefts = torch.randint(0, 2 * padding + 1, (count,), generator=generator).tolist()
    flips = (torch.rand(count, generator=generator) < 0.5).tolist()
    result = torch.empty_like(images)
    for i in range(count):
        crop = padded[i, :, tops[i]:tops[i] + height, lefts[i]:lefts[i] + width]
        result[i] = crop.flip(2) if flips[i] else crop
    return result
