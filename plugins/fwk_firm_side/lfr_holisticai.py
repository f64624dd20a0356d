"""holisticai's LearningFairRepresentation (LFR), run so that it trains: in float64, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.random import Generator

from fwk import Bools, Card, Decider, Firm, FirmSide, Floats, Labelled, Note, Refusal
from fwk_firm_side import lfr_holisticai_process
from fwk_firm_side.checks import between, one_of
from fwk_firm_side.lfr import Decide, Nominal, Reconstruction, standardised
from fwk_firm_side.lfr_objective import Prototypes, Rows

Precision = Literal["float64", "float32"]

NEEDED = ("holisticai", "jax", "optax", "flax")
"""What `import holisticai.bias.mitigation` asks for; holisticai itself does not declare the last three."""

PROGRAM = Path(str(lfr_holisticai_process.__file__))


@dataclass(frozen=True)
class LfrHolisticai:
    """Zemel et al., "Learning Fair Representations", ICML 2013, as holisticai implements and presets it.

    The objective is that of `lfr`. holisticai hands it to scipy's L-BFGS-B without a gradient, and scipy estimates one
    from differences at a step of 1.5e-8. As shipped the objective is a float32, in which such differences are noise,
    and the prototypes stay at or near their random start. In float64 they move, until a kink of L_z or 15,000
    evaluations stop them, a minute later on Adult. See docs/methods/lfr.md, with figures.

    maxiter    iterations. (holisticai's `maxfun` is not among the knobs: it takes it and passes it to nobody)
    precision  "float32" is holisticai as shipped, for comparison
    The others are those of `lfr`. Nothing is swept: a fit takes a minute.
    """

    A_z: float = 50.0
    k: int = 5
    A_x: float = 0.01
    A_y: float = 1.0
    maxiter: int = 5000
    precision: Precision = "float64"
    decide: Decide = "learner"
    nominal: Nominal = "one-hot"

    def __post_init__(self) -> None:
        for knob in ("A_x", "A_y", "A_z"):
            between(knob, getattr(self, knob), 0, 1e9)
        for knob in ("k", "maxiter"):
            between(knob, getattr(self, knob), 1, 100_000)
        for knob, choices in (("precision", Precision), ("decide", Decide), ("nominal", Nominal)):
            one_of(knob, getattr(self, knob), choices)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The rule. Raises Refusal as `lfr` does, and without holisticai or what it imports."""
        return self.represent(train, firm, rng).rule(train, firm, self.decide)

    def represent(self, train: Labelled, firm: Firm, rng: Generator) -> Reconstruction:
        """people -> xhat (Eq. 9), (n, d') in standardised features. Raises Refusal as `fit` does."""
        need_holisticai()
        space, rows = standardised(train, self.nominal)
        end = run(self, *everybody(rows), seed=int(rng.integers(2**31)))
        if "LIMIT" in end.message:  # of iterations or of evaluations
            warnings.warn(f"holisticai's descent was cut off after {end.calls} evaluations", Note, stacklevel=2)
        return Reconstruction(space, end.prototypes)


@dataclass(frozen=True, eq=False)
class End:
    """Where holisticai's descent ended: its prototypes, the objective there and at the start, how often it was
    evaluated, and scipy's message."""

    prototypes: Prototypes
    start: float
    value: float
    calls: int
    message: str


def need_holisticai() -> None:
    """Raises Refusal naming what is not installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise Refusal(f"{', '.join(missing)} is not installed; pip install 'fwk[holisticai]'")


def everybody(rows: Rows) -> tuple[Floats, Bools, Bools]:
    """X, y and minority with a row for each person, sorted: so the order of the train part does not matter."""
    count, accepted = rows.count.astype(int), rows.accepted.astype(int)
    labels = np.repeat(np.tile([True, False], len(count)), np.column_stack([accepted, count - accepted]).ravel())
    return np.repeat(rows.X, count, axis=0), labels, np.repeat(rows.minority, count)


def run(method: LfrHolisticai, X: Floats, y: Bools, minority: Bools, seed: int) -> End:
    """holisticai's descent on standardised features. Raises RuntimeError with what its process printed."""
    knobs = {name: getattr(method, name) for name in ("k", "A_x", "A_y", "A_z", "maxiter")}
    with tempfile.TemporaryDirectory() as folder:
        source, target, log = (Path(folder) / name for name in ("given.npz", "found.npz", "log.txt"))
        np.savez(source, X=X, y=y, minority=minority, seed=seed, **knobs)
        status = _wait_for(source, target, log, method.precision)
        if status != 0:
            raise RuntimeError(f"holisticai's process ended with status {status}:\n{log.read_text()[-2000:]}")
        with np.load(target) as found:
            prototypes = Prototypes(found["w"].astype(np.float64), found["V"].astype(np.float64))
            start, value, calls = (found[name].item() for name in ("start", "value", "calls"))
            return End(prototypes, start, value, calls, str(found["message"]))


def _wait_for(source: Path, target: Path, log: Path, precision: Precision) -> int:
    """Run the program to its end; kill it if this process is interrupted. -P: nothing is imported from its folder."""
    surroundings = os.environ | {"JAX_ENABLE_X64": str(int(precision == "float64")), "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-P", str(PROGRAM), str(source), str(target)]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=surroundings
        ) as process,
    ):
        try:
            return process.wait()
        except BaseException:
            process.kill()
            raise


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="lfr-holisticai",
        make=LfrHolisticai,
        stage="pre",
        sees_group=False,
        paper="Zemel et al., Learning Fair Representations, ICML 2013",
    )
