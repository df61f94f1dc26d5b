"""Gradient flow of two-layer ReLU networks, integrated by SciPy.

Writes convexnn/flow/testdata/scipy.json, which the tests replay without Python:

    pip install -r bench/oracles/requirements.txt
    python bench/oracles/flow_traces.py convexnn/flow/testdata/scipy.json

Each entry holds X (n x d), labels y, the loss, neurons (u_j, alpha_j) at the start, and the
neurons at some times of

    u_j' = alpha_j sum_i l_i y_i 1[x_i.u_j > 0] x_i,    l_i = -l'(y_i f(x_i)) / W,
    alpha_j' = sum_i l_i y_i (x_i.u_j)_+,               W   = -sum_i l'(y_i f(x_i)),

gradient flow in plain coordinates with its time divided by W, which changes no orbit. Where
the field points at a hyperplane x_i.u_j = 0 from both sides, the flow slides along it
(Filippov). An integrator cannot see that; so the step of 1[z > 0] is smoothed to a logistic
function of z/(|x_i||u_j|) of width 1e-7, of which sliding is the limit, and the stiff
problem is left to the implicit method of Radau. Half the width, or ten times the tolerance, changes
what is stored by less than 1e-4 of a neuron's length, which the script checks.
"""

import json
import sys

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import expit, logsumexp


def flow(X, y, loss, U, alpha, times, width, tolerance):
    n, d = X.shape
    m = len(alpha)
    lengths = np.linalg.norm(X, axis=1)

    def rhs(_, theta):
        U, a = theta[: m * d].reshape(m, d), theta[m * d :]
        Z = U @ X.T
        on = expit(Z / (width * np.outer(np.linalg.norm(U, axis=1), lengths)))
        q = y * (a @ (Z * on))
        logs = -q if loss == "exponential" else -np.logaddexp(0, q)
        v = y * np.exp(logs - logsumexp(logs))
        return np.concatenate([(a[:, None] * ((on * v) @ X)).ravel(), (Z * on) @ v])

    start = np.concatenate([U.ravel(), alpha])
    got = solve_ivp(rhs, (0, times[-1]), start, method="Radau", t_eval=times, rtol=tolerance, atol=tolerance * 1e-4)
    assert got.success, got.message
    return [(t[: m * d].reshape(m, d), t[m * d :]) for t in got.y.T]


def digits(a):
    return [digits(b) for b in a] if a.ndim > 1 else [float(f"{v:.9e}") for v in a]


def difference(a, b):
    return max(np.max(np.linalg.norm(U - V, axis=1) / np.linalg.norm(U, axis=1)) for (U, _), (V, _) in zip(a, b))


def orthogonal(rng, n, d):
    """Rows whose inner products are positive within a class and negative between."""
    X = rng.uniform(0.2, 1, size=(n, d)).round(3)
    y = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
    return X * y[:, None], y


def instances():
    yield "three rays", np.array([[2.0, 0], [1, 1], [-1, 0]]), np.array([1.0, 1, -1]), 6, 13
    rng = np.random.default_rng(1)
    yield "orthogonally separable", *orthogonal(rng, 6, 3), 6, 14
    for n, d, m, end in [(5, 2, 6, 25), (6, 3, 6, 30), (8, 3, 8, 25)]:
        X = rng.normal(size=(n, d)).round(3)
        yield f"random {n} x {d}", X, np.where(np.arange(n) % 2 == 0, 1.0, -1.0), m, end


def main(path):
    out = []
    for k, (name, X, y, m, end) in enumerate(instances()):
        for loss in ["exponential", "logistic"]:
            rng = np.random.default_rng(10 + k)
            U = 0.01 * rng.normal(size=(m, X.shape[1])).round(3)
            alpha = np.linalg.norm(U, axis=1) * np.where(np.arange(m) % 2 == 0, 1, -1)
            times = np.linspace(0, end, 11)[1:]
            trace = flow(X, y, loss, U, alpha, times, 1e-7, 1e-10)
            errors = [difference(trace, flow(X, y, loss, U, alpha, times, *o)) for o in [(5e-8, 1e-10), (1e-7, 1e-9)]]
            rho2 = [np.sum(U**2) + np.sum(a**2) for U, a in trace]
            print(f"{name}, {loss}: rho^2 from {rho2[0]:.3g} to {rho2[-1]:.3g}, differences {errors}")
            assert max(errors) < 1e-4
            out.append({
                "name": name, "loss": loss, "x": X.tolist(), "y": y.tolist(),
                "u": U.tolist(), "alpha": alpha.tolist(),
                "points": [{"time": t, "u": digits(U), "alpha": digits(a)} for t, (U, a) in zip(times, trace)],
            })
    with open(path, "w") as f:
        json.dump(out, f)
        f.write("\n")


main(sys.argv[1])
