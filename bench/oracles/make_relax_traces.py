"""Solve the relaxations of two-layer ReLU networks with CVXPY and Clarabel, and store
their optima.

Writes convexnn/relax/testdata/clarabel.json, which the tests replay without Python:

    pip install -r bench/oracles/requirements.txt cvxpy
    python bench/oracles/make_relax_traces.py convexnn/relax/testdata/clarabel.json

The relaxation by moments is written as its authors do, with rows for both parts of X u
(order 2n+d+c), not in the reduced form of package relax, and the trace form as a matrix
fraction over all activation patterns, found by sampling and counted against Cover's
formula. The optima are good to about 1e-6: the first form has no interior, and Clarabel
stops short of the tolerance asked for.
"""

import itertools
import json
import math
import sys

import cvxpy as cp
import numpy as np

OPTIONS = dict(solver=cp.CLARABEL, tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)


def patterns(X, rng, rounds=20000):
    n, d = X.shape
    found = {tuple(row) for row in (rng.standard_normal((rounds, d)) @ X.T >= 0)}
    # Thin cells touch a ray where d - 1 rows are zero.
    for rows in itertools.combinations(range(n), d - 1):
        ray = np.linalg.svd(X[list(rows)])[2][-1]
        for sign in (1, -1):
            near = sign * ray + 1e-6 * rng.standard_normal((50 * 2**d, d))
            found |= {tuple(row) for row in (near @ X.T >= 0)}
    want = 2 * sum(math.comb(n - 1, k) for k in range(min(n, d)))
    assert len(found) == want, (len(found), want)  # rows in general position
    return [np.array(p, float) for p in sorted(found) if any(p)]


def trace(X, Y, beta, constrained):
    n, d = X.shape
    M, cost, constraints = np.eye(n), 0, []
    for D in patterns(X, np.random.default_rng(0)):
        U = cp.Variable((d, d), PSD=True)
        DX = D[:, None] * X
        M = M + 2 * DX @ U @ DX.T
        cost += cp.trace(U)
        if constrained:
            S = (2 * D - 1)[:, None] * X
            constraints.append(S @ U @ S.T >= 0)
    # The code of the paper: gains eliminated, second moments in units of 2 beta.
    objective = 0.5 * cp.matrix_frac(Y, (M + M.T) / 2) + beta**2 * cost
    problem = cp.Problem(cp.Minimize(objective), constraints)
    problem.solve(**OPTIONS)
    return problem.value


def moments(X, Y, beta):
    n, d = X.shape
    c = Y.shape[1]
    L = cp.Variable((2 * n + d + c, 2 * n + d + c), PSD=True)
    A = np.hstack([-np.eye(n), np.eye(n), X, np.zeros((n, c))])
    a, b, v = slice(0, n), slice(n, 2 * n), slice(2 * n + d, 2 * n + d + c)
    constraints = [A @ L == 0, L[: 2 * n, : 2 * n] >= 0, cp.diag(L[a, b]) == 0]
    objective = 0.5 * cp.sum_squares(L[a, v] - Y) + beta / 2 * cp.trace(L[2 * n:, 2 * n:])
    problem = cp.Problem(cp.Minimize(objective), constraints)
    problem.solve(**OPTIONS)
    return problem.value


def sign_split(X, y, beta):
    n, d = X.shape
    A = np.hstack([np.zeros((n, 1)), -np.eye(n), np.eye(n), X])
    fit, cost, constraints = 0, 0, []
    for sign in (1, -1):
        L = cp.Variable((1 + 2 * n + d, 1 + 2 * n + d), PSD=True)
        a, b = slice(1, 1 + n), slice(1 + n, 1 + 2 * n)
        constraints += [A @ L == 0, L[: 1 + 2 * n, : 1 + 2 * n] >= 0, cp.diag(L[a, b]) == 0]
        fit = fit + sign * L[a, 0]
        cost += L[0, 0] + cp.trace(L[1 + 2 * n:, 1 + 2 * n:])
    problem = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(fit - y[:, 0]) + beta / 2 * cost), constraints)
    problem.solve(**OPTIONS)
    return problem.value


def entry(name, X, Y, beta):
    out = dict(name=name, x=X.tolist(), y=Y.tolist(), beta=beta, moments=moments(X, Y, beta),
               trace=trace(X, Y, beta, True), gated=trace(X, Y, beta, False))
    if Y.shape[1] == 1:
        out["sign_split"] = sign_split(X, Y, beta)
    print(name, {k: v for k, v in out.items() if k not in ("x", "y", "name")})
    return out


def main(path):
    rng = np.random.default_rng(20260101)
    cases = []
    for n, d, c, beta in [(4, 2, 1, 0.1), (6, 2, 1, 0.1), (5, 3, 1, 0.2), (4, 2, 2, 0.1), (6, 2, 2, 0.1), (5, 2, 3, 0.3), (5, 3, 2, 0.2)]:
        cases.append((f"gaussian n={n} d={d} c={c}", rng.standard_normal((n, d)).round(3), rng.standard_normal((n, c)).round(3), beta))
    # Four columns and three outputs, where the trace form is below the optimum.
    X = np.array([[0, 1, -2, -1], [-1, -3, 2, 1], [1, 0, -3, -1], [-1, -1, -1, 0], [-3, 1, 0, 5], [-3, 3, 2, 1]], float)
    Y = np.array([[-2, 2, 1], [-1, 2, -2], [3, 2, 1], [-1, 3, 4], [-3, 0, 3], [-2, -1, 0]], float)
    cases.append(("loose", X, Y, 1.0))
    out = [entry(*case) for case in cases]
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], float)
    Y = np.array([[-1], [1], [1], [-1]], float)
    xor = dict(name="xor", x=X.tolist(), y=Y.tolist(), beta=0.1, moments=moments(X, Y, 0.1), sign_split=sign_split(X, Y, 0.1))
    print(xor)
    out.append(xor)
    with open(path, "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
