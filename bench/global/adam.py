"""Train two-layer ReLU networks with PyTorch's Adam and store what it reached.

    pip install -r bench/global/requirements.txt
    python bench/global/adam.py task.json results.json

bench/global/main.go writes the task, with X (n x d) and y (n) as raw little-endian
float64, and reads the results. For each beta

    1/2 |(X U)_+ a - y|^2 + beta/2 (|U|^2 + |a|^2)

is minimised over U (d x m) and a (m) on the full batch, from the initial weights of
torch.nn.Linear, with a rate that falls to zero by the cosine schedule. A short run of
every width, rate and seed comes first; the best pairs of width and rate are then run
longer. What is reported of a network is its objective after each neuron was rescaled
to |u_j| = |a_j|, which does not change the function,

    1/2 |(X U)_+ a - y|^2 + beta sum_j |u_j||a_j|,

computed in float64 whatever the precision of the training. The clock stands still
meanwhile.
"""

import json
import math
import statistics
import sys
import time

import numpy as np
import torch

POINTS = 200  # evaluations of the objective in a run


def initial(d, m, seed, dtype):
    """U and a as torch.nn.Linear draws them."""
    torch.manual_seed(seed)
    hidden = torch.nn.Linear(d, m, bias=False, dtype=torch.float64)
    output = torch.nn.Linear(m, 1, bias=False, dtype=torch.float64)
    return hidden.weight.detach().T.contiguous().to(dtype), output.weight.detach()[0].to(dtype)


class Gradient:
    """The gradient of 1/2 |(X U)_+ a - y|^2, written to U.grad and a.grad.

    The residual multiplies X and not the active samples of every neuron, and the
    gradient of a follows from that of U: about half the time of autograd, with which
    check compares it.
    """

    def __init__(self, X, y, U, a):
        self.X, self.y, self.U, self.a = X, y, U, a
        self.Z = torch.empty(X.shape[0], U.shape[1], dtype=X.dtype)
        self.active = torch.empty_like(self.Z)
        self.scaled = torch.empty_like(X)
        self.f = torch.empty_like(y)
        U.grad, a.grad = torch.zeros_like(U), torch.zeros_like(a)

    def __call__(self):
        torch.mm(self.X, self.U, out=self.Z)
        torch.gt(self.Z, 0, out=self.active)
        torch.mv(self.Z.relu_(), self.a, out=self.f)
        torch.mul(self.X, self.f.sub_(self.y)[:, None], out=self.scaled)
        torch.mm(self.scaled.T, self.active, out=self.U.grad)
        torch.sum(self.U * self.U.grad, 0, out=self.a.grad)
        self.U.grad.mul_(self.a)


def check(X, y, seed=0):
    """Stop where the gradient and the objective are not those of autograd."""
    U, a = initial(X.shape[1], 50, seed, torch.float64)
    with torch.no_grad():
        Gradient(X, y, U, a)()
    V, b = U.clone().requires_grad_(), a.clone().requires_grad_()
    loss = (torch.relu(X @ V) @ b - y).square().sum() / 2
    loss.backward()
    for ours, theirs in ((U.grad, V.grad), (a.grad, b.grad)):
        assert (ours - theirs).norm() <= 1e-12 * theirs.norm(), "the gradient is wrong"
    penalty = sum(V[:, j].norm() * b[j].abs() for j in range(50))
    total = float((loss + 0.3 * penalty).detach())
    assert abs(objective(X, y, 0.3, U, a) - total) <= 1e-12 * total, "the objective is wrong"


def objective(X, y, beta, U, a):
    """The objective of balanced neurons, in float64."""
    U, a = U.double(), a.double()
    residual = torch.mv((X @ U).relu_(), a) - y
    return float(residual.dot(residual) / 2 + beta * torch.dot(U.norm(dim=0), a.abs()))


