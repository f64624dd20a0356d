"""A user's own table: what becomes of its columns, and what is said about faulty ones."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwk import Encoded, Mistake
from fwk_datasets.adult import Adult
from fwk_datasets.table import CARD, Table

Write = Callable[..., Path]


class NoShelf:
    """A user's table is where its path says."""

    def find(self, name: str, **_: Any) -> Path:
        raise AssertionError(f"asked for {name}")


def _people(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": rng.normal(3e4, 1e4, n).round(2),
            "race": rng.choice(["Black", "White", "Asian"], n),
            "sex": rng.choice(["f", "m"], n),
            "hired": rng.choice(["no", "yes"], n),
        }
    )


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(rows: pd.DataFrame | str | bytes, name: str = "people.csv", **options: Any) -> Path:
        path = tmp_path / name
        if isinstance(rows, pd.DataFrame):
            if name.endswith(".parquet"):
                rows.to_parquet(path)
            else:
                rows.to_csv(path, index=False, **options)
        else:
            path.write_bytes(rows if isinstance(rows, bytes) else rows.encode())
        return path

    return written


def _table(path: Path, **knobs: Any) -> Table:
    return Table(**{"path": str(path), "label": "hired", "favourable": "yes", **knobs})


def _encoded(source: Table) -> Encoded:
    return source.encode(source.read(NoShelf()))


@pytest.mark.parametrize(
    ("name", "options"),
    [("p.csv", {}), ("p.csv.gz", {}), ("p.tsv", {"sep": "\t"}), ("p.parquet", {})],
)
def test_a_table_reads_the_same_from_every_kind_of_file(write: Write, name: str, options: dict[str, Any]) -> None:
    people = _people()
    table = _encoded(_table(write(people, name, **options)))
    assert list(table.features.columns) == ["age", "income", "race", "sex"]
    assert table.features["age"].tolist() == people["age"].tolist()
    assert table.features["income"].tolist() == people["income"].tolist()
    assert table.features["race"].astype(str).tolist() == people["race"].tolist()
    assert table.features["sex"].tolist() == (people["sex"] == "m").astype(float).tolist()
    assert table.y.tolist() == (people["hired"] == "yes").tolist()
    assert table.test is None
    assert table.sources == {name: name for name in table.features.columns}


def test_raw_columns_serve_expressions_as_they_stand_in_the_file(write: Write) -> None:
    people = _people()
    raw = _table(write(people), drop=["race"]).read(NoShelf())
    for expression in ("race == 'Black'", "race in ['White', 'Black']", "sex != 'f' and age > 40", "hired == 'yes'"):
        assert raw.eval(expression).tolist() == people.eval(expression).tolist()


def test_missing_values_stay_missing(write: Write) -> None:
    text = "age,race,ok,hired\n1,a,true,yes\n,b,false,no\n3,,true,no\n4,c,,yes\nunknown,a,true,yes\n"
    features = _encoded(_table(write(text), missing_values="unknown")).features
    assert features.isna().sum().to_dict() == {"age": 2, "race": 1, "ok": 1}
    assert features["ok"].tolist()[:3] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("value", [1, 1.0, "1", True])
def test_a_favourable_value_is_found_however_the_file_writes_it(write: Write, value: Any) -> None:
    written = "x,hired\n3,True\n5,False\n" if value is True else "x,hired\n3,1\n5,0\n"
    assert _encoded(_table(write(written), favourable=value)).y.tolist() == [True, False]
    floats = _people(4).assign(hired=[1.0, 0.0, 1.0, 0.0])
    if value is not True:
        path = write(floats, "f.parquet")
        assert _encoded(_table(path, favourable=value)).y.tolist() == [True, False, True, False]


def test_several_values_can_be_favourable(write: Write) -> None:
    people = _people().assign(hired=["yes", "maybe", "no"] * 20)
    assert _encoded(_table(write(people), favourable=["yes", "maybe"])).y.mean() == pytest.approx(2 / 3)


