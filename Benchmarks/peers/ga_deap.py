"""A genetic algorithm over masks of lenet-300-100, as one would write it with DEAP and PyTorch: uniform crossover brought
back to the budget, exchanges of kept for removed weights, tournaments, an elite, and a pool of processes with one thread
each that evaluate on MNIST's 10,000 test images. Prints `ga.deap SECONDS`, without starting up and loading.
"""

import argparse
import multiprocessing
import os
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy
import torch
from deap import base, creator, tools
from torch import nn

import peer_data
import peer_networks

state = {}


def prepare(data, parameters):
    torch.set_num_threads(1)
    _, (images, labels) = peer_data.mnist(data)
    values = peer_data.scaled(images, normalise=False).reshape(len(labels), 1, 1, -1)
    model = peer_networks.network("lenet-300-100", (1, 1, 784), 10).eval()
    flat, first = torch.from_numpy(numpy.fromfile(parameters, dtype=numpy.float32)), 0
    for tensor in model.parameters():
        tensor.data = flat[first:first + tensor.numel()].reshape(tensor.shape).clone()
        first += tensor.numel()
    pruned = [module for module in model.modules() if isinstance(module, nn.Linear)][:-1]
    state.update(values=values, labels=labels, model=model, pruned=pruned,
                 dense=[module.weight.data.clone() for module in pruned])


@torch.inference_mode()
def evaluate(individual):
    parts = torch.from_numpy(individual).split([weight.numel() for weight in state["dense"]])
    for module, weight, part in zip(state["pruned"], state["dense"], parts):
        module.weight.data = weight * part.reshape(weight.shape)
    loss = 0.0
    for begin in range(0, len(state["labels"]), 250):
        logits = state["model"](state["values"][begin:begin + 250])
        loss += float(nn.functional.cross_entropy(logits, state["labels"][begin:begin + 250], reduction="sum"))
    return (loss / len(state["labels"]),)


def bring_to(kept, mask, random):
    surplus = int(mask.sum()) - kept
    if surplus:
        places = numpy.flatnonzero(mask if surplus > 0 else mask == 0)
        mask[random.choice(places, abs(surplus), replace=False)] = surplus < 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("parameters")
    parser.add_argument("--population", type=int, default=64)
    parser.add_argument("--generations", type=int, default=100)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    random = numpy.random.default_rng(1)
    size, kept, elite = 265200, 26520, 16

    creator.create("Loss", base.Fitness, weights=(-1.0,))
    creator.create("Individual", numpy.ndarray, fitness=creator.Loss)

    def founder():
        mask = numpy.zeros(size, dtype=numpy.uint8)
        mask[random.choice(size, kept, replace=False)] = 1
        return mask.view(creator.Individual)

    def child(first, second):
        mask = numpy.where(random.random(size) < 0.5, first, second).astype(numpy.uint8)
        bring_to(kept, mask, random)
        count = max(1, int(kept * 0.0005 * 40 ** random.random()))
        mask[random.choice(numpy.flatnonzero(mask), count, replace=False)] = 0
        bring_to(kept, mask, random)
        return mask.view(creator.Individual)

    with multiprocessing.get_context("spawn").Pool(
            arguments.processes, prepare, (arguments.data, arguments.parameters)) as pool:
        toolbox = base.Toolbox()
        toolbox.register("map", pool.map)
        toolbox.register("select", tools.selTournament, tournsize=3)
        population = [founder() for _ in range(arguments.population)]
        toolbox.map(evaluate, [numpy.asarray(mask) for mask in population[:2]])
        start = time.perf_counter()
        for generation in range(arguments.generations):
            if generation:
                parents = toolbox.select(population, 2 * arguments.population)
                best = tools.selBest(population, elite)
                offspring = [child(a, b) for a, b in zip(parents[::2], parents[1::2])]
            else:
                best, offspring = [], population
            fitnesses = toolbox.map(evaluate, [numpy.asarray(mask) for mask in offspring], chunksize=1)
            for individual, fitness in zip(offspring, fitnesses):
                individual.fitness = creator.Loss(fitness)
            population = tools.selBest(best + offspring, arguments.population)
        print(f"ga.deap {time.perf_counter() - start}")


if __name__ == "__main__":
    main()
