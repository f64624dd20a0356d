"""Raw rows -> the encoded table: who is kept, who is minority, what is a feature; and what does not fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fakes_core import NoShelf
from fwk.api import Dataset, Encoded, Mistake, Shelf
from fwk.tables import Table, fingerprint, impute, make_table


def raw() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "race": ["White", "Black", "White", "Black", "Other", "White", "Black", "White"],
            "home city": ["A", "B", "A", None, "B", "A", "B", "A"],
            "age": pd.array([30, 40, 50, 60, 20, None, 25, 35], dtype="Int64"),
            "y": [True, False, False, True, True, True, False, False],
        }
    )


@dataclass(frozen=True)
class Rows:
    """A data set of given rows, whose columns but `y` are the features."""

    rows: pd.DataFrame = field(default_factory=raw, hash=False)
    features: tuple[str, ...] = ("race", "age")
    test: tuple[int, ...] = ()

    def read(self, shelf: Shelf) -> pd.DataFrame:
        return self.rows

    def encode(self, rows: pd.DataFrame) -> Encoded:
        made = pd.DataFrame(
            {n: rows[n] if n == "age" else rows[n].astype("category") for n in self.features}, index=rows.index
        )
        test = np.isin(np.arange(len(rows)), self.test) if self.test else None
        return Encoded(made, {name: name for name in self.features}, rows["y"].to_numpy(bool), test)


CARD = Dataset(name="rows", make=Rows, minority="race == 'Black'", keep="race in ['White', 'Black']", audit=("race",))


def made(source: Rows | None = None, card: Dataset = CARD, **asked: Any) -> Table:
    given = source or Rows()
    return make_table(card, given, given.read(NoShelf()), **asked)


def test_the_cards_expressions_are_the_default_and_the_configs_win() -> None:
    table = made()
    assert len(table.people) == 7
    assert table.people.minority.tolist() == [False, True, False, True, False, True, False]
    assert table.people.people.columns == ("race", "age")
    everybody = made(keep="", minority="age > 35 and age.notna()")
    assert len(everybody.people) == 8
    assert everybody.people.minority.tolist() == [False, True, True, True, False, False, False, False]


def test_nominal_columns_are_codes_from_1_and_gaps_stay_gaps() -> None:
    table = made(Rows(features=("age", "home city")), minority="race == 'Black'")
    assert table.people.people.columns == ("age", "home city", "minority")
    assert table.described.startswith(
        "7 rows, 3 features, of which 'minority' is the group's mark, added; minority 3 (1 "
    )
    assert made().described.startswith("7 rows, 2 features; minority 3 ")
    assert table.people.people.categorical == (1,)
    np.testing.assert_array_equal(table.people.X[:, 1], [1, 2, 1, np.nan, 1, 2, 1])
    np.testing.assert_array_equal(table.people.X[:, 0], [30, 40, 50, 60, np.nan, 25, 35])


def test_the_group_is_among_the_features_unless_it_is_not_wanted() -> None:
    assert "race" not in made(group_in_X=False).people.people.columns
    hidden = Rows(features=("age",))
    assert made(hidden).people.people.columns == ("age", "minority")
    np.testing.assert_array_equal(made(hidden).people.X[:, 1], made(hidden).people.minority)
    assert made(hidden, group_in_X=False).people.people.columns == ("age",)


def test_a_feature_that_is_called_minority_is_not_overwritten() -> None:
    rows = raw().assign(minority=raw()["age"].fillna(0).astype(float))
    table = made(Rows(rows, features=("age", "minority")))
    assert table.people.people.columns == ("age", "minority", "minority (group)")


def test_columns_with_spaces_are_written_in_backticks() -> None:
    table = made(minority="`home city` == 'B' and race != 'White'", keep="`home city`.notna()", group_in_X=False)
    assert table.people.minority.tolist() == [False, True, False, True, False, True, False]
    assert table.people.people.columns == ("age",), "race and home city made the group"


def test_a_name_with_an_apostrophe_is_found_beside_values_in_quotes() -> None:
    rows = raw().rename(columns={"race": "Mother's race"})
    source = Rows(rows, features=("Mother's race", "age"))
    asked = {"minority": "`Mother's race` == 'Black'", "keep": "", "audit": ()}
    assert made(source, **asked, group_in_X=False).people.people.columns == ("age",)
    assert made(source, **asked).people.people.columns == ("Mother's race", "age")


def test_a_feature_that_is_the_group_by_another_name_goes_with_it() -> None:
    """A copy, its opposite, and not a column that tells the group from no more than most people."""
    black = (raw()["race"] == "Black").to_numpy()
    rows = raw().assign(copy=black, opposite=3 - 2.0 * black, nearly=np.r_[~black[:1], black[1:]])
    source = Rows(rows, features=("age", "copy", "opposite", "nearly"))
    assert made(source, keep="", group_in_X=False).people.people.columns == ("age", "nearly")
    assert made(source, keep="").people.people.columns == ("age", "copy", "opposite", "nearly"), "no mark is added"


def test_a_word_in_quotes_is_no_column() -> None:
    rows = raw().replace({"race": {"Black": "age"}})
    assert "age" in made(Rows(rows), minority="race == 'age'", keep="", group_in_X=False).people.people.columns


def test_traits_are_text_by_default_the_cards() -> None:
    assert list(made().people.people.traits) == ["race"]
    audited = made(audit=("age", "home city")).people.people.traits
    assert audited["age"].tolist() == ["30", "40", "50", "60", "missing", "25", "35"]
    assert audited["home city"].tolist() == ["A", "B", "A", "missing", "A", "B", "A"]
    assert set(audited) == {"age", "home city"}
    assert made(audit=()).people.people.traits == {}


def test_the_published_part_is_carried_along() -> None:
    table = made(Rows(test=(1, 2)), keep="")
    assert table.published is not None
    assert table.published.tolist() == [False, True, True] + [False] * 5
    assert made().published is None


def test_counts_are_those_of_the_table() -> None:
    assert made().counts == {
        "rows": 7, "features": 2, "majority": 4, "majority_positive": 2, "minority": 3, "minority_positive": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"minority": "rce == 'Black'"},
            r"did you mean 'race'\?; the columns are: race, home city",
        ),
        ({"minority": "race = 'Black'"}, r"minority: \"race = 'Black'\" .*write == to compare: race == 'Black'"),
        ({"minority": "race =="}, "minority: 'race ==' cannot be evaluated .*write it like"),
        ({"minority": "age"}, "minority: 'age' gives Int64, not true or false for each row; compare a column"),
        ({"minority": "home city == 'A'"}, r"'home city' has to stand in backquotes: `home city`"),
        (
            {"minority": "age <= 35"},
            r"1 of 7 rows have no age, .*keep: age.notna\(\).* with age.isna\(\)",
        ),
        ({"minority": "`home city` == 'B'"}, r"1 of 7 rows have no home city, .*keep: `home city`.notna\(\)"),
        ({"minority": "1 == 1"}, "minority: '1 == 1' gives bool, not true or false for each row"),
        ({"minority": "race == @x"}, "'@' is not allowed"),
        ({"minority": "race == 'black'"}, "leaves nobody in the minority; check the values it compares with"),
        ({"minority": "race != 'black'"}, "leaves nobody in the majority"),
        (
            {"minority": "age == 40 and age.notna()"},
            "everybody in the minority has the same label; nothing can be compared",
        ),
        ({"keep": "race == 'Green'"}, "keep: \"race == 'Green'\" keeps no row"),
        ({"keep": "rase == 'White'"}, "keep: .*did you mean 'race'"),
        (
            {"audit": ("rac", "sex")},
            r"has no column 'rac', 'sex'; did you mean 'race'\?; it has: race",
        ),
        (
            {"group_in_X": False, "minority": "race == 'Black' and age < 90 and age.notna()"},
            "without race, age no feature is left",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_its_key_and_what_would(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(Mistake, match=said) as mistake:
        made(**asked)
    assert str(mistake.value).startswith(("minority: ", "keep: ", "audit: ", "group_in_X: "))


def test_a_data_set_without_a_default_minority_says_which_columns_there_are() -> None:
    with pytest.raises(Mistake, match="data set 'bare' needs an expression over its columns: race, home city"):
        made(card=Dataset(name="bare", make=Rows))


def test_many_columns_are_not_all_listed() -> None:
    wide = raw().assign(**{f"c{i}": 0 for i in range(60)})
    with pytest.raises(Mistake, match="c35, and 24 more"):
        made(Rows(wide), minority="nothing == 1")


GAPS = {
    "(age > 35 and age.notna()) or race == 'Black'": [False, True, True, True, False, True, False],
    "age > 35 or age.isna() or race == 'Black'": [False, True, True, True, True, True, False],
    "age.fillna(0) > 35": [False, True, True, True, False, False, False],
    "`age` > 35 or `age`.isna()": [False, True, True, True, True, False, False],
    "age > 35 and race == 'Black'": [False, True, False, True, False, False, False],
    "race == 'Black' or (age > 90 and age < 20)": [False, True, False, True, False, True, False],
    "race.str.startswith('B')": [False, True, False, True, False, True, False],
    "race == 'Black' and 25 < 35": [False, True, False, True, False, True, False],
}


@pytest.mark.parametrize(("expression", "expected"), GAPS.items(), ids=GAPS)
def test_people_with_a_gap_belong_where_the_expression_says_or_whatever_stands_there(
    expression: str, expected: list[bool]
) -> None:
    """Of the seven, the fifth has no age and is White; columns called like a number or a method are not meant."""
    rows = raw().assign(**{"25": [1.0, None] * 4, "str": [None, 1.0] * 4})
    assert made(Rows(rows), minority=expression).people.minority.tolist() == expected


@pytest.mark.parametrize(
    "expression",
    ["age > 35", "0.1 < age < 0.2", "age == 41.5", "`age` <= 35 and race == 'White'", "age > 35 or age != age"],
)
def test_people_whose_group_hangs_on_a_missing_value_are_refused(expression: str) -> None:
    with pytest.raises(Mistake, match=r"minority: .*: 1 of 7 rows have no age, .*keep: age.notna\(\)"):
        made(minority=expression)


def test_a_gap_is_of_the_column_that_is_named_and_of_no_other() -> None:
    rows = raw().assign(grace=raw()["race"], race=raw()["race"].where(raw().index != 3))
    with pytest.raises(Mistake, match="rows have no race"):
        made(Rows(rows), minority="race == 'Black' or grace.isna()", keep="")


def test_what_does_not_fit_is_said_at_once() -> None:
    with pytest.raises(Mistake) as mistake:
        made(keep="rce == 'White'", minority="rase == 'Black'", audit=("sex",))
    assert [said.partition(":")[0] for said in mistake.value.args] == ["keep", "minority", "audit"]


CHANGES = {
    "a feature": lambda rows: rows.assign(age=rows["age"] + 1),
    "a label": lambda rows: rows.assign(y=~rows["y"]),
    "a trait": lambda rows: rows.assign(**{"home city": "C"}),
    "the group": lambda rows: rows.assign(race=rows["race"].replace({"Other": "Black"})),
    "the order of rows": lambda rows: rows.iloc[::-1].reset_index(drop=True),
    "a row less": lambda rows: rows.iloc[:-1],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_fingerprint_changes_with_the_content(change: Any) -> None:
    asked: dict[str, Any] = {"keep": "", "audit": ("home city",)}
    assert made(**asked).fingerprint != made(Rows(change(raw())), **asked).fingerprint


def test_the_fingerprint_stays_with_the_content() -> None:
    assert made().fingerprint == made(Rows(raw())).fingerprint
    table = made()
    assert fingerprint(table.people, None) == table.fingerprint
    assert fingerprint(table.people, np.zeros(len(table.people), bool)) != table.fingerprint
    assert made(group_in_X=False).fingerprint != table.fingerprint
    assert made(audit=("age",)).fingerprint != table.fingerprint


def test_gaps_are_filled_from_the_train_rows_alone() -> None:
    nan = np.nan
    X = np.array([[1.0, 2, 0], [nan, 2, 0], [3, nan, 0], [5, 1, 0], [100, 1, 0], [100, 1, 0]])
    filled = impute(X, np.array([0, 1, 2, 3]), categorical=(1,))
    np.testing.assert_array_equal(filled[:, 0], [1, 3, 3, 5, 100, 100])
    np.testing.assert_array_equal(filled[:, 1], [2, 2, 2, 1, 1, 1])
    assert np.isnan(X[1, 0]), "nothing is written into the argument"


def test_the_smallest_of_equally_frequent_codes_fills() -> None:
    assert impute(np.array([[3.0], [2.0], [np.nan]]), np.arange(3), categorical=(0,))[2, 0] == 2


def test_a_column_without_a_value_in_the_train_part_cannot_be_filled() -> None:
    with pytest.raises(Mistake, match="column 0 of X has no value in the train part to impute from; drop it"):
        impute(np.array([[np.nan], [1.0]]), np.array([0]), categorical=())
