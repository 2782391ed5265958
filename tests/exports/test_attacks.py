"""Each attack succeeds on a weakened copy and fails on what goes out."""

import random

import numpy as np
import polars as pl
import pytest

from exports import attacks
from exports.columns import fields_of
from exports.disclosure import covers_of
from exports.report import ORDINARY
from exports.segment_file import read_back, recode_segment, source_of, write_segment
from forms.load import load_study
from tests.conftest import FLAGSHIP
from tests.exports.releases import made, report_of, simulated
from tests.exports.tiny import row

STUDY = load_study(FLAGSHIP)
FIELDS = {f.name: f for f in fields_of(STUDY)}
COVERS = {name: covers_of(f, STUDY.policy) for name, f in FIELDS.items() if f.key}
CORE = [f.name for f in FIELDS.values() if f.key and f.group == "core"]
INSIDERS = [f.name for f in FIELDS.values() if f.key and f.group == "insider"]
SEEN = [*CORE, *INSIDERS, "branch"]


def table(**columns):
    return pl.DataFrame({name: [str(cell) for cell in cells] for name, cells in columns.items()})


def as_known(table):
    return table.select(pl.all().cast(pl.String))


class Files:
    """The flagship's files of tiers B and C, who is in B, and others who agreed or never came."""

    def __init__(self, folder, count=600, seed=1):
        drawn = random.Random(seed)
        people = simulated(STUDY, count, seed)
        others = simulated(STUDY, 200, seed + 99)
        tiers, source = STUDY.policy.tiers, source_of(STUDY, people, ORDINARY)
        lots = pl.Series([drawn.random() < 0.8 for _ in range(count)])
        restricted = recode_segment(STUDY, source, tiers["C"])
        write_segment(restricted, folder / "C.csv")
        rows = read_back(STUDY, folder / "C.csv", tiers["C"], ORDINARY)
        opened = recode_segment(STUDY, rows, tiers["B"], drawn=lots.gather(restricted.source))
        write_segment(opened, folder / "B.csv")
        self.restricted, self.open = (
            pl.read_csv(folder / f"{tier}.csv", infer_schema=False) for tier in "CB"
        )
        # As it was before: with what the therapist knows.
        seen = self.restricted[opened.source].select(INSIDERS)
        self.weakened = pl.concat([self.open, seen], how="horizontal")
        truth, agreed = as_known(source.table), pl.Series(people["c_open"] == 1)
        self.members = truth.filter(agreed & lots)
        self.left_out = truth.filter(agreed & ~lots)
        self.strangers = as_known(source_of(STUDY, others, ORDINARY).table)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return Files(tmp_path_factory.mktemp("files"))


def one_missing(file):
    """The file with one code for whatever is missing in the core."""
    missing = list(attacks.ANYTHING)
    return file.with_columns(
        pl.when(pl.col(key).is_in(missing)).then(pl.lit("-93")).otherwise(pl.col(key)).alias(key)
        for key in CORE
    )


def known(table, *, without=""):
    return [name for name in SEEN if name in table.columns and name != without]


# Somebody who was there.


@pytest.mark.parametrize("tier", ["B", "C"])
def test_a_board_is_told_what_somebody_who_was_there_singles_out(files, tier):
    file = files.open if tier == "B" else files.restricted
    told = STUDY.policy.tiers[tier].singled_out or 0
    assert attacks.singled_out(one_missing(file), known(file)) == pytest.approx(told, abs=0.01)


def test_with_what_a_therapist_knows_nearly_all_would_be_singled_out(files):
    assert attacks.singled_out(files.weakened, known(files.weakened)) > 0.9


def test_where_insider_columns_stand_a_therapist_reads_the_concern_of_members_alone(files):
    by = known(files.weakened, without="concern")
    members, control = (
        attacks.guessed(files.weakened, people, by, "concern", COVERS)
        for people in (files.members, files.left_out)
    )
    assert members > 0.9 > 0.5 > control


