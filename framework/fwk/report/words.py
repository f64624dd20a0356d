"""How numbers, measures, settings and knobs are worded, wherever they are shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import pandas as pd

UNIT = "percentage points"
NOTHING = "–"  # an en dash, where there is no figure
MINUS = "−"

_SHORT = {"error": "Error", "eqod": "EqOd", "eqod_max": "EqOd max", "eopp": "EqOpp", "sp": "SP"}
_LONG = {
    "error": "error: the share of wrong decisions",
    "eqod": "EqOd: equalized odds gap, (|TPR gap| + |FPR gap|) / 2",
    "eqod_max": "EqOd max: equalized odds gap, the larger of |TPR gap| and |FPR gap|",
    "eopp": "EqOpp: equal opportunity gap, |TPR gap|",
    "sp": "SP: statistical parity gap, the difference of acceptance rates",
}


def short_name(measure: str) -> str:
    """What a measure is called in a heading.

    >>> short_name("eqod")
    'EqOd'
    """
    return _SHORT.get(measure, measure)


def long_name(measure: str) -> str:
    """The same with what it measures."""
    return _LONG.get(measure, measure)


def points_of(share: float, signed: bool = False) -> str:
    """A share in [0, 1], or a difference of shares, in percent or percentage points, with two digits.

    >>> points_of(0.0213), points_of(-0.0013, signed=True), points_of(float("nan"))
    ('2.13', '−0.13', '–')
    """
    if pd.isna(share):
        return NOTHING
    text = f"{100 * share:+.2f}" if signed else f"{100 * share:.2f}"
    return "0.00" if float(text) == 0 else text.replace("-", MINUS)


def interval(low: float, high: float) -> str:
    """Two ends in percentage points.

    >>> interval(0.01, 0.025)
    '1.00 to 2.50'
    """
    return NOTHING if pd.isna(low) or pd.isna(high) else f"{points_of(low)} to {points_of(high)}"


def count(number: float) -> str:
    """A number of people or flips; a mean that is not whole gets one digit.

    >>> count(34.0), count(1200.25)
    ('34', '1,200.2')
    """
    if pd.isna(number):
        return NOTHING
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def setting(swept: object, value: object) -> str:
    """The swept knob with its value, as points have them; a budget is M, a count or a share of the candidates.

    >>> setting("strength", "0.5"), setting("budget", "34"), setting("budget", "1.0"), setting("", "")
    ('strength = 0.5', 'M = 34', 'M = 100 % of candidates', '–')
    """
    if not swept or not value:
        return NOTHING
    if swept != "budget":
        return f"{swept} = {value}"
    return f"M = {100 * float(str(value)):g} % of candidates" if "." in str(value) else f"M = {value}"


def knobs(text: str) -> str:
    """Knobs as `mean_over_repeats` lists them: one value each, or all values with the number of repeats that had them.

    Dotted paths are cut to their last word; knobs without a value are left out.

    >>> knobs('[[{"k": 20, "p": "a.b.C", "q": null}, 2], [{"k": 5, "p": "a.b.C", "q": null}, 1]]')
    'k = 20 (2 of 3 repeats) or 5 (1 of 3); p = C'
    """
    values: dict[str, Counter[str]] = {}
    listed = json.loads(text)
    for given, repeats in listed:
        for name, value in given.items():
            if value is not None:
                shown = value.rpartition(".")[2] if isinstance(value, str) else json.dumps(value)
                values.setdefault(name, Counter())[shown] += repeats
    total = sum(repeats for _, repeats in listed)
    return "; ".join(f"{name} = {_alternatives(counted, total)}" for name, counted in values.items())


def _alternatives(counted: Counter[str], total: int) -> str:
    if len(counted) == 1:
        return next(iter(counted))
    first, *others = counted.most_common()
    return " or ".join([f"{first[0]} ({first[1]} of {total} repeats)", *(f"{v} ({n} of {total})" for v, n in others)])


def listed(words: Iterable[str], most: int = 4) -> str:
    """Words in a row; the rest is counted.

    >>> listed("abcdef", most=2)
    'a, b and 4 more'
    """
    given = list(words)
    return ", ".join(given[:most]) + (f" and {len(given) - most} more" if len(given) > most else "")


def plural(number: int, word: str) -> str:
    """A number with its noun.

    >>> plural(1, "repeat"), plural(2, "repeat")
    ('1 repeat', '2 repeats')
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def plural_range(counts: Iterable[int], word: str) -> str:
    """From the fewest to the most of something; 0 of none.

    >>> plural_range([1, 2, 2], "repeat"), plural_range([3, 3], "repeat")
    ('1 to 2 repeats', '3 repeats')
    """
    ordered = sorted(int(count) for count in counts) or [0]
    fewest, most = ordered[0], ordered[-1]
    return plural(most, word) if fewest == most else f"{fewest:,} to {plural(most, word)}"
