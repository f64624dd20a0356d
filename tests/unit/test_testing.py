"""Every conformance check catches a method that breaks it, and lets a sound one pass."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator
from scipy.stats import energy_distance, permutation_test
from sklearn.neighbors import NearestNeighbors

from fwk import Decider, Firm, FirmSide, Floats, Labelled, Note, People, Refusal, UserSide, UserView, hard_rule
from fwk.api import Mistake
from fwk.testing import Broken, check_method, checks_of, method, run_checks
from fwk.testing.checking import Check
from fwk.testing.order import order_matters, share_as_far_apart


def failed(card: Any, **knobs: Any) -> dict[str, str]:
    """The checks that a card fails, with their messages."""
    return {result.name: result.message for result in run_checks(card, **knobs) if not result.passed}


def remarks(card: Any) -> dict[str, str]:
    results = run_checks(card)
    assert all(result.passed for result in results), results
    return {result.name: result.message for result in results if result.message}


def by_distance(view: UserView) -> Floats:
    return -np.linalg.norm(view.candidates - view.majority.X.mean(axis=0), axis=1)


# --- user side: one fake a promise ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sound:
    k: int = 5

    def score(self, view: UserView, rng: Generator) -> Floats:
        return -view.nearest.among_accepted(self.k).distance.mean(axis=1)


@dataclass
class NotFrozen:
    k: int = 5

    def score(self, view: UserView, rng: Generator) -> Floats:
        return rng.random(len(view.candidates))


@dataclass(frozen=True)
class Unhashable:
    k: list[int] = field(default_factory=list)

    def score(self, view: UserView, rng: Generator) -> Floats:
        return rng.random(len(view.candidates))


@dataclass(frozen=True, eq=False)
class NeverEqual:
    def score(self, view: UserView, rng: Generator) -> Floats:
        return rng.random(len(view.candidates))


@dataclass(frozen=True)
class NotJson:
    k: complex = 1j

    def score(self, view: UserView, rng: Generator) -> Floats:
        return rng.random(len(view.candidates))


@dataclass(frozen=True)
class NotANumber:
    def score(self, view: UserView, rng: Generator) -> Floats:
        return np.full(len(view.candidates), np.nan)


@dataclass(frozen=True)
class OneTooMany:
    def score(self, view: UserView, rng: Generator) -> Floats:
        return rng.random(len(view.candidates) + 1)


@dataclass(frozen=True)
class Choosy:
    k: int = 5

    def __post_init__(self) -> None:
        if self.k > 10:
            raise ValueError(f"k = {self.k} is too much for me")

    def score(self, view: UserView, rng: Generator) -> Floats:
        return rng.random(len(view.candidates))


@dataclass(frozen=True)
class BreaksAtSix:
    k: int = 5

    def score(self, view: UserView, rng: Generator) -> Floats:
        return np.full(len(view.candidates), np.inf) if self.k == 6 else rng.random(len(view.candidates))


@dataclass(frozen=True)
class Unpicklable:
    by: Callable[[UserView], Floats] = field(default=lambda view: by_distance(view), compare=False)

    def score(self, view: UserView, rng: Generator) -> Floats:
        return rng.random(len(view.candidates))


@dataclass(frozen=True)
class GlobalDice:
    def score(self, view: UserView, rng: Generator) -> Floats:
        return np.random.random(len(view.candidates))  # noqa: NPY002  # the fault that the check is for


@dataclass(frozen=True)
class Remembers:
    calls: list[int] = field(default_factory=list, compare=False)

    def score(self, view: UserView, rng: Generator) -> Floats:
        self.calls.append(1)
        return rng.random(len(view.candidates)) + len(self.calls)


@dataclass(frozen=True)
class WritesCandidates:
    def score(self, view: UserView, rng: Generator) -> Floats:
        view.candidates[:, 0] = 0
        return rng.random(len(view.candidates))


@dataclass(frozen=True)
class SortsSharedNeighbours:
    def score(self, view: UserView, rng: Generator) -> Floats:
        near = view.nearest.among_majority(5)
        near.y.sort(axis=1)
        return np.asarray(near.y.sum(axis=1), dtype=float)


@dataclass(frozen=True)
class WritesTheMajority:
    def score(self, view: UserView, rng: Generator) -> Floats:
        view.majority.X[0, 0] = 0
        return rng.random(len(view.candidates))


@dataclass(frozen=True)
class FirstComeFirstServed:
    def score(self, view: UserView, rng: Generator) -> Floats:
        return -np.arange(len(view.candidates), dtype=float)


@dataclass(frozen=True)
class LooksAtTheFirstTen:
    def score(self, view: UserView, rng: Generator) -> Floats:
        first = np.nan_to_num(view.majority.X[:10])
        return -np.abs(np.nan_to_num(view.candidates)[:, 0] - (first[:, 0].mean() if len(first) else 0))


@dataclass(frozen=True)
class NoisyQueue:
    def score(self, view: UserView, rng: Generator) -> Floats:
        n = len(view.candidates)
        return rng.random(n) - np.arange(n) / n


@dataclass(frozen=True)
class RandomSubset:
    """Draws by position, and depends on the order in no other way."""

    def score(self, view: UserView, rng: Generator) -> Floats:
        some = view.majority.X[rng.permutation(len(view.majority))[:10]]
        return -np.linalg.norm(view.candidates - (some.mean(axis=0) if len(some) else 0), axis=1).astype(float)


@dataclass(frozen=True)
class OwnNeighbours:
    """As one writes it at first: fails with fewer than five accepted, or with missing values."""

    def score(self, view: UserView, rng: Generator) -> Floats:
        accepted = view.majority.X[view.majority.y]
        distance, _ = NearestNeighbors(n_neighbors=5).fit(accepted).kneighbors(view.candidates)
        return -np.asarray(distance.mean(axis=1))


@dataclass(frozen=True)
class RefusesWithoutAWord:
    def score(self, view: UserView, rng: Generator) -> Floats:
        if len(view.candidates) < 5:
            raise Refusal
        return rng.random(len(view.candidates))


@dataclass(frozen=True)
class RefusesAboveFive:
    k: int = 5

    def score(self, view: UserView, rng: Generator) -> Floats:
        if self.k > 5:
            raise Refusal(f"k = {self.k} is too much; 5 is the most")
        return rng.random(len(view.candidates))


@dataclass(frozen=True)
class RefusesAll:
    def score(self, view: UserView, rng: Generator) -> Floats:
        raise Refusal("not in the mood; a better mood would help")


USER_FAKES: list[tuple[UserSide, set[str], str]] = [
    (UserSide("x", NotFrozen), {"knobs-are-frozen"}, "not a frozen dataclass"),
    (UserSide("x", Unhashable), {"knobs-are-frozen"}, "cannot be hashed"),
    (UserSide("x", NeverEqual), {"knobs-are-frozen", "survives-pickling"}, "equal"),
    (UserSide("x", NotJson), {"knobs-are-frozen"}, "JSON"),
    (UserSide("x", NotANumber), {"outcomes-are-valid", "row-order-does-not-matter", "odd-tables"}, "NaN"),
    (UserSide("x", OneTooMany), {"outcomes-are-valid", "row-order-does-not-matter", "odd-tables"}, "shape"),
    (UserSide("x", Choosy, tune={"k": (1, 5, 50)}), {"grids-are-accepted"}, "k = 50 is too much"),
    (UserSide("x", BreaksAtSix, tune={"k": (5, 6)}), {"grids-are-accepted"}, "k = 6"),
    (UserSide("x", Unpicklable), {"survives-pickling", "knobs-are-frozen"}, "cannot be pickled"),
    (UserSide("x", GlobalDice), {"same-seed-same-numbers", "survives-pickling"}, "draw from `rng`"),
    (UserSide("x", Remembers), {"same-seed-same-numbers", "survives-pickling"}, "keep nothing between calls"),
    (UserSide("x", WritesCandidates), {"input-is-left-alone"}, "writes into its input"),
    (UserSide("x", SortsSharedNeighbours), {"input-is-left-alone"}, "writes into its input"),
    (UserSide("x", FirstComeFirstServed), {"row-order-does-not-matter"}, "in another order"),
    (UserSide("x", LooksAtTheFirstTen), {"row-order-does-not-matter"}, "in another order"),
    (UserSide("x", NoisyQueue), {"row-order-does-not-matter"}, "in another order"),
    (UserSide("x", OwnNeighbours), {"odd-tables"}, "missing values: ValueError"),
    (UserSide("x", RefusesWithoutAWord), {"odd-tables"}, "without a word"),
    (UserSide("x", Sound, needs=()), {"needs-as-claimed"}, 'add "majority" to `needs`'),
]


@pytest.mark.parametrize(("card", "broken", "message"), USER_FAKES, ids=[c.make.__name__ for c, _, _ in USER_FAKES])
def test_a_ranker_that_breaks_a_promise_is_caught_and_told_how(card: UserSide, broken: set[str], message: str) -> None:
    found = failed(card)
    assert set(found) == broken, found
    assert any(message in text for text in found.values()), found


def test_a_sound_ranker_passes_and_its_refusals_are_told() -> None:
    told = remarks(UserSide("sound", Sound, tune={"k": (1, 20)}))
    assert set(told) == {"odd-tables"}
    assert "no known majority member (there are no known majority members with y = 1" in told["odd-tables"]


def test_records_that_no_score_depends_on_are_remarked() -> None:
    chance = method("random").make
    assert remarks(UserSide("x", chance))["needs-as-claimed"].endswith("write needs=() on the card")
    assert "needs-as-claimed" not in remarks(UserSide("x", chance, needs=()))


@pytest.mark.parametrize("kind", [RandomSubset, NotFrozen])
def test_a_ranker_that_only_draws_at_random_passes_the_order_check(kind: Any) -> None:
    assert "row-order-does-not-matter" not in failed(UserSide("x", kind))


@pytest.mark.parametrize(
    "card",
    [
        UserSide("x", lambda k=5: RefusesAboveFive(k), tune={"k": (5, 6)}),
        FirmSide("x", lambda s=0.0: OrdinaryBelowOne(s), stage="in", sees_group=False, knob="s", sweep=(0.0, 0.5, 1.0)),
    ],
    ids=["user", "firm"],
)
def test_a_setting_that_is_refused_is_remarked_with_its_reason(card: Any) -> None:
    told = remarks(card)["grids-are-accepted"]
    assert told.startswith("refuses: ")
    assert "is too much" in told


def test_a_method_that_refuses_every_ordinary_table_fails_with_its_reason() -> None:
    found = failed(UserSide("x", RefusesAll))
    assert "refuses every ordinary table" in found["outcomes-are-valid"]
    assert "not in the mood" in found["outcomes-are-valid"]


def test_writing_into_a_read_only_table_gets_a_hint() -> None:
    found = failed(UserSide("x", WritesTheMajority))
    assert "read-only: copy first" in found["input-is-left-alone"]
    assert "test_testing.py, line" in found["input-is-left-alone"], "and says where"


# --- firm side --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ordinary:
    s: float = 0.0

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        return hard_rule(firm.fit(train))


@dataclass(frozen=True)
class OrdinaryBelowOne:
    s: float = 0.0

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        if self.s >= 1:
            raise Refusal(f"s = {self.s} is too much; stay below 1")
        return hard_rule(firm.fit(train))


@dataclass(frozen=True)
class FitsTheMinority:
    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        return hard_rule(firm.fit(train.take(train.minority)))


@dataclass(frozen=True)
class Bonus:
    """Accepts the minority more often by s."""

    s: float = 0.2

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        base, s = hard_rule(firm.fit(train)), self.s
        return lambda people: np.where(people.minority, np.maximum(base(people), s), base(people))


@dataclass(frozen=True)
class TooSure:
    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        return lambda people: np.full(len(people), 1.1)


@dataclass(frozen=True)
class Ranked:
    """Accepts the better half of whoever comes."""

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        return lambda people: (people.X[:, 0] > np.median(people.X[:, 0])).astype(float)


@dataclass(frozen=True)
class OnlyKnownDistricts:
    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        if train.X.shape[1] < 5:
            raise Refusal("no districts")
        rate = {code: train.y[train.X[:, 3] == code].mean() for code in range(5)}
        return lambda people: np.array([rate[int(code)] > 0.4 for code in people.X[:, 3]], dtype=float)


@dataclass(frozen=True)
class AsksForHeldOutScores:
    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        firm.out_of_fold(train)
        return hard_rule(firm.fit(train))


@dataclass(frozen=True)
class FirstHalf:
    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        return hard_rule(firm.fit(train.take(np.arange(len(train) // 2))))


@dataclass(frozen=True)
class RandomHalf:
    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        return hard_rule(firm.fit(train.take(np.sort(rng.permutation(len(train))[: len(train) // 2]))))


@dataclass(frozen=True)
class Blanks:
    """Fills gaps in the table it was handed, past the seal."""

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        model = firm.fit(train)
        table = train.X.base if train.X.base is not None else train.X
        table[:, 0] = 0
        return hard_rule(model)


@dataclass(frozen=True)
class Scaled:
    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        return hard_rule(firm.fit(train))

    def represent(self, train: Labelled, firm: Firm, rng: Generator) -> Callable[[People], Floats]:
        return lambda people: np.nan_to_num(people.X * 2)


@dataclass(frozen=True)
class ScaledByTheCrowd(Scaled):
    def represent(self, train: Labelled, firm: Firm, rng: Generator) -> Callable[[People], Floats]:
        return lambda people: people.X - people.X.mean(axis=0)


@dataclass(frozen=True)
class Logs(Scaled):
    def represent(self, train: Labelled, firm: Firm, rng: Generator) -> Callable[[People], Floats]:
        return lambda people: np.log(people.X)


@dataclass(frozen=True)
class Spins(Scaled):
    def represent(self, train: Labelled, firm: Firm, rng: Generator) -> Callable[[People], Floats]:
        angle = np.random.random()  # noqa: NPY002  # the fault that the check is for
        return lambda people: people.X * angle


BASE: dict[str, Any] = {"stage": "in", "sees_group": False, "needs": ("base",)}
FREE: dict[str, Any] = {"stage": "in", "sees_group": False}

FIRM_FAKES: list[tuple[FirmSide, set[str], str]] = [
    (FirmSide("x", Bonus, **BASE), {"sees-group-as-claimed"}, "claims sees_group=False, but swapping"),
    (FirmSide("x", Ranked, **FREE), {"strangers"}, "depends on who else is decided"),
    (FirmSide("x", OnlyKnownDistricts, **FREE), {"strangers"}, "KeyError: 5"),
    (FirmSide("x", RandomHalf, **BASE), {"needs-as-claimed"}, "never asks"),
    (FirmSide("x", FitsTheMinority, **FREE), {"odd-tables"}, "nobody in the minority: ValueError"),
    (FirmSide("x", FirstHalf, **FREE), {"row-order-does-not-matter"}, "in another order"),
    (FirmSide("x", Blanks, **BASE), {"input-is-left-alone", "survives-pickling"}, "writes into its input"),
    (FirmSide("x", ScaledByTheCrowd, **BASE), {"representation"}, "depends on who else"),
    (FirmSide("x", Logs, **BASE), {"representation"}, "NaN or infinite"),
    (FirmSide("x", Spins, **BASE), {"representation"}, "two runs with one seed differ"),
    (FirmSide("x", Ordinary, knob="s", sweep=(0, "a lot", 1j), **BASE), {"grids-are-accepted"}, "JSON"),
]


@pytest.mark.parametrize(("card", "broken", "message"), FIRM_FAKES, ids=[c.make.__name__ for c, _, _ in FIRM_FAKES])
def test_a_firm_method_that_breaks_a_promise_is_caught(card: FirmSide, broken: set[str], message: str) -> None:
    found = failed(card)
    assert broken <= set(found), found
    assert set(found) <= broken | {"odd-tables"}, found
    assert any(message in text for text in found.values()), found


def test_an_impossible_probability_is_caught_with_its_value() -> None:
    found = failed(FirmSide("x", TooSure, **FREE))
    assert "1.1" in found["outcomes-are-valid"]


@pytest.mark.parametrize(
    "card",
    [
        FirmSide("x", Ordinary, **BASE),
        FirmSide("x", Scaled, **BASE),
        FirmSide("x", RandomHalf, **FREE),
        FirmSide("x", Bonus, stage="post", sees_group=True, needs=("base",), knob="s", sweep=(0.0, 0.5, 1.0)),
    ],
    ids=lambda card: card.make.__name__,
)
def test_a_sound_firm_method_passes(card: FirmSide) -> None:
    assert failed(card) == {}


def test_a_claim_to_see_the_group_that_no_decision_bears_out_is_remarked() -> None:
    told = remarks(FirmSide("x", Ordinary, stage="post", sees_group=True, needs=("base",)))
    assert "no decision on these tables depends on `people.minority`" in told["sees-group-as-claimed"]


def test_shared_fits_that_the_card_does_not_name_are_remarked() -> None:
    told = remarks(FirmSide("x", AsksForHeldOutScores, **FREE))
    assert "base, out-of-fold" in told["needs-as-claimed"]


# --- order ------------------------------------------------------------------------------------------------------------


def test_the_share_of_splits_equals_an_exact_permutation_test_of_another_library() -> None:
    rng = np.random.default_rng(0)
    for shift in (0.0, 0.5, 3.0):
        one, other = rng.normal(size=6), rng.normal(size=6) + shift
        exact = permutation_test(
            (one, other), lambda a, b: energy_distance(a, b), permutation_type="independent", alternative="greater"
        )
        share = share_as_far_apart([one[i : i + 1] for i in range(6)], [other[i : i + 1] for i in range(6)])
        assert share == pytest.approx(exact.pvalue)


def test_pure_noise_seldom_raises_the_alarm() -> None:
    rng = np.random.default_rng(1)
    noise = (rng.random((2, 6, 30)) for _ in range(200))
    assert sum(share_as_far_apart(list(one), list(other)) <= 0.01 for one, other in noise) <= 6


def test_runs_that_agree_are_not_repeated() -> None:
    calls = itertools.count()

    def straight(seed: int) -> Floats:
        next(calls)
        return np.zeros(3)

    assert order_matters(straight, lambda seed: np.zeros(3), np.array_equal) == ""
    assert next(calls) == 2


# --- the doors --------------------------------------------------------------------------------------------------------


def test_check_method_names_every_failed_check_and_nothing_else() -> None:
    with pytest.raises(Broken, match=r"x fails 1 check\(s\):\n  row-order-does-not-matter: .*another order") as raised:
        check_method(UserSide("x", FirstComeFirstServed))
    assert isinstance(raised.value, AssertionError)
    assert str(raised.value).count("\n") == 1


def test_an_installed_method_is_found_by_name() -> None:
    check_method("random")
    assert method("baseline").name == "baseline"
    with pytest.raises(Mistake, match="no method 'rendom'; did you mean 'random'"):
        check_method("rendom")


def test_a_check_can_be_called_by_pytest_one_by_one() -> None:
    checks = {check.name: check for check in checks_of(UserSide("x", FirstComeFirstServed))}
    checks["survives-pickling"]()
    with pytest.raises(Broken, match="another order"):
        checks["row-order-does-not-matter"]()
    assert str(checks["odd-tables"]) == "odd-tables", "its name is the test's id"
    remarking = next(c for c in checks_of(UserSide("x", Sound)) if c.name == "odd-tables")
    with pytest.warns(Note, match="odd-tables: refuses"):
        remarking()


def test_every_check_states_its_promise_in_a_sentence() -> None:
    for card in (UserSide("x", Sound), FirmSide("y", Ordinary, **BASE)):
        for check in checks_of(card):
            assert check.promise.endswith("."), check
            assert len(check.promise) > 30, check


def test_knobs_are_passed_on_and_wrong_ones_named() -> None:
    assert "outcomes-are-valid" in failed(UserSide("x", BreaksAtSix), k=6)
    with pytest.raises(Mistake, match="x has no knob 'kk'; did you mean 'k'"):
        run_checks(UserSide("x", BreaksAtSix), kk=6)

    @dataclass(frozen=True)
    class Demanding(Sound):
        k: int = field()  # type: ignore[misc]  # a knob without a default

    with pytest.raises(Mistake, match="no default for k"):
        run_checks(UserSide("x", Demanding))


def test_results_are_the_same_every_time() -> None:
    card = UserSide("x", NoisyQueue)
    assert run_checks(card) == run_checks(card)


def test_global_generators_are_left_as_they_were() -> None:
    np.random.seed(3)  # noqa: NPY002  # the point is the global generator
    expected = np.random.random()  # noqa: NPY002  # same
    np.random.seed(3)  # noqa: NPY002  # same
    assert failed(UserSide("x", Sound)) == {}
    assert np.random.random() == expected  # noqa: NPY002  # same


def test_an_unforeseen_bug_in_a_method_is_a_result_and_no_crash() -> None:
    result = Check("c", "p", lambda: str(1 // 0)).result()
    assert not result.passed
    assert result.message.startswith("ZeroDivisionError: ")
    found = failed(UserSide("x", lambda: object()))  # type: ignore[arg-type,return-value]  # what a stranger may yield
    assert "AttributeError" in found["outcomes-are-valid"]
