"""holisticai's LFR in a process of its own: it trains there, as it does not when used as shipped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from firm_tables import a_firm, biased, fitted, one_group

from fwk import Note, Refusal
from fwk_firm_side import lfr_holisticai
from fwk_firm_side.lfr import Lfr, standardised
from fwk_firm_side.lfr_holisticai import NEEDED, PROGRAM, End, LfrHolisticai, everybody, run
from fwk_firm_side.lfr_objective import Objective, Prototypes, Rows, Weights, learn

MISSING = [name for name in NEEDED if find_spec(name) is None]
with_holisticai = pytest.mark.skipif(bool(MISSING), reason=f"needs the extra holisticai ({', '.join(MISSING)} missing)")

TRAIN = biased(400)

THEIRS = """
import json, sys
import numpy as np
from holisticai.bias.mitigation.preprocessing.learning_fair_representation import (
    LearningFairRepresentation, ObjectiveFunction)
given = np.load(sys.argv[1])
X, y, minority = given["X"], given["y"].astype(float), given["minority"]
objective = ObjectiveFunction(X.shape[1], 0, X, y.reshape(-1, 1), ~minority, minority, 3, 0.01, 1.0, 50.0)
mitigator = LearningFairRepresentation(k=3)
mitigator.w, mitigator.prototypes = given["at"][0, :3], given["at"][0, 3:].reshape(3, -1)
xhat = mitigator.transform(X, ~minority, minority)
print(json.dumps({"values": [float(objective(at)) for at in given["at"]], "xhat": xhat.tolist()}))
"""


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def rows() -> Rows:
    return standardised(TRAIN, "one-hot")[1]


def ended(precision: str) -> End:
    return run(LfrHolisticai(precision=precision), *everybody(rows()), seed=0)  # type: ignore[arg-type]  # a literal


@with_holisticai
def test_the_objective_and_the_reconstruction_are_holisticais_at_the_same_parameters(tmp_path: Path) -> None:
    X, y, minority = everybody(rows())
    at = np.column_stack([rng(1).uniform(0.05, 0.95, (20, 3)), rng(2).normal(size=(20, 9))])
    np.savez(tmp_path / "given.npz", X=X, y=y, minority=minority, at=at)
    answer = subprocess.run(
        [sys.executable, "-c", THEIRS, str(tmp_path / "given.npz")],
        env=os.environ | {"JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    theirs = json.loads(answer.stdout)
    objective = Objective(rows(), Weights(0.01, 1.0, 50.0), 3)
    np.testing.assert_allclose([objective(a)[0] for a in at], theirs["values"], rtol=1e-8)
    np.testing.assert_allclose(Prototypes(at[0, :3], at[0, 3:].reshape(3, 3)).reconstruct(X), theirs["xhat"], rtol=1e-8)


@with_holisticai
def test_as_shipped_it_hardly_trains_in_float64_it_does_and_an_exact_gradient_goes_further() -> None:
    objective = Objective(rows(), Weights(0.01, 1.0, 50.0), 5)
    shipped, trained = ended("float32"), ended("float64")
    for end in (shipped, trained):
        assert objective(end.prototypes.flat())[0] == pytest.approx(end.value, rel=1e-5)
    ours = learn(rows(), Weights(0.01, 1.0, 50.0), k=5, starts=3, max_iter=150, rng=rng())[1]
    assert trained.value < 0.6 * shipped.value
    assert ours < trained.value


@with_holisticai
def test_nothing_of_it_is_left_in_this_process() -> None:
    before = dict(os.environ)
    loaded = {name for name in sys.modules if name.partition(".")[0] in NEEDED}
    state = np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002  # the global generator is the point
    fitted(LfrHolisticai(maxiter=1), TRAIN)
    assert dict(os.environ) == before
    assert {name for name in sys.modules if name.partition(".")[0] in NEEDED} == loaded
    assert np.random.get_state()[1].tolist() == state  # type: ignore[index]  # noqa: NPY002  # same


@with_holisticai
def test_the_order_of_rows_and_a_second_run_change_no_bit() -> None:
    order = rng(3).permutation(len(TRAIN))
    method = LfrHolisticai(maxiter=5)
    one, other = (method.represent(t, a_firm(), rng()) for t in (TRAIN, TRAIN.take(order)))
    assert np.array_equal(one(TRAIN.people), other(TRAIN.people))
    another = method.represent(TRAIN, a_firm(), rng(1))
    assert not np.array_equal(one(TRAIN.people), another(TRAIN.people))


@with_holisticai
def test_a_descent_that_is_cut_off_is_noted() -> None:
    with pytest.warns(Note, match="cut off after"):
        P = fitted(LfrHolisticai(maxiter=1, decide="own"), TRAIN)(TRAIN.people)
    assert set(P) <= {0.0, 1.0}


@with_holisticai
def test_its_process_ends_with_its_parent(tmp_path: Path) -> None:
    X, y, minority = everybody(rows())
    big = {"X": np.tile(X, (500, 1)), "y": np.tile(y, 500), "minority": np.tile(minority, 500)}
    knobs = {"seed": 0, "k": 50, "A_x": 0.01, "A_y": 1.0, "A_z": 50.0, "maxiter": 5000}
    np.savez(tmp_path / "given.npz", **big, **knobs)
    command = [sys.executable, "-P", str(PROGRAM), str(tmp_path / "given.npz"), str(tmp_path / "found.npz")]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 1
    assert not (tmp_path / "found.npz").exists()


def test_everybody_is_listed_with_their_labels() -> None:
    X, y, minority = everybody(rows())
    space = standardised(TRAIN, "one-hot")[0]
    listed = sorted(zip(map(tuple, X.round(9)), y.tolist(), minority.tolist(), strict=True))
    expected = zip(map(tuple, space(TRAIN.people).round(9)), TRAIN.y.tolist(), TRAIN.minority.tolist(), strict=True)
    assert listed == sorted(expected)


def test_without_the_extra_it_says_how_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lfr_holisticai, "find_spec", lambda name: None if name in ("jax", "flax") else object())
    with pytest.raises(Refusal, match=r"jax, flax is not installed; pip install 'fwk\[holisticai\]'"):
        fitted(LfrHolisticai(), TRAIN)


@with_holisticai
def test_what_its_process_says_when_it_fails_is_handed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "faulty.py"
    program.write_text("raise SystemExit('no such luck')")
    monkeypatch.setattr(lfr_holisticai, "PROGRAM", program)
    with pytest.raises(RuntimeError, match="status 1:\nno such luck"):
        fitted(LfrHolisticai(), TRAIN)


@with_holisticai
def test_one_group_is_refused_before_anything_runs() -> None:
    with pytest.raises(Refusal, match="two groups are needed"):
        fitted(LfrHolisticai(), one_group(TRAIN))


def test_its_defaults_are_those_of_ours_where_both_have_the_knob() -> None:
    ours, theirs = Lfr(), LfrHolisticai()
    for knob in ("k", "A_x", "A_y", "A_z", "decide", "nominal"):
        assert getattr(ours, knob) == getattr(theirs, knob)


def test_a_knob_out_of_range_is_named() -> None:
    with pytest.raises(ValueError, match="precision is 'float16'; it can be: float64, float32"):
        LfrHolisticai(precision="float16")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match="k is 0"):
        LfrHolisticai(k=0)
