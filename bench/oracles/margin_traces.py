"""Solve training with the hinge loss, and with hard margins, over all two-layer ReLU
networks with outside solvers, and store what they found.

Writes convexnn/testdata/margin_traces.json, which the tests replay without Python:

    pip install -r bench/oracles/requirements.txt
    python bench/oracles/margin_traces.py convexnn/testdata/margin_traces.json

With s_i = sign(y_i) and the margins m_i = |y_i| asked for, the programs are

    hinge:  min sum_i max(0, m_i - s_i f_i) + beta sum_p (|v_p| + |w_p|)
    hard:   min sum_p (|v_p| + |w_p|)  s.t.  s_i f_i >= m_i

with f = sum_p D_p X (v_p - w_p) over the full-dimensional cells D_p of the arrangement of
X, and v_p, w_p in the closure of cell p (Pilanci and Ergen, 2020; Wang and Pilanci, 2022).
The cells are listed by linear programs and counted by Whitney's theorem. Each optimum is a
bracket [dual, primal], computed here with numpy and scipy from what CVXPY and Clarabel
return: primal is the objective of weights that were projected onto their cones, dual that
of multipliers q that were scaled until theta(+-s q) <= beta. No status and no tolerance of
a solver is trusted.

Cutting planes and SciPy's HiGHS solve the dual programs, and must agree. Descent from many
starts trains wide networks for some, and must not come below the bracket. Whether hard
margins can be met at all is decided by a linear program over the cells, which knows no rule
about rows; on 300 small integer tables it is compared with one that does.
"""

import json
import sys
from fractions import Fraction
from itertools import combinations

import cvxpy as cp
import numpy as np
from scipy.optimize import linprog, minimize, nnls

from make_exact_traces import beta_max, cells
from make_traces import project


def rank(rows):
    """The rank of rational rows, without rounding."""
    if not rows:
        return 0
    pivots = [r for r in rows if r[0]]
    rest = [r for r in rows if not r[0]]
    rest += [[a - b * r[0] / pivots[0][0] for a, b in zip(r, pivots[0])] for r in pivots[1:]]
    return bool(pivots) + (rank([r[1:] for r in rest]) if len(rows[0]) > 1 else 0)


def whitney(X):
    """The number of cells: the sum of (-1)^(|S| - rank S) over all sets S of lines."""
    lines = []
    for row in X:
        row = [Fraction(v) for v in row]
        if any(row) and all(rank([row, line]) == 2 for line in lines):
            lines.append(row)
    return sum((-1) ** (k - rank(S)) for k in range(len(lines) + 1) for S in combinations(lines, k))


