"""Train two-layer ReLU networks with other libraries and store what they reached.

    pip install -r bench/global/requirements.txt
    python bench/global/peers.py task.json results.json

bench/global/peers.go writes the task, with X (n x d, a column of ones last) and y (n) as
raw little-endian float64, and reads the results. For each beta a short run of every
width, rate, treatment of the biases and seed comes first; the best of these settings are
then run longer. What is reported of a network is

    1/2 |(X U)_+ a - y|^2 + beta sum_j |u_j||a_j|,

in float64 whatever the precision of the training: its objective after each neuron was
rescaled to |u_j| = |a_j|, which does not change the function. The clock stands still
meanwhile. torch_peers.py and sklearn_peers.py train.
"""

import json
import math
import sys

import numpy as np


def fastest(peer, width, threads):
    """The number of threads, 1 or all, with which a step takes the least time, and that."""
    cost = {1: math.inf, threads: math.inf}
    for _ in range(3):
        for count in cost:
            if math.isfinite(cost[count]) and cost[count] > 2 * min(cost.values()):
                continue
            peer.threads(count)
            watch = peer.train(1.0, width, peer.task["rates"][0], peer.task["biases"][0], 0, peer.probe)
            cost[count] = min(cost[count], watch.run()["step_seconds"])
    best = min(cost, key=cost.get)
    return best, cost[best]


def sweep(peer, beta, task, threads):
    """All runs for one beta, with (threads, seconds of a step) of each width, and the best network."""
    runs, best = [], None

    def one(width, rate, biases, seed, steps):
        nonlocal best
        count, cost = threads[width]
        peer.threads(count)
        if task["limit"] > 0:
            steps = min(steps, max(1, int(task["limit"] / cost)))
        watch = peer.train(beta, width, rate, biases, seed, steps)
        runs.append(dict(watch.run(), width=width, rate=rate, biases=biases, seed=seed, threads=count))
        if best is None or watch.best < best.best:
            best = watch

    settings = [(width, rate, biases) for width in task["widths"] for rate in task["rates"] for biases in task["biases"]]
    for setting in settings:
        for seed in task["seeds"]:
            one(*setting, seed, task["steps"])
    ranking = sorted(runs, key=lambda run: run["objective"])
    finalists = list(dict.fromkeys((run["width"], run["rate"], run["biases"]) for run in ranking))
    for setting in finalists[: task["finalists"]]:
        for seed in task["seeds"]:
            one(*setting, seed, task["long_steps"])
    total = sum(run["steps"] * run["step_seconds"] for run in runs)
    print(f"  beta={beta:.4g}: {len(runs)} runs, best {best.best:.8g} after {total:.1f} s", file=sys.stderr, flush=True)
    return dict(beta=beta, runs=runs, objective=best.best, network=peer.network(best.weights))


def main(path, out):
    with open(path) as f:
        task = json.load(f)
    y = np.fromfile(task["y"], dtype="<f8")
    X = np.fromfile(task["x"], dtype="<f8").reshape(len(y), -1)
    if task["method"].startswith("sklearn"):
        from sklearn_peers import Peer
    else:
        from torch_peers import Peer
    peer = Peer(X, y, task)
    threads = {width: fastest(peer, width, task["threads"]) for width in task["widths"]}
    sweeps = [sweep(peer, beta, task, threads) for beta in task["betas"]]
    with open(out, "w") as f:
        json.dump(dict(versions=peer.versions, sweeps=sweeps), f)


if __name__ == "__main__":
    main(*sys.argv[1:])
