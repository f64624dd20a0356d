"""Collectives, rankings and neighbour searches: examples, notes, and what is refused."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from fakes_core import people
from fwk.api import Floats, Labelled, Note, People, Refusal
from fwk.neighbours import nearest
from fwk.relabel import Collective, Search, flip, flips, gather, ranking, view
from fwk.split import stream


def a_search(train: Labelled, known: int | None = None, seed: int = 0) -> tuple[Search, Collective]:
    collective = gather(train, 0.5, known, stream(seed, "joining"), stream(seed, "knowing"))
    own = np.searchsorted(collective.members, collective.candidates)
    members, majority = train.take(collective.members), train.take(collective.known)
    return Search(train.X[collective.candidates], own, majority, members, seed), collective


def test_nobody_joining_is_refused_with_the_numbers() -> None:
    train = people(60).take([*np.flatnonzero(~people(60).minority).tolist(), 2, 3])
    with pytest.raises(Refusal, match=r"alpha = 0\.2 of 2 minority members in the train part is nobody"):
        gather(train, 0.2, None, stream(0), stream(1))


def test_knowing_more_majority_members_than_there_are_is_refused() -> None:
    train = people(60)
    majority = int((~train.minority).sum())
    with pytest.raises(Refusal, match=f"majority_known = {majority + 1}, but the train part has {majority} majority"):
        gather(train, 0.5, majority + 1, stream(0), stream(1))


def test_equal_scores_are_ordered_by_the_seed_alone() -> None:
    scores = np.array([1.0, 1.0, 2.0, 1.0, -math.inf, 1.0, 1.0])
    orders = {tuple(ranking(scores, 7, stream(seed)).tolist()) for seed in range(50)}
    assert {order[0] for order in orders} == {2}
    assert {order[1] for order in orders} == {0, 1, 3, 5, 6}, "each of the tied comes first under some seed"
    assert len(ranking(scores, 7, stream(3))) == 6
    np.testing.assert_array_equal(ranking(scores, 7, stream(3)), ranking(scores, 7, stream(3)))


def test_every_order_of_ties_is_equally_likely() -> None:
    scores = np.zeros(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Note)
        firsts = [tuple(ranking(scores, 3, stream(seed)).tolist()) for seed in range(1200)]
    counts = [firsts.count(order) for order in set(firsts)]
    assert len(counts) == 6
    assert max(abs(count - 200) for count in counts) < 60  # 4.6 standard deviations


@pytest.mark.parametrize(("scores", "noted"), [([3.0, 3.0, 3.0], True), ([3.0, 3.0, 2.0], False), ([3.0], False),
                                               ([3.0, 3.0, -math.inf], True), ([-math.inf] * 3, False)])  # fmt: skip
def test_a_constant_ranking_is_noted(scores: list[float], noted: bool) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ranking(np.array(scores), len(scores), stream(0))
    assert [str(w.message).split(":")[0] for w in caught] == (["constant ranking"] if noted else [])


@pytest.mark.parametrize(("scores", "said"), [
    (np.zeros(2), r"shape \(2,\) for 3 candidates"), (np.zeros((3, 1)), r"shape \(3, 1\) for 3 candidates"),
    (np.array([0.0, np.nan, 1.0]), r"NaN or \+inf"), (np.array([0.0, np.inf, 1.0]), r"NaN or \+inf"),
])  # fmt: skip
def test_scores_that_rank_nobody_are_refused(scores: Floats, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ranking(scores, 3, stream(0))


@pytest.mark.parametrize(("budget", "expected"), [(0, 0), (75, 75), (900, 840), (2000, 840), (0.0, 0), (0.5, 450),
                                                  (1.0, 840), (1, 1)])  # fmt: skip
def test_budgets_are_counts_or_shares_of_the_candidates(budget: int | float, expected: int) -> None:
    assert flips(budget, 900, 840) == expected


def test_flipping_writes_into_nobodys_labels() -> None:
    y = np.array([True, False, False])
    assert flip(y, np.array([2])).tolist() == [True, False, True]
    assert y.tolist() == [True, False, False]
    sealed = Labelled(People(np.zeros((3, 1)), np.zeros(3, bool), ("a",)), y)
    assert flip(sealed.y, np.array([1], dtype=np.int32)).tolist() == [True, True, False]


def test_a_view_shows_the_collective_and_the_majority_it_knows_and_nobody_else() -> None:
    train = people(200, traits=True)
    search, collective = a_search(train, known=30)
    seen = view(train, collective, search)
    assert seen.collective.minority.all()
    assert not seen.majority.minority.any()
    assert len(seen.majority) == 30
    np.testing.assert_array_equal(seen.candidates, seen.collective.X[~seen.collective.y])
    assert seen.collective.people.traits == {}
    assert seen.majority.people.traits == {}


def test_searches_equal_sklearns_brute_force_on_each_list_of_people() -> None:
    train = people(400, nominal=False)
    search, collective = a_search(train)
    candidates, members = train.X[collective.candidates], train.take(collective.members)
    majority = train.take(collective.known)
    accepted = majority.take(majority.y)
    for found, among in ((search.among_majority(7), majority), (search.among_accepted(7), accepted)):
        distance, rows = NearestNeighbors(n_neighbors=7, algorithm="brute").fit(among.X).kneighbors(candidates)
        np.testing.assert_allclose(found.distance, distance)
        np.testing.assert_array_equal(found.y, among.y[rows])
    distance, rows = NearestNeighbors(n_neighbors=8, algorithm="brute").fit(members.X).kneighbors(candidates)
    np.testing.assert_allclose(distance[:, 0], 0, atol=1e-7)
    np.testing.assert_allclose(search.among_members(7).distance, distance[:, 1:])
    np.testing.assert_array_equal(search.among_members(7).y, members.y[rows[:, 1:]])


def test_a_k_that_is_too_large_is_clamped_with_a_note() -> None:
    train = people(60)
    search, collective = a_search(train, known=9)
    majority = train.take(collective.known)
    with pytest.warns(Note, match="k = 20 clamped to 9, the number of known majority members"):
        assert search.among_majority(20).distance.shape == (len(collective.candidates), 9)
    accepted = int(majority.y.sum())
    with pytest.warns(Note, match=f"k = 20 clamped to {accepted}, the number of known majority members with y = 1"):
        assert search.among_accepted(20).y.all()
    others = len(collective.members) - 1
    with pytest.warns(Note, match=f"k = 99 clamped to {others}, the number of other members of the collective"):
        assert search.among_members(99).distance.shape[1] == others
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert search.among_majority(9).distance.shape[1] == 9


def test_a_search_with_nobody_to_find_is_refused() -> None:
    train = people(60)
    _search, collective = a_search(train)
    members = train.take(collective.members[:1])
    nobody = train.take(np.zeros(len(train), bool))
    alone = Search(members.X, np.zeros(1, dtype=np.int64), nobody, members, 0)
    with pytest.raises(Refusal, match="there are no known majority members to measure distances to"):
        alone.among_majority(3)
    with pytest.raises(Refusal, match="no known majority members with y = 1"):
        alone.among_accepted(3)
    with pytest.raises(Refusal, match="no other members of the collective"):
        alone.among_members(3)


def test_a_prepared_search_gives_what_an_unprepared_one_gives() -> None:
    train = people(200)
    prepared, collective = a_search(train)
    plain, _ = a_search(train)
    prepared.prepare(12)
    rows = np.arange(0, len(collective.candidates), 2)
    own = np.searchsorted(collective.members, collective.candidates)[rows]
    part = prepared.of(rows, train.take(collective.members), own)
    for name in ("among_majority", "among_accepted", "among_members"):
        for k in (1, 5, 12, 15):
            whole, some = getattr(plain, name)(k), getattr(part, name)(k)
            np.testing.assert_array_equal(some.distance, whole.distance[rows])
            np.testing.assert_array_equal(some.y, whole.y[rows])


def test_preparing_without_accepted_majority_members_prepares_the_rest() -> None:
    train = people(200)
    rejected = train.take(train.minority | ~train.y)
    search, _ = a_search(rejected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.prepare(10_000)
    with pytest.raises(Refusal, match="with y = 1"):
        search.among_accepted(1)


def test_missing_values_are_refused_with_their_columns_and_the_remedy() -> None:
    train = people(60, gaps=True)
    with pytest.raises(Refusal, match=r"luck have missing values; set `missing: impute`"):
        nearest(train.X, train, 3)


def test_neighbours_equally_far_are_taken_at_random_by_the_seed() -> None:
    ring = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    among = Labelled(People(ring, np.zeros(4, bool), ("a", "b")), np.array([True, False, False, False]))
    found = [bool(nearest(np.zeros((1, 2)), among, 1, seed=seed).y[0, 0]) for seed in range(400)]
    assert 60 < sum(found) < 140  # a quarter, within 4.6 standard deviations
