"""Figures 1 and 6 in our numbers, and what stands in the place of the theory: pictures of made-up people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from fwk.paper.mixture import majority_rule_eqod
from fwk.paper.panels import legend, line, nothing, over_sizes
from fwk.paper.toy import Scene
from fwk.report.strokes import picture, rule, say, stroke
from fwk.report.styles import COLOURS, MARKERS, Style, styles
from fwk.report.words import UNIT, plural

_GROWTH = (
    "All members of the minority with y = 0 flip.\nDotted: EqOd of sign((mu + psi) . x), the majority's best rule."
)
_TOY = (
    "Left, middle: people of one draw's train part, and the rule's border, solid after the flips and dashed before; "
    "circles: majority, triangles: minority; filled: y = 1; ringed: flipped.\nRight: medians over draws, bands: their "
    "middle half. The paper does not give the points of its figure; these are of a generator."
)
_THEORY = (
    "Means over draws of the mixture with |mu| = |psi|, bands: one standard deviation; dotted: the bound of the same "
    "colour.\nRight: lines are the closed form, dots a simulation; dashed: before the projection."
)
_BLUE, _RED = COLOURS[0], COLOURS[1]


def draw_growth(points: pd.DataFrame, select: str, path: Path) -> None:
    """EqOd over the size of the majority when everybody in the minority with y = 0 flips, a panel for each norms."""
    user = points[points["side"] == "user"]
    everybody = user[user["flips"] == user["candidates"]]
    norms = list(dict.fromkeys(everybody[["of_mu", "of_psi"]].itertuples(index=False, name=None)))
    learners = list(dict.fromkeys(everybody["learner"]))
    looks = {str(name): Style(COLOURS[i], MARKERS[i], "solid", True) for i, name in enumerate(learners)}
    with picture(path, 1, max(1, len(norms)), 3.3 * max(1, len(norms)) + 2.6, 3.5) as (figure, rows):
        for panel, (mu, psi) in zip(rows[0], norms, strict=False):
            here = everybody[(everybody["of_mu"] == mu) & (everybody["of_psi"] == psi)]
            for learner, of in here.groupby("learner", sort=False):
                by_size = of.groupby("of_p")["test.eqod"].agg(["mean", "std"])
                x, y, spread = by_size.index.to_numpy(float), by_size["mean"].to_numpy(), by_size["std"].to_numpy()
                line(panel, x, y, spread, looks[str(learner)])
            rule(panel, across=50)
            panel.axhline(100 * majority_rule_eqod(mu, psi), color="#888888", linewidth=1.2, linestyle=":")
            over_sizes(panel, sorted(here["of_p"].unique()))
            panel.set_ylim(-2, 102)
            panel.set_title(f"|mu| = {mu:g}, |psi| = {psi:g}", loc="left", fontweight="bold")
        if not norms:
            nothing(rows[0][0])
        rows[0][0].set_ylabel(f"EqOd on test ({UNIT})")
        limit = Line2D([], [], color="#888888", linewidth=1.2, linestyle=":", label="the majority's\nbest rule")
        legend(figure, looks, baseline="one half", more=[limit])
        draws = everybody["of_seed"].nunique() if len(everybody) else 0
        say(figure, f"Means of {plural(draws, 'draw')}, bands: one standard deviation. {_GROWTH}")


def draw_toy(points: pd.DataFrame, scene: Scene | None, path: Path) -> None:
    """One draw of the toy before and after the flips with the learner's border, and EqOd over flips of all draws."""
    with picture(path, 1, 3, 11.2, 3.7) as (figure, rows):
        before, after, curve = rows[0]
        for panel, flipped, name in ((before, False, "before"), (after, True, "after the flips")):
            if scene is None:
                nothing(panel, "this draw could not be rebuilt")
            else:
                _draw_scene(panel, scene, flipped)
                panel.set_title(name, loc="left", fontweight="bold")
        _draw_falls(curve, points)
        say(figure, _TOY)


def _draw_scene(panel: Axes, scene: Scene, flipped: bool) -> None:
    y = scene.after if flipped else scene.before
    for group, marker in ((False, "o"), (True, "^")):
        for label in (False, True):
            who = (scene.minority == group) & (y == label)
            panel.plot(*scene.X[who].T, marker, color=_RED if group else _BLUE, markersize=5, zorder=3,
                       markerfacecolor=_RED if group and label else _BLUE if label else "white")  # fmt: skip
    if flipped:
        panel.plot(*scene.X[scene.before != scene.after].T, "o", color="black", markersize=11, markerfacecolor="none")
    low, high = scene.X.min(axis=0) - 0.6, scene.X.max(axis=0) + 0.6
    across, up = np.meshgrid(np.linspace(low[0], high[0], 120), np.linspace(low[1], high[1], 120))
    for accepts, look in ((scene.rule, "--"), *([(scene.rule_after, "-")] if flipped else [])):
        field = accepts(np.column_stack([across.ravel(), up.ravel()])).reshape(across.shape)
        panel.contour(across, up, field, levels=[0.5], colors="black", linewidths=1.3, linestyles=look)
    panel.set_xlabel("x1")
    panel.set_ylabel("x2")