class Problem:
    """The data of a trace, and for each cell its pattern and the rows of its cone."""

    def __init__(self, X, y):
        self.X, self.s, self.m = X, np.sign(y), np.abs(y)
        self.gates = cells(X)
        assert len(self.gates) == whitney(X), (len(self.gates), whitney(X))
        D = (X @ self.gates.T >= 0).T
        D = D[D.any(axis=1)]
        self.blocks = [(d, (2 * d - 1.0)[:, None] * X, e) for d in D for e in (1.0, -1.0)]

    def fit(self, U):
        return sum(e * (d[:, None] * self.X) @ u for (d, _, e), u in zip(self.blocks, U))

    def price(self, q):
        """max(theta(v), theta(-v)) at v = s q."""
        return max(np.linalg.norm(project(cone, e * self.X.T @ (d * self.s * q))) for d, cone, e in self.blocks)

    def solve(self, beta=None):
        """The bracket and multipliers of the hinge loss at beta, or of hard margins."""
        U = [cp.Variable(self.X.shape[1]) for _ in self.blocks]
        loss = cp.Variable(len(self.m), nonneg=True) if beta else np.zeros(len(self.m))
        meet = cp.multiply(self.s, self.fit(U)) + loss >= self.m
        goal = cp.sum(loss) / (beta or 1) + sum(cp.norm(u) for u in U)
        program = cp.Problem(cp.Minimize(goal), [meet] + [cone @ u >= 0 for (_, cone, _), u in zip(self.blocks, U)])
        primal, dual, best = np.inf, -np.inf, None
        for tol in (1e-11, 1e-9):  # the tighter one is not always the better one
            program.solve(solver=cp.CLARABEL, tol_gap_abs=tol, tol_gap_rel=tol, tol_feas=tol)
            W = [project(cone, u.value) for (_, cone, _), u in zip(self.blocks, U)]
            f, norms = self.s * self.fit(W), sum(np.linalg.norm(w) for w in W)
            if beta:
                primal = min(primal, np.maximum(0, self.m - f).sum() + beta * norms)
            elif f.min() > 0:
                primal = min(primal, norms / min(f / self.m))
            q = (beta or 1) * np.maximum(meet.dual_value, 0)
            q = np.minimum(q, 1) if beta else q
            q = q * min(1 if beta else np.inf, (beta or 1) / max(self.price(q), 1e-300))
            if self.m @ q > dual:
                dual, best = self.m @ q, q
        return primal, dual, best

    def cut(self, beta=None):
        """The value by another program and another solver: max m'q over 0 <= q (<= 1 / beta) with
        theta(+-s q) <= 1, by linear programs, to which the neurons that q violates are added."""
        n, neurons, most = len(self.m), [], 1 / beta if beta else 1e4
        for _ in range(500):
            rows = np.array(neurons).reshape(-1, n)
            found = linprog(-self.m, A_ub=rows, b_ub=np.ones(len(rows)), bounds=(0, most), method="highs")
            assert found.status == 0, found.message
            W = [project(cone, e * self.X.T @ (d * self.s * found.x)) for d, cone, e in self.blocks]
            sizes = [np.linalg.norm(w) for w in W]
            if max(sizes) <= 1 + 1e-7:
                return -(beta or 1) * found.fun
            neurons += [self.s * e * np.maximum(self.X @ w, 0) / size
                        for (_, _, e), w, size in zip(self.blocks, W, sizes) if size > 1 + 1e-8]
        raise AssertionError(f"{max(sizes)} after {len(neurons)} neurons")

    def separable(self):
        """Whether some network has s_i f_i >= 1: its largest margin, or zero, by a linear program."""
        d, rows = self.X.shape[1], [e * self.s[:, None] * D[:, None] * self.X for D, _, e in self.blocks]
        k = len(self.blocks)
        A = np.zeros((len(self.m) * (k + 1), d * k + 1))
        A[: len(self.m), :-1], A[: len(self.m), -1] = -np.hstack(rows), 1
        for j, (_, cone, _) in enumerate(self.blocks):
            A[len(self.m) * (j + 1): len(self.m) * (j + 2), d * j: d * (j + 1)] = -cone
        found = linprog(np.append(np.zeros(d * k), -1.0), A_ub=A, b_ub=np.zeros(len(A)),
                        bounds=[(None, None)] * (d * k) + [(0, 1)], method="highs")
        assert found.status == 0 and min(found.x[-1], 1 - found.x[-1]) < 1e-6, found.message
        return bool(found.x[-1] > 0.5)


def rule(X, y):
    """The same without cells. On finitely many lines a network is a linear function plus any
    even one, so that lines with one label, or one end, can be met whatever the rest does."""
    rows, ends, s = X / np.maximum(np.linalg.norm(X, axis=1), 1e-300)[:, None], [], np.sign(y)
    for i, j in combinations(range(len(y)), 2):
        if s[i] != s[j] and np.linalg.norm(rows[i] - rows[j]) < 1e-12:
            return False
        if s[i] != s[j] and np.linalg.norm(rows[i] + rows[j]) < 1e-12:
            ends.append(s[i] * rows[i])
    if (np.linalg.norm(X, axis=1) == 0).any():
        return False
    return not ends or linprog(np.zeros(X.shape[1]), A_ub=-np.array(ends), b_ub=-np.ones(len(ends)),
                               bounds=[(None, None)] * X.shape[1], method="highs").status == 0


def shortest(X, m):
    """The shortest w with X w >= m, by non-negative least squares (Lawson and Hanson, 1974, ch. 23)."""
    E = np.vstack([X.T, m])
    u, _ = nnls(E, np.append(np.zeros(X.shape[1]), 1.0), maxiter=10000)
    r = E @ u - np.append(np.zeros(X.shape[1]), 1.0)
    return -r[:-1] / r[-1]


def two_neurons(X, y):
    """|w+| + |w-|, the optimum of hard margins where rows of one label have positive products
    with each other and rows of two labels none; None elsewhere."""
    products = np.outer(y, y) * (X @ X.T)
    if (products[np.outer(y, y) > 0] <= 0).any() or (products < 0).any() or not (y > 0).any() or not (y < 0).any():
        return None
    return sum(np.linalg.norm(shortest(X[e * y > 0], np.abs(y[e * y > 0]))) for e in (1, -1))


def closed_form(kind, X, y):
    """The optimum of hard margins where pen and paper find it; None elsewhere."""
    if kind == "xor":
        # One neuron for each sample, with the row (x1, x2, 1) alone on its side.
        return np.abs(y) @ XOR_COSTS
    return two_neurons(X, y)


