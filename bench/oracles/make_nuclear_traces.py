"""Solve nuclear norm programs with an outside solver and store what it found.

Writes convexnn/linear/testdata/nuclear.json, which the tests replay without Python:

    pip install -r bench/oracles/requirements.txt
    python bench/oracles/make_nuclear_traces.py convexnn/linear/testdata/nuclear.json

The program is 1/2 |XW - Y|^2 + beta |W|_*, training of two-layer linear networks with
weight decay; CVXPY and Clarabel solve it. Each entry holds the data and a bracket
[dual, primal] of the optimum: primal is the objective of the solver's W, dual that of
the residual, scaled until the operator norm of X'R is at most beta. No status and no
tolerance of a solver is trusted.
"""

import json
import sys

import cvxpy as cp
import numpy as np

KINDS = ["gaussian", "wide", "rank", "one sample", "one output", "one input", "correlated", "repeated"]


def data(rng, kind):
    n, d, c = (int(v) for v in rng.integers([6, 2, 2], [15, 6, 5]))
    X, Y = rng.standard_normal((n, d)), rng.standard_normal((n, c))
    if kind == "wide":
        X, Y = rng.standard_normal((4, 7)), rng.standard_normal((4, c))
    elif kind == "rank":
        X = rng.choice([-2.0, -1.0, 1.0, 2.0], (n, 2)) @ rng.choice([-1.0, -0.5, 0.5, 1.0], (2, 5))
    elif kind == "one sample":
        X, Y = X[:1], Y[:1]
    elif kind == "one output":
        Y = Y[:, :1]
    elif kind == "one input":
        X = X[:, :1]
    elif kind == "correlated":
        X = rng.standard_normal((n, 1)) + 0.1 * X
    elif kind == "repeated":
        X, Y = np.eye(4), np.diag([2.0, 2.0, 1.0, 1.0])
    return np.round(X, 4), np.round(Y, 4)


def solve(X, Y, beta):
    W = cp.Variable((X.shape[1], Y.shape[1]))
    objective = cp.sum_squares(X @ W - Y) / 2 + beta * cp.normNuc(W)
    cp.Problem(cp.Minimize(objective)).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    R = Y - X @ W.value
    primal = np.sum(R**2) / 2 + beta * np.linalg.norm(W.value, "nuc")
    s = min(beta / np.linalg.norm(X.T @ R, 2), np.sum(Y * R) / np.sum(R**2))
    return primal, s * np.sum(Y * R) - s * s * np.sum(R**2) / 2


def main(path):
    rng = np.random.default_rng(20260303)
    ratios = [0.01, 0.1, 0.3, 0.6, 0.9]
    traces = []
    for k in range(32):
        kind = KINDS[k % len(KINDS)]
        X, Y = data(rng, kind)
        beta = float(f"{ratios[k % len(ratios)] * np.linalg.norm(X.T @ Y, 2):.6g}")
        primal, dual = solve(X, Y, beta)
        gap = (primal - dual) / primal
        print(f"{kind:10s} {X.shape} {Y.shape[1]} beta={beta:.4g} primal={primal:.12g} gap={gap:.1e}")
        assert -1e-12 <= gap <= 1e-9
        traces.append(dict(kind=kind, X=X.tolist(), Y=Y.tolist(), beta=beta, primal=primal, dual=dual))
    with open(path, "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(t) for t in traces) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])
