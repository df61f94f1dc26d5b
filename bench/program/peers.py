"""Solve a sub-sampled convex program with another solver and store its weights, with
the seconds after which it had them.

    bench/peers-env.sh
    python bench/program/peers.py FOLDER scnn|scnn-mended|clarabel|scs

bench/program writes the problem to FOLDER: task.json; x.bin (n x d) and y.bin (n) as
raw little-endian float64; patterns.bin (P x n), a byte for each sample; gates.bin
(P x d). For "relu" the program is

    min 1/2 |sum_p D_p X (v_p - w_p) - y|^2 + beta sum_p (|v_p| + |w_p|)
    s.t. (2 D_p - I) X v_p >= 0, (2 D_p - I) X w_p >= 0,

for "gated" it is without w and without constraints. What happens is appended to
results.jsonl, and weights go to files of raw float64: the blocks v_1..v_P, and for
"relu" w_1..w_P, of d values each. Nothing is evaluated here: whether weights are any
good, bench/program finds out.

A setting that takes more than the limit ends there. What cannot be interrupted is
ended by an alarm a while later, and what needs too much memory by the operating
system; bench/program sees from the exit what it was.
"""

import json
import os
import resource
import signal
import sys
import time
from importlib.metadata import version

RATIO = 1.02  # of the seconds of successive weights of one run, at least


class Problem:
    """What the folder holds."""

    def __init__(self, folder):
        import numpy as np

        self.folder = folder
        with open(os.path.join(folder, "task.json")) as f:
            task = json.load(f)
        self.beta, self.relu = task["beta"], task["model"] == "relu"
        self.threads, self.limit, self.settings = task["threads"], task["limit"], task["settings"]
        n, d, P = task["n"], task["d"], task["patterns"]
        self.n, self.d, self.P = n, d, P
        read = lambda name, dtype, shape: np.fromfile(os.path.join(folder, name), dtype=dtype).reshape(shape)
        self.X, self.y = read("x.bin", "<f8", (n, d)), read("y.bin", "<f8", (n,))
        self.D, self.gates = read("patterns.bin", "u1", (P, n)), read("gates.bin", "<f8", (P, d))
        self.files = 0

    def tell(self, kind, **what):
        with open(os.path.join(self.folder, "results.jsonl"), "a") as f:
            print(json.dumps(dict(kind=kind, **what)), file=f)

    def weights(self, seconds, blocks):
        """Store weights, blocks x d."""
        import numpy as np

        name = f"w{self.files}.bin"
        self.files += 1
        blocks = np.ascontiguousarray(blocks, dtype="<f8")
        assert blocks.shape == ((2 if self.relu else 1) * self.P, self.d), blocks.shape
        blocks.tofile(os.path.join(self.folder, name))
        self.tell("weights", seconds=seconds, file=name)

    def alarm(self):
        """End the process if it does not come back much later than at the limit."""
        signal.alarm(int(self.limit * 1.25 + 30))


class OverLimit(Exception):
    pass


class Recorder:
    """A clock that stands still while weights are stored."""

    def __init__(self, problem):
        self.problem = problem
        self.steps, self.last, self.spent, self.order = 0, 0.0, 0.0, None

    def start(self, model):
        # scnn has sorted the patterns.
        ours = {pattern.tobytes(): p for p, pattern in enumerate(self.problem.D)}
        theirs = model.D.T.astype("u1")
        assert len(theirs) == len(ours), f"{len(theirs)} patterns, not {len(ours)}"
        order = [ours[pattern.tobytes()] for pattern in theirs]
        assert sorted(order) == list(range(len(order)))
        self.order = [order.index(p) for p in range(len(order))]
        self.began = time.perf_counter()

    def elapsed(self):
        return time.perf_counter() - self.began - self.spent

    def store(self, model):
        seconds = self.elapsed()
        at = time.perf_counter()
        w = model.weights  # (2 x) 1 x P x d; every step makes a new array
        assert w.dtype == "float64"
        w = w.reshape(-1, self.problem.P, self.problem.d)[:, self.order]
        self.problem.weights(seconds, w.reshape(-1, self.problem.d))
        self.last = seconds
        self.spent += time.perf_counter() - at

    def offer(self, model):
        seconds = self.elapsed()
        if seconds > self.problem.limit:
            self.store(model)
            raise OverLimit
        if seconds >= RATIO * self.last:
            self.store(model)


