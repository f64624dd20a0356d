"""The report is read back as a browser would, and its figures are compared with those recomputed from the points."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

import fwk.fronts
import fwk.report
from fakes import FIRM, GROUPS, ROLES, USER, failures_table, points_table
from fwk.fronts import answer, choose_fronts
from fwk.points import table_of
from fwk.report import answer_markdown, cautions, draw_front, short_tables, write_report
from fwk.report.styles import styles, window

POINTS = points_table(repeats=3)
FRONTS = choose_fronts(POINTS)
FAILURES = failures_table()
NO_FAILURES = table_of([])
FACTS = {
    "Selection": "Fronts are chosen on validation & reported on test.",
    "Protocol": ["20 % test", "3 repeats"],
    "Configuration": "datasets:\n  - adult  # <raw>\n",
    "Environment": {"python": "3.11", "cores": 2},
}
HOSTILE = '<script>alert("x")</script>|`*'


@dataclass
class Table:
    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """What a browser would find: tables, scripts, ids, attributes, and the text that is shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.shown: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tr":
            self.tables[-1].rows.append([])
        elif tag in ("td", "th"):
            self.tables[-1].rows[-1].append("")
            if tag == "th":
                assert attributes["scope"] in ("col", "row", "rowgroup")
        elif tag == "script":
            self.scripts.append((attributes, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
            return
        if inside != "style":
            self.shown.append(data)
        if "caption" in self.open:
            self.tables[-1].caption += data
        elif "td" in self.open or "th" in self.open:
            self.tables[-1].rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join("".join(self.shown).split())

    def figures(self) -> dict[str, Any]:
        """Plotly's figures by the id of their holder."""
        return {attributes["id"].removesuffix("-figure"): json.loads(content)
                for attributes, content in self.scripts if attributes.get("type") == "application/json"}  # fmt: skip

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def written(path: Path, points: pd.DataFrame = POINTS, failures: pd.DataFrame = FAILURES, **given: Any) -> Page:
    fronts = given.pop("fronts", None)
    fronts = choose_fronts(points) if fronts is None else fronts
    write_report(path, points, fronts, answer(fronts), failures, FACTS, **given)
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return written(tmp_path_factory.mktemp("report") / "report.html", title="adult")


def pp(share: float, sign: str = "") -> str:
    return format(100 * share, f"{sign}.2f").replace("-", "−")


# ---- the answer


def test_the_answer_table_comes_before_any_other_table_or_picture(page: Page) -> None:
    assert page.tables[0].rows[0][:4] == ["Method", "Side", "Setting", "Flips (people)"]
    places = [tag if tag == "table" else attributes.get("class") for tag, attributes in page.elements]
    assert places.index("table") < places.index("chart")
    assert [i for i in page.ids() if not re.search(r"-\d|-heading|-figure", i)] == [
        "answer", "fronts", "audit", "warnings", "failures", "cost", "facts",
    ]  # fmt: skip


def test_the_answer_shows_the_least_unfairness_within_the_budget_with_its_price(page: Page) -> None:
    means = POINTS.groupby(["method", "setting"]).mean(numeric_only=True)
    base = means.loc[("baseline", "")]
    for method, *cells in page.tables[0].rows[1:]:
        name = method.split()[0]
        curve = means.loc[name]
        within = curve[curve["validation.error"] <= base["validation.error"] + 0.005]
        best = within.loc[within["validation.eqod"].idxmin()]
        _, setting, flips, value, ends, _, spread, error, over = cells
        assert setting.rpartition("= ")[2] in (within["validation.eqod"].idxmin(), "–")
        assert value == pp(best["test.eqod"])
        assert ends == f"{pp(best['test.eqod.low'])} to {pp(best['test.eqod.high'])}"
        assert error == pp(best["test.error"])
        assert float(over.split()[0].replace("−", "-")) == pytest.approx(
            100 * (best["test.error"] - base["test.error"]), abs=0.0051
        )
        of_setting = POINTS[(POINTS["method"] == name) & (POINTS["setting"] == within["validation.eqod"].idxmin())]
        assert spread.startswith(pp(np.std(of_setting["test.eqod"].to_numpy(), ddof=1)))
        assert flips == (f"{best['flips']:.0f} of {best['candidates']:.0f}" if name in USER else "–")
    assert len(page.tables[0].rows) == 1 + len(set(POINTS["method"]))


def test_the_first_sentence_names_the_best_of_each_side_and_the_baseline(page: Page) -> None:
    rows = answer(FRONTS).query("unfairness == 'eqod' and budget == 0.005")
    methods = rows[rows["card"] != "baseline"].sort_values("select_value")
    best = {side: methods[methods["side"] == side].iloc[0] for side in ("user", "firm")}
    user, firm = best["user"], best["firm"]
    assert (
        "adult: least EqOd near the baseline's error, chosen within +0.5 percentage points on validation. "
        f"On the user side {user['method']} leaves {pp(user['value'])} percentage points with {user['flips']:.0f} flips"
    ) in page.text
    assert f"on the firm side {firm['method']} leaves {pp(firm['value'])} percentage points" in page.text
    assert f"The baseline has {pp(rows['baseline_value'].iloc[0])} percentage points of EqOd." in page.text


@pytest.mark.parametrize(("select", "best"), [("validation", "steady"), ("test", "lucky")])
def test_the_best_of_a_side_is_chosen_where_the_settings_are(select: str, best: str, tmp_path: Path) -> None:
    """`lucky` is first on test, `steady` on validation: who looks at test to name a winner rewards luck."""
    points = points_table(user=("lucky", "steady"), firm=(), audits=False)
    spends = points["flips"] > 0
    for method, validation, test in (("lucky", 0.05, 0.01), ("steady", 0.03, 0.04)):
        points.loc[spends & (points["method"] == method), ["validation.eqod", "test.eqod"]] = (validation, test)
    fronts = choose_fronts(points, select=select)
    first, *_ = short_tables(answer(fronts))
    assert first.title.endswith(f"chosen within +0.5 percentage points on {select}")
    assert f"On the user side {best} leaves {pp(0.04 if best == 'steady' else 0.01)}" in first.verdict
    assert first.rows[0][0] == "lucky"  # rows are sorted by test
    badge = f"best of the user side on {select}"
    rows = written(tmp_path / "r.html", points, fronts=fronts).tables[0].rows
    assert [row[0].split()[0] for row in rows if badge in row[0]] == [best]


def test_a_method_that_is_better_than_the_baseline_on_validation_alone_is_told_as_such() -> None:
    points = points_table(user=(), firm=("lfr",), audits=False)
    points.loc[points["method"] == "lfr", ["validation.eqod", "test.eqod"]] = (0.01, 0.5)
    first, *_ = short_tables(answer(choose_fronts(points)))
    assert "lfr leaves 50.00 percentage points (on test no less than the baseline)" in first.verdict
    points.loc[points["method"] == "lfr", ["validation.eqod", "test.eqod"]] = (0.5, 0.01)
    first, *_ = short_tables(answer(choose_fronts(points)))
    assert "On the firm side no method is better than the baseline on validation." in first.verdict


def test_every_column_of_figures_shows_its_unit(page: Page) -> None:
    (answers, *_) = page.tables
    assert answers.rows[0][3:] == [
        "Flips (people)", "EqOd (percentage points)", "95 % interval (percentage points)", "Interval, drawn",
        "Over repeats: sd; range (percentage points)", "Error (%)", "Error over baseline (percentage points)",
    ]  # fmt: skip


def test_an_error_over_the_budget_on_test_is_marked(tmp_path: Path) -> None:
    points = POINTS.copy()
    points.loc[points["method"] == "rb-prob", "test.error"] += 0.02
    rows = {row[0].split()[0]: row for row in written(tmp_path / "r.html", points).tables[0].rows}
    assert rows["rb-prob"][-1].endswith("over budget on test")
    assert "over budget" not in rows["baseline"][-1]


def test_several_scenarios_are_told_in_one_table_first(tmp_path: Path) -> None:
    points = points_table(repeats=1, alphas=(0.1, 0.3), datasets=("adult", "compas"), audits=False)
    overview = written(tmp_path / "r.html", points).tables[0]
    assert overview.caption == (
        "Least EqOd near the baseline's error, chosen within +0.5 percentage points on validation"
    )
    assert [row[0] for row in overview.rows[1:]] == [f"{d}, alpha {a}" for d in ("adult", "compas") for a in (0.1, 0.3)]
    assert {row[1] for row in overview.rows[1:]} <= set(USER)
    assert {row[5] for row in overview.rows[1:]} <= set(FIRM)


def test_short_tables_and_the_markdown_note_hold_the_same_answer() -> None:
    answers = answer(FRONTS)
    tables, note = short_tables(answers), answer_markdown(answers)
    assert len(tables) == 4
    assert {len(row) for table in tables for row in table.rows} == {7}
    for table in tables:
        assert table.title in note
        assert table.verdict in note
        for row in table.rows:
            assert f"| {' | '.join(row)} |" in note
    best = answers.iloc[0]
    assert tables[0].rows[0][:3] == (best["method"], best["side"], pp(best["value"]))


def test_a_name_does_not_become_markdown() -> None:
    answers = answer(choose_fronts(renamed("rb-prob", HOSTILE)))
    note = answer_markdown(answers)
    assert "<script" not in note
    assert all(line.replace("\\|", "").count("|") == 8 for line in note.splitlines() if line.startswith("|"))


def renamed(old: str, new: str) -> pd.DataFrame:
    return POINTS.assign(method=POINTS["method"].replace(old, new), notes=POINTS["notes"] + new)


# ---- the page


def test_the_page_asks_the_network_for_nothing(page: Page) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
    (policy,) = [a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    own = "".join(content for _, content in page.scripts if "plotly.js v" not in content[:400])
    assert "http" not in own + page.text


def test_the_library_that_draws_is_in_the_page_once(page: Page) -> None:
    assert sum("plotly.js v" in content[:400] for _, content in page.scripts) == 1
    assert page.scripts[-1][1].count("Plotly.newPlot") == 1


def test_names_that_are_markup_are_shown_and_not_run(tmp_path: Path) -> None:
    points = renamed("rb-prob", HOSTILE).assign(dataset=HOSTILE)
    failures = failures_table(dataset=HOSTILE, message=HOSTILE).assign(method=HOSTILE)
    harmless = len(written(tmp_path / "a.html").scripts)
    hostile = written(tmp_path / "b.html", points, failures, title=HOSTILE)
    assert len(hostile.scripts) == harmless
    assert HOSTILE in hostile.text
    names = {trace["name"] for trace in hostile.figures()["front-0"]["data"] if "name" in trace}
    assert any("&lt;script&gt;" in name for name in names)
    assert not any("<script" in name for name in names)


def test_tables_have_captions_and_sections_have_headings(page: Page) -> None:
    assert all(table.caption for table in page.tables)
    ids = page.ids()
    assert len(ids) == len(set(ids))
    for tag, attributes in page.elements:
        if tag == "section":
            assert attributes["aria-labelledby"] in ids
        if tag == "a":
            assert attributes["href"].removeprefix("#") in ids
        if attributes.get("class") == "chart":
            assert (attributes["role"], attributes["aria-label"] != "") == ("img", True)
        if tag == "svg":
            assert attributes["aria-hidden"] == "true"
    assert ("html", {"lang": "en"}) in page.elements
    assert any(a.get("name") == "viewport" for _, a in page.elements)


# ---- pictures of the page


def test_the_mean_front_is_drawn_where_the_points_are(page: Page) -> None:
    means = POINTS.groupby(["method", "setting"]).mean(numeric_only=True)
    data = page.figures()["front-0"]["data"]
    for number, unfairness in (("", "eqod"), ("2", "sp")):
        for method in (*USER, *FIRM):
            select = means.loc[method][["validation.error", f"validation.{unfairness}"]].to_numpy()
            free = [not any((q <= p).all() and (q < p).any() for q in select) for p in select]
            expected = means.loc[method][free][["test.error", f"test.{unfairness}"]].sort_values("test.error")
            (line,) = [t for t in data if t["meta"] == {"method": method, "layer": "mean"}
                       and t["mode"] == "lines+markers" and t["yaxis"] == f"y{number}"]  # fmt: skip
            assert line["x"] == pytest.approx((100 * expected["test.error"]).tolist())
            assert line["y"] == pytest.approx((100 * expected[f"test.{unfairness}"]).tolist())
            assert all(text.startswith(f"<b>{method}</b>") for text in line["hovertext"])


def test_hovering_tells_method_setting_error_unfairness_flips_and_tuned_knobs(page: Page) -> None:
    data = page.figures()["front-0"]["data"]
    (line, *_) = [t for t in data if t["meta"] == {"method": "rb-dist", "layer": "mean"} and "hovertext" in t]
    text = line["hovertext"][0]
    for part in ("<b>rb-dist</b>, M = ", "error 13", "over the baseline)", "EqOd ", "95 % interval ",
                 "of 600 candidates flipped", "k = 20 (2 of 3 repeats) or 5 (1 of 3)"):  # fmt: skip
        assert part in text
    assert "undefined" not in text


def test_what_half_of_the_repeats_attain_is_drawn_on_demand(page: Page) -> None:
    data = page.figures()["front-0"]["data"]
    attained = [trace for trace in data if trace["meta"]["layer"] == "attained"]
    assert {trace["meta"]["method"] for trace in attained} == {*USER, *FIRM}
    assert all(trace["visible"] is False for trace in attained)
    repeats = FRONTS[(FRONTS["scope"] == "repeat") & (FRONTS["unfairness"] == "eqod") & FRONTS["on_front"]]
    for trace in (t for t in attained if t["yaxis"] == "y"):
        of_method = repeats[repeats["method"] == trace["meta"]["method"]]
        for x, y in zip(trace["x"], trace["y"], strict=True):
            within = of_method[(100 * of_method["error"] <= x + 1e-9) & (100 * of_method["value"] <= y + 1e-9)]
            assert len(set(within["repeat"])) >= 2


def test_a_certified_bound_is_drawn_as_a_ceiling_told_on_hover_and_its_breach_is_warned_about(tmp_path: Path) -> None:
    points = POINTS.copy()
    of_lfr = points["method"] == "lfr"
    points.loc[of_lfr, "test.certified_sp"] = points["test.sp"] + 0.05
    points.loc[of_lfr & (points["order"] == 0) & (points["repeat"] == 0), "test.certified_sp"] = 0.01
    fronts = choose_fronts(points)
    data = written(tmp_path / "r.html", points, fronts=fronts).figures()["front-0"]["data"]
    (ceiling,) = [t for t in data if t["meta"]["method"] == "lfr" and t.get("line", {}).get("dash") == "dot"]
    assert ceiling["yaxis"] == "y2"
    mean = fronts[(fronts["scope"] == "mean") & (fronts["unfairness"] == "sp") & (fronts["method"] == "lfr")]
    expected = mean[mean["on_front"]].sort_values("error")["test.certified_sp"]
    assert ceiling["y"] == pytest.approx((100 * expected).tolist())
    assert f"certified: at most {pp(expected.iloc[-1])} percentage points" in ceiling["hovertext"][-1]
    assert "lfr: the measured SP is over its certified bound at 1 of 24 points." in cautions(points, fronts, FAILURES)


def test_a_certificate_is_said_to_hold_for_its_setting_and_not_for_the_best_of_a_sweep(tmp_path: Path) -> None:
    points = POINTS.copy()
    points.loc[points["method"] == "lfr", "test.certified_sp"] = 0.9
    caption = "not for the best of a sweep"
    warning = "for the best of a sweep that confidence does not hold"
    for select, warned in (("validation", False), ("test", True)):
        fronts = choose_fronts(points, select=select)
        told = [line for line in cautions(points, fronts, NO_FAILURES) if warning in line]
        assert [line.split(":")[0] for line in told] == ["lfr"] * warned
        page = written(tmp_path / f"{select}.html", points, fronts=fronts)
        assert caption in page.text
        assert "the mean over repeats" in page.text
        assert (warning in page.text) == warned
    fronts = choose_fronts(POINTS, select="test")
    assert not any("certificate" in line for line in cautions(POINTS, fronts, NO_FAILURES))
    assert caption not in written(tmp_path / "none.html", fronts=fronts).text


def test_curves_run_over_the_flips_and_the_dashed_line_is_the_baseline(page: Page) -> None:
    figure = page.figures()["curve-0"]
    base = POINTS[POINTS["card"] == "baseline"]
    assert [shape["y0"] for shape in figure["layout"]["shapes"]] == pytest.approx(
        [100 * base[f"test.{name}"].mean() for name in ("eqod", "sp", "error")]
    )
    means = POINTS[POINTS["side"] == "user"].groupby(["method", "flips"])["test.sp"].mean()
    for method in USER:
        (line,) = [t for t in figure["data"] if t["meta"]["method"] == method and t["yaxis"] == "y2" and "name" in t]
        expected = means.loc[method].drop(0)
        assert line["x"] == expected.index.tolist()
        assert line["y"] == pytest.approx((100 * expected).tolist())


def test_the_legend_has_a_key_for_every_method_that_can_be_pressed(page: Page) -> None:
    keys = [attributes for tag, attributes in page.elements if tag == "button" and "data-method" in attributes]
    assert [key["data-method"] for key in keys] == [*sorted(USER, key=list(styles(POINTS)).index), *sorted(FIRM)]
    assert {key["aria-pressed"] for key in keys} == {"true"}


# ---- who gains and who pays


def test_the_audit_shows_rates_before_and_after_for_every_front_point(page: Page) -> None:
    (table,) = [table for table in page.tables if table.caption.startswith("rb-prob: rates by group")]
    front = FRONTS[(FRONTS["scope"] == "mean") & (FRONTS["method"] == "rb-prob") & FRONTS["on_front"]]
    settings = front.sort_values("order").drop_duplicates("setting")["setting"]
    settings = [setting for setting in settings if setting != "0"]
    assert [head.split()[2] for head in table.rows[0][3:]] == settings
    raw = POINTS[POINTS["method"] == "rb-prob"].groupby("setting").mean(numeric_only=True)
    for part, names in (("test", GROUPS), ("train", ROLES)):
        for name in names:
            acceptance = f"{part}.audit[{name}].acceptance"
            row = next(row for row in table.rows if row[0] == name)
            assert row[2] == pp(raw.loc["0", acceptance])
            for setting, cell in zip(settings, row[3:], strict=True):
                after, change = cell.split()
                assert after == pp(raw.loc[setting, acceptance])
                assert float(change.replace("−", "-")) == pytest.approx(
                    100 * (raw.loc[setting, acceptance] - raw.loc["0", acceptance]), abs=0.0051
                )


def test_rates_over_few_people_are_marked(page: Page) -> None:
    (table,) = [table for table in page.tables if table.caption.startswith("rb-prob: rates by group")]
    marked = [row[1].endswith("†") for row in table.rows if row[0] == "collective"]
    size = 4000 / 7**2
    assert marked == [size < 30, size // 4 < 30, size - size // 4 < 30, size < 30] == [False, True, False, False]


def test_a_firm_side_method_is_audited_against_the_baseline(page: Page) -> None:
    (table,) = [table for table in page.tables if table.caption.startswith("reductions: rates by group")]
    base = POINTS[POINTS["card"] == "baseline"]["test.audit[race=Black].fpr"].mean()
    rows = [row for row in table.rows if row[0] == "race=Black"]
    assert rows[2][2] == pp(base)


def test_without_an_audit_the_report_says_how_to_get_one(tmp_path: Path) -> None:
    assert "No trait was audited" in written(tmp_path / "r.html", points_table(audits=False)).text


# ---- what to be careful about


def test_small_cells_notes_and_failures_are_warned_about() -> None:
    said = "\n".join(cautions(POINTS, FRONTS, FAILURES))
    assert "2 runs gave nothing: fare." in said
    assert "adult: the test part has only 25 people of the minority with y = 1" in said
    assert "random: the ranking is constant. Noted on 3 of its 24 points (at M = 8)." in said
    assert "undefined" not in said


def test_small_audited_groups_are_named_with_their_size() -> None:
    points = points_table(repeats=2)
    points["test.audit[race=Black].n"] = np.where(points["repeat"] == 0, 29, 31)
    said = cautions(points, choose_fronts(points), NO_FAILURES)
    assert any("audited groups of fewer than 30 people" in line and "race=Black (29, test)" in line for line in said)


def test_undefined_points_and_missing_repeats_are_counted() -> None:
    points = points_table(repeats=3, audits=False)
    points.loc[(points["method"] == "lfr") & (points["repeat"] == 1) & (points["order"] < 2), "test.eqod"] = np.nan
    said = "\n".join(cautions(points, choose_fronts(points), NO_FAILURES))
    assert "EqOd or error is undefined at 2 points of lfr" in said
    assert "2 settings of lfr with fewer repeats than others of their sweep" in said


def test_a_method_that_lacks_repeats_says_how_many_it_has(tmp_path: Path) -> None:
    points = points_table(repeats=3, audits=False)
    points = points[(points["method"] != "lfr") | (points["repeat"] != 1)]
    (table, *_) = [table for table in written(tmp_path / "r.html", points, NO_FAILURES).tables if len(table.rows) > 3]
    told = {row[0].split()[0]: "only 2 of 3 repeats" in " ".join(row) for row in table.rows[1:]}
    assert [method for method, fewer in told.items() if fewer] == ["lfr"]


def test_nothing_to_warn_about_and_nothing_failed_are_said(tmp_path: Path) -> None:
    points = points_table(user=("rb-prob",), audits=False)
    points[[f"{part}.n.minority.1" for part in ("test", "validation")]] = 200.0
    assert cautions(points, choose_fronts(points), NO_FAILURES) == []
    text = written(tmp_path / "r.html", points, NO_FAILURES).text
    assert "Nothing to warn about." in text
    assert "Nothing failed." in text


def test_equal_failures_are_told_once_with_their_number_and_traceback(page: Page) -> None:
    (table,) = [table for table in page.tables if table.rows[0][-1] == "Runs lost"]
    assert table.rows[1:] == [["fare", "Refusal", "no prototype moved", "gamma = 0.5", "0, 1", "2"]]
    assert 'File "fare.py", line 1, in fit' in page.text
    assert "--retry-failed tries these runs again" in table.caption


def costs(page: Page) -> dict[str, dict[str, str]]:
    """The table of seconds: method -> heading -> cell."""
    (table,) = [table for table in page.tables if table.rows[0][-1] == "Seconds in all"]
    return {row[0]: dict(zip(table.rows[0], row, strict=True)) for row in table.rows[1:]}


def seconds_in_all(page: Page) -> dict[str, float]:
    return {method: float(row["Seconds in all"].replace(",", "")) for method, row in costs(page).items()}


def test_seconds_are_those_of_the_runs_with_ranking_deciding_and_failures(tmp_path: Path) -> None:
    """A ranking serves all budgets of a repeat: it costs 0.375 s once, though each of their points says so."""
    ranked = np.where(POINTS["side"] == "user", 0.375, 0.0)
    page = written(tmp_path / "r.html", POINTS.assign(ranking_seconds=ranked, deciding_seconds=0.125))
    expected = {"fare": 3.0}
    for method, rows in POINTS.groupby("method"):
        rankings = 3 if method in USER else 0
        expected[str(method)] = rows["seconds"].sum() + 0.125 * len(rows) + 0.375 * rankings
    assert seconds_in_all(page) == pytest.approx(expected, abs=0.01)
    shown = list(seconds_in_all(page).values())
    assert shown == sorted(shown, reverse=True)
    assert f"{sum(expected.values()):,.0f} in all" in page.text


def test_another_size_of_the_collective_costs_another_ranking(tmp_path: Path) -> None:
    points = points_table(repeats=2, alphas=(0.1, 0.3), user=("rb-prob",), firm=(), audits=False)
    page = written(tmp_path / "r.html", points.assign(ranking_seconds=7.0 * (points["side"] == "user")))
    assert costs(page)["rb-prob"]["Seconds of ranking"] == f"{7 * 2 * 2:.2f}"


def test_a_chosen_trial_is_counted_once_though_it_is_also_a_point_of_the_curve(tmp_path: Path) -> None:
    """Two settings tried for two candidates of k, in each of 3 repeats; the chosen one's are points of the curve."""
    chosen = POINTS[(POINTS["method"] == "rb-dist") & POINTS["order"].isin([1, 2])].assign(tuning=True)
    other = chosen.assign(key="x" + chosen["key"], knobs='{"k": 1}')
    points = pd.concat([chosen, other, POINTS], ignore_index=True)
    points["ranking_seconds"] = np.where(points["side"] == "user", 10.0, 0.0)
    page = written(tmp_path / "r.html", points)
    curve = POINTS[POINTS["method"] == "rb-dist"]
    cells = costs(page)["rb-dist"]
    assert (cells["Runs"], cells["Tuning trials"]) == (str(len(curve) + 3 * 2), str(3 * 2 * 2))
    assert cells["Fits of its own"] == cells["Runs"]
    assert cells["Seconds of ranking"] == f"{10 * 3 * 2:.2f}"
    expected = 0.6 * (len(curve) + 3 * 2) + 10 * 3 * 2
    assert seconds_in_all(page)["rb-dist"] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("share", [0.0, 1.0], ids=["just worked out", "taken from the store"])
def test_a_run_under_two_names_is_counted_once(share: float, tmp_path: Path) -> None:
    lfr = POINTS[POINTS["method"] == "lfr"]
    twin = lfr.assign(method="a twin", seconds=share * lfr["seconds"])
    page = written(tmp_path / "r.html", pd.concat([twin, lfr], ignore_index=True), NO_FAILURES)
    assert f"{lfr['seconds'].sum():,.0f} in all" in page.text


def test_what_methods_share_has_a_row_of_its_own(tmp_path: Path) -> None:
    """One point of a repeat carries it, here the first of lfr; without the column, or where it is 0, no row."""
    name = "shared: base model, held-out scores, neighbours"
    carries = (POINTS["method"] == "lfr") & (POINTS["order"] == 0)
    page = written(tmp_path / "r.html", POINTS.assign(shared_seconds=np.where(carries, 100.0, 0.0)))
    without = seconds_in_all(written(tmp_path / "without.html"))
    assert seconds_in_all(page) == {**without, name: 3 * 100.0}
    assert f"{sum(without.values()) + 300:,.0f} in all" in page.text
    nothing = written(tmp_path / "nothing.html", POINTS.assign(shared_seconds=0.0))
    assert name not in {**without, **costs(nothing)}


def test_facts_are_shown_whatever_their_form(page: Page) -> None:
    for part in (FACTS["Selection"], "20 % test", "- adult # <raw>", "python", "3.11", "cores"):
        assert str(part) in page.text


# ---- nothing, and little


def test_a_comparison_without_any_point_still_says_what_failed(tmp_path: Path) -> None:
    nothing = written(tmp_path / "r.html", table_of([]))
    assert "No point was measured" in nothing.text
    assert "no prototype moved" in nothing.text
    draw_front(choose_fronts(table_of([])), tmp_path / "front.png")
    assert imread(tmp_path / "front.png").shape[2] == 4
    assert answer_markdown(answer(choose_fronts(table_of([])))).startswith("No point was measured")


@pytest.mark.parametrize(
    "points",
    [
        points_table(repeats=1),
        points_table(user=(), firm=()),
        points_table(user=()),
        points_table(firm=()),
        POINTS[POINTS["card"] != "baseline"],
        POINTS[POINTS["method"] == "lfr"],
        points_table().assign(**{"test.eqod": np.nan}),
        points_table(alphas=(0.1, 0.3), datasets=("adult", "compas")).query("dataset == 'adult' or side == 'firm'"),
    ],
    ids=["one repeat", "baseline alone", "firm side alone", "user side alone", "no baseline", "one method", "undefined",
         "a data set without users"],
)  # fmt: skip
def test_whatever_was_measured_can_be_reported_and_drawn(points: pd.DataFrame, tmp_path: Path) -> None:
    points = points.reset_index(drop=True)
    text = written(tmp_path / "r.html", points, NO_FAILURES).text
    draw_front(choose_fronts(points), tmp_path / "front.png")
    assert "nan" not in text.lower()
    assert all(method in text for method in set(points["method"]))


def test_a_front_chosen_on_test_says_so(tmp_path: Path) -> None:
    page = written(tmp_path / "r.html", fronts=choose_fronts(POINTS, select="test"))
    assert "Settings chosen on test, figures on test" in page.text
    assert "which flatters every method that has many settings" in page.text


# ---- looks


def test_twenty_five_methods_look_different_even_in_grey() -> None:
    points = points_table(
        repeats=1, settings=3, user=[f"u{i}" for i in range(11)], firm=[f"f{i}" for i in range(14)], audits=False
    )
    looks = styles(points)
    assert len(looks) == 26
    assert len({(look.marker, look.filled, look.dash) for look in looks.values()}) == 26
    assert len(set(looks.values())) == 26
    assert all(look.filled == (name[0] == "u") for name, look in looks.items() if name != "baseline")


def test_one_method_that_is_far_off_does_not_squeeze_the_others() -> None:
    means = FRONTS[(FRONTS["scope"] == "mean") & (FRONTS["unfairness"] == "eqod")]
    shown = window(means)
    assert set(shown.outside) == {"lfr"}
    front = means[means["on_front"]]
    inside = front["error"].between(*shown.error) & front["value"].between(*shown.unfairness)
    assert shown.outside["lfr"] == (~inside).sum()
    assert shown.unfairness[0] == 0
    assert shown.error[1] < 0.134 + 0.02 < 0.134 + 0.06


def test_noise_of_a_few_people_is_not_magnified_into_a_front() -> None:
    points = points_table(user=("rb-prob",), firm=(), audits=False)
    for part in ("validation", "test"):
        points[f"{part}.error"] = 0.134 + 1e-5 * points["order"]
    shown = window(choose_fronts(points).query("scope == 'mean' and unfairness == 'eqod'"))
    assert shown.error[1] - shown.error[0] >= 0.003
    assert not shown.outside


def test_a_page_of_twenty_five_methods_holds_a_drawing_of_each_marker(tmp_path: Path) -> None:
    many = points_table(
        repeats=2, settings=3, user=[f"u{i}" for i in range(11)], firm=[f"f{i}" for i in range(14)], audits=False
    )
    page = written(tmp_path / "r.html", many)
    shapes = {a["points"] for tag, a in page.elements if tag == "polygon" and a["points"].count(",") > 2}
    assert len(shapes) == 11
    draw_front(choose_fronts(many), tmp_path / "front.png")


def test_the_picture_is_drawn_alike_each_time_and_is_not_empty(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        draw_front(FRONTS, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    pixels = imread(tmp_path / "one.png")[..., :3]
    assert pixels.shape[1] > pixels.shape[0] > 400
    blue = np.abs(pixels - np.array([0x00, 0x72, 0xB2]) / 255).max(axis=2) < 0.02
    assert blue.sum() > 500
    assert (pixels.min(axis=2) < 0.1).sum() > 500


def test_two_scenarios_are_two_rows_of_panels(tmp_path: Path) -> None:
    draw_front(choose_fronts(points_table(alphas=(0.1, 0.3), audits=False)), tmp_path / "two.png")
    draw_front(FRONTS, tmp_path / "one.png")
    assert imread(tmp_path / "two.png").shape[0] > 1.6 * imread(tmp_path / "one.png").shape[0]


@pytest.mark.parametrize(
    "name", [m.name for p in (fwk.fronts, fwk.report) for m in pkgutil.iter_modules(p.__path__, f"{p.__name__}.")]
)
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
