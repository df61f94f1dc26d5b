"""Solve 1-norm support vector machines with an outside solver and store what it found.

Writes internal/svm/testdata/highs.json, which the tests replay without Python:

    pip install -r bench/oracles/requirements.txt
    python bench/oracles/svm_traces.py internal/svm/testdata/highs.json

The program is sum_i max(0, |y_i| - s_i f_i) + beta |g|_1, f = A g, s the signs of y; SciPy's
HiGHS solves it by the simplex method. Each entry holds the columns of A and a bracket
[dual, primal] of the optimum: primal is the objective of the solver's g, dual that of its
multipliers, clipped to their box and scaled until no column is priced above beta. No status
and no tolerance of the solver is trusted.
"""

import json
import sys

import numpy as np
from scipy.optimize import linprog

KINDS = ["gaussian", "neurons", "wide", "tall", "one sample", "one column", "copies", "nearly copies",
         "copied samples", "zeros", "margins", "units", "integers", "tiny beta", "large beta", "larger"]


def data(rng, kind):
    n, k = (int(v) for v in rng.integers([6, 4], [15, 15]))
    if kind in ("wide", "tiny beta"):
        n, k = 6, 20
    elif kind == "tall":
        n, k = 25, 4
    elif kind == "larger":
        n, k = 40, 50
    elif kind == "one sample":
        n = 1
    elif kind == "one column":
        k = 1
    A, y = rng.standard_normal((n, k)), rng.choice([-1.0, 1.0], n)
    if kind in ("neurons", "larger"):
        X = np.c_[rng.standard_normal((n, 3)), np.ones(n)]
        U = rng.standard_normal((4, k))
        A, y = np.maximum(X @ (U / np.linalg.norm(U, axis=0)), 0), np.sign(np.sin(2 * X[:, 0]) + X[:, 1])
    elif kind == "copies":
        A[:, k // 2:] = A[:, :k - k // 2] * rng.choice([1.0, -1.0, 2.0], k - k // 2)
    elif kind == "nearly copies":
        A[:, 1::2] = A[:, :2 * (k // 2):2]
        A[0, 1::2] += 1e-3
    elif kind == "copied samples":
        A[n // 2:], y[n // 2:] = A[:n - n // 2], y[:n - n // 2]
    elif kind == "zeros":
        A[:, ::2], y[::4] = 0, 0
    elif kind == "margins":
        y *= rng.choice([0.5, 1.0, 3.0], n)
    elif kind == "integers":
        A = rng.integers(-2, 3, (n, k)).astype(float)
    A, y = np.round(A, 4), np.round(y, 4)
    return A, y


def solve(A, y, beta):
    n, k = A.shape
    s, m = np.where(y < 0, -1.0, 1.0), np.abs(y)
    B = s[:, None] * A
    r = linprog(
        np.r_[np.ones(n), beta * np.ones(2 * k)], A_ub=-np.c_[np.eye(n), B, -B], b_ub=-m, bounds=(0, None),
        method="highs-ds", options=dict(primal_feasibility_tolerance=1e-10, dual_feasibility_tolerance=1e-10))
    g = r.x[n:n + k] - r.x[n + k:]
    q = np.clip(-r.ineqlin.marginals, 0, 1)
    q /= max(1, np.abs(B.T @ q).max() / beta)
    return np.maximum(0, m - B @ g).sum() + beta * np.abs(g).sum(), m @ q


def main(path):
    rng = np.random.default_rng(20260707)
    ratios = [0.02, 0.1, 0.3, 0.7]
    traces = []
    for j in range(3 * len(KINDS)):
        kind = KINDS[j % len(KINDS)]
        A, y = data(rng, kind)
        ratio = dict(zip(["tiny beta", "large beta"], [1e-5, 1.5])).get(kind, ratios[(j + j // len(KINDS)) % len(ratios)])
        beta = float(f"{ratio * np.abs(A.T @ np.where(y < 0, -1.0, 1.0)).max():.6g}")
        primal, dual = solve(A, y, beta)
        if kind == "units":
            # The simplex method's tolerances are absolute.
            a, b = [(1e6, 1e-6), (1e-6, 1e6), (1e6, 1e6)][j // len(KINDS)]
            A, beta, y, primal, dual = A * a, beta * a, y * b, primal * b, dual * b
        gap = (primal - dual) / max(primal, 1e-300)
        print(f"{kind:15s} {str(A.shape):9s} beta={beta:.4g} primal={primal:.12g} gap={gap:.1e}")
        assert -1e-12 <= gap <= 1e-9
        traces.append(dict(kind=kind, columns=A.T.tolist(), y=y.tolist(), beta=beta, primal=primal, dual=dual))
    with open(path, "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(t) for t in traces) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])
