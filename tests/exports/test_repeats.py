"""Rows that are no other person's: k of a release is counted by person and by row."""

from collections import defaultdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.disclosure import claim_of
from exports.generalise import path_to
from exports.repeats import compared, people_of
from exports.segment_file import fields_for
from exports.verify.people import people_by_answers
from exports.verify.reading import OnePerson, coded
from exports.verify.verdict import faults
from exports.verify.verify import verify
from forms.load import load_study
from forms.simulation import load_recipe
from forms.study import Study
from forms.toml_tables import StudyFaults
from survey.synthetic.simulate import simulate
from tests.conftest import FLAGSHIP
from tests.exports.releases import data_in, make_release, report_of
from tests.exports.releases import people_of as stored
from tests.exports.verify.written import write

K = 5


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def answers(study) -> pl.DataFrame:
    """400 clients, the first of whom sent the same six times more."""
    people = list(simulate(study, count=400, seed=5, recipe=load_recipe(study, FLAGSHIP)))
    whole = next(p for p in people if p.completion == 1 and p.values["first_time"] == 1)
    return stored(study, [*people, *([whole] * 6)])


@pytest.fixture(scope="module")
def released(study, answers, tmp_path_factory):
    out = tmp_path_factory.mktemp("repeats") / "C"
    make_release(study, answers, tier="C", out=out)
    return out


def people_in_classes(study, rows):
    """The people and the rows of each class, by plain counting of the written cells."""
    fields = fields_for(study)
    core = [f.name for f in fields if f.key and f.group == "core"]
    answers = [
        f.name for f in fields if f.part == "answer" and f.group != "core" and f.name in rows[0]
    ]
    missing = {str(code) for code in range(-99, -89)}
    people: dict[tuple[str, ...], set[object]] = defaultdict(set)
    sizes: dict[tuple[str, ...], int] = defaultdict(int)
    for at, row in enumerate(rows):
        alike = tuple("" if row[name] in missing else row[name] for name in answers)
        key = tuple("" if row[name] in missing else row[name] for name in core)
        sizes[key] += 1
        given = sum(bool(cell) for cell in alike)
        if row["first_time"] != "2":
            people[key].add(alike if given >= 30 else at)
    return [len(people[key]) for key in sizes], list(sizes.values())


def test_k_is_reached_by_person_and_told_by_row_as_well(study, released):
    by_person, by_row = people_in_classes(study, data_in(released))
    k = report_of(released)["k"]
    assert (k["asked"], k["reached"], k["by_row"]) == (K, min(by_person), min(by_row))
    assert min(by_person) >= K
    # Seven rows of one person were there to hide in.
    assert sum(by_person) < sum(by_row) - 6


def test_both_figures_stand_in_the_report_in_words(released):
    page = (released / "documentation" / "report.html").read_text("utf-8")
    assert "are taken for one person" in page
    assert "By rows, the smallest group has" in page


def test_a_file_that_reaches_k_by_rows_alone_fails(study, released, tmp_path):
    """Five times one row of the file: five rows alike, and one person."""
    rows = data_in(released)
    whole = next(row for row in rows if row["completion"] == "1" and row["first_time"] == "1")
    [tier] = path_to(study, "C")
    claim = claim_of(fields_for(study), study.policy, tier, segments=())
    written = write(tmp_path / "data.csv", [{**whole, "row": str(at)} for at in range(1, K + 1)])
    found = verify(written, claim)
    assert (found.classes.k, found.classes.k_rows) == (1, K)
    assert any(
        "smallest group of rows alike in the key has 1 of" in f for f in faults(found, claim)
    )
    again = [{**row, "first_time": "2"} for row in rows]
    assert verify(write(tmp_path / "again.csv", again), claim).classes.k == 0


CELL = st.sampled_from([1, 2, -95, -99])


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=10),
    again=st.lists(st.sampled_from([1, 2, -99]), min_size=10, max_size=10),
)
def test_engine_and_verifier_tell_the_same_people_apart(study, rows, again):
    """Three answers that vary, beside so many others that 30 are given or just not."""
    fields = fields_for(study)
    names = [n for n in compared(fields) if n != "first_time"]
    cells = {n: [1] * len(rows) for n in names[:28]} | {n: [-95] * len(rows) for n in names[28:]}
    for at, name in enumerate((names[0], names[1], names[2])):
        cells[name] = [row[at] for row in rows]
    table = pl.DataFrame({**cells, "first_time": again[: len(rows)]})
    rule = OnePerson(
        compared(fields), 30, frozenset(map(str, range(-99, -89))), {"first_time": frozenset("2")}
    )
    numbers = people_of(table, fields, study.policy)
    engine = list(range(len(rows))) if numbers is None else numbers.tolist()
    verifier = people_by_answers({n: coded(table[n]) for n in table.columns}, rule, len(rows))
    assert groups(engine) == groups(verifier.tolist())


def groups(numbers):
    """Which rows go together, and which are nobody's."""
    found = defaultdict(list)
    for at, number in enumerate(numbers):
        found[number].append(at)
    return sorted(found.pop(-1, [])), sorted(found.values())


@pytest.mark.parametrize(("given", "people"), [(29, 2), (30, 1)])
def test_rows_of_few_answers_are_different_people(study, given, people):
    fields = fields_for(study)
    names = sorted(compared(fields), key=lambda name: name != "first_time")
    table = pl.DataFrame({n: [1 if at < given else -94] * 2 for at, n in enumerate(names)})
    found = people_of(table, fields, study.policy)
    assert (2 if found is None else len(set(found.tolist()))) == people


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{ first_time = [2] }", "{ first_tim = [2] }", "no question is stored as 'first_tim'"),
        ("{ first_time = [2] }", "{ first_time = [7] }", "'first_time' has no code 7"),
        ('leave_out = ["ff_open"', 'leave_out = ["first_time", "ff_open"', "tier C does not hold"),
    ],
)
def test_a_study_says_truly_who_answers_again(old, new, said, tmp_path):
    from shutil import copytree

    folder = copytree(FLAGSHIP, tmp_path / "study")
    text = (folder / "release.toml").read_text("utf-8")
    at = text.rindex(old)
    (folder / "release.toml").write_text(text[:at] + text[at:].replace(old, new, 1), "utf-8")
    with pytest.raises(StudyFaults, match=said):
        load_study(folder)