def test_declared_kinds_rule(write: Write) -> None:
    people = _people().assign(code=[1, 2, 3] * 20, grade=["low", "mid", "high"] * 20, member=["Yes", "no"] * 30)
    kinds = {"code": "nominal", "grade": ["low", "mid", "high"], "member": "boolean", "sex": "nominal"}
    source = _table(write(people), types=kinds)
    raw = source.read(NoShelf())
    features = source.encode(raw).features
    assert features["code"].cat.categories.tolist() == [1, 2, 3]
    assert features["grade"].tolist() == [0.0, 1.0, 2.0] * 20
    assert features["member"].tolist() == [1.0, 0.0] * 30
    assert features["sex"].cat.categories.tolist() == ["f", "m"]
    assert raw.eval("grade >= 'mid'").sum() == 40
    assert raw.eval("member == 'Yes' and code == 1").sum() == 10


def test_parquet_types_are_understood(write: Write) -> None:
    people = _people(40).assign(
        flag=pd.array([True, None, False, True] * 10, dtype="boolean"),
        whole=pd.array([1, None, 3, 3] * 10, dtype="Int64"),
        level=pd.Categorical(["b", "a"] * 20, categories=["b", "a"], ordered=True),
    )
    features = _encoded(_table(write(people, "p.parquet"))).features
    assert features["flag"].tolist()[:1] + features["flag"].tolist()[2:4] == [1.0, 0.0, 1.0]
    assert np.isnan(features["flag"][1])
    assert np.isnan(features["whole"][1])
    assert features["level"].tolist()[:2] == [0.0, 1.0]


@settings(deadline=None, max_examples=25)
@given(chosen=st.lists(st.integers(0, 59), max_size=30))
def test_a_row_is_encoded_the_same_in_any_company(tmp_path_factory: pytest.TempPathFactory, chosen: list[int]) -> None:
    path = tmp_path_factory.getbasetemp() / "company.csv"
    _people().assign(member=[None, "Yes", "no"] * 20, grade=["b", "c", None] * 20).to_csv(path, index=False)
    source = _table(path, types={"member": "boolean", "grade": ["a", "b", "c"]})
    rows = source.read(NoShelf())
    whole, part = source.encode(rows), source.encode(rows.iloc[chosen])
    assert part.features.equals(whole.features.iloc[chosen].reset_index(drop=True))
    assert part.y.tolist() == whole.y[chosen].tolist()


def test_adult_as_a_users_own_table_counts_the_same(write: Write) -> None:
    published = Adult().read(NoShelf())
    path = write(published.drop(columns="part"), "adult.csv.gz")
    source = Table(path=str(path), label="income", favourable=">50K", missing_values=["?"])
    raw = source.read(NoShelf())
    table = source.encode(raw)
    assert table.features.shape == (48_842, 14)
    assert (table.y == Adult().encode(published).y).all()
    assert table.features["workclass"].isna().sum() == 2_799
    assert raw.eval("race == 'Black'").sum() == 4_685


