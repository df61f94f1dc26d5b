"""Solve random programs with an outside solver and store what it found.

Writes convexnn/testdata/clarabel.json, which the tests replay without Python:

    pip install -r bench/oracles/requirements.txt
    python bench/oracles/make_traces.py convexnn/testdata/clarabel.json

Each entry holds the data, the gates (one a row), and a bracket [dual, primal] of

    min 1/2 |sum_j e_j D_j X u_j - y|^2 + beta sum_j |u_j|   s.t. S_j X u_j >= 0.

primal is the objective of the solver's weights after projection onto the cones;
dual is the value of the residual, scaled to satisfy every dual constraint. Both
are computed here with numpy and scipy, so that the solver's own status and
tolerances need not be trusted.
"""

import json
import sys

import cvxpy as cp
import numpy as np
from scipy.optimize import nnls


def project(cone, g):
    """Projection of g onto {u : cone @ u >= 0} by non-negative least squares."""
    rows = cone[np.linalg.norm(cone, axis=1) > 0]
    if len(rows) == 0:
        return g
    lam, _ = nnls(rows.T, -g, maxiter=1000 * rows.shape[0])
    return g + rows.T @ lam


def solve(X, y, G, beta, gated, intercept):
    n, d = X.shape
    patterns = np.unique((X @ G.T >= 0).T, axis=0)
    patterns = patterns[patterns.any(axis=1)]
    signs = [1.0] if gated else [1.0, -1.0]
    blocks = [(D, e) for D in patterns for e in signs]
    U = [cp.Variable(d) for _ in blocks]
    fit = sum(e * (D[:, None] * X) @ u for (D, e), u in zip(blocks, U))
    b = cp.Variable() if intercept else 0.0
    constraints = [] if gated else [((2 * D - 1.0)[:, None] * X) @ u >= 0 for (D, _), u in zip(blocks, U)]
    objective = 0.5 * cp.sum_squares(fit + b - y) + beta * sum(cp.norm(u) for u in U)
    cp.Problem(cp.Minimize(objective), constraints).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    weights = []
    for (D, e), u in zip(blocks, U):
        w = u.value
        weights.append(w if gated else project((2 * D - 1.0)[:, None] * X, w))
    center = (lambda v: v - v.mean()) if intercept else (lambda v: v)
    target = center(y)
    F = center(sum(e * (D * (X @ w)) for (D, e), w in zip(blocks, weights)))
    primal = 0.5 * np.sum((F - target) ** 2) + beta * sum(np.linalg.norm(w) for w in weights)
    v = target - F
    price = 0.0
    for D, e in blocks:
        g = e * X.T @ (D * v)
        price = max(price, np.linalg.norm(g if gated else project((2 * D - 1.0)[:, None] * X, g)))
    s = v @ target / (v @ v) if v @ v > 0 else 0.0
    if price > 0:
        s = min(s, beta / price)
    return primal, s * (v @ target) - 0.5 * s * s * (v @ v)


def instances(rng):
    for k in range(48):
        n, d, gates = int(rng.integers(3, 21)), int(rng.integers(1, 5)), int(rng.integers(2, 15))
        kind = ["gaussian", "integer", "degenerate", "flat"][k % 4]
        if kind == "gaussian":
            X, G = rng.standard_normal((n, d)), rng.standard_normal((gates, d))
        elif kind == "integer":
            X, G = rng.integers(-1, 2, (n, d)).astype(float), rng.standard_normal((gates, d))
        elif kind == "degenerate":
            # Zero, duplicate, parallel and antipodal rows, and a dependent column.
            X = rng.standard_normal((n, d))
            X[rng.integers(n)] = 0
            X[rng.integers(n)] = X[rng.integers(n)]
            X[rng.integers(n)] = -2 * X[rng.integers(n)]
            if d > 2:
                X[:, 2] = X[:, 0] + X[:, 1]
            G = rng.standard_normal((gates, d))
        else:
            # Integer gates lie on hyperplanes: cones without interior among them.
            X, G = rng.integers(-1, 2, (n, d)).astype(float), rng.integers(-1, 2, (gates, d)).astype(float)
        y = rng.standard_normal(n) if k % 3 else rng.choice([-1.0, 1.0], n)
        yield kind, np.round(X, 6), np.round(y, 6), np.round(G, 6), float(10.0 ** rng.uniform(-3, 0.3)), k % 5 == 4, k % 7 == 6


def main(path):
    rng = np.random.default_rng(20260101)
    traces = []
    for kind, X, y, G, beta, gated, intercept in instances(rng):
        if not (X @ G.T >= 0).any():
            continue
        primal, dual = solve(X, y, G, beta, gated, intercept)
        print(f"{kind:10s} n={len(y):2d} d={X.shape[1]} gated={gated!s:5} intercept={intercept!s:5} "
              f"primal={primal:.12g} gap={(primal - dual) / max(primal, 1e-300):.1e}")
        traces.append(dict(kind=kind, X=X.tolist(), y=y.tolist(), gates=G.tolist(), beta=beta,
                           gated=gated, intercept=intercept, primal=primal, dual=dual))
    with open(path, "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(t) for t in traces) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])
