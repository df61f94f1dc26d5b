"""Solve training over all two-layer ReLU networks with outside solvers and store
what they found.

Writes convexnn/testdata/exact.json, which the tests replay without Python:

    pip install -r bench/oracles/requirements.txt
    python bench/oracles/make_exact_traces.py convexnn/testdata/exact.json

The full-dimensional cells of the arrangement of X are listed by linear programs,
one for each side of each sample (SciPy's HiGHS). The convex program on all of them
is the training of networks of any width; CVXPY and Clarabel solve it. Each entry
holds the data, the number of cells, the inactive one included, and a bracket
[dual, primal] of the optimum, computed as in make_traces.py: no status and no
tolerance of a solver is trusted, and no cell is left out of the dual.
"""

import json
import sys
from math import comb

import numpy as np
from scipy.optimize import linprog

from make_traces import project, solve


def inside(rows):
    """A point u, |u_k| <= 1, with rows @ u >= t for the largest t <= 1, and t."""
    d = rows.shape[1]
    found = linprog(np.append(np.zeros(d), -1.0), A_ub=np.hstack([-rows, np.ones((len(rows), 1))]),
                    b_ub=np.zeros(len(rows)), bounds=[(-1, 1)] * d + [(None, 1)], method="highs")
    assert found.status == 0, found.message
    return found.x[:d], found.x[d]


def cells(X):
    """A point of each full-dimensional cell: sign vectors, one sample after the other."""
    lengths = np.linalg.norm(X, axis=1)
    rows = X[lengths > 0] / lengths[lengths > 0, None]
    signs = [()]
    for i in range(len(rows)):
        longer = [s + (e,) for s in signs for e in (1.0, -1.0)]
        signs = [s for s in longer if inside(np.array(s)[:, None] * rows[: i + 1])[1] > 1e-6]
    if not len(rows):
        return np.zeros((1, X.shape[1]))
    return np.array([inside(np.array(s)[:, None] * rows)[0] for s in signs])


def generic(n, d):
    """The number of cells of n hyperplanes in general position (Cover, 1965)."""
    return 2 * sum(comb(n - 1, k) for k in range(d))


def beta_max(X, y, gates, intercept):
    """The largest price of y over all cells: above it zero is optimal."""
    y = y - y.mean() if intercept else y
    return max(np.linalg.norm(project((2 * D - 1.0)[:, None] * X, e * X.T @ (D * y)))
               for D in (X @ gates.T >= 0).T for e in (1.0, -1.0))


KINDS = ["gaussian", "integer", "ones", "rank", "one sample", "one column", "wide", "collinear", "parallel", "labels"]


def data(rng, kind):
    """X (n x d) and y."""
    n, d = int(rng.integers(4, 9)), int(rng.integers(2, 5))
    if kind == "gaussian":
        X = rng.standard_normal((n, d))
    elif kind == "integer":
        # Zero, repeated and antipodal rows, and many hyperplanes through one line.
        X = rng.integers(-1, 2, (n + 2, d)).astype(float)
        X[-3:] = X[0], -X[0], 0 * X[0]
    elif kind == "ones":
        X = np.hstack([rng.standard_normal((n, d - 1)), np.ones((n, 1))])
    elif kind == "rank":
        X = rng.choice([-2.0, -1.0, 1.0, 2.0], (n, 2)) @ rng.choice([-1.0, -0.5, 0.5, 1.0], (2, 4))
    elif kind == "one sample":
        X = rng.standard_normal((1, d))
    elif kind == "one column":
        X = rng.standard_normal((n, 1))
    elif kind == "wide":
        X = rng.standard_normal((3, 5))
    elif kind == "collinear":
        # Points on a line of the plane, and a bias.
        X = np.hstack([np.outer(rng.choice(np.arange(-8, 9), n, replace=False) / 4, [1.0, -2.0]), np.ones((n, 1))])
    elif kind == "parallel":
        # By powers of two, so that the rows stay parallel in floating point.
        X = np.round(rng.standard_normal((n, d)), 4)
        X[1], X[2] = 2 * X[0], -4 * X[0]
    else:
        # Classes, among them samples with the same input and different labels.
        X = np.hstack([rng.integers(0, 2, (n, 2)), np.ones((n, 1))]).astype(float)
        return X, np.append([1.0, -1.0], rng.choice([-1.0, 1.0], n - 2))
    return np.round(X, 4), np.round(2 * rng.standard_normal(len(X)), 4)


def main(path):
    rng = np.random.default_rng(20260202)
    ratios = [1e-3, 1e-2, 0.05, 0.2, 0.5, 0.8, 0.99]
    traces = []
    for k in range(60):
        kind = KINDS[k % len(KINDS)]
        X, y = data(rng, kind)
        intercept = k % 3 == 2 and len(y) > 1  # which alone meets one sample
        gates = cells(X)
        if kind == "gaussian":
            assert len(gates) == generic(*X.shape)
        most = beta_max(X, y, gates, intercept)
        beta = float(f"{ratios[k % len(ratios)] * most:.6g}")
        primal, dual = solve(X, y, gates, beta, False, intercept)
        gap = (primal - dual) / primal
        print(f"{kind:10s} n={len(y):2d} d={X.shape[1]} cells={len(gates):3d} intercept={intercept!s:5} "
              f"beta/beta_max={beta / most:.3g} primal={primal:.12g} gap={gap:.1e}", flush=True)
        assert -1e-12 <= gap <= 1e-7
        traces.append(dict(kind=kind, X=X.tolist(), y=y.tolist(), beta=beta, intercept=intercept,
                           cells=len(gates), primal=primal, dual=dual))
    with open(path, "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(t) for t in traces) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])