FAULTS: dict[str, tuple[str | bytes | pd.DataFrame, dict[str, Any], str]] = {
    "label missing from the header": ("age,hird\n1,yes\n", {}, "no column 'hired'; did you mean 'hird'?"),
    "nothing like the label": ("a,b\n1,2\n", {}, "no column 'hired'; there are: a, b"),
    "dropped column missing": (
        _people(), {"drop": ["rac"]}, "no column 'rac'; did you mean 'race'?"),
    "typed column missing": (
        _people(), {"types": {"Age": "numeric"}}, "no column 'Age'; did you mean 'age'?"),
    "all dropped": (_people(), {"drop": ["age", "income", "race", "sex"]}, "no column is left for features"),
    "label with a gap": (
        "age,hired\n1,yes\n2,\n3,no\n", {}, "the label 'hired' is missing in 1 of 3 rows, first in row 2"),
    "favourable does not occur": (
        "age,hired\n1,y\n2,n\n3,n\n", {}, "'yes' does not occur in the label 'hired'; there are: 'n' (2), 'y' (1)"),
    "constant label": ("age,hired\n1,yes\n2,yes\n", {}, "the label 'hired' is 'yes' in every row"),
    "everything favourable": (
        _people(), {"favourable": ["yes", "no"]}, "every value of the label 'hired' is favourable"),
    "name twice": ("age,hired,age\n1,yes,2\n", {}, "the column name 'age' occurs twice"),
    "no rows": ("age,hired\n", {}, "the table has 2 columns and no rows"),
    "empty": ("", {}, "the file is empty"),
    "blank": ("\n\n\n", {}, "holds no table"),
    "words in numbers, inferred": (
        _people(100).assign(income=[*map(str, range(2_000, 2_099)), "a lot"]), {},
        "column 'income' holds numbers, but row 100 is 'a lot' (1 such rows); correct it, list it in missing_values"),
    "words in numbers, declared": (
        "age,hired\n1,yes\ntwo,no\n", {"types": {"age": "numeric"}}, "'age' is declared numeric, but row 2 is 'two'"),
    "not a truth": (
        "ok,hired\nyes,yes\nperhaps,no\n", {"types": {"ok": "boolean"}}, "declared boolean, but row 2 is 'perhaps'"),
    "not in the order": (
        "size,hired\nS,yes\nXL,no\n", {"types": {"size": ["S", "M", "L"]}},
        "declared ordered S < M < L, but row 2 is 'XL'"),
    "names of people": (
        _people().assign(name=[f"Person {i}" for i in range(60)]), {},
        "column 'name' has 60 different values in 60 rows, so it names or describes single rows"),
    "index column": (
        _people().assign(row=range(60)), {}, "column 'row' gives every row a number of its own"),
    "unnamed index column": (
        "," + "age,hired\n" + "".join(f"{i},{i % 7},{'yes' if i % 2 else 'no'}\n" for i in range(30)), {},
        "column 'Unnamed: 0' gives every row a number of its own"),
    "random identifier": (
        _people().assign(student_id=np.arange(60) * 37 % 1009), {}, "column 'student_id' gives every row"),
    "infinite": (
        "pay,hired\n1,yes\n2,no\ninf,no\n", {}, "column 'pay' is infinite in 1 of 3 rows, first in row 3"),
    "nothing in a column": ("age,gap,hired\n1,,yes\n2,,no\n", {}, "column 'gap' has no value in any row"),
    "levels": (
        _people(3_000).assign(place=[f"p{i % 900}" for i in range(3_000)]), {},
        "column 'place' is nominal with 900 levels, and learners take at most 255"),
    "not utf-8": ("name,hired\nJosé,yes\nb,no\n".encode("latin-1"), {}, "not utf-8 text"),
    "no such encoding": (_people(), {"encoding": "utf-9"}, "no encoding 'utf-9'"),
    "semicolons": ("age;hired\n1;yes\n2;no\n", {}, "seem to be separated by a semicolon: set separator: ';'"),
    "long row": ("age,hired\n1,yes\n2,no,maybe\n", {}, "cannot be cut into rows of 2 fields"),
    "all rows too long": ("age,hired\n1,yes,x\n2,no,y\n", {}, "cannot be cut into rows of 2 fields"),
}  # fmt: skip