def _draw_falls(panel: Axes, points: pd.DataFrame) -> None:
    user = points[points["side"] == "user"]
    if user.empty:
        nothing(panel)
        return
    looks = styles(user)
    for method, of in user.groupby("method", sort=False):
        look, eqod = looks[str(method)], of.groupby("flips")["test.eqod"]
        low, middle, high = (100 * eqod.quantile(share) for share in (0.25, 0.5, 0.75))
        panel.plot(middle.index, middle, **stroke(look), label=str(method))
        panel.fill_between(middle.index, low, high, color=look.colour, alpha=0.13, linewidth=0)
    panel.set_ylim(bottom=0)
    panel.set_xlabel("Labels flipped (people)")
    panel.set_ylabel(f"EqOd on test ({UNIT})")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.legend(frameon=False)
    panel.set_title("all draws", loc="left", fontweight="bold")


def draw_theory(table: pd.DataFrame, path: Path) -> None:
    """Success over alpha with its bound, label error over shares flipped, and the nearer of two people."""
    rankers = [name for name in dict.fromkeys(table["ranker"].dropna()) if name != "nobody"]
    looks = {name: Style(COLOURS[i], MARKERS[i], "solid", True) for i, name in enumerate(rankers)}
    with picture(path, 1, 4, 14.4, 3.7) as (figure, rows):
        for panel, in_X in zip(rows[0], (False, True), strict=False):
            _draw_success(panel, table[table["in_X"].eq(in_X)], looks)
            panel.set_title(f"group {'among' if in_X else 'not among'} the features", loc="left", fontweight="bold")
        _draw_label_error(rows[0][2], table[table["in_X"].eq(True)], looks)
        _draw_nearest(rows[0][3], table[table["what"] == "nearest"])
        bound = Line2D([], [], color="#555555", linestyle=":", label="least success by\nthe bound")
        legend(figure, looks, baseline="nobody flips", more=[bound])
        say(figure, _THEORY)


def _draw_success(panel: Axes, table: pd.DataFrame, looks: dict[str, Style]) -> None:
    success = table[table["what"] == "success"]
    by_alpha = _over_alpha(success)
    _draw_lines(panel, by_alpha, "alpha", looks)
    for ranker, look in looks.items():
        bound = _over_alpha(table[(table["what"] == "bound") & (table["ranker"] == ranker)])
        mean = bound.groupby("alpha")["value"].mean()
        panel.plot(mean.index, 100 * mean, color=look.colour, linestyle=":")
    rule(panel, across=100 * success.loc[success["ranker"] == "nobody", "value"].mean())
    panel.set_ylim(0, 103)
    panel.set_xlabel("Alpha; half of the candidates flip")
    panel.set_ylabel("Success: decided as their\ncounterfactual (%)")


def _over_alpha(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of one share of flips, that of the largest alpha; the ideal collective has none."""
    largest = table.loc[table["alpha"] == table["alpha"].max(), "share"].max()
    drawn: pd.DataFrame = table[table["share"].isna() | (table["share"] == largest)]
    return drawn


def _draw_label_error(panel: Axes, table: pd.DataFrame, looks: dict[str, Style]) -> None:
    error = table[(table["what"] == "label_error") & table["share"].notna()]
    alphas = error["alpha"].value_counts()
    _draw_lines(panel, error[error["alpha"] == alphas.idxmax()], "share", looks)
    panel.set_xlabel("Share of the candidates that flip")
    panel.set_ylabel("Members' labels unlike\ntheir counterfactual's (%)")
    panel.set_title("label error", loc="left", fontweight="bold")


def _draw_lines(panel: Axes, table: pd.DataFrame, x: str, looks: dict[str, Style]) -> None:
    for ranker, look in looks.items():
        by_x = table[table["ranker"] == ranker].groupby(x)["value"].agg(["mean", "std"])
        if by_x.empty:
            continue
        line(panel, by_x.index.to_numpy(float), by_x["mean"].to_numpy(), by_x["std"].to_numpy(), look)


def _draw_nearest(panel: Axes, table: pd.DataFrame) -> None:
    two = table[table["references"] == 1]
    dimensions: Sequence[float] = sorted(two["dimension"].unique())
    shades = ("#92C3E3", "#56A0CF", "#2779B0", "#0B4F82", "#000000")
    for i, dimension in enumerate(dimensions):
        for projected in (False, True):
            rows = two[(two["dimension"] == dimension) & two["projected"].eq(projected)].sort_values("norm")
            closed = rows[rows["closed"].eq(True)]
            drawn = rows[rows["closed"].eq(False)].groupby("norm", as_index=False)["value"].mean()
            shade, name = shades[i % len(shades)], f"{dimension:g} dimensions" if projected else None
            panel.plot(
                closed["norm"], 100 * closed["value"], color=shade, linestyle="-" if projected else "--", label=name
            )
            panel.plot(drawn["norm"], 100 * drawn["value"], ".", color=shade)
    panel.set_ylim(0, 60)
    panel.set_xlabel("|mu| = |psi|")
    panel.set_ylabel("The nearer one has the other label (%)")
    panel.set_title("nearer of two", loc="left", fontweight="bold")
    panel.legend(frameon=False, fontsize=7.5)
