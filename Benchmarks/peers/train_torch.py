"""Trains one network in PyTorch on one CPU thread, with the recipe that the Swift trainer is compared on.

Prints test accuracy and seconds for each epoch and writes them as JSON.
"""

import argparse
import json
import math
import time

import torch
from torch import nn

import peer_data
import peer_networks

# Data, optimizer, rate, momentum, weight decay, batch, epochs, augmentation. All use the cosine schedule per epoch.
RECIPES = {
    "lenet-300-100": dict(data="mnist", optimizer="sgd", rate=0.05, momentum=0.9, l2=1e-4, batch=64, epochs=20),
    "lenet-5": dict(data="mnist", optimizer="sgd", rate=0.02, momentum=0.9, l2=5e-4, batch=64, epochs=12),
    "conv-6": dict(data="cifar10", optimizer="adam", rate=1e-3, l2=0, batch=64, epochs=8, augment=True),
    "resnet-20": dict(data="cifar10", optimizer="sgd", rate=0.1, momentum=0.9, l2=1e-4, batch=128, epochs=15,
                      augment=True),
}


def initialise(model, generator):
    """Kaiming uniform by fan-in for weights, zero biases, batch norm 1 and 0."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            bound = math.sqrt(6 / module.weight[0].numel())
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)


def optimizer(model, recipe):
    weights = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    groups = [dict(params=weights, weight_decay=recipe["l2"]), dict(params=others, weight_decay=0)]
    if recipe["optimizer"] == "adam":
        return torch.optim.Adam(groups, lr=recipe["rate"], betas=(0.9, 0.999), eps=1e-8)
    return torch.optim.SGD(groups, lr=recipe["rate"], momentum=recipe["momentum"])


@torch.no_grad()
def accuracy(model, values, labels):
    model.eval()
    hits = sum((model(values[i:i + 250]).argmax(1) == labels[i:i + 250]).sum().item()
               for i in range(0, len(labels), 250))
    return hits / len(labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=RECIPES)
    parser.add_argument("data", help="the data folder")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's; also the horizon of the cosine")
    parser.add_argument("--rate", type=float, help="instead of the recipe's")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", help="where to write the JSON")
    arguments = parser.parse_args()
    recipe = dict(RECIPES[arguments.network])
    for key in ("epochs", "rate"):
        if getattr(arguments, key) is not None:
            recipe[key] = getattr(arguments, key)

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    (images, labels), (test_images, test_labels) = getattr(peer_data, recipe["data"])(arguments.data)
    normalise = recipe["data"] == "cifar10"
    test_values = peer_data.scaled(test_images, normalise)
    model = peer_networks.network(arguments.network, tuple(images.shape[1:]), 10)
    initialise(model, generator)
    step = optimizer(model, recipe)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(step, recipe["epochs"])

    result = dict(network=arguments.network, seed=arguments.seed, recipe=recipe, torch=torch.__version__,
                  parameters=sum(p.numel() for p in model.parameters()), epochs=[])
    for epoch in range(recipe["epochs"]):
        start = time.perf_counter()
        model.train()
        total = 0.0
        for picked in torch.randperm(len(labels), generator=generator).split(recipe["batch"]):
            batch = images[picked]
            if recipe.get("augment"):
                batch = peer_data.augmented(batch, generator)
            loss = nn.functional.cross_entropy(model(peer_data.scaled(batch, normalise)), labels[picked])
            step.zero_grad()
            loss.backward()
            step.step()
            total += loss.item() * len(picked)
        schedule.step()
        seconds = time.perf_counter() - start
        line = dict(epoch=epoch + 1, loss=total / len(labels), accuracy=accuracy(model, test_values, test_labels),
                    seconds=seconds)
        result["epochs"].append(line)
        print(json.dumps(line), flush=True)
        if arguments.output:
            with open(arguments.output, "w") as file:
                json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
