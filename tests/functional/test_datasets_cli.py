"""Data sets on the command line: downloads with progress, knobs, and one clear sentence for what is wrong."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from published_files import N, law_file, made_people, publish
from typer.testing import CliRunner

from fwk.cli import app
from fwk_datasets import acs, law

Fwk = Callable[..., Result]
PLAN = "datasets: [law-school]\nmethods: [baseline]\nrepeats: 1\n"


@pytest.fixture
def fwk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fwk:
    """The command, in an empty folder with an empty cache; the publishers are in another folder of this machine."""
    publish(monkeypatch)
    site, here = tmp_path / "site", tmp_path / "here"
    (site / "2018" / "1-Year").mkdir(parents=True)
    here.mkdir()
    (site / law.FILE).write_bytes(law_file())
    text = io.StringIO()
    made_people().to_csv(text, index=False)
    with zipfile.ZipFile(site / "2018" / "1-Year" / "csv_pwy.zip", "w") as archive:
        archive.writestr("psam_p56.csv", text.getvalue())
    monkeypatch.setattr(law, "URL", (site / law.FILE).as_uri())
    monkeypatch.setattr(acs, "CENSUS", site.as_uri())
    monkeypatch.chdir(here)
    monkeypatch.setenv("FWK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FWK_DATA", raising=False)
    return lambda *words: CliRunner().invoke(app, words)


def flat(text: str) -> str:
    return " ".join(text.split())


def mistake(result: Result) -> str:
    """The one line that a mistake is told in."""
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture
def chatty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads that come in small pieces, and a line for each."""
    monkeypatch.setattr("fwk.download.PIECE", len(law_file()) // 3)
    monkeypatch.setattr("fwk.download.EVERY", 0.0)


@pytest.mark.usefixtures("chatty")
def test_a_fetched_data_set_says_how_far_it_is(fwk: Fwk) -> None:
    result = fwk("datasets", "fetch", "law-school")
    assert result.exit_code == 0
    assert f"law-school is here: {N} rows" in result.stdout
    first, *lines = result.stderr.splitlines()
    assert first == f"downloading {law.FILE} from {law.URL}"
    assert lines[0].startswith(f"{law.FILE}: ")
    assert " kB of " in lines[0]
    assert len(lines) >= 4


@pytest.mark.usefixtures("chatty")
def test_a_comparison_that_downloads_says_how_far_it_is(fwk: Fwk) -> None:
    Path("c.yaml").write_text(PLAN, encoding="utf-8")
    result = fwk("plan", "-c", "c.yaml")
    assert result.exit_code == 0
    assert f"{law.FILE}: " in result.stderr


def test_a_terminal_shows_a_bar(fwk: Fwk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    told = fwk("datasets", "fetch", "law-school").stderr
    assert "\u2501" in told  # a piece of the bar
    assert "kB" in told


def test_a_set_that_is_not_here_says_which_file_from_where_into_which_folder(fwk: Fwk) -> None:
    told = flat(fwk("datasets", "law-school").stdout)
    assert f"not here: downloadable: the file {law.FILE} is not here; looked in" in told
    assert "Put it into a folder that you name with --data or FWK_DATA" in told
    assert f"it is published at {law.URL}" in told
    assert "`fwk datasets fetch law-school` downloads it" in told
    told = flat(fwk("datasets", "acs-income", "--knob", "origin=census", "--knob", "states=[WY]").stdout)
    assert "`fwk datasets fetch acs-income --knob 'origin=\"census\"' --knob 'states=[\"WY\"]'` downloads it" in told
    told = flat(fwk("datasets", "hsls-lite").stdout)
    assert "not here: by hand: the file hsls09_merged.csv is not here" in told
    assert "hsls_small.csv of github.com/edquant/edh7916, commit 5b03a88" in told
    assert "`fwk datasets NAME` says what to do for one that is not here" in flat(fwk("datasets").stdout)


def test_a_card_says_what_is_favourable_which_part_is_the_test_and_which_files_there_are(fwk: Fwk) -> None:
    told = flat(fwk("datasets", "bank").stdout)
    assert "favourable a term deposit" in told
    assert "file bank-full.csv: https://archive.ics.uci.edu/" in told
    assert "sha256 d1513ec63b385506f7cfce9f2c5caa9fe99e7ba4e8c3fa264b3aaf0f849ed32d" in told
    told = flat(fwk("datasets", "kdd-census").stdout)
    assert "published test part census-income.test" in told
    assert "no checksum is known" in told


def test_knobs_choose_what_is_fetched_and_described(fwk: Fwk) -> None:
    knobs = ("--knob", "origin=census", "--knob", "states=[WY]")
    rows = len(acs.income_task(made_people()))
    assert "--knob origin=census" in mistake(fwk("datasets", "fetch", "acs-income"))
    assert f"acs-income is here: {rows} rows" in fwk("datasets", "fetch", "acs-income", *knobs).stdout
    told = flat(fwk("datasets", "acs-income", *knobs).stdout)
    assert "as encoded with these knobs count" in told
    assert f"rows {rows}" in told


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("datasets", "fetch", "acs-income", "--knob", "orign=census"), "has no knob 'orign'; did you mean 'origin'?"),
        (("datasets", "acs-income", "--knob", "year=2021"), "'acs-income' cannot be set up: year is 2021; it can be"),
        (("datasets", "adult", "--knob", "encoding"), "--knob encoding: write it as NAME=VALUE"),
        (("datasets", "--knob", "encoding=full"), "--knob goes with one data set"),
    ],
)
def test_wrong_knobs_are_told_in_one_line(fwk: Fwk, words: tuple[str, ...], part: str) -> None:
    result = fwk(*words)
    assert part in mistake(result)
    assert result.stdout == ""


@pytest.mark.parametrize("content", [law_file()[: len(law_file()) // 2], b"", b"\x00junk", b"<html></html>"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_file_is_one_line_with_its_name(fwk: Fwk, content: bytes, packed: bool) -> None:
    path = Path("d", law.FILE + (".gz" if packed else ""))
    path.parent.mkdir()
    path.write_bytes(gzip.compress(law_file())[:-400] if packed else content)
    for words in (("datasets", "fetch", "law-school", "--data", "d"), ("datasets", "law-school", "--data", "d")):
        result = fwk(*words)
        assert f"{path} is damaged, or not the published file" in flat(result.stderr + result.stdout)
        assert "Aborted" not in result.stderr
    line = mistake(fwk("datasets", "fetch", "law-school", "--data", "d"))
    assert line.startswith("data set 'law-school' cannot be read: ")
    assert line.endswith("Remove it, or put the published file there")


@pytest.mark.parametrize(
    "words",
    [
        ("datasets",),
        ("datasets", "adult"),
        ("datasets", "fetch", "adult"),
        ("check", "adult"),
        ("plan", "-c", "c.yaml"),
        ("compare", "-c", "c.yaml", "--no-track"),
        ("reproduce", "toy", "--quick", "--no-track"),
    ],
)
def test_a_data_folder_that_is_none_is_one_line_at_once(
    fwk: Fwk, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("c.yaml").write_text(PLAN, encoding="utf-8")
    Path("configs", "paper").mkdir(parents=True)
    Path("configs", "paper", "toy-toy.yaml").write_text("datasets: [toy]\nmethods: [baseline]\n", encoding="utf-8")
    expected = "there is no data folder nowhere; name an existing one with --data or FWK_DATA"
    result = fwk(*words, "--data", "nowhere")
    assert mistake(result) == expected
    assert result.stdout == ""
    monkeypatch.setenv("FWK_DATA", "nowhere")
    assert mistake(fwk(*words)) == expected
