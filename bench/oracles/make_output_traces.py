"""Optima of training with several outputs in the plane, by an outside solver.

Writes convexnn/outputs/testdata/clarabel.json, which the tests replay without Python:

    pip install -r bench/oracles/requirements.txt
    python bench/oracles/make_output_traces.py convexnn/outputs/testdata/clarabel.json

Each entry holds X (n x 2), Y (n x c), beta and the optimum of

    min 1/2 |sum_j (X u_j)_+ g_j' - Y|^2 + beta sum_j |u_j| |g_j|

over networks of any width, as the value of the program

    min 1/2 tr Y'(I + 2 sum_i D_i X U_i X' D_i)^-1 Y + beta^2 sum_i tr U_i
    s.t. U_i psd, (2 D_i - I) X U_i X' (2 D_i - I) >= 0 entrywise

over all activation patterns D_i (Sahiner, Ergen, Pauly and Pilanci, Vector-output ReLU
neural network problems are copositive programs, ICLR 2021). It relaxes the cone
conv{uu' : S_i X u >= 0} to U_i psd with C U_i C' >= 0, which in the plane is the same: a
cell has two facets there, and a doubly nonnegative 2 x 2 matrix is completely positive.
"""

import json
import sys

import cvxpy as cp
import numpy as np


def patterns(X):
    """All patterns of full-dimensional cells in the plane, from between the hyperplanes."""
    angles = np.concatenate([np.arctan2(X[:, 1], X[:, 0]) + np.pi / 2, np.arctan2(X[:, 1], X[:, 0]) - np.pi / 2])
    angles = np.sort(np.mod(angles, 2 * np.pi))
    angles = np.append(angles, angles[0] + 2 * np.pi)
    middle = (angles[1:] + angles[:-1])[np.diff(angles) > 1e-9] / 2
    D = {tuple((X @ np.array([np.cos(a), np.sin(a)]) > 0).astype(float)) for a in middle}
    return [np.array(d) for d in sorted(D) if any(d)]


def solve(X, Y, beta):
    n, c = Y.shape
    constraints, gram, trace = [], np.eye(n), 0
    for D in patterns(X):
        U = cp.Variable((2, 2), symmetric=True)
        S = (2 * D - 1)[:, None] * X
        constraints += [U >> 0, S @ U @ S.T >= 0]
        gram = gram + 2 * (D[:, None] * X) @ U @ (D[:, None] * X).T
        trace = trace + cp.trace(U)
    T = cp.Variable((c, c), symmetric=True)
    constraints.append(cp.bmat([[T, Y.T], [Y, gram]]) >> 0)
    problem = cp.Problem(cp.Minimize(cp.trace(T) / 2 + beta**2 * trace), constraints)
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)
    return problem.value


def main(path):
    out = []
    for seed, (n, c, beta) in enumerate([(4, 2, 0.2), (5, 2, 0.5), (6, 2, 0.1), (6, 3, 0.3), (7, 3, 0.05), (8, 2, 0.02)]):
        rng = np.random.default_rng(100 + seed)
        X, Y = rng.normal(size=(n, 2)).round(3), rng.normal(size=(n, c)).round(3)
        if seed == 3:
            X[:, 1] = 1.0  # a bias
        value = solve(X, Y, beta)
        print(n, c, beta, value)
        out.append({"x": X.tolist(), "y": Y.tolist(), "beta": beta, "optimum": value})
    with open(path, "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


main(sys.argv[1])
