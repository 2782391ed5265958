"""Who is in the open tier is drawn once, at the freeze, and kept with the row."""

import sqlite3
from collections import Counter
from secrets import token_bytes

import pytest

from exports.output_files import sha256_of
from forms.load import load_study
from survey.releases import process
from survey.releases.archive import Archive
from survey.releases.build import ReleaseRequest
from survey.releases.distribution import recall
from survey.releases.preview import preview
from survey.releases.stored_answers import is_drawn, read_answers, read_people, wordings_of
from survey.storage.stores import Stores
from tests.answering import freeze, real_answers, simulate_into
from tests.conftest import STUDIES

STUDY = load_study(STUDIES / "coarse")
AT = "2026-01-02T03:04:05+00:00"


@pytest.fixture
def stores(tmp_path):
    stores = Stores(tmp_path / "data")
    real_answers(stores, STUDY, 400)
    freeze(stores, STUDY)
    yield stores
    stores.close()


def open_file(stores, out):
    return process.run(stores, STUDY, ReleaseRequest(tier="B", out=out))


def taken(stores, edition=1):
    """The stored answers that stand in tier B, by their places."""
    part = Archive(stores.folder, STUDY.name).part(1, "B", edition)
    return sorted(read_people(part).to_list())


def stored(stores):
    db = stores.responses
    return read_answers(db, STUDY, wordings_of(db, STUDY), batches=None)


def test_four_in_five_are_drawn():
    assert sum(is_drawn(token_bytes(32)) for _ in range(20_000)) == pytest.approx(16_000, abs=300)


def test_the_open_file_holds_who_agreed_and_was_drawn_and_says_how_many_were_not(stores, tmp_path):
    report = open_file(stores, tmp_path / "out").report
    found = stored(stores)
    agreed = found.frame["c_open"] == 1
    left_out = int((agreed & ~found.drawn).sum())
    assert report["rows"] == int((agreed & found.drawn).sum()) > 12
    assert {n for why, n in report["rows_left_out"].items() if "80 % sample" in why} == {left_out}


def test_a_freeze_draws_anew_whatever_was_sent(stores):
    # Sent with values that would all have been drawn.
    assert 0.7 < stored(stores).drawn.mean() < 0.9


def test_a_recall_draws_nobody_else(stores, tmp_path):
    done = open_file(stores, tmp_path / "first")
    recall(stores, STUDY.name, done.number, why="wrong", at=AT)
    open_file(stores, tmp_path / "second")
    assert taken(stores, edition=2) == taken(stores)


def test_a_preview_shows_the_rows_of_the_release(stores, tmp_path):
    shown = preview(stores, STUDY, ReleaseRequest(tier="B", out=tmp_path / "none"))
    open_file(stores, tmp_path / "out")
    assert shown["sums"] == sha256_of(tmp_path / "out" / "SHA256SUMS")


def test_a_later_release_draws_for_newcomers_alone(stores, tmp_path):
    first = open_file(stores, tmp_path / "first")
    before = taken(stores)
    real_answers(stores, STUDY, 200, seed=2)
    freeze(stores, STUDY)
    later = open_file(stores, tmp_path / "second")
    assert later.report["rows"] > first.report["rows"]
    assert taken(stores) == before


def test_a_restored_backup_draws_the_same_rows(stores, tmp_path):
    open_file(stores, tmp_path / "out")
    (tmp_path / "restored").mkdir()
    for name in ("responses.db", "office.db"):
        source = sqlite3.connect(stores.folder / name)
        copy = sqlite3.connect(tmp_path / "restored" / name)
        with source, copy:
            source.backup(copy)
        source.close()
        copy.close()
    again = Stores(tmp_path / "restored")
    assert stored(again).drawn.equals(stored(stores).drawn)
    again.close()


def test_a_pilots_rows_keep_their_lots_when_others_come(tmp_path):
    stores, folder = Stores(tmp_path / "pilot"), STUDIES / STUDY.name
    rows = []
    for seed in (1, 2):
        simulate_into(stores.pilot, STUDY, folder, count=200, seed=seed)
        found = read_answers(stores.pilot, STUDY, wordings_of(stores.pilot, STUDY), batches=None)
        rows.append(Counter(found.frame.with_columns(found.drawn).rows()))
    stores.close()
    assert rows[0] <= rows[1]
