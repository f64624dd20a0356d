"""holisticai's calibrated equalized odds beside our own; skipped where its extra is not installed."""

from importlib.util import find_spec

import numpy as np
import pytest
from firm_tables import a_firm, biased, fitted

from fwk import Refusal
from fwk_firm_side import calibrated, calibrated_holisticai
from fwk_firm_side.calibrated import CalibratedEqualizedOdds
from fwk_firm_side.calibrated_holisticai import CalibratedEqualizedOddsHolisticai
from fwk_firm_side.lfr_holisticai import NEEDED

missing = [name for name in NEEDED if find_spec(name) is None]
installed = pytest.mark.skipif(
    bool(missing), reason=f"not installed: {', '.join(missing)}; pip install 'fwk[holisticai]'"
)
pytestmark = pytest.mark.filterwarnings("ignore::fwk.api.Note")

COSTS = ("fnr", "fpr", "weighted")


@pytest.mark.skipif(not missing, reason="holisticai is installed here")
def test_without_holisticai_the_method_is_refused_with_the_remedy() -> None:
    with pytest.raises(Refusal, match=r"is not installed; pip install 'fwk\[holisticai\]'"):
        fitted(CalibratedEqualizedOddsHolisticai(), biased())


@installed
@pytest.mark.filterwarnings("ignore")  # of what holisticai imports
@pytest.mark.parametrize("cost", COSTS)
def test_the_mix_rate_is_holisticais_before_it_is_clipped(cost: str) -> None:
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(60):
        n = int(rng.integers(20, 400))
        minority = rng.random(n) < 0.4
        scores = rng.random(n)
        y = rng.random(n) < np.clip(scores + rng.normal(scale=0.15) * minority, 0, 1)
        if {(g, label) for g, label in zip(minority, y, strict=True)} != {(a, b) for a in (0, 1) for b in (0, 1)}:
            continue
        theirs = calibrated_holisticai.mix_rate(scores, y, minority, cost)
        ours = calibrated.mix_rate(scores, y, minority, cost)
        assert ours.minority == theirs.minority
        assert ours.base_rate == pytest.approx(theirs.base_rate, abs=1e-12)
        if np.isfinite(ours.unclipped):
            assert ours.unclipped == pytest.approx(theirs.rate, rel=1e-9)
            seen += 0 < theirs.rate < 1
        else:
            assert not theirs.rate > 0
    assert seen > 5


@installed
@pytest.mark.filterwarnings("ignore")
def test_the_rule_is_ours_where_the_rate_is_a_rate_and_refused_where_not() -> None:
    served = set()
    for cost in COSTS:
        for harm in (0.3, 1.0):
            train, firm = biased(900, harm=harm), a_firm()
            scored, _ = calibrated.calibrated_scores(train, firm, "out-of-fold", "none")
            unclipped = calibrated.mix_rate(scored.scores, train.y, train.minority, cost).unclipped
            served.add(0 <= unclipped <= 1)
            if not 0 <= unclipped <= 1:
                with pytest.raises(Refusal, match=r"holisticai's mix rate of the m\w+ is -?\d"):
                    fitted(CalibratedEqualizedOddsHolisticai(cost), train, firm)
                continue
            for share in (0.0, 0.5, 1.0):
                ours, theirs = (
                    fitted(make(cost, share=share), train, firm)(train.people)
                    for make in (CalibratedEqualizedOdds, CalibratedEqualizedOddsHolisticai)
                )
                np.testing.assert_allclose(theirs, ours, atol=1e-9)
    assert served == {True, False}


@installed
@pytest.mark.filterwarnings("ignore")
def test_the_rule_is_the_mean_of_holisticais_own_draws() -> None:
    from holisticai.bias.mitigation import CalibratedEqualizedOdds as Theirs

    mild = biased(900, harm=0.3)
    firm = a_firm()
    scored, base = calibrated.calibrated_scores(mild, firm, "out-of-fold", "none")
    cost = next(
        c for c in COSTS if 0.05 < calibrated.mix_rate(scored.scores, mild.y, mild.minority, c).unclipped < 0.95
    )
    proba = np.column_stack([1 - scored.scores, scored.scores])
    at_decision = firm.fit(mild).predict_proba(mild.X)
    draws = []
    for seed in range(300):
        one = Theirs(cost_constraint=cost, seed=seed).fit(mild.y.astype(int), proba, mild.minority, ~mild.minority)
        decided = base(mild.people).astype(int)
        draws.append(one.transform(decided, at_decision, mild.minority, ~mild.minority)["y_pred"])
    P = fitted(CalibratedEqualizedOddsHolisticai(cost), mild, firm)(mild.people)
    np.testing.assert_allclose(np.mean(draws, axis=0), P, atol=5 * 0.5 / np.sqrt(300))
    assert abs(np.mean(draws) - P.mean()) < 0.005