def descend(p, beta, rng, starts=15, width=40):
    """The least hinge objective of wide networks that L-BFGS finds, and the least norm of those
    that meet the margins when scaled up."""
    n, d = p.X.shape
    best, least = np.inf, np.inf
    for _ in range(starts):
        z = rng.standard_normal(width * (d + 1)) * 10.0 ** rng.uniform(-1, 0)
        for mu in (0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-5):
            def smooth(z):
                U, a = z[: width * d].reshape(width, d), z[width * d:]
                H = np.maximum(p.X @ U.T, 0)
                t = (p.m - p.s * (H @ a)) / mu
                g = -p.s * np.where(t < 0, np.exp(-np.logaddexp(0, -t)), 1 / (1 + np.exp(-np.maximum(t, 0))))
                GU = ((g[:, None] * (H > 0)) * a).T @ p.X + beta * U
                return mu * np.logaddexp(0, t).sum() + beta / 2 * (z @ z), np.append(GU.ravel(), H.T @ g + beta * a)
            z = minimize(smooth, z, jac=True, method="L-BFGS-B", options=dict(maxiter=600, maxfun=900)).x
            U, a = z[: width * d].reshape(width, d), z[width * d:]
            f, norms = p.s * (np.maximum(p.X @ U.T, 0) @ a), np.linalg.norm(U, axis=1) @ np.abs(a)
            best = min(best, np.maximum(0, p.m - f).sum() + beta * norms)
            if f.min() > 0:
                least = min(least, norms / min(f / p.m))
    return best, least


def labels(rng, n):
    y = rng.choice([-1.0, 1.0], n)
    y[rng.permutation(n)[:2]] = 1, -1
    return y


PLUS_MINUS = np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1]], float)
SIMPLEX = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], float)
XOR = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], float)
XOR_COSTS = np.sqrt([3, 2, 2, 3])

GIVEN = [
    ("orthogonal", [[2, 0], [1, 1], [-1, 0]], [1, 1, -1]),
    ("xor", XOR, [-1, 1, 1, -1]),
    ("xor", XOR, [-1, 2, 0.5, -1]),
    ("opposite", PLUS_MINUS, [1, -1, 1, -1, 1, -1]),  # by w = (1, 1)
    ("opposite", PLUS_MINUS, [1, -1, 1, -1, -1, 1]),  # w1, w2 > 0 > w1 + w2
    ("opposite", PLUS_MINUS, [1, 1, -1, -1, 1, -1]),
    ("opposite", np.vstack([SIMPLEX, -SIMPLEX]), [1, 1, 1, -1, -1, -1, -1, 1]),
    ("opposite", [[1], [-2]], [1, -1]),
    ("same direction", [[1], [2], [-1]], [1, -1, -1]),
    ("same direction", [[1, 2], [2, 4], [0, 1], [1, 0]], [1, -1, 1, -1]),
    ("zero row", [[0], [1], [-1]], [1, 1, -1]),
    ("zero row", [[1, 0], [0, 0], [0, 1], [-1, 2]], [1, -1, -1, 1]),
]

KINDS = ["gaussian", "margins", "ones", "integer", "repeated", "opposite rows", "orthogonal", "rank", "one column"]


def data(rng, kind):
    """X (n x d) and y, whose signs are the labels and whose sizes are the margins."""
    n, d = int(rng.integers(4, 10)), int(rng.integers(2, 5))
    X, y = np.round(rng.standard_normal((n, d)), 4), labels(rng, n)
    if kind == "margins":
        y = y * rng.uniform(0.3, 2, n)
    elif kind == "ones":
        X[:, -1] = 1
    elif kind == "integer":
        X = rng.integers(-1, 2, (n, d)).astype(float)
    elif kind == "repeated":
        # By a power of two, so that the rows stay parallel in floating point.
        X[1], X[2], y[1:3] = X[0], 2 * X[0], y[0] * np.array([1, 3])
        y[3] = -y[0]
    elif kind == "opposite rows":
        X[1], y[1], X[3], y[3] = -X[0], -y[0], -2 * X[2], y[2]
    elif kind == "orthogonal":
        X = np.hstack([y[:, None] * rng.uniform(1, 2, (n, 1)), rng.uniform(-0.9, 0.9, (n, d - 1)) / np.sqrt(d - 1)])
        y = y * rng.uniform(0.5, 1.5, n)
    elif kind == "rank":
        X = rng.choice([-2.0, -1.0, 1.0, 2.0], (n, 2)) @ rng.choice([-1.0, -0.5, 0.5, 1.0], (2, 4))
    elif kind == "one column":
        X, y = np.array([[1.5], [0.5], [-2.0]]), np.array([1, 1, -1]) * rng.uniform(0.5, 2, 3)
    return np.round(X, 4), np.round(y, 4)


def instances(rng):
    for kind, X, y in GIVEN:
        yield kind, np.array(X, float), np.array(y, float)
    for k in range(24):
        yield KINDS[k % len(KINDS)], *data(rng, KINDS[k % len(KINDS)])


