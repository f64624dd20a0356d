"""The page on plugins: its snippets run, and it names what exists."""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import fwk
from fwk.api import Cells, Dataset, Encoded, FirmSide, Metric, Shelf, UserSide
from fwk.plugins import load_plugins
from fwk.shelf import Folders
from fwk.testing import (
    check_dataset,
    check_method,
    check_metric,
    checks_of,
    datasets,
    firm_side,
    methods,
    metrics,
    user_side,
)

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "fwk-near-accepted"
PAGE = (REPOSITORY / "docs" / "plugins.md").read_text(encoding="utf-8")


def snippets(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def whole_plugins() -> list[tuple[str, str]]:
    """(page, code) of every page that shows the whole plugin."""
    pages = [path for path in (REPOSITORY / "README.md", REPOSITORY / "docs" / "plugins.md") if path.exists()]
    texts = {path.name: path.read_text(encoding="utf-8") for path in pages}
    return [
        (name, code)
        for name, text in texts.items()
        for code in snippets(text, "python")
        if "class NearTheAccepted" in code
    ]


@pytest.fixture
def as_module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Makes a module of a snippet: one that can be found by name, as dataclasses and pickle want it."""

    def made(code: str) -> ModuleType:
        module = ModuleType("snippet")
        monkeypatch.setitem(sys.modules, "snippet", module)
        exec(compile(code, "snippet", "exec"), module.__dict__)
        return module

    return made


def test_the_page_shows_the_example_as_it_is() -> None:
    shown = dict(whole_plugins())["plugins.md"]
    assert shown == (EXAMPLE / "src" / "fwk_near" / "__init__.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "code"), whole_plugins(), ids=[name for name, _ in whole_plugins()])
def test_the_whole_plugin_runs_and_conforms(page: str, code: str, as_module: Callable[[str], ModuleType]) -> None:
    (card,) = as_module(code).fwk_cards()
    assert card.name == "near-accepted"
    check_method(card)


def test_both_pages_show_it_and_the_readme_in_20_lines() -> None:
    shown = dict(whole_plugins())
    assert set(shown) == {"README.md", "plugins.md"}
    assert len(shown["README.md"].splitlines()) <= 24
    assert len([line for line in shown["README.md"].splitlines() if line]) <= 20


def test_the_entry_point_is_that_of_the_example() -> None:
    (shown,) = snippets(PAGE, "toml")
    example = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))
    assert tomllib.loads(shown)["project"]["entry-points"] == example["project"]["entry-points"]


def test_the_lines_that_test_a_method_do(as_module: Callable[[str], ModuleType]) -> None:
    tests = [code for code in snippets(PAGE, "python") if "def test_conforms" in code]
    assert len(tests) == 2
    for code in tests:
        module = as_module(code.replace("near-accepted", "random"))
        if "parametrize" in code:
            for check in checks_of(load_plugins().methods["random"]):
                module.test_conforms(check)
        else:
            module.test_conforms()


def test_the_data_set_of_the_page_runs_and_conforms(as_module: Callable[[str], ModuleType], tmp_path: Path) -> None:
    (code,) = [code for code in snippets(PAGE, "python") if "yield Dataset(" in code]
    (card,) = as_module(code).fwk_cards()
    with pytest.raises(FileNotFoundError, match=r"my-loans\.csv is not here.*ask the bank for it"):
        card.make().read(Folders(data=tmp_path, cache=tmp_path, fetch=False))
    people = pd.DataFrame({"income": [9_000, 30_000, 12_000, 50_000] * 20, "group": ["A", "A", "B", "B"] * 20})
    people.assign(granted=["no", "yes"] * 40).to_csv(tmp_path / "my-loans.csv", index=False)
    check_dataset(card, shelf=Folders(data=tmp_path, cache=tmp_path, fetch=False))


def test_the_measure_of_the_page_runs_and_conforms(as_module: Callable[[str], ModuleType]) -> None:
    (code,) = [code for code in snippets(PAGE, "python") if "yield Metric(" in code]
    (card,) = as_module(code).fwk_cards()
    check_metric(card)
    assert card.measure(Cells(np.full((2, 2), 10.0), np.array([[5.0, 9.0], [2.0, 8.0]]))) == pytest.approx(0.3)


@pytest.mark.parametrize("of", [Encoded, Cells])
def test_every_field_of_what_plugins_handle_is_explained(of: type) -> None:
    properties = [name for name, value in vars(of).items() if isinstance(value, property)]
    for name in (*of.__dataclass_fields__, *properties):
        assert re.search(rf"^\|[^|]*`{name}`[^|]*\|", PAGE, flags=re.MULTILINE), (
            f"{of.__name__}.{name} is not on the page"
        )


def test_every_argument_of_the_shelf_is_explained() -> None:
    for name in inspect.signature(Shelf.find).parameters.keys() - {"self", "name"}:
        assert f"| `{name}` |" in PAGE, name


def test_every_check_is_on_the_page_and_nothing_else_is() -> None:
    tables = re.findall(r"^\| check \|.*?(?=^$)", PAGE, flags=re.MULTILINE | re.DOTALL)
    listed = [set(re.findall(r"^\| `([a-z-]+)` \|", table, flags=re.MULTILINE)) for table in tables]
    of_cards = [methods.COMMON, user_side.ONLY, firm_side.ONLY, metrics.CHECKS, datasets.CHECKS]
    assert listed == [set(checks) for checks in of_cards]


@pytest.mark.parametrize("card", [UserSide, FirmSide, Dataset, Metric])
def test_every_field_of_a_card_is_explained(card: type) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, flags=re.MULTILINE))
    explained = rows["UserSide"] if card is FirmSide else ""
    for name in card.__dataclass_fields__:
        if name != "paper":
            assert f"`{name}`" in rows[card.__name__] + explained, f"{card.__name__}.{name} is not on the page"


def test_every_name_that_the_page_imports_is_exported() -> None:
    for code in snippets(PAGE, "python"):
        for names in re.findall(r"^from fwk import (.*)$", code, flags=re.MULTILINE):
            assert set(names.split(", ")) <= set(fwk.__all__)
