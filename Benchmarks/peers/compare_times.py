"""Prints our times beside PyTorch's.

Ours are lines `KEY SECONDS` among others (what `kernel-benchmark peers` prints), theirs the JSON of bench_torch.py.
"""

import json
import re
import sys


def main():
    ours_path, theirs_path = sys.argv[1:]
    with open(ours_path) as file:
        found = (re.fullmatch(r"((?:train|forward)\.\S+) ([0-9.]+(?:[eE][-+]?[0-9]+)?)", line.strip()) for line in file)
        ours = {match[1]: float(match[2]) for match in found if match}
    with open(theirs_path) as file:
        theirs = json.load(file)["seconds"]
    print(f"{'':24}{'ours s':>10}{'PyTorch s':>11}{'PyTorch / ours':>16}")
    for key in theirs:
        mine = ours.get(key)
        print(f"{key:24}" + (f"{mine:10.3f}{theirs[key]:11.3f}{theirs[key] / mine:16.2f}" if mine
                             else f"{'-':>10}{theirs[key]:11.3f}{'-':>16}"))
    for key in ours.keys() - theirs.keys():
        print(f"{key}: PyTorch has no such time")


if __name__ == "__main__":
    main()
