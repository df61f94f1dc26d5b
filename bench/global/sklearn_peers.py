"""scikit-learn's MLPRegressor on two-layer ReLU networks.

It minimises its own objective, which times n is

    1/2 |(X W + b)_+ a + c - y|^2 + alpha/2 (|W|^2 + |a|^2),

so that its alpha is our beta. In batches it divides the weight decay by the size of the
batch and not by n, which alpha makes up for, with batches of nearly one size of at most
200, its default. Its biases b and c carry no penalty. With the biases
"free" it is left as it is, trains on the columns without that of ones, and b becomes
the weights of that column and c a neuron that is active everywhere: both are penalised
when the network is judged, and were not when it was trained. With "penalised" biases b
and c are held at zero and the column of ones is given, so that it minimises what it is
judged by; this takes a change inside. Steps are evaluations of the loss for the solver
lbfgs, and passes over the samples for adam, at a constant rate. The tests that would
end a run early are off, but for those of lbfgs that it cannot go on.
"""

import math
import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits

from watch import Watch

warnings.simplefilter("ignore", ConvergenceWarning)

LARGEST = 200  # batch


class Diverged(Exception):
    pass


class Network(MLPRegressor):
    """MLPRegressor with a watch on it, and with biases at zero if they are to be.

    The methods below are called by its fit and are not part of its interface;
    requirements.txt therefore names one version.
    """

    def watched(self, biases, observe):
        self.zero_biases, self.observe = biases == "penalised", observe
        return self

    def _init_coef(self, *args):
        weights, biases = super()._init_coef(*args)
        return weights, 0 * biases if self.zero_biases else biases

    def _compute_loss_grad(self, layer, samples, activations, deltas, coef_grads, intercept_grads):
        super()._compute_loss_grad(layer, samples, activations, deltas, coef_grads, intercept_grads)
        if self.zero_biases:
            intercept_grads[layer][:] = 0

    def _fit_lbfgs(self, *args):
        self.watch = self.observe(self)
        super()._fit_lbfgs(*args)

    def _fit_stochastic(self, *args):
        self.watch = self.observe(self)
        super()._fit_stochastic(*args)

    def _loss_grad_lbfgs(self, *args):
        out = super()._loss_grad_lbfgs(*args)
        self.count()
        return out

    def _update_no_improvement_count(self, *args):
        super()._update_no_improvement_count(*args)
        self.count()

    def count(self):
        if self.watch.step():
            raise Diverged


def objective(X, y, beta, net):
    """Our objective of balanced neurons, in float64; the last column of X is that of ones."""
    W, a = (w.astype(np.float64) for w in net.coefs_)
    b, c = (w.astype(np.float64) for w in net.intercepts_)
    if len(W) < X.shape[1]:
        W = np.vstack((W, np.zeros_like(b)))
    W[-1] += b
    residual = np.maximum(X @ W, 0) @ a[:, 0] + c[0] - y
    penalty = np.linalg.norm(W, axis=0) @ np.abs(a[:, 0]) + abs(c[0])
    return float(residual @ residual / 2 + beta * penalty)


def check(X, y):
    """Stop where the objective is not that of a network done by hand, or n times its own
    loss is not our objective before the neurons are balanced."""
    net = Network()
    net.coefs_ = [np.array([[3.0, 0.0]]), np.array([[-2.0], [7.0]])]
    net.intercepts_ = [np.array([4.0, -1.0]), np.array([-0.5])]
    # f is -14.5 at 1 and -0.5 at -2; the neurons are (3, 4) with -2, (0, -1) with 7, and (0, 1) with -0.5.
    value = objective(np.array([[1.0, 1.0], [-2.0, 1.0]]), np.array([-14.0, 1.5]), 0.1, net)
    assert abs(value - 3.875) <= 1e-14, "the objective is wrong"
    assert batch_size(569) == 190 and alpha(3.0, 10, 5) == 1.5 and alpha(3.0, 10, 10) == 3, "alpha is wrong"
    for biases in "free", "penalised":
        net = Peer.fit(X, y, "lbfgs", 0.3, 10, 1e-3, biases, 0, 20, lambda net: Watch(20, lambda: 0, lambda: None))
        assert biases == "free" or not any(b.any() for b in net.intercepts_), "a bias is not zero"
        residual = net.predict(columns(X, biases)) - y
        total = residual @ residual / 2 + 0.15 * sum(np.square(w).sum() for w in net.coefs_)
        assert abs(len(y) * net.loss_ - total) <= 1e-9 * total, "the loss is another"


def columns(X, biases):
    """The columns that the network is given."""
    return X[:, :-1] if biases == "free" else X


def batch_size(n):
    """The size of so many equal batches as are needed; the last may be smaller."""
    return math.ceil(n / math.ceil(n / LARGEST))


def alpha(beta, n, size):
    """The alpha with which a pass decays the weights as beta does on all samples."""
    sizes = [min(size, n - start) for start in range(0, n, size)]
    return beta / (n * sum(1 / b for b in sizes) / len(sizes))


class Peer:
    probe = 20  # steps that tell what one costs

    def __init__(self, X, y, task):
        self.task, self.X, self.y = task, X, y
        self.solver = task["method"].removeprefix("sklearn-")
        # The line search of lbfgs ends early in float32.
        self.dtype = np.float64 if self.solver == "lbfgs" else {"float32": np.float32, "float64": np.float64}[task["precision"]]
        self.versions = {"scikit-learn": sklearn.__version__, "numpy": np.__version__}
        check(X, y)

    def threads(self, count):
        threadpool_limits(count)

    @staticmethod
    def fit(X, y, solver, beta, width, rate, biases, seed, steps, observe):
        n = len(y)
        size = n if solver == "lbfgs" else batch_size(n)
        net = Network(hidden_layer_sizes=(width,), solver=solver, alpha=alpha(beta, n, size), batch_size=size, learning_rate_init=rate or 1e-3, random_state=seed, max_iter=steps, max_fun=steps, tol=0, n_iter_no_change=np.inf)
        net.watched(biases, observe)
        try:
            net.fit(columns(X, biases), y)
        except Diverged:
            pass
        return net

    def train(self, beta, width, rate, biases, seed, steps):
        """One run."""

        def observe(net):
            return Watch(steps, lambda: objective(self.X, self.y, beta, net), lambda: [w.astype(np.float64) for w in net.coefs_ + net.intercepts_])

        net = self.fit(self.X.astype(self.dtype), self.y.astype(self.dtype), self.solver, beta, width, rate, biases, seed, steps, observe)
        net.watch.see()  # where a run ends is where lbfgs says
        return net.watch

    def network(self, weights):
        """The network as its layers."""
        W, a, b, c = (w.tolist() for w in weights)
        return dict(weights=W, biases=b, outputs=[v[0] for v in a], intercept=c[0])