# what the knobs ask for, and the file does not have: the knob to blame
OF_KNOBS = {
    "label missing from the header": "label", "nothing like the label": "label", "dropped column missing": "drop",
    "typed column missing": "types", "all dropped": "drop", "favourable does not occur": "favourable",
    "everything favourable": "favourable", "words in numbers, declared": "types", "not a truth": "types",
    "not in the order": "types", "no such encoding": "encoding",
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_said_with_file_place_and_remedy(write: Write, fault: str) -> None:
    content, knobs, message = FAULTS[fault]
    path = write(content)
    with pytest.raises((ValueError, Mistake)) as caught:
        _table(path, **knobs).read(NoShelf())
    knob = OF_KNOBS.get(fault)
    assert isinstance(caught.value, Mistake) == bool(knob)
    assert str(caught.value).startswith(f"{knob}: {path}: " if knob else f"{path}: ")
    assert message in str(caught.value)


def test_faults_of_several_knobs_are_named_at_once(write: Write) -> None:
    with pytest.raises(Mistake) as caught:
        _table(write(_people()), label="hird", drop=["rac"], types={"Age": "numeric"}).read(NoShelf())
    assert [said.split(":")[0] for said in caught.value.args] == ["label", "types", "drop"]


def test_all_faulty_columns_are_named_at_once(write: Write) -> None:
    rows = _people().assign(number=range(60), name=[f"n{i}" for i in range(60)], pay=np.inf)
    with pytest.raises(Mistake) as caught:
        _table(write(rows), favourable="hired").read(NoShelf())
    assert [line.split("'")[1] for line in str(caught.value).splitlines()[1:]] == ["number", "name", "pay"]


def test_identifiers_can_be_dropped_or_declared(write: Write) -> None:
    path = write(_people().assign(number=range(60), name=[f"n{i}" for i in range(60)]))
    source = _table(path, drop="name", types={"number": "numeric"})
    assert list(_encoded(source).features.columns) == ["age", "income", "race", "sex", "number"]
    assert source.read(NoShelf())["name"].tolist()[:2] == ["n0", "n1"]


def test_values_of_several_kinds_are_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = _people(4).assign(pay=pd.Series([None, 3, "x", 4.5], dtype=object))
    monkeypatch.setattr(pd, "read_parquet", lambda path: mixed)  # parquet itself cannot hold them
    with pytest.raises(ValueError, match=r"'pay' mixes kinds of values: row 2 is 3 \(int\), row 3 is 'x' \(str\)"):
        _table(write(_people(4), "p.parquet")).read(NoShelf())


def test_dates_are_named(write: Write) -> None:
    dated = _people().assign(born=pd.date_range("1990-01-01", periods=60))
    with pytest.raises(ValueError, match="'born' holds datetime64 values; turn them into numbers"):
        _table(write(dated, "p.parquet")).read(NoShelf())


def test_a_missing_file_names_the_nearest_one(write: Write, tmp_path: Path) -> None:
    write(_people())
    with pytest.raises(Mistake, match=r"^path: no file .*peopel\.csv; did you mean 'people\.csv'\?"):
        _table(tmp_path / "peopel.csv").read(NoShelf())
    with pytest.raises(Mistake, match=r"^path: no file .*; the folder .*nowhere does not exist either"):
        _table(tmp_path / "nowhere" / "people.csv").read(NoShelf())
    with pytest.raises(Mistake, match=r"^path: .* is a folder; give the file in it"):
        _table(tmp_path).read(NoShelf())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.xlsx", b"PK", "can read .csv, .csv.gz, .tsv, .tsv.gz, .parquet; convert"),
        ("p.parquet", b"PAR1 not really", "not a readable parquet file"),
        ("p.csv.gz", b"no gzip at all", "the gzip file is damaged"),
        ("p.csv.gz", gzip.compress(_people(5_000).to_csv().encode())[:-200], "the gzip file is damaged"),
        ("p.csv", b'age,hired\n1,yes\n"2,no\n', "cannot be cut into rows of 2 fields"),
    ],
)
def test_a_damaged_or_foreign_file_is_named(write: Write, name: str, content: bytes, message: str) -> None:
    path = write(content, name)
    with pytest.raises(Mistake if name == "p.xlsx" else ValueError) as caught:
        _table(path).read(NoShelf())
    assert str(caught.value).removeprefix("path: ").startswith(str(path))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"types": {"age": "nominl"}}, "types: age is 'nominl'; did you mean 'nominal'?"),
        ({"types": {"age": ["one"]}}, "types: age has the order ['one']; give at least two levels"),
        ({"types": {"age": ["a", "b", "a"]}}, "give at least two levels, each once"),
        ({"types": {"hired": "nominal"}}, "the label 'hired' is in types"),
        ({"drop": ["hired"]}, "the label 'hired' is in drop"),
        ({"favourable": []}, "favourable is empty"),
    ],
)
def test_wrong_knobs_are_named_before_any_file_is_read(knobs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        _table(Path("nowhere.csv"), **knobs)
    assert message in str(caught.value)


def test_the_card_leaves_the_minority_to_the_config() -> None:
    assert CARD.minority == ""
    assert CARD.make is Table