def agree(what, bracket, other, tol=1e-5):
    """The bracket, after a check that it is narrow and that another way finds the same."""
    primal, dual = bracket[:2]
    assert -1e-12 <= (primal - dual) / primal <= 1e-7, (what, primal, dual)
    assert abs(other - primal) <= tol * primal, (what, primal, other)
    return dict(primal=primal, dual=dual)


def trace(kind, X, y, ratios):
    """The problem and its entry, with the hinge loss at these shares of beta_max."""
    p = Problem(X, y)
    most = beta_max(X, np.sign(y), p.gates, False)
    t = dict(kind=kind, X=X.tolist(), y=y.tolist(), cells=len(p.gates), beta_max=most, separable=p.separable())
    assert t["separable"] == rule(X, y), kind
    total = p.m.sum()
    # Without neurons the objective is the sum of the margins. At beta_max and above, and
    # nowhere below, that is the best.
    assert p.solve(1.001 * most or 1e-3)[1] >= total * (1 - 1e-9)
    assert most == 0 or p.solve(0.99 * most)[0] < total * (1 - 1e-6)
    if t["separable"]:
        primal, dual, q = p.solve()
        t["hard"] = agree(kind, (primal, dual), p.cut())
        closed = closed_form(kind, X, y)
        if closed:
            t["closed"] = closed
            agree(kind, (primal, dual), closed, 1e-8)
        # Below 1 / max q the penalty is exact: nobody pays for a margin that is missed.
        beta = 0.999 / q.max()
        agree(kind, p.solve(beta), beta * primal, 1e-7)
    t["hinge"] = []
    for ratio in ratios:
        beta = float(f"{ratio * (most or 1):.6g}")
        t["hinge"].append(dict(beta=beta, **agree(kind, p.solve(beta), p.cut(beta))))
        if kind == "xor":
            agree(kind, p.solve(beta), p.m @ np.minimum(1, beta * XOR_COSTS), 1e-8)
    return p, t


def train(p, t):
    """How far above the optima of the second strength and of hard margins descent ends."""
    rng = np.random.default_rng(1)
    hinge, hard = t["hinge"][1], t["hard"]
    exact = 0.5 / p.solve()[2].max()  # where the hinge loss meets the margins, too
    best, least = descend(p, hinge["beta"], rng)[0], descend(p, exact, rng)[1]
    assert hinge["dual"] * (1 - 1e-9) <= best <= hinge["primal"] * 1.1, (best, hinge)
    assert hard["dual"] * (1 - 1e-9) <= least <= hard["primal"] * 1.1, (least, hard)
    return f" descent: hinge +{best / hinge['primal'] - 1:.1e}, hard +{least / hard['primal'] - 1:.1e}"


def check_rule(rng, count=300):
    """The rule against linear programs, on rows many of which are parallel."""
    met = 0
    for k in range(count):
        n, d = int(rng.integers(2, 8)), int(rng.integers(1, 4))
        X, y = rng.integers(-1, 2, (n, d)).astype(float), rng.choice([-1.0, 1.0], n)
        X[0, 0] = 1
        if k % 2:
            # Each line once, with rows at both ends: where labels differ, w must separate.
            X = np.unique(X * np.sign(X @ [[9], [3], [1]][:d]), axis=0)
            X = X[X.any(axis=1)]
            y = rng.choice([-1.0, 1.0], len(X))
            X, y = np.vstack([X, -X]), np.append(y, -y)
        want = Problem(X, y).separable()
        assert want == rule(X, y), (X, y, want)
        met += want
    print(f"rule: {met} of {count} separable, as linear programs say")


def main(path):
    rng = np.random.default_rng(20260303)
    check_rule(rng)
    ratios = [0.003, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.05]
    traces, trained = [], 0
    for k, (kind, X, y) in enumerate(instances(rng)):
        p, t = trace(kind, X, y, [ratios[(k + i) % 9] for i in (0, 3, 6)])
        note = ""
        if kind in ("xor", "orthogonal", "gaussian", "margins", "repeated") and trained < 6 and t["separable"]:
            trained += 1
            note = train(p, t)
        gaps = [(h["primal"] - h["dual"]) / h["primal"] for h in [*t["hinge"], t.get("hard")] if h]
        print(f"{k:2d} {kind:14s} n={len(y)} d={X.shape[1]} cells={t['cells']:3d} "
              f"hard={t.get('hard', {}).get('primal', np.inf):.10g} gap={max(gaps):.1e}{' closed' if 'closed' in t else ''}{note}", flush=True)
        traces.append(t)
    assert trained == 6
    with open(path, "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(t) for t in traces) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])
