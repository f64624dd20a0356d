"""The picture of docs/race-in-x.md, from the points of `fwk compare --config configs/race-in-x.yaml`.

python scripts/draw_race_in_x.py [results/race-in-x/points.parquet] [docs/pictures/race-in-x.png]
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

STYLES = {
    "rb-prob": ("#56b4e9", "P"),
    "rb-label": ("#e69f00", "v"),
    "rb-dist": ("#cc79a7", "D"),
    "random": ("#009e73", "^"),
}


def draw(points: pd.DataFrame, path: Path) -> None:
    """EqOd over flips, with race among the features and without; bands: one standard error over repeats."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for panel, in_x in zip(panels, (True, False), strict=True):
        here = points[(points["group_in_X"] == in_x) & ~points["tuning"]]
        baseline = 100 * here.loc[here["method"] == "baseline", "test.eqod"].mean()
        panel.axhline(baseline, color="black", linestyle="--", linewidth=1, label="baseline")
        for method, (colour, marker) in STYLES.items():
            curve = here[here["method"] == method].groupby("order")
            flips, eqod = curve["flips"].mean(), 100 * curve["test.eqod"].mean()
            spread = 100 * curve["test.eqod"].std() / curve["test.eqod"].size() ** 0.5
            panel.plot(flips, eqod, color=colour, marker=marker, markersize=5, label=method)
            panel.fill_between(flips, eqod - spread, eqod + spread, color=colour, alpha=0.15, linewidth=0)
        panel.set_xscale("symlog", linthresh=15)
        panel.set_xticks([0, 15, 30, 75, 200, 800], ["0", "15", "30", "75", "200", "800"])
        panel.set_xlabel("labels flipped")
        panel.set_title("race among the features" if in_x else "race not among the features", fontsize=10)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("EqOd on test (percentage points)")
    panels[0].set_ylim(bottom=0)
    panels[1].legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    given = [*sys.argv[1:], *("results/race-in-x/points.parquet", "docs/pictures/race-in-x.png")[len(sys.argv) - 1 :]]
    draw(pd.read_parquet(given[0]), Path(given[1]))
