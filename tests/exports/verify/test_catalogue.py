"""Every way we know to spoil a file, planted one at a time in one that is sound."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from exports.verify.reading import Claim
from tests.exports.verify.written import BANDS, Written, entry, good


def move_a_row(file: Written) -> Written:
    return file.put(0, age="30-39")


def swap_two_labels(file: Written) -> Written:
    return file.put(0, sex="M").put(10, sex="F")


def shift_the_labels(file: Written) -> Written:
    later = {"20-29": "30-39", "30-39": "40-49", "40-49": "20-29"}
    return replace(file, rows=tuple({**row, "age": later[row["age"]]} for row in file.rows))


def shift_the_hierarchy(file: Written) -> Written:
    # Labels and claim agree with each other, and both are off by one.
    off = {"21-30": BANDS["20-29"], "31-40": BANDS["30-39"], "41-50": BANDS["40-49"]}
    label = dict(zip(BANDS, off, strict=True))
    rows = tuple({**row, "age": label[row["age"]]} for row in file.rows)
    return replace(file, rows=rows, codebook=()).promise(covers={"age": off})


def shrink_a_class(file: Written) -> Written:
    return file.pick(*range(1, 60))


def leave_the_codebook(file: Written) -> Written:
    truth = tuple({**row, "mood": "6"} if at == 0 else row for at, row in enumerate(file.truth))
    return replace(file.put(file.places.index(0), mood="6"), truth=truth)


def tell_an_untruth(file: Written) -> Written:
    return file.put(0, mood="1" if file.rows[0]["mood"] != "1" else "2")


def rely_on_wildcards(file: Written) -> Written:
    """Five rows that only meet in what they do not say."""
    cells = [("20", "*", "*"), ("*", "F", "*"), ("*", "*", "north"), ("20", "F", "*"), ("*",) * 3]
    rows = [
        dict(zip(("age", "sex", "town"), c, strict=True), mood=str(i)) for i, c in enumerate(cells)
    ]
    truth = [{"age": "20", "sex": "F", "town": "north", "mood": str(i)} for i in range(5)]
    claim = replace(file.claim, k=5, distinct_l=1, covers={})
    return Written(tuple(rows), tuple(range(5)), tuple(truth), claim)


def keep_the_order_of_arrival(file: Written) -> Written:
    """Nobody comes sorted by what they answer: first shuffle the people, then keep their order."""
    arrival = random.Random(5).sample(range(60), 60)
    truth = tuple(file.truth[at] for at in arrival)
    rows = tuple(file.rows[file.places.index(at)] for at in arrival)
    return replace(file, rows=rows, truth=truth, places=tuple(range(60)))


def agree_on_the_sensitive(file: Written) -> Written:
    truth = tuple({**row, "mood": "3"} if row["sex"] == "F" else row for row in file.truth)
    rows = tuple({**row, "mood": "3"} if row["sex"] == "F" else row for row in file.rows)
    return replace(file, truth=truth, rows=rows)


def give_a_withheld_cell_away(file: Written) -> Written:
    county = {"north": "1", "south": "2"}
    truth = tuple({**row, "county": county[row["town"]]} for row in file.truth)
    places = zip(file.rows, file.places, strict=True)
    rows = tuple({**row, "county": truth[at]["county"]} for row, at in places)
    return replace(
        file, truth=truth, rows=rows, codebook=(*file.codebook, entry("county", "1", "2"))
    )


def say_a_row_twice(file: Written) -> Written:
    return file.pick(0, *range(60))


def add_a_line(file: Written) -> Written:
    return replace(file, rows=(file.rows[0], *file.rows))


def add_a_column(file: Written) -> Written:
    return replace(file, rows=tuple({**row, "name": "x"} for row in file.rows))


def lose_a_column(file: Written) -> Written:
    rows = [{name: cell for name, cell in row.items() if name != "town"} for row in file.rows]
    return replace(file, rows=tuple(rows))


def turn_the_columns(file: Written) -> Written:
    names = list(file.rows[0])[::-1]
    return replace(file, rows=tuple({name: row[name] for name in names} for row in file.rows))


def lose_a_class(file: Written) -> Written:
    return file.pick(*range(10, 60))


def split_into_batches(file: Written) -> Written:
    return file.promise(segments=(25, 35))


def promise_other_batches(file: Written) -> Written:
    return file.promise(segments=(10, 10))


def promise_more_closeness(file: Written) -> Written:
    mood = {str(at): str(1 + at // 12) for at in range(60)}
    truth = tuple({**row, "mood": mood[str(at)]} for at, row in enumerate(file.truth))
    places = zip(file.rows, file.places, strict=True)
    rows = tuple({**row, "mood": truth[at]["mood"]} for row, at in places)
    return replace(file, truth=truth, rows=rows).promise(t=0.2, distinct_l=1)


def promise_more_entropy(file: Written) -> Written:
    return file.promise(entropy_l=5.5)


def promise_more_of_one_column(file: Written) -> Written:
    return file.promise(sensitive=("mood",), distinct_l={"mood": 6}, entropy_l={"town": 9.0})


def promise_presence_without_population(file: Written) -> Written:
    return file.promise(presence=(0.0, 0.5))


PLANTED: list[tuple[Callable[[Written], Written], str]] = [
    (move_a_row, "age holds 1 cell that cannot stand for the true value"),
    (move_a_row, "has 9 of 60 rows, not 10"),
    (swap_two_labels, "sex holds 2 cells that cannot stand"),
    (shift_the_labels, "age holds 60 cells that cannot stand"),
    (shift_the_hierarchy, "age has the band 21-30 stand for a number outside it"),
    (shrink_a_class, "has 9 of 59 rows, not 10"),
    (leave_the_codebook, "mood holds 1 cell that the codebook does not explain"),
    (tell_an_untruth, "mood holds 1 cell that cannot stand for the true value"),
    (rely_on_wildcards, "has 1 of 5 rows, not 5"),
    (keep_the_order_of_arrival, "the order of the rows follows that of the input"),
    (agree_on_the_sensitive, "a group has 1 different value of mood, not 2"),
    (give_a_withheld_cell_away, "county tells town of 10 of 60 rows"),
    (say_a_row_twice, "1 row stands for a person who is in the file already"),
    (add_a_line, "1 row cannot be paired with true rows"),
    (add_a_column, "the file has columns that nobody promised: name"),
    (lose_a_column, "the file lacks the columns town"),
    (turn_the_columns, "the columns are not in the order promised"),
    (lose_a_class, "10 of 60 rows were left out, more than 5 %"),
    (split_into_batches, "in batch 1 the smallest group"),
    (promise_other_batches, "the batches hold 20 rows and the file 60"),
    (promise_more_closeness, "mood is 0.600 from the whole file in a group, not 0.2"),
    (promise_more_entropy, "entropy l of mood is 5.000 in a group, not 5.5"),
    (promise_more_of_one_column, "a group has 5 different values of mood, not 6"),
    (promise_presence_without_population, "there was no population"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "fault"), PLANTED, ids=lambda p: getattr(p, "__name__", ""))
def test_a_planted_fault_is_found_and_told(spoil, fault, tmp_path):
    assert fault in "; ".join(spoil(good()).faults(tmp_path))


def test_the_file_they_are_planted_in_has_no_fault(tmp_path):
    assert good().faults(tmp_path) == ()


def test_no_fault_tells_what_a_person_answered(tmp_path):
    told = "; ".join(leave_the_codebook(good()).put(30, mood="77777").faults(tmp_path))
    assert "77777" not in told


def test_wildcards_cover_somebody_five_times_and_still_are_no_group_of_five(tmp_path):
    found = rely_on_wildcards(good()).findings(tmp_path)
    assert (found.classes.k, found.compared and found.compared.k_coverage) == (1, 5)


def test_a_claim_of_nothing_finds_no_fault_in_one_row(tmp_path):
    row = {"age": "20", "sex": "F"}
    assert Written((row,), (0,), (row,), Claim(("age",), k=1)).faults(tmp_path) == ()