def train(X, y, beta, width, rate, seed, steps, dtype):
    """One run: its record, and the weights of the best evaluation in float64.

    All steps cost the same, so that the median over the pieces between evaluations
    times their number is what the run takes without other programs in the way.
    """
    U, a = initial(X.shape[1], width, seed, dtype)
    gradient = Gradient(X.to(dtype), y.to(dtype), U, a)
    optimizer = torch.optim.Adam([U, a], lr=rate, weight_decay=beta, fused=True)
    every = max(1, steps // POINTS)
    best, weights = objective(X, y, beta, U, a), (U.double().clone(), a.double().clone())
    trace, pieces, done = [[0, best]], [], 0
    start = time.perf_counter()
    for step in range(1, steps + 1):
        optimizer.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * (step - 1) / steps)) / 2
        gradient()
        optimizer.step()
        if step % every == 0 or step == steps:
            pieces.append((time.perf_counter() - start) / (step - done))
            value = objective(X, y, beta, U, a)
            if value < best:
                best, weights = value, (U.double().clone(), a.double().clone())
                trace.append([step, value])
            done, start = step, time.perf_counter()
    run = dict(width=width, rate=rate, seed=seed, steps=steps, objective=best, step_seconds=statistics.median(pieces), trace=trace)
    return run, weights


def fastest(X, y, width, threads, dtype):
    """The number of threads, 1 or all, with which a step takes the least time."""
    cost = {1: math.inf, threads: math.inf}
    for _ in range(3):
        for count in cost:
            torch.set_num_threads(count)
            run, _ = train(X, y, 1.0, width, 1e-3, 0, 100, dtype)
            cost[count] = min(cost[count], run["step_seconds"])
    return min(cost, key=cost.get)


def network(U, a):
    """The network in the JSON form of convexnn."""
    neurons = [dict(weights=u, output=b) for u, b in zip(U.T.tolist(), a.tolist())]
    return dict(model="relu", dim=U.shape[0], intercept=0, neurons=neurons)


def sweep(X, y, beta, task, threads, dtype):
    """All runs for one beta, with the threads for each width, and the best network."""
    runs, best, weights = [], math.inf, None

    def one(width, rate, seed, steps):
        nonlocal best, weights
        torch.set_num_threads(threads[width])
        run, found = train(X, y, beta, width, rate, seed, steps, dtype)
        run["threads"] = threads[width]
        runs.append(run)
        if run["objective"] < best:
            best, weights = run["objective"], found

    for width in task["widths"]:
        for rate in task["rates"]:
            for seed in task["seeds"]:
                one(width, rate, seed, task["steps"])
    ranking = sorted(runs, key=lambda run: run["objective"])
    pairs = list(dict.fromkeys((run["width"], run["rate"]) for run in ranking))
    for width, rate in pairs[: task["finalists"]]:
        for seed in task["seeds"]:
            one(width, rate, seed, task["long_steps"])
    print(f"beta={beta:.4g}: {len(runs)} runs, best {best:.8g} after {sum(run['steps'] * run['step_seconds'] for run in runs):.1f} s", file=sys.stderr, flush=True)
    return dict(beta=beta, runs=runs, objective=best, network=network(*weights))


def main(path, out):
    with open(path) as f:
        task = json.load(f)
    dtype = {"float32": torch.float32, "float64": torch.float64}[task["precision"]]
    y = torch.from_numpy(np.fromfile(task["y"], dtype="<f8"))
    X = torch.from_numpy(np.fromfile(task["x"], dtype="<f8").reshape(len(y), -1))
    check(X, y)
    with torch.no_grad():
        threads = {width: fastest(X, y, width, task["threads"], dtype) for width in task["widths"]}
        sweeps = [sweep(X, y, beta, task, threads, dtype) for beta in task["betas"]]
    with open(out, "w") as f:
        json.dump(dict(torch=torch.__version__, sweeps=sweeps), f)


if __name__ == "__main__":
    main(*sys.argv[1:])
