"""The attacks of `make attack`, as often as takes seconds; a row above its bound fails."""

from functools import partial

import pytest

from tests.attacks import releases
from tests.attacks.__main__ import page
from tests.attacks.outcome import BROKEN, HELD, LIMIT, UNPROVEN, Outcome, Told, Trial, table
from tests.attacks.spelling import holding
from tests.attacks.suite import TESTS, backed_up, recorded, released, served, steps, tabulated


def refused(rows):
    """The table of the rows that are not as the pages say."""
    return "\n".join(table([row for row in rows if not row.sound]))


NOTHING = refused([])


def everything_of(part, folder, **options):
    return [row for step in part(folder, TESTS, **options) for row in step()]


def test_no_attack_at_a_server_learns_more_than_the_pages_say(tmp_path):
    """Order, two studies, canaries, drafts, invitations, deletion; then the server is ended."""
    rows = everything_of(served, tmp_path, slow=False)
    assert (refused(rows), len(rows)) == (NOTHING, 15)


def test_no_attack_at_released_rows_reaches_more_than_the_pages_say(tmp_path):
    rows = everything_of(released, tmp_path)
    assert (refused(rows), len(rows)) == (NOTHING, 13)
    # What boards are told of somebody who was there is what was measured, not only a bound.
    alone = [r.told.right / r.told.tries for r in rows if "that are alone with what a" in r.tried]
    assert alone == pytest.approx([releases.C.singled_out, releases.B.singled_out or 0], abs=0.01)


def test_no_attack_at_tables_is_right_more_often_than_the_pages_say(tmp_path):
    """How often exactly, and that it rings where noise is missing: tests/exports/tables."""
    rows = everything_of(tabulated, tmp_path)
    assert (refused(rows), len(rows)) == (NOTHING, 3)


def test_no_attack_at_the_record_goes_unnoticed_where_the_pages_say_it_shows(tmp_path):
    rows = everything_of(recorded, tmp_path)
    assert (refused(rows), len(rows)) == (NOTHING, 4)


def test_no_attack_at_a_backup_reads_it_or_revives_what_was_deleted(tmp_path):
    rows = everything_of(backed_up, tmp_path)
    assert (refused(rows), len(rows)) == (NOTHING, 4)


def one_row():
    return [outcome((0, 10, 0))]


def cut_short():
    raise RuntimeError("the disk is gone\nfor good")


def broken_part(folder, sizes):
    yield partial(one_row)
    yield partial(cut_short)
    yield partial(one_row)
    raise LookupError(str(folder))


def test_what_does_not_finish_costs_its_own_rows_and_fails(tmp_path):
    rows = [*steps(broken_part, tmp_path, TESTS)]
    assert [row.verdict for row in rows] == [
        HELD, "**did not finish**: RuntimeError: for good", HELD,
        f"**did not finish**: LookupError: {tmp_path}/broken_part",
    ]  # fmt: skip
    written = page(rows, "audit", "abc", over=False)
    assert "2 of 4 rows failed so far" in written
    assert written.count("did not finish") == 2


def test_floods_and_faults_have_a_table_of_their_own():
    rows = [Trial("kills", 3, "none lost", 0, 0, "none"), Trial("kills", 3, "2 lost", 2, 0, "none")]
    assert [row.verdict for row in rows] == [HELD, BROKEN]
    written = page([*rows, outcome((0, 10, 0))], "audit", "abc", over=True)
    assert "1 of 3 rows failed." in written
    assert f"| kills | 3 | 2 lost | none | {BROKEN} |" in written


def outcome(told, weakened=(9, 10, 0), bound=0.0):
    return Outcome("x", "y", Told(*told), Told(*weakened), "z", bound, "p.md")


@pytest.mark.parametrize(
    ("told", "bound", "verdict"),
    [
        ((0, 100, 0), 0, HELD),
        ((1, 100, 0), 0, BROKEN),
        ((55, 100, 50), 0.5, HELD),
        ((80, 100, 50), 0.5, BROKEN),
        ((80, 100, 50), 0.8, LIMIT),
        ((100, 100, 0), 1, LIMIT),
    ],
)
def test_a_row_is_broken_where_chance_does_not_explain_it(told, bound, verdict):
    assert outcome(told, bound=bound).verdict == verdict


def test_an_attack_that_fails_at_the_weakened_copy_too_shows_nothing():
    assert outcome((0, 10, 0), weakened=(0, 10, 0)).verdict == UNPROVEN


@pytest.mark.parametrize("spelt", [
    "d/ö 7", "642fc3b62037", "ZC/DtiA3", "d%2F%C3%B6%207", "d%2F%C3%B6+7", "d\0/\0ö\0 \0007\0",
])  # fmt: skip
def test_words_are_found_however_they_are_spelt(spelt):
    content = spelt.encode("latin-1") if "\0" in spelt else spelt.encode()
    assert holding("d/ö 7", {"file": b"before" + content + b"after"}) == {"file"}
