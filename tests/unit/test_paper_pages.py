"""Tables, pictures and pages of the paper's experiments, from made points."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from paper_points import collective, firm, together

from fwk.api import Mistake
from fwk.config import Config, DatasetSpec
from fwk.paper.claims import CLAIMS, judge
from fwk.paper.experiments import EXPERIMENTS
from fwk.paper.front_pictures import draw_knowledge, draw_representation
from fwk.paper.mixture_pictures import draw_growth, draw_toy
from fwk.paper.page import Told, write_page
from fwk.paper.pictures import draw_alpha, draw_flips, least_by_alpha
from fwk.paper.stored import Part, read_part, with_knobs
from fwk.paper.stored import together as parts_together
from fwk.paper.tables import growth_table, least_table, toy_table

DIP = {0: 0.2, 5: 0.12, 10: 0.05, 20: 0.1, 50: 0.2}
RB = ("rb-prob", "rb-label", "rb-dist")
HOSTILE = '<script>alert("x")</script>'


def points(**given: object) -> pd.DataFrame:
    return together(firm("baseline"), *(collective(card, DIP, **given) for card in RB))


def wide(table: pd.DataFrame) -> pd.DataFrame:
    """With what fronts need beside what claims do."""
    ends = {f"test.{m}.{end}": table[f"test.{m}"] for m in ("eqod", "sp", "error") for end in ("low", "high")}
    return table.assign(**ends)


def test_least_by_alpha_is_the_least_mean_over_flips() -> None:
    shapes = {0.1: {0: 0.2, 5: 0.15, 50: 0.18}, 0.3: DIP}
    table = together(firm("baseline"), *(collective("rb-dist", shape, alpha=alpha) for alpha, shape in shapes.items()))
    found = least_by_alpha(table, "eqod", "test").set_index("alpha")
    for alpha in shapes:
        rows = table[table["alpha"] == alpha]
        means = rows.groupby("flips")["test.eqod"].mean()
        assert found.loc[alpha, "value"] == pytest.approx(means.min())
        assert found.loc[alpha, "flips"] == means.idxmin()
        assert found.loc[alpha, "before"] == pytest.approx(means[0])
        spread = rows[rows["flips"] == means.idxmin()]["test.eqod"].to_numpy()
        assert found.loc[alpha, "sd"] == pytest.approx(np.std(spread, ddof=1))


def test_the_table_of_the_least_has_a_row_a_curve_with_its_price() -> None:
    table = points()
    table.loc[table["flips"] == 10, "test.error"] += 0.01
    shown = least_table(table, "test")
    assert [row[:2] for row in shown.rows] == [("adult", name) for name in ("baseline", *RB)]
    for row, card in zip(shown.rows[1:], RB, strict=True):
        of = table[(table["card"] == card) & (table["flips"] == 10)]
        base = table[table["card"] == "baseline"]
        assert row[4] == "M = 10"
        assert float(row[2]) == pytest.approx(100 * of["test.eqod"].mean(), abs=0.0051)
        dearer = 100 * (of["test.error"].mean() - base["test.error"].mean())
        assert float(row[5].replace("−", "-")) == pytest.approx(dearer, abs=0.0051)
    assert len({len(row) for row in shown.rows} | {len(shown.columns)}) == 1


def test_a_setting_that_asks_for_more_than_there_are_shows_how_many_flip() -> None:
    table = points()
    table["setting"] = table["setting"].where(table["setting"] != "10", "1000").where(table["setting"] != "20", "0.5")
    assert least_table(table, "test").rows[1][4] == "M = 1000: 10 flips"
    table.loc[table["flips"] == 10, "test.eqod"] = 0.3
    assert least_table(table, "test").rows[1][4] == "M = 50 % of candidates: 20 flips"
    assert least_table(table.assign(majority_known=np.nan), "test", "majority_known", "Known").rows[0][2] == "–"


def test_a_curve_that_is_nowhere_defined_keeps_its_row_without_figures() -> None:
    table = points()
    table.loc[table["card"] == "rb-dist", ["test.eqod", "test.sp"]] = np.nan
    row = least_table(table, "test").rows[-1]
    assert row == ("adult", "rb-dist", *["–"] * 8)


def grown() -> pd.DataFrame:
    return together(
        *(collective("random", {0: 0.1, 80: eqod}, repeats=1, dataset=f"{p} {seed}", of_p=p, of_seed=seed, of_mu=2.0,
                     of_psi=2.0, alpha=1.0) for p, eqod in ((300, 0.4), (3000, 0.49)) for seed in range(3))
    )  # fmt: skip


def test_the_growth_table_is_the_mean_over_draws() -> None:
    table = grown()
    shown = growth_table(table)
    for row, p in zip(shown.rows, (300, 3000), strict=True):
        everybody = table[(table["of_p"] == p) & (table["flips"] == 80)]["test.eqod"]
        assert row[2] == f"{p:,}"
        assert float(row[4]) == pytest.approx(100 * everybody.mean(), abs=0.0051)


def toy() -> pd.DataFrame:
    shape = {0: 0.16, 2: 0.1, 6: 0.04}
    return together(*(collective("rb-prob", shape, repeats=1, dataset=f"seed {seed}") for seed in range(5)))


def test_the_toy_table_has_medians_over_draws() -> None:
    table = toy()
    (_, _, last) = toy_table(table).rows
    eqod = table.set_index(["dataset", "flips"])["test.eqod"]
    draws = [eqod[f"seed {seed}", 6] for seed in range(5)]
    assert float(last[2]) == pytest.approx(100 * np.median(draws), abs=0.0051)
    falls = [100 * (1 - eqod[f"seed {seed}", 6] / eqod[f"seed {seed}", 0]) for seed in range(5)]
    assert float(last[4]) == pytest.approx(np.median(falls), abs=0.51)


ALONE = firm("baseline", of_p=300, of_seed=0, of_mu=2.0, of_psi=2.0)
PICTURES = {
    "alpha": lambda path: draw_alpha(together(points(), collective("rb-dist", DIP, alpha=0.1)), "test", path),
    "flips": lambda path: draw_flips(points(), "test", path),
    "knowledge": lambda path: draw_knowledge(
        wide(together(points(), collective("rb-prob", DIP, majority_known=10.0, notes="constant ranking"))),
        "test",
        path,
    ),
    "representation": lambda path: draw_representation(
        wide(together(points(), *(collective(card, DIP, space="fare") for card in RB))), "test", path, guides=True
    ),
    "gmm4": lambda path: draw_growth(grown(), "test", path),
    "toy": lambda path: draw_toy(toy(), None, path),
    "one repeat": lambda path: draw_flips(points(repeats=1), "test", path),
    "alpha without rankings": lambda path: draw_alpha(ALONE, "test", path),
    "flips without rankings": lambda path: draw_flips(ALONE, "test", path),
    "knowledge without rankings": lambda path: draw_knowledge(wide(ALONE), "test", path),
    "gmm4 without rankings": lambda path: draw_growth(ALONE, "test", path),
    "toy without rankings": lambda path: draw_toy(ALONE, None, path),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_drawn(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    PICTURES[name](path)
    assert imread(path)[..., :3].std() > 0.02


def test_guides_run_through_fronts_of_four_points_and_are_no_data(tmp_path: Path) -> None:
    falling = {0: 0.2, 5: 0.15, 10: 0.09, 20: 0.06, 50: 0.04}
    table = wide(together(firm("baseline"), *(collective("rb-dist", falling, space=s) for s in ("encoded", "fare"))))
    for part in ("validation", "test"):
        table[f"{part}.error"] = 0.1 + 0.001 * table["order"]
    seen = {}
    for guides in (False, True):
        path = tmp_path / f"{guides}.png"
        draw_representation(table, "test", path, guides=guides)
        seen[guides] = imread(path)
    changed = (seen[False] != seen[True]).any(axis=2)
    assert changed[: changed.shape[0] // 2].any(), "within the panel, not only in the caption"


class Links(HTMLParser):
    """Every tag with its attributes, and the text that is shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_tells_what_was_claimed_what_is_missing_and_asks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "flips.html"
    draw_flips(points(), "test", path.with_suffix(".png"))
    table = points().assign(dataset=HOSTILE)
    told = [
        Told("flips-adult", "c.yaml", ("10 repeats",), "flips-adult/report.html"),
        Told("flips-x", "x.yaml", missing=HOSTILE),
    ]
    claims = [claim for claim in CLAIMS if claim.experiment == "flips"]
    shown = {HOSTILE: least_table(table, "test")}
    write_page(path, EXPERIMENTS["flips"], told, shown, judge({"flips": table}, claims), HOSTILE)
    page = Links(path.read_text(encoding="utf-8"))
    assert not [tag for tag, _ in page.tags if tag == "script"]
    assert page.text.count(HOSTILE) >= 4
    assert EXPERIMENTS["flips"].statement in page.text
    for claim in claims:
        assert claim.text in page.text
    sources = [str(given.get(name)) for _, given in page.tags for name in ("src", "href") if name in given]
    assert all(source.startswith(("data:", "#")) or source == "flips-adult/report.html" for source in sources)
    assert sum(tag == "img" for tag, _ in page.tags) == 1


