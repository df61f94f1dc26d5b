"""Solve random cone programs with Clarabel and store what it found.

Writes admm/conic/testdata/clarabel.json, which the tests replay without Python:

    pip install -r bench/oracles/requirements.txt
    python bench/oracles/make_conic_traces.py admm/conic/testdata/clarabel.json

Each problem is: minimise <c, x> + x'Qx / 2 subject to A x = b, x in a product of cones,
in the form of package admm/conic. There is an interior point on both sides, so that the
optimum is attained and strong duality holds. An entry has the bracket [dual, primal] of
Clarabel's two objective values, and the largest entry of its residuals, recomputed here
from its answer; no status word is trusted.
"""

import json
import sys

import clarabel
import numpy as np
import scipy.sparse as sp

FREE, ZERO, NONNEGATIVE, SECOND_ORDER, SEMIDEFINITE = range(5)


def dim(cone):
    kind, size = cone
    return size * (size + 1) // 2 if kind == SEMIDEFINITE else size


def svec(M):
    """The lower triangle by columns, off the diagonal times the root of two."""
    k = len(M)
    return np.concatenate([[M[j, j], *(np.sqrt(2) * M[j + 1:, j])] for j in range(k)])


def by_rows(k):
    """Our coordinates in Clarabel's order: the upper triangle by columns."""
    place = {}
    for j in range(k):
        for i in range(j, k):
            place[i, j] = len(place)
    return [place[i, j] for i in range(k) for j in range(i + 1)]


def interior(rng, cones, dual):
    """A point in the interior of the cones, or of their duals."""
    parts = []
    for kind, size in cones:
        if kind == NONNEGATIVE:
            parts.append(rng.uniform(0.1, 2, size))
        elif kind == SECOND_ORDER:
            z = rng.standard_normal(size - 1)
            parts.append(np.concatenate([[np.linalg.norm(z) + rng.uniform(0.1, 1)], z]))
        elif kind == SEMIDEFINITE:
            G = rng.standard_normal((size, size))
            parts.append(svec(G @ G.T / size + 0.1 * np.eye(size)))
        elif (kind == FREE) != dual:
            parts.append(rng.standard_normal(size))
        else:
            parts.append(np.zeros(size))
    return np.concatenate(parts)


def random_problem(rng, cones, m, quadratic):
    n = sum(map(dim, cones))
    A = np.round(rng.standard_normal((m, n)) * (rng.random((m, n)) < 0.3), 3)
    Q = np.zeros((n, n))
    if quadratic:
        k = min(n, 12)
        G = np.round(rng.standard_normal((3, k)), 2)
        Q[:k, :k] = G.T @ G
    b = A @ interior(rng, cones, False)
    c = A.T @ rng.standard_normal(m) + interior(rng, cones, True)
    return dict(cones=cones, A=A, b=np.round(b, 12), c=np.round(c, 12), Q=Q)


def graph(rng, n, density):
    return [(i, j) for i in range(n) for j in range(i) if rng.random() < density]


def max_cut(n, edges):
    L = np.zeros((n, n))
    for i, j in edges:
        L[i, i] += 1; L[j, j] += 1; L[i, j] -= 1; L[j, i] -= 1
    A = np.array([svec(np.diag(np.eye(n)[i])) for i in range(n)])
    return dict(cones=[(SEMIDEFINITE, n)], A=A, b=np.ones(n), c=-svec(L / 4), Q=None)


def theta(n, edges):
    A = [svec(np.eye(n))]
    for i, j in edges:
        E = np.zeros((n, n))
        E[i, j] = E[j, i] = 1
        A.append(svec(E))
    return dict(cones=[(SEMIDEFINITE, n)], A=np.array(A), b=np.eye(len(A))[0], c=-svec(np.ones((n, n))), Q=None)


def solve(p):
    n, m = len(p["c"]), len(p["b"])
    rows, limits = [sp.csc_matrix(p["A"])], [clarabel.ZeroConeT(m)]
    at = 0
    for kind, size in p["cones"]:
        order = by_rows(size) if kind == SEMIDEFINITE else range(dim((kind, size)))
        if kind != FREE:
            rows.append(-sp.csc_matrix(np.eye(n)[[at + k for k in order]]))
            limits.append({ZERO: clarabel.ZeroConeT, NONNEGATIVE: clarabel.NonnegativeConeT,
                           SECOND_ORDER: clarabel.SecondOrderConeT, SEMIDEFINITE: clarabel.PSDTriangleConeT}[kind](size))
        at += dim((kind, size))
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-9
    Q = np.zeros((n, n)) if p["Q"] is None else p["Q"]
    G, h = sp.vstack(rows, format="csc"), np.concatenate([p["b"], np.zeros(sum(r.shape[0] for r in rows[1:]))])
    s = clarabel.DefaultSolver(sp.csc_matrix(np.triu(Q)), p["c"], G, h, limits, settings).solve()
    x, z, slack = np.array(s.x), np.array(s.z), np.array(s.s)
    residual = max(abs(G @ x + slack - h).max(), abs(Q @ x + p["c"] + G.T @ z).max())
    half = x @ Q @ x / 2
    return p["c"] @ x + half, -h @ z - half, residual


def triplets(M):
    return [[int(i), int(j), float(M[i, j])] for i, j in zip(*np.nonzero(M))]


def main(path):
    rng = np.random.default_rng(20260303)
    problems = []
    for k in range(32):
        size = int(rng.integers(3, 8))
        kind, cones = [
            ("lp", [(NONNEGATIVE, 5 * size), (FREE, 3)]),
            ("socp", [(NONNEGATIVE, 4), (SECOND_ORDER, size), (SECOND_ORDER, 3), (SECOND_ORDER, 2 * size)]),
            ("sdp", [(SEMIDEFINITE, size), (SEMIDEFINITE, 4), (NONNEGATIVE, 3)]),
            ("mixed", [(FREE, 4), (ZERO, 2), (NONNEGATIVE, 5), (SECOND_ORDER, 4), (SEMIDEFINITE, size)]),
        ][k % 4]
        m = max(1, sum(map(dim, cones)) // 3)
        problems.append((kind, random_problem(rng, cones, m, k % 8 >= 4)))
    problems += [("max-cut", max_cut(40, graph(rng, 40, 0.2))), ("max-cut", max_cut(60, graph(rng, 60, 0.1))),
                 ("theta", theta(20, graph(rng, 20, 0.3))), ("theta", theta(30, graph(rng, 30, 0.7)))]
    traces = []
    for kind, p in problems:
        primal, dual, residual = solve(p)
        print(f"{kind:8s} n={len(p['c']):4d} m={len(p['b']):3d} primal={primal:.12g} gap={primal - dual:.1e} residual={residual:.1e}", flush=True)
        assert abs(primal - dual) <= 1e-7 * max(1, abs(primal)) and residual <= 1e-7
        traces.append(dict(kind=kind, cones=p["cones"], c=list(map(float, p["c"])), b=list(map(float, p["b"])), A=triplets(p["A"]),
                           Q=[] if p["Q"] is None else triplets(p["Q"]), primal=float(primal), dual=float(dual), residual=float(residual)))
    with open(path, "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(t) for t in traces) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])
