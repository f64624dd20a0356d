"""What code makes a number: an edit of it, or another release of what it imports, is another number."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from importlib import invalidate_caches
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from fakes_core import Bench
from fwk import code
from fwk.code import digest, libraries, module_of, own_version

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a module, or a file of a package, as if it had just been installed."""
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    def written(name: str, text: str) -> None:
        path = tmp_path / "site" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for module in [module for module in sys.modules if module.partition(".")[0] == name.partition("/")[0][:7]]:
            monkeypatch.delitem(sys.modules, module)
        code._imported.cache_clear()
        invalidate_caches()

    return written


def test_an_edit_of_a_module_or_of_any_file_of_a_package_shows(write: Write) -> None:
    write("my_tree.py", "FLIP = 0\n")
    write("my_pack/__init__.py", "")
    write("my_pack/deep.py", "x = 1\n")
    before = digest(["my_tree"]), digest(["my_pack.deep"]), digest(["my_tree", "my_pack"])
    assert len(set(before)) == 3
    assert (digest(["my_tree"]), digest(["my_pack"]), digest(["my_pack", "my_tree.part"])) == before
    write("my_tree.py", "FLIP = 1\n")
    write("my_pack/deep.py", "x = 2\n")
    assert not {digest(["my_tree"]), digest(["my_pack"])} & {*before}


def test_libraries_are_what_the_code_imports_anywhere_and_what_enters_every_number(write: Write) -> None:
    always = {"numpy", "scipy", "scikit-learn"}
    assert set(libraries(())) == always
    write("my_pack/__init__.py", "import json, pandas.api\nfrom fwk import Encoded\nfrom my_pack import deep\n")
    write("my_pack/deep.py", "def late():\n    from fairlearn.metrics import MetricFrame\n    import no_such_package\n")
    found = libraries(["my_pack.deep"])
    assert found == {name: version(name) for name in (*always, "pandas", "fairlearn")}
    assert list(found) == sorted(found)


def test_a_package_says_its_version_and_a_script_none(write: Write) -> None:
    write("my_tree.py", "")
    assert (own_version("sklearn.tree"), own_version("my_tree")) == (version("scikit-learn"), "")


def test_what_makes_a_method_says_its_module() -> None:
    assert (module_of(partial(Bench)), module_of(Bench), module_of(int)) == ("fakes_core", "fakes_core", "builtins")


LEARNER = "from sklearn.tree import DecisionTreeClassifier\nclass Mine(DecisionTreeClassifier):\n    'version {}'\n"


def test_an_edit_of_a_learner_of_ones_own_is_another_run(write: Write, tmp_path: Path) -> None:
    def said() -> Any:
        (curve,) = Bench(tmp_path).plan(methods=["lottery"], learner="my_tree.Mine").curves
        return json.loads(curve.protocol)

    write("my_tree.py", LEARNER.format(1))
    before = said()
    assert said() == before
    write("my_tree.py", LEARNER.format(2))
    assert said()["learner"][:1] == before["learner"][:1]
    assert said()["learner"] != before["learner"]


def test_another_release_of_a_library_that_a_method_imports_is_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> list[str]:
        curves = Bench(tmp_path).plan(methods=["skill", "lottery"]).curves
        return [json.loads(curve.protocol)["libraries"]["scikit-learn"] for curve in curves]

    assert said() == [version("scikit-learn")] * 2
    code._release.cache_clear()
    monkeypatch.setattr(code, "version", lambda name: "99.0")
    assert said() == ["99.0"] * 2
    code._release.cache_clear()
