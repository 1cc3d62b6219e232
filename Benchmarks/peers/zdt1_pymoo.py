"""Measures pymoo's NSGA-II on ZDT1, which ParetoSearchTests.swift compares with ours.

30 reals, a population of 100, 200 generations (the founders are the first), simulated binary crossover (eta 15, rate
0.9), polynomial mutation (eta 20, rate 1/30 a gene), seeds 1 to 10. Printed: the hypervolume of each final front with
the reference point (1.1, 1.1), their mean and their sample standard deviation.

Needs pymoo and numpy alone.
"""

import numpy as np
import pymoo
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.indicators.hv import HV
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.optimize import minimize
from pymoo.problems import get_problem

GENES = 30


def main():
    volumes = []
    for seed in range(1, 11):
        algorithm = NSGA2(
            pop_size=100, crossover=SBX(eta=15, prob=0.9), mutation=PM(eta=20, prob=1.0, prob_var=1 / GENES))
        result = minimize(get_problem("zdt1", n_var=GENES), algorithm, ("n_gen", 200), seed=seed, verbose=False)
        volumes.append(float(HV(ref_point=np.array([1.1, 1.1]))(result.F)))
        print(f"seed {seed}: {volumes[-1]:.6f}", flush=True)
    print(f"pymoo {pymoo.__version__}: mean {np.mean(volumes):.6f}, standard deviation {np.std(volumes, ddof=1):.6f}")


if __name__ == "__main__":
    main()
