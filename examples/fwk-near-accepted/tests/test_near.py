"""The ranker does what it says, and keeps what every fwk method promises."""

import numpy as np
from fwk_near import NearTheAccepted
from sklearn.neighbors import NearestNeighbors

from fwk import Labelled, Nearest, People, UserView
from fwk.testing import check_method


class PlainSearch:
    """Neighbours by scikit-learn, in place of fwk's shared search."""

    def __init__(self, candidates: np.ndarray, majority: Labelled) -> None:
        self.candidates, self.accepted = candidates, majority.X[majority.y]

    def among_accepted(self, k: int) -> Nearest:
        distance, _ = NearestNeighbors(n_neighbors=k).fit(self.accepted).kneighbors(self.candidates)
        return Nearest(distance, np.ones(distance.shape, dtype=bool))


def a_view(seed: int = 0) -> UserView:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(80, 2)), rng.random(80) < 0.5
    minority = np.arange(80) < 30
    everybody = Labelled(People(X, minority, ("a", "b")), y)
    members, majority = everybody.take(minority), everybody.take(~minority)
    candidates = members.X[~members.y]
    return UserView(members, candidates, majority, PlainSearch(candidates, majority))


def test_conforms() -> None:
    check_method("near-accepted")


def test_a_score_is_minus_the_mean_distance_to_the_k_nearest_accepted() -> None:
    view = a_view()
    accepted = view.majority.X[view.majority.y]
    for k in (1, 3, 10):
        scores = NearTheAccepted(k).score(view, np.random.default_rng(0))
        for x, score in zip(view.candidates, scores, strict=True):
            distances = sorted(np.linalg.norm(accepted - x, axis=1))
            assert np.isclose(score, -np.mean(distances[:k]))


def test_a_twin_of_an_accepted_majority_member_flips_first() -> None:
    view = a_view()
    scores = NearTheAccepted(k=1).score(view, np.random.default_rng(0))
    twin = view.majority.X[view.majority.y][:1]
    nearer = PlainSearch(np.concatenate([view.candidates, twin]), view.majority)
    extended = UserView(view.collective, nearer.candidates, view.majority, nearer)
    with_twin = NearTheAccepted(k=1).score(extended, np.random.default_rng(0))
    assert with_twin[-1] == 0 > scores.max()
