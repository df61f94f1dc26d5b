"""The clock of peers.py: when the objective of a run is evaluated, and its record."""

import math
import statistics
import time

POINTS = 200  # evaluations of the objective in a run, and some more of early steps
RATIO = 1.15  # of these


def looks(steps):
    """The steps after which the objective is evaluated."""
    every = max(1, steps // POINTS)
    early = {round(RATIO**k) for k in range(100) if (RATIO - 1) * RATIO**k < every}
    return sorted({k for k in early | set(range(every, steps, every)) if k < steps} | {steps})


class Watch:
    """The clock and the record of one run.

    All steps cost the same, so that the median over the pieces between evaluations
    times their number is what the run takes without other programs in the way. look()
    is the objective, keep() a copy of the weights in float64.
    """

    def __init__(self, steps, look, keep):
        self.look, self.keep, self.every = look, keep, max(1, steps // POINTS)
        self.due = iter(looks(steps))
        self.next, self.done, self.seen = next(self.due), 0, 0
        self.best, self.weights = look(), keep()
        self.trace, self.pieces, self.elapsed = [[0, self.best]], [], 0.0
        self.most = 1e3 * self.best
        self.start = time.perf_counter()

    def step(self):
        """Count a step. True says that the run diverged, and is over."""
        self.done += 1
        return self.done >= self.next and self.see()

    def see(self):
        """Evaluate the objective."""
        seconds, steps = time.perf_counter() - self.start, self.done - self.seen
        self.elapsed += seconds
        if steps >= self.every:
            self.pieces.append(seconds / steps)
        value = self.look()
        if value < self.best:
            self.best, self.weights = value, self.keep()
            if (rounded := float(f"{value:.10g}")) < self.trace[-1][1]:
                self.trace.append([self.done, rounded])
        self.next, self.seen = next(self.due, math.inf), self.done
        self.start = time.perf_counter()
        return not value <= self.most

    def run(self):
        """What is stored of the run."""
        cost = statistics.median(self.pieces) if self.pieces else self.elapsed / max(1, self.done)
        return dict(steps=self.done, objective=self.best, step_seconds=cost, trace=self.trace)
