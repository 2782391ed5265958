"""The files of tier A."""

import pytest

from exports.tables.plan import Plan, tables, together
from exports.tables.table_files import Heading, files
from tests.exports.tables.people import crossed, entry, lines, people

PLAN = Plan(("a", "b"), pairs=(("a", "b"),))
BOOK = [entry("a", 2), entry("b", {1: "=1+1", 2: "<b>two</b>"})]
FRAME = crossed([[30, 20], [40, 17]]).vstack(people({(1, -99): 12, (2, -99): 14}, "a", "b"))
HEADING = Heading("A study", mark="PILOT SYNTHETIC", caution="Not a prevalence.")


def made(*frames):
    return files([tables(frame, BOOK, PLAN) for frame in frames or (FRAME,)], HEADING)


def test_single_counts_stand_in_a_tidy_file():
    assert made()["tables/one-way.csv"].decode().splitlines() == [
        "batch,table,label,code,category,count,lowest,highest,base,percent,note",
        "1,a,Which a?,1,a 1,60,58,62,135,44.4,",
        "1,a,Which a?,2,a 2,70,68,72,135,51.9,",
        "1,b,Which b?,-99,Prefer not to answer,25,23,27,,,",
        "1,b,Which b?,1,'=1+1,70,68,72,110,63.6,",
        "1,b,Which b?,2,<b>two</b>,35,33,37,110,31.8,",
    ]


def test_pairs_are_in_per_cent_of_those_of_the_row_who_answered():
    row = [line for line in lines(made()["tables/two-way.csv"]) if line["row_code"] == "1"]
    assert [(n["column_code"], n["count"], n["base"], n["percent"]) for n in row] == [
        ("1", "30", "50", "60.0"), ("2", "20", "50", "40.0"), ("rest", "10", "", ""),
    ]  # fmt: skip


def test_a_hidden_count_says_why_and_nothing_else():
    line = lines(made(crossed([[30, 3], [40, 17]]))["tables/two-way.csv"])[1]
    assert (line["count"], line["lowest"], line["highest"]) == ("hidden", "", "")
    assert line["note"].startswith("under 10, or hidden so that")


def test_several_batches_stand_beside_their_sum():
    found = lines(made(FRAME, FRAME)["tables/one-way.csv"])
    assert [line["batch"] for line in found if line["code"] == "2" and line["table"] == "a"] == [
        "1", "2", "all",
    ]  # fmt: skip


ONE = "About 135 people. Every count is at most 2 from the true one."
TWO_SIDES = (
    "About 270 people, those who agreed to an open file counted apart from those who did not."
    " Every count is at most 4 from the true one."
)
TWO_BATCHES = "About 270 people in 2 batches. Every count is at most 4 from the true one."


@pytest.mark.parametrize(
    ("batches", "lead"),
    [(((FRAME,),), ONE), (((FRAME, FRAME),), TWO_SIDES), (((FRAME,), (FRAME,)), TWO_BATCHES)],
)
def test_the_page_says_of_how_many_batches_and_sides_it_is_the_sum(batches, lead):
    counted = [together([tables(side, BOOK, PLAN) for side in sides]) for sides in batches]
    assert lead in files(counted, HEADING)["tables/tables.html"].decode()


def test_the_same_people_in_another_order_give_the_same_bytes():
    assert made() == made(FRAME.sample(fraction=1, shuffle=True, seed=3))


def test_words_of_a_study_are_never_markup():
    page = made()["tables/tables.html"].decode()
    assert "&lt;b&gt;two" in page
    assert "<b>two" not in page


@pytest.mark.parametrize("name", ["tables/tables.html", "tables/METHODS.md"])
def test_what_people_read_carries_mark_and_caution(name):
    text = made()[name].decode()
    assert "PILOT SYNTHETIC" in text
    assert "Not a prevalence." in text


def test_the_method_says_that_the_least_was_proven():
    assert "proven for every table" in made()["tables/METHODS.md"].decode()


def test_the_page_names_tables_too_small_to_show():
    page = made(FRAME.with_columns(b=-96))["tables/tables.html"].decode()
    assert "Too small to show anything: Which b?; a by b." in page
