"""The firm-side plugin as the framework meets it: one hook, cheap to call."""

import subprocess
import sys
from collections.abc import Iterable

import fwk_firm_side
from fwk import FirmSide
from fwk.plugins import knobs_of


def cards() -> Iterable[FirmSide]:
    return [card for card in fwk_firm_side.fwk_cards() if isinstance(card, FirmSide)]


def test_every_method_has_a_card_and_sweeps_one_of_its_knobs_or_none() -> None:
    found = {card.name: card for card in cards()}
    assert set(found) >= {
        "reductions", "grid-search", "massaging", "reweighing", "uniform-sampling", "preferential-sampling",
        "undersampling", "oversampling", "correlation-remover", "calibrated-eqodds", "calibrated-eqodds-holisticai",
        "eqodds-thresholds", "relaxed-eqodds", "reject-option",
    }  # fmt: skip
    for card in found.values():
        assert (card.knob in knobs_of(card)) if card.knob else not card.sweep
        assert len(set(card.sweep)) == len(card.sweep)


def test_names_are_unique_and_every_method_can_be_made_without_a_word() -> None:
    names = [card.name for card in cards()]
    assert len(set(names)) == len(names)
    assert all(card.make() == card.make() for card in cards())


def test_asking_for_the_cards_imports_no_library_that_is_heavy_or_may_be_missing() -> None:
    program = (
        "import sys, fwk, fwk_firm_side\n"
        "list(fwk_firm_side.fwk_cards())\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} "
        "& {'fairlearn', 'holisticai', 'jax', 'torch', 'numba'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
