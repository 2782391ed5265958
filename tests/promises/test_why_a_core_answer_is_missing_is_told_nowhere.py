"""Core cells say -93, whatever the reason; no other column gives it away to anybody's cost."""

from collections import Counter
from dataclasses import replace

import polars as pl
import pytest

from exports.report import ORDINARY
from exports.segment_file import recode_segment, source_of
from forms.load import load_study
from tests.conftest import FLAGSHIP
from tests.exports.releases import (
    bytes_of,
    data_in,
    made,
    make_release,
    report_of,
    simulated,
    smallest_alike,
)
from tests.exports.tiny import PAGES, STUDY, row, study_with

CORE = ["age_band", "gender", "region_raised", "region_same", "ethnicity"]
BY_CHOICE = [-99, -98, -97, -95]
PEOPLE = [row(age=a, town=t, calm=c) for a in (1, 3) for t in (1, 2) for c in (1, 3, 5)] * 2
BROKE_OFF = row(age=-94, town=-94, calm=-94, tense=-94, glad=-94, completion=2)


@pytest.fixture(scope="module")
def flagship():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def people(flagship):
    return simulated(flagship, 600)


@pytest.mark.parametrize("tier", ["B", "C"])
def test_the_reason_changes_no_byte_of_a_release(tmp_path, tier):
    missing = [row(age=-99), row(town=-99), row(age=-99, town=-99)] * 4
    other = [{**r, **{n: -95 for n in ("age", "town") if r[n] == -99}} for r in missing]
    first = bytes_of(made(tmp_path / "1" / "out", [*PEOPLE, *missing], tier=tier))
    assert bytes_of(made(tmp_path / "2" / "out", [*PEOPLE, *other], tier=tier)) == first


def test_the_reason_changes_no_byte_of_the_flagships_rows(flagship, people, tmp_path):
    blank = people.with_columns(pl.col(CORE).replace(dict.fromkeys(BY_CHOICE, -95)))
    assert not blank.equals(people)
    data = []
    for name, frame in (("as-it-was", people), ("all-left-blank", blank)):
        make_release(flagship, frame, tier="B", out=tmp_path / name)
        data.append(data_in(tmp_path / name))
    assert data[0] == data[1]


def telling(told: pl.DataFrame, missing: pl.Series) -> list[str]:
    """Columns of which a cell goes with one kind alone, too often for chance."""
    share = sum(missing) / len(missing)
    found = []
    for column in told.columns:
        pairs = Counter(zip(told[column], missing, strict=True))
        for cell in told[column].unique():
            chance = {(True, False): share, (False, True): 1 - share}.get(
                (pairs[cell, True] > 0, pairs[cell, False] > 0), 1.0
            )
            if chance ** (pairs[cell, True] + pairs[cell, False]) < 1e-6:
                found.append(column)
    return found


def test_no_other_column_tells_why_an_answer_is_missing(flagship, people):
    """Of those who came to the question; the weakened copy, which keeps the reason, tells it."""
    source = source_of(flagship, people, ORDINARY)
    part = recode_segment(flagship, source, flagship.policy.tiers["C"])
    table, truth = part.table[part.order], source.table[part.source]
    # What is worked out from core answers would tell of them.
    assert not [f.name for f in part.fields if set(CORE).intersection(f.items)]
    told, missing = [], []
    for name in CORE:
        reached = (table[name] == -93) & (truth[name] != -94)
        told.append(table.filter(reached).drop(CORE))
        missing.append(truth.filter(reached)[name].is_in(BY_CHOICE).alias("why"))
        assert telling(told[-1], missing[-1]) == []
    shown, why = pl.concat(told), pl.concat(missing)
    assert 0 < sum(why) < len(why)
    assert telling(shown, why) == []
    assert telling(shown.with_columns(why), why) == ["why", "why"]


def test_rows_of_people_who_broke_off_are_no_company_for_others(tmp_path):
    """One rare person beside two who never came to the questions would be three alike."""
    folder = made(tmp_path / "out", [*PEOPLE, row(age=2, town=3), BROKE_OFF, BROKE_OFF])
    ended = [line for line in data_in(folder) if line["completion"] == "1"]
    assert smallest_alike(folder, ended) >= 3
    assert smallest_alike(folder) >= 3
    assert report_of(folder)["verification"]["k_stratum"] >= 3


def test_people_who_broke_off_stay_where_enough_show_nothing(tmp_path):
    folder = made(tmp_path / "out", [*PEOPLE, *[BROKE_OFF] * 3])
    assert Counter(line["completion"] for line in data_in(folder)) == {"1": 24, "2": 3}
    assert report_of(folder)["rows_left_out"] == {}


def test_too_few_of_them_are_left_out_aloud(tmp_path):
    strict = study_with(max_violating=0.0)
    folder = made(tmp_path / "out", [*PEOPLE, BROKE_OFF], study=strict)
    assert {line["completion"] for line in data_in(folder)} == {"1"}
    [(why, rows)] = report_of(folder)["rows_left_out"].items()
    assert (why.startswith("other columns show that they were not asked"), rows) == (True, 1)


def routed(**where):
    """The tiny study, in which a question on a visible column hangs on a core answer."""
    first, second, third = PAGES
    questions = tuple(
        replace(q, show_if=(("age", frozenset(where["age"])),)) if q.name == "where" else q
        for q in second.questions
    )
    return replace(STUDY, pages=(first, replace(second, questions=questions), third))


def test_what_routing_tells_of_a_core_answer_parts_the_crowd(tmp_path):
    asked = [row(age=4, town=t, where=1) for t in (1, 2, 3)]
    others = [row(age=a, town=t, where=-96) for a in (1, 2, 3) for t in (1, 2)] * 4
    folder = made(tmp_path / "out", [*others, *asked], study=routed(age=[4]))
    for shown in (True, False):
        lines = [line for line in data_in(folder) if (line["where"] != "-96") == shown]
        assert smallest_alike(folder, lines) >= 3
