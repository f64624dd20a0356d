"""What code makes a number: an edit of it, or another release of what it imports, is another number."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import invalidate_caches
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from fakes_core import Bench
from fwk import code
from fwk.code import digest, libraries, module_of, released

Write = Callable[[str, str | bytes], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a module, or a file of a package, as if a new process met it."""
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    def forget() -> None:
        code._reached.cache_clear()
        for module in [module for module in sys.modules if module.startswith("my_")]:
            monkeypatch.delitem(sys.modules, module)
        invalidate_caches()

    def written(name: str, text: str | bytes) -> None:
        path = tmp_path / "site" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        forget()

    yield written
    forget()


def test_an_edit_of_a_module_or_of_what_it_imports_shows_and_of_nothing_else(write: Write) -> None:
    write("my_tree.py", "import my_help\nFLIP = 0\n")
    write("my_help.py", "x = 1\n")
    write("my_pack/__init__.py", "")
    write("my_pack/deep.py", "from . import own\nfrom .other import y\n")
    for name in ("own", "other", "apart"):
        write(f"my_pack/{name}.py", "")

    def told() -> tuple[str, str]:
        return digest(["my_tree"]), digest(["my_pack.deep"])

    tree, deep = told()
    assert tree != deep
    assert told() == (tree, deep)
    write("my_pack/apart.py", "x = 2\n")
    assert told() == (tree, deep)
    for name, changed in (("my_tree.py", 0), ("my_help.py", 0), ("my_pack/own.py", 1), ("my_pack/other.py", 1)):
        before = told()
        write(name, "import my_help\nx = 3\n" if name == "my_tree.py" else "x = 3\n")
        assert [new != old for new, old in zip(told(), before, strict=True)] == [changed == 0, changed == 1], name


def test_libraries_are_what_the_code_imports_anywhere_and_what_enters_every_number(write: Write) -> None:
    always = {"numpy", "scipy", "scikit-learn"}
    assert set(libraries(())) == set(libraries(["fwk.builtin"])) == set(libraries([""])) == always
    write("my_pack/__init__.py", "import joblib\n")
    write("my_pack/method.py", "import json, pandas.api\nfrom fwk import Encoded\nfrom my_pack import late\n")
    write("my_pack/late.py", "def fit():\n    from fairlearn.metrics import MetricFrame\n    import no_such_package\n")
    write("my_pack/other.py", "import matplotlib\n")
    found = libraries(["my_pack.method"])
    assert found == {name: version(name) for name in (*always, "pandas", "fairlearn", "joblib")}
    assert list(found) == sorted(found)


def test_a_method_depends_on_what_it_imports_and_not_on_its_neighbours() -> None:
    assert "holisticai" in libraries(["fwk_firm_side.lfr_holisticai"])
    assert {"fairlearn"} == {"fairlearn", "holisticai"} & set(libraries(["fwk_firm_side.reductions"]))
    assert not {"fairlearn", "holisticai", "mlflow"} & set(libraries(["fwk_firm_side.reweighing"]))
    assert not {"fairlearn", "holisticai", "mlflow"} & set(libraries(["fwk_user_side.chance"]))


def test_what_cannot_be_parsed_or_found_stops_nothing(write: Write, tmp_path: Path) -> None:
    write(
        "my_pack/__init__.py", "from my_pack import template, latin, gone\nfrom ......far import away\nimport pandas\n"
    )
    write("my_pack/template.py", 'print "{{ x }}"\n')
    write("my_pack/latin.py", b"# caf\xe9\nimport joblib\n")
    assert "pandas" in libraries(["my_pack", "my_nothing", "my_pack.nothing"])
    with ZipFile(tmp_path / "site" / "my_zip.zip", "w") as archive:
        archive.writestr("my_zipped.py", "import fairlearn\n")
    sys.path.insert(0, str(tmp_path / "site" / "my_zip.zip"))
    try:
        write("my_other.py", "")
        assert "fairlearn" in libraries(["my_zipped"])
        assert digest(["my_zipped"]) != digest(["my_other"])
    finally:
        sys.path.pop(0)


def test_a_library_says_its_release_and_local_code_none(write: Write) -> None:
    write("my_tree.py", "__version__ = '0.1'\n")
    assert (released("sklearn.tree"), released("my_tree")) == (version("scikit-learn"), "")


def test_what_makes_a_method_says_its_module() -> None:
    def made() -> None: ...

    made.__module__ = None  # type: ignore[assignment]  # as some compiled functions have it
    assert (module_of(partial(Bench)), module_of(Bench), module_of(made)) == ("fakes_core", "fakes_core", "")


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