def mend():
    """Let the multipliers of scnn's augmented Lagrangian fall as well as rise.

    Version 0.0.10 updates them with the violations of the constraints, max(gap, 0), and
    not with the gaps, so that a multiplier that was once too large remains so. The
    iterates then converge to weights that are not optimal.
    """
    from scnn.private.methods.optimizers import augmented_lagrangian
    from scnn.private.models import AL_MLP

    violations, update = AL_MLP.constraint_gaps, augmented_lagrangian.update_multipliers
    gaps = None

    def remember(model, X, *args):
        nonlocal gaps
        gaps = lambda: model.i_constraint_gap(X)
        return violations(model, X, *args)

    AL_MLP.constraint_gaps = remember
    augmented_lagrangian.update_multipliers = lambda e, i, e_gap, i_gap, delta: update(e, i, e_gap, gaps(), delta)


def optimize(problem, tolerance=0, steps=None, watched=None):
    """Run scnn's public entry; watched is given its optimisation procedure to wrap."""
    import scnn.optimize
    from scnn.metrics import Metrics
    from scnn.models import ConvexGatedReLU, ConvexReLU
    from scnn.regularizers import NeuronGL1
    from scnn.solvers import AL, RFISTA

    most = steps or 10**9
    if problem.relu:
        model = ConvexReLU(problem.gates.T)
        options = dict(tol=tolerance, constraint_tol=tolerance) if tolerance else {}
        solver = AL(model, **options, **(dict(max_primal_iters=most, max_dual_iters=most) if tolerance or steps else {}))
    else:
        model = ConvexGatedReLU(problem.gates.T)
        solver = RFISTA(model, **(dict(tol=tolerance) if tolerance else {}), **(dict(max_iters=most) if tolerance or steps else {}))
    build = scnn.optimize.build_optimizer
    scnn.optimize.build_optimizer = lambda *args: watched(build(*args))
    try:
        # The loss is |.|^2 / (2 n) there.
        scnn.optimize.optimize_model(
            model, solver, Metrics(), problem.X, problem.y, regularizer=NeuronGL1(problem.beta / problem.n),
            return_convex=True, unitize_data=False, device="cpu", dtype="float64")
    finally:
        scnn.optimize.build_optimizer = build


def threads(problem):
    """The number of threads, 1 or all, with which ten steps take the least time.

    Threads of a BLAS that spin while they wait make small products many times slower
    where another program wants the cores.
    """
    from threadpoolctl import threadpool_limits

    def timed(count, cost):
        def watched(procedure):
            def run(*args, **kwargs):
                start = time.perf_counter()
                out = procedure(*args, **kwargs)
                cost[count] = min(cost[count], time.perf_counter() - start)
                return out

            return run

        with threadpool_limits(count, "blas"):
            optimize(problem, steps=10, watched=watched)

    cost = {1: float("inf"), problem.threads: float("inf")}
    problem.alarm()
    for _ in range(3):
        for count in cost:
            timed(count, cost)
    return min(cost, key=cost.get)


def scnn(problem):
    """Augmented Lagrangian for ReLU, R-FISTA for gated ReLU.

    The public entry runs; only its optimisation procedure is wrapped, to see the weights
    after each step. The clock starts when the procedure does: data and patterns have
    been converted by then.
    """
    import logging

    from threadpoolctl import threadpool_limits

    logging.disable(logging.WARNING)
    count = threads(problem)
    for setting in problem.settings:
        recorder = Recorder(problem)
        success = False

        def watched(procedure):
            # Otherwise all metrics are logged after each step, in lists that are copied.
            procedure.metric_freq = 10**12

            def watch(optimizer, inner):
                step = optimizer.step

                def watching(model, *args, **kwargs):
                    if not inner:
                        recorder.offer(model)  # the end of a subproblem
                    out = step(model, *args, **kwargs)
                    if inner:
                        recorder.steps += 1
                        recorder.offer(out[0])
                    return out

                optimizer.step = watching

            if problem.relu:
                watch(procedure.inner_optimizer, True)
                watch(procedure.outer_optimizer, False)
            else:
                watch(procedure.optimizer, True)

            def run(logger, model, *args, **kwargs):
                nonlocal success
                recorder.start(model)
                status, model, metrics = procedure(logger, model, *args, **kwargs)
                recorder.store(model)
                success = bool(status.get("success"))
                return status, model, metrics

            return run

        problem.alarm()
        problem.tell("start", setting=setting["name"], threads=count)
        try:
            with threadpool_limits(count, "blas"):
                optimize(problem, setting["tolerance"], watched=watched)
            status, reason = ("solved" if success else "limit of iterations"), ""
        except OverLimit:
            status, reason = "limit of time", "time"
        problem.tell("end", seconds=recorder.last, status=status, reason=reason, iterations=recorder.steps)
        if reason:
            break  # a tighter tolerance takes longer still


