"""PyTorch's Adam and SGD with momentum on two-layer ReLU networks.

    1/2 |(X U)_+ a - y|^2 + beta/2 (|U|^2 + |a|^2)

is minimised over U (d x m) and a (m), from the initial weights of torch.nn.Linear, with
a rate that falls to zero by the cosine schedule: by Adam on the full batch, by SGD with a
momentum of 0.9 on equal batches of at most a given size, from samples shuffled anew for
each pass, of which the few left over wait for the next. The rates of SGD are those for the mean of the
losses, as others quote them.
"""

import math

import torch

from watch import Watch

MOMENTUM = 0.9


def initial(d, m, seed, dtype):
    """U and a as torch.nn.Linear draws them."""
    torch.manual_seed(seed)
    hidden = torch.nn.Linear(d, m, bias=False, dtype=torch.float64)
    output = torch.nn.Linear(m, 1, bias=False, dtype=torch.float64)
    return hidden.weight.detach().T.contiguous().to(dtype), output.weight.detach()[0].to(dtype)


class Batches:
    """The samples, or equal parts of at most so many in random order; 0 means all."""

    def __init__(self, X, y, most):
        self.X, self.y, self.at = X, y, len(y)
        self.size = len(y) // math.ceil(len(y) / most) if most else len(y)

    def next(self):
        if self.size == len(self.y):
            return self.X, self.y
        if self.at + self.size > len(self.y):
            order = torch.randperm(len(self.y))
            self.shuffled, self.labels, self.at = self.X[order], self.y[order], 0
        part = slice(self.at, self.at + self.size)
        self.at += self.size
        return self.shuffled[part], self.labels[part]


class Gradient:
    """The gradient of 1/2 |(X U)_+ a - y|^2 times a scale, written to U.grad and a.grad.

    The residual multiplies X and not the active samples of every neuron, and the
    gradient of a follows from that of U: about half the time of autograd, with which
    check compares it. X has n rows in every call.
    """

    def __init__(self, n, U, a, scale=1.0):
        self.U, self.a, self.scale = U, a, scale
        self.Z = torch.empty(n, U.shape[1], dtype=U.dtype)
        self.active = torch.empty_like(self.Z)
        self.scaled = torch.empty(n, U.shape[0], dtype=U.dtype)
        self.f = torch.empty(n, dtype=U.dtype)
        U.grad, a.grad = torch.zeros_like(U), torch.zeros_like(a)

    def __call__(self, X, y):
        torch.mm(X, self.U, out=self.Z)
        torch.gt(self.Z, 0, out=self.active)
        torch.mv(self.Z.relu_(), self.a, out=self.f)
        self.f.sub_(y)
        if self.scale != 1:
            self.f.mul_(self.scale)
        torch.mul(X, self.f[:, None], out=self.scaled)
        torch.mm(self.scaled.T, self.active, out=self.U.grad)
        torch.sum(self.U * self.U.grad, 0, out=self.a.grad)
        self.U.grad.mul_(self.a)


def check(X, y, seed=0):
    """Stop where the gradient and the objective are not those of autograd."""
    U, a = initial(X.shape[1], 50, seed, torch.float64)
    with torch.no_grad():
        Gradient(len(y), U, a, 3.0)(X, y)
    V, b = U.clone().requires_grad_(), a.clone().requires_grad_()
    loss = (torch.relu(X @ V) @ b - y).square().sum() / 2
    (3 * loss).backward()
    for ours, theirs in ((U.grad, V.grad), (a.grad, b.grad)):
        assert (ours - theirs).norm() <= 1e-12 * theirs.norm(), "the gradient is wrong"
    penalty = sum(V[:, j].norm() * b[j].abs() for j in range(50))
    total = float((loss + 0.3 * penalty).detach())
    assert abs(objective(X, y, 0.3, U, a) - total) <= 1e-12 * total, "the objective is wrong"


def objective(X, y, beta, U, a):
    """The objective of balanced neurons, in float64."""
    U, a = U.double(), a.double()
    residual = torch.mv((X @ U).relu_(), a) - y
    return float(residual.dot(residual) / 2 + beta * torch.dot(U.norm(dim=0), a.abs()))


class Peer:
    probe = 100  # steps that tell what one costs

    def __init__(self, X, y, task):
        self.task, self.X, self.y = task, torch.from_numpy(X), torch.from_numpy(y)
        self.dtype = {"float32": torch.float32, "float64": torch.float64}[task["precision"]]
        self.versions = dict(torch=torch.__version__)
        check(self.X, self.y)

    def threads(self, count):
        torch.set_num_threads(count)

    def optimizer(self, U, a, rate, beta):
        if self.task["method"] == "adam":
            return torch.optim.Adam([U, a], lr=rate, weight_decay=beta, fused=True)
        return torch.optim.SGD([U, a], lr=rate, momentum=MOMENTUM, weight_decay=beta, fused=True)

    @torch.no_grad()
    def train(self, beta, width, rate, biases, seed, steps):
        """One run. Biases are the weights of the column of ones, penalised like all."""
        assert biases == "penalised"
        U, a = initial(self.X.shape[1], width, seed, self.dtype)
        batches = Batches(self.X.to(self.dtype), self.y.to(self.dtype), self.task["batch"])
        gradient = Gradient(batches.size, U, a, len(self.y) / batches.size)
        if self.task["method"] == "sgd":
            rate /= len(self.y)
        optimizer = self.optimizer(U, a, rate, beta)
        watch = Watch(steps, lambda: objective(self.X, self.y, beta, U, a), lambda: (U.double().clone(), a.double().clone()))
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * step / steps)) / 2
            gradient(*batches.next())
            optimizer.step()
            if watch.step():
                break
        return watch

    def network(self, weights):
        """The network as its layers."""
        U, a = weights
        return dict(weights=U.tolist(), biases=None, outputs=a.tolist(), intercept=0)
