"""What a column tells of cells that the file hides, and what is told of none."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from exports.verify.findings import Findings
from exports.verify.inference import inferable_cells
from exports.verify.reading import Claim, CodedColumn, coded
from exports.verify.verdict import faults
from exports.verify.verify import verify
from tests.exports.verify.written import write

Person = Mapping[str, str]
DECADES = {
    f"{low}-{low + 9}": frozenset(str(age) for age in range(low, low + 10))
    for low in range(20, 60, 10)
}
CODE = {"North": "1", "South": "2", "East": "3", "West": "4"}


def person(dice: random.Random, at: int) -> dict[str, str]:
    items = {f"q{n}": str(dice.randint(1, 5)) for n in range(1, 5)}
    return {
        "age": str(dice.randint(20, 59)), "sex": dice.choice("FM"),
        "region": dice.choice(list(CODE)), **items, "height": str(dice.randint(150, 200)),
        "weight": str(dice.randint(45, 110)), "at": str(at),
    }  # fmt: skip


def looked_at(
    folder: Path, hides: str, extra: Callable[[Person], object] | None, rows: int, *, known=()
) -> tuple[Findings, Claim]:
    """A file of so many people, with one column hidden and one more that may tell it."""
    dice = random.Random(rows)
    people = [person(dice, at) for at in range(rows)]
    truth = [{**p, "more": str(extra(p))} if extra else p for p in people]
    shown = [
        {**p, hides: f"{p['age'][0]}0-{p['age'][0]}9" if hides == "age" else "*"} for p in truth
    ]
    for row in (*truth, *shown):
        del row["at"]
    claim = Claim(
        (hides,), k=1, covers={"age": DECADES}, suppressed={hides: "*"}, known=known
    )  # fmt: skip
    order = sorted(range(rows), key=lambda at: tuple(shown[at].values()))
    path = write(folder / "data.csv", [shown[at] for at in order])
    return verify(path, claim, truth=pl.DataFrame(truth), truth_rows=order), claim


def day(person: Person, year: int) -> str:
    at = int(person["at"])
    return f"{year}-{1 + at % 12:02}-{1 + at * 7 % 28:02}"


def total(person: Person) -> int:
    return sum(int(person[f"q{n}"]) for n in range(1, 5))


TELLING: Mapping[str, tuple[str, Callable[[Person], object], int]] = {
    "a birth date": ("age", lambda p: day(p, 2020 - int(p["age"])), 8),
    "a birth date in the year of the survey": (
        "age", lambda p: day(p, 2020 - int(p["age"]) - int(p["at"]) % 2), 20,
    ),
    "a birth date, day first": (
        "age", lambda p: ".".join(reversed(day(p, 2020 - int(p["age"])).split("-"))), 8,
    ),
    "a year of birth": ("age", lambda p: 2020 - int(p["age"]), 8),
    "the age a year ago": ("age", lambda p: int(p["age"]) - 1, 8),
    "a finer band": ("age", lambda p: f"{int(p['age']) // 5 * 5} or more", 60),
    "the code of a finer band": ("age", lambda p: int(p["age"]) // 5, 60),
    "a score of the age alone": ("age", lambda p: round((int(p["age"]) - 40) / 11.3, 2), 20),
    "a weight of a stratum": ("sex", lambda p: {"F": 0.87, "M": 1.13}[p["sex"]], 20),
    "an identifier that begins with it": ("sex", lambda p: f"{p['sex']}-{p['at']:0>3}", 40),
    "an identifier with a letter of it": ("sex", lambda p: f"S{p['at']:0>3}{p['sex']}1", 40),
    "a postal code": ("region", lambda p: CODE[p["region"]] + f"{int(p['at']) * 37 % 1000:03}", 60),
    "a code": ("region", lambda p: CODE[p["region"]], 20),
    "a copy": ("region", lambda p: p["region"].lower(), 12),
    "a remark": ("region", lambda p: f"I came from the {p['region']} to live here", 12),
    "a sum": ("q2", total, 40),
    "a mean": ("q2", lambda p: total(p) / 4, 40),
    "a difference": ("age", lambda p: int(p["age"]) - int(p["q1"]), 12),
    "a product": ("q2", lambda p: int(p["q2"]) * int(p["q3"]), 40),
    "a quotient": ("weight", lambda p: round(int(p["weight"]) / int(p["height"]), 4), 20),
    "a body mass": (
        "weight", lambda p: round(int(p["weight"]) / (int(p["height"]) / 100) ** 2, 1), 60,
    ),
    "a maximum": ("q2", lambda p: max(int(p["q2"]), int(p["q3"])), 100),
    "a count": ("q2", lambda p: sum(int(p[f"q{n}"]) > 3 for n in range(1, 5)), 300),
}  # fmt: skip


@pytest.mark.parametrize("kind", TELLING)
def test_a_column_that_tells_hidden_cells_is_refused_by_name(tmp_path, kind):
    hides, extra, rows = TELLING[kind]
    found, claim = looked_at(tmp_path, hides, extra, rows)
    named = [fault for fault in faults(found, claim) if "more" in fault]
    assert named
    assert f"{hides} of all {rows} rows" in named[0]


@pytest.mark.parametrize("hides", ["age", "sex", "region", "q2"])
def test_without_it_nothing_is_refused(tmp_path, hides):
    found, claim = looked_at(tmp_path, hides, None, 100)
    assert faults(found, claim) == ()


def test_remarks_tell_only_where_they_hold_the_value(tmp_path):
    def said(person: Person) -> str:
        some = int(person["at"]) % 3 == 0
        return f"I came from the {person['region']} to live" if some else "I have no more to say"

    found, claim = looked_at(tmp_path, "region", said, 90)
    assert faults(found, claim) == ("more tells region of 30 of 90 rows",)


def test_a_column_named_as_known_is_told_and_not_refused(tmp_path):
    found, claim = looked_at(tmp_path, "age", lambda p: 2020 - int(p["age"]), 20, known=("more",))
    assert faults(found, claim) == ()
    assert found.figures()["cells_given_away"] == [
        {"column": "age", "source": ["more"], "cells": 20}
    ]


def test_a_running_number_beside_a_few_days_on_end_is_an_accident(tmp_path):
    days = [f"199{decade}-01-0{day}" for decade in (0, 5) for day in (1, 2, 3)]
    truth = [{"born": day, "x": str(at)} for at, day in enumerate(days, 1)]
    shown = [{**row, "born": row["born"][:3] + "0s"} for row in truth]
    claim = Claim(("born",), k=1, covers={"born": {"1990s": frozenset(days)}})
    path = write(tmp_path / "data.csv", shown)
    found = verify(path, claim, truth=pl.DataFrame(truth), truth_rows=range(6))
    assert found.inferable == ()


def hiding(frame: pl.DataFrame, name: str) -> list[tuple[str, ...]]:
    """What the other columns of a table tell of one that is hidden in every row."""
    nothing = CodedColumn(np.zeros(frame.height, np.uint8), ("*",))
    table = {n: nothing if n == name else coded(frame[n]) for n in frame.columns}
    claim = Claim((name,), k=1, suppressed={name: "*"})
    return [one.source for one in inferable_cells(table, claim, {name: coded(frame[name])})]


@pytest.mark.parametrize("rows", [60, 2_000])
def test_columns_of_adult_tell_nothing_of_each_other(shared_data, rows):
    frame = pl.read_csv(shared_data / "adult" / "data.csv", infer_schema=False).drop("rid")
    frame = frame.sample(rows, seed=1)
    assert [name for name in frame.columns if hiding(frame, name)] == []


def test_an_inventory_tells_its_items_by_their_scores_and_nothing_else(shared_data):
    frame = pl.read_csv(shared_data / "bfi" / "data.csv", infer_schema=False).drop("rid").head(400)
    assert hiding(frame, "neuro3") == [("neuro",)]
    assert [{*names} for names in hiding(frame, "A3")] == [{"agree", "A1", "A2", "A4", "A5"}]
    assert not hiding(frame, "age") + hiding(frame, "education") + hiding(frame, "gender")


@pytest.mark.parametrize("seed", range(4))
def test_mixed_columns_tell_nothing(shared_data, seed):
    frame = pl.read_csv(shared_data / "bfi" / "data.csv", infer_schema=False).head(80)
    mixed = [frame[n].shuffle(seed=at + 100 * seed) for at, n in enumerate(frame.columns)]
    names = ("age", "gender", "education", "A1", "agree")
    assert [n for n in names if hiding(pl.DataFrame(mixed), n)] == []