def convex(problem, name):
    """Clarabel or SCS by CVXPY, once for each tolerance, from scratch.

    The seconds are those that the solver reports of itself, set-up included. The
    constraints are given as sparse matrices, so that CVXPY has little to compile.
    """
    import cvxpy as cp
    import numpy as np
    import scipy.sparse as sp

    X, D, P, d = problem.X, problem.D.astype(float), problem.P, problem.d
    fit = sp.hstack([sp.csc_matrix(p[:, None] * X) for p in D], format="csr")
    cone = sp.block_diag([(2 * p - 1)[:, None] * X for p in D], format="csr") if problem.relu else None
    for setting in problem.settings:
        problem.alarm()
        problem.tell("start", setting=setting["name"], threads=problem.threads)
        parts = [cp.Variable(P * d) for _ in range(2 if problem.relu else 1)]
        u = parts[0] - parts[1] if problem.relu else parts[0]
        penalty = sum(cp.sum(cp.norm(cp.reshape(part, (P, d), order="C"), 2, axis=1)) for part in parts)
        constraints = [cone @ part >= 0 for part in parts] if problem.relu else []
        program = cp.Problem(cp.Minimize(cp.sum_squares(fit @ u - problem.y) / 2 + problem.beta * penalty), constraints)
        tolerance = setting["tolerance"]
        if name == "clarabel":
            solver = cp.CLARABEL
            options = dict(tol_gap_abs=tolerance, tol_gap_rel=tolerance, tol_feas=tolerance, time_limit=problem.limit, max_threads=problem.threads, accept_unknown=True)
        else:
            solver = cp.SCS
            options = dict(eps_abs=tolerance, eps_rel=tolerance, max_iters=10**8, time_limit_secs=problem.limit)
        program.get_problem_data(solver)  # what it compiles is kept
        problem.tell("compile", seconds=program.compilation_time)
        problem.alarm()
        try:
            program.solve(solver=solver, warm_start=False, **options)
        except cp.SolverError as e:
            problem.tell("end", seconds=0, status="failed", reason=str(e).split(".")[0], iterations=0)
            continue
        stats = program.solver_stats
        seconds = stats.solve_time + (stats.setup_time or 0)
        if all(part.value is not None for part in parts):
            problem.weights(seconds, np.vstack([part.value.reshape(P, d) for part in parts]))
        late = seconds >= problem.limit
        problem.tell("end", seconds=seconds, status=program.status, reason="time" if late else "", iterations=stats.num_iters)
        if late:
            break


def machine():
    """The versions, and the kernels that numpy's BLAS runs."""
    from threadpoolctl import threadpool_info

    import numpy  # which loads its BLAS

    packages = ["numpy", "torch", "pyscnn", "cvxpy", "clarabel", "scs"]
    blas = {f"{p['internal_api']} {p.get('version')} {p.get('architecture', '')}" for p in threadpool_info() if p["user_api"] == "blas"}
    return dict(python=sys.version.split()[0], blas=", ".join(sorted(blas)), **{name: version(name) for name in packages})


def main(folder, solver):
    with open(os.path.join(folder, "task.json")) as f:
        memory = json.load(f)["memory"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    problem = Problem(folder)
    problem.tell("versions", versions=machine())
    try:
        if solver == "scnn-mended":
            mend()
        scnn(problem) if solver.startswith("scnn") else convex(problem, solver)
    except MemoryError:
        problem.tell("end", seconds=0, status="out of memory", reason="memory", iterations=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