def test_a_page_without_anything_says_so(tmp_path: Path) -> None:
    path = tmp_path / "alpha.html"
    write_page(path, EXPERIMENTS["alpha"], [Told("alpha-x", "x.yaml", missing="no file")], {}, judge({}, []))
    assert "nothing is drawn" in path.read_text(encoding="utf-8")


def test_knobs_of_the_data_become_columns() -> None:
    config = Config(
        datasets=[
            DatasetSpec.model_validate({"name": "gmm4", "called": "a", "p": 10, "states": ["CA"]}),
            DatasetSpec.model_validate({"name": "gmm4", "called": "b", "p": 20}),
        ],
        methods=[{"name": "baseline"}],  # type: ignore[list-item]  # pydantic makes it one
    )
    found = with_knobs(pd.DataFrame({"dataset": ["a", "b", "a"]}), config)
    assert found["of_p"].tolist() == [10, 20, 10]
    assert found["of_states"].tolist()[0] == '["CA"]'


def test_labels_that_two_parts_share_are_told_apart() -> None:
    config = Config.model_validate({"datasets": [{"name": "x"}], "methods": [{"name": "y"}]})
    table = pd.DataFrame({"dataset": ["adult", "adult"]})
    alone = parts_together([Part("flips-a", table, config)])
    assert set(alone["dataset"]) == {"adult"}
    both = parts_together([Part("flips-a", table, config), Part("flips-b", table, config)])
    assert set(both["dataset"]) == {"flips-a: adult", "flips-b: adult"}


def test_a_folder_in_which_nothing_was_finished_is_no_part(tmp_path: Path) -> None:
    assert read_part(tmp_path) is None


def test_a_table_that_was_cut_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("datasets: [{name: x}]\nmethods: [{name: y}]\n")
    points().to_parquet(tmp_path / "points.parquet")
    whole = (tmp_path / "points.parquet").read_bytes()
    (tmp_path / "points.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Mistake, match=r"points\.parquet is damaged .*; remove it and run its experiment again"):
        read_part(tmp_path)


def test_error_over_the_baseline_is_of_the_same_learner_and_repeats() -> None:
    """Two learners of different error, and methods that are exactly as wrong as the baseline of their own."""
    table = together(*(
        firm(card, error=(wrong,), noise=0.0, learner=learner)
        for learner, wrong in (("Tree", 0.1), ("Line", 0.4)) for card in ("baseline", "lfr")
    ))  # fmt: skip
    table["test.error"] += 0.01 * table["repeat"]
    table = table[(table["card"] == "baseline") | (table["repeat"] < 3)]
    assert {row[5] for row in least_table(table, "test").rows} == {"0.00"}


def test_no_parts_are_no_points() -> None:
    assert parts_together([]).empty
