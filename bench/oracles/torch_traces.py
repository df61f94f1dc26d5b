"""Train small networks in PyTorch from a fixed start, in a fixed order of the samples.

Writes convexnn/baseline/testdata/torch.json, which the tests replay without Python:

    pip install -r bench/global/requirements.txt
    python bench/oracles/torch_traces.py convexnn/baseline/testdata/torch.json

Each entry has the data, the start, the order of the samples in every epoch, the
settings, the mean objective on the batch of every step before it is taken,

    1/|B| sum_{i in B} 1/2 (f(x_i) - y_i)^2 + weight_decay/2 (|U|^2 + |alpha|^2),

and the weights in the end. The optimisers are those of torch.optim with nothing set
but rate, momentum and weight decay; the schedule is its CosineAnnealingLR, stepped with
every batch. All is in float64.
"""

import json
import sys

import numpy as np
import torch

OPTIMIZERS = {
    "sgd": lambda groups, rate: torch.optim.SGD(groups, lr=rate),
    "momentum": lambda groups, rate: torch.optim.SGD(groups, lr=rate, momentum=0.9),
    "nesterov": lambda groups, rate: torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True),
    "adam": lambda groups, rate: torch.optim.Adam(groups, lr=rate),
}
RATES = {"sgd": 0.1, "momentum": 0.02, "nesterov": 0.02, "adam": 0.01}


def train(name, schedule, batch, intercept, rng):
    n, d, width, epochs, beta = 11, 3, 5, 12, 0.7
    x, y = rng.standard_normal((n, d)).round(3), rng.standard_normal(n).round(3)
    u, alpha = rng.standard_normal((width, d)).round(3), rng.standard_normal(width).round(3)
    b = 0.25 if intercept else 0.0
    orders = [rng.permutation(n).tolist() for _ in range(epochs)]
    size = batch or n

    X, Y = torch.tensor(x), torch.tensor(y)
    U, A = torch.tensor(u, requires_grad=True), torch.tensor(alpha, requires_grad=True)
    B = torch.tensor(b, dtype=torch.float64, requires_grad=True)
    groups = [{"params": [U, A], "weight_decay": beta / n}]
    if intercept:
        groups.append({"params": [B], "weight_decay": 0.0})
    optimizer = OPTIMIZERS[name](groups, RATES[name])
    steps = epochs * -(-n // size)
    cosine = None
    if schedule == "cosine":
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    values = []
    for order in orders:
        for lo in range(0, n, size):
            rows = order[lo:lo + size]
            f = torch.relu(X[rows] @ U.T) @ A + B
            loss = 0.5 * torch.nn.functional.mse_loss(f, Y[rows])
            with torch.no_grad():
                values.append((loss + beta / n / 2 * (U.square().sum() + A.square().sum())).item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if cosine:
                cosine.step()
    return {
        "optimizer": name, "schedule": schedule, "rate": RATES[name], "batch": batch, "epochs": epochs, "beta": beta,
        "intercept": intercept, "x": x.tolist(), "y": y.tolist(),
        "start": {"u": u.tolist(), "alpha": alpha.tolist(), "b": b},
        "orders": orders, "values": values,
        "end": {"u": U.tolist(), "alpha": A.tolist(), "b": B.item()},
    }


def main():
    rng = np.random.default_rng(1)
    runs = []
    for name in OPTIMIZERS:
        for schedule in ("constant", "cosine"):
            for batch in (0, 4):
                runs.append(train(name, schedule, batch, intercept=(batch > 0) == (schedule == "cosine"), rng=rng))
    with open(sys.argv[1], "w") as f:
        json.dump({"torch": torch.__version__, "runs": runs}, f, separators=(",", ":"))
        f.write("\n")


main()