def test_the_restricted_file_tells_a_therapist_the_concern_of_members_as_boards_are_told(files):
    by = known(files.restricted, without="concern")
    members, strangers = (
        attacks.guessed(files.restricted, people, by, "concern", COVERS)
        for people in (files.members, files.strangers)
    )
    assert members > 0.9 > 0.5 > strangers


def test_the_open_file_tells_a_therapist_no_concern_at_all(files):
    assert not {"concern", "own_cry", "ep_intensity", "ep_fit", *INSIDERS} & {*files.open.columns}


# Reading the file as it stands.


def test_a_reader_counts_groups_as_in_a_spreadsheet():
    file = table(age=[1, 1, 1, -95, -99], sex=[1, 1, 1, 1, 1])
    assert attacks.under(file, ["age", "sex"], 3) == pytest.approx(0.4)
    assert attacks.singled_out(file, ["age", "sex"]) == pytest.approx(0.4)


def test_who_knows_that_all_was_answered_leaves_the_others_out():
    file = table(age=[1, 1, -95, -93], sex=[1, 1, 1, 1])
    assert attacks.complete(file, ["age", "sex"]).height == 2


def test_a_class_that_shares_an_answer_tells_it():
    file = table(age=[1, 1, 2, 2, 3], concern=[4, 4, 4, 5, -95])
    assert attacks.told(file, ["age"], "concern") == pytest.approx(0.4)


@pytest.mark.parametrize("name", ["int_main", "distress_now", "view_overall_before"])
def test_no_class_of_a_release_shares_a_sensitive_answer(files, name):
    for file in (files.open, files.restricted):
        assert attacks.told(one_missing(file), CORE, name) == 0


# Rows of one's own.


def test_whoever_sends_k_less_one_rows_like_somebodys_finds_that_somebody():
    file = table(age=[1, 1, 1, 2, 2, 2])
    own = pl.Series([True, True, False, True, False, False])
    assert attacks.isolated(file, ["age"], own).to_list() == [False, False, True, *[False] * 3]


def test_a_release_reports_what_the_attacks_reach(tmp_path):
    rows = [row(age=age, calm=calm) for age in (1, 3) for calm in (1, 5)] * 3
    found = report_of(made(tmp_path / "out", [*rows, row(age=1, met=2)]))["attacks"]
    assert found["insider_knows"][-2:] == ["where", "branch"]
    assert (found["outsider_singles_out"], found["insider_singles_out"]) == (0, round(1 / 13, 6))


# Two files.


def test_two_files_of_the_same_people_are_joined_by_their_answers():
    first = table(age=[1, 1, 1, 1], mood=[1, 2, 3, 4])
    second = table(age=[101, 101, 102, 102], mood=[1, 2, 3, 4])
    assert attacks.linked(first, second, ["mood"], ["age"]).to_list() == [2, 2, 2, 2]


def test_a_second_file_with_one_row_more_shows_that_row():
    first = table(age=[1, 1, 2], mood=[1, 1, 3])
    assert attacks.added(first, table(age=[1, 2, 1, 1], mood=[1, 3, 1, 1])).rows() == [("1", "1")]


# Somebody who has learnt a few answers.


@pytest.mark.parametrize(("values", "alone"), [(1, 0.0), (2, 1.0)])
def test_ten_answers_name_a_row_where_rows_differ(values, alone):
    codes = [
        np.array([row >> at & 1 if values == 2 else 0 for row in range(256)]) for at in range(8)
    ]
    given = [np.ones(256, dtype=bool)] * 8
    assert attacks.alone_in_answers(codes, given, (5, 10), most=99) == (99, {5: 0.0, 10: alone})


def test_a_question_that_was_never_asked_names_nobody():
    codes, never = [np.arange(9)], [np.zeros(9, dtype=bool)]
    assert attacks.alone_in_answers(codes, never, (10,), most=9) == (9, {10: 0.0})
