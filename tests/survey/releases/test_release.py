import json
import shutil
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from exports.errors import ExportRefused
from exports.recode import RecodedKeys
from forms.fingerprint import content
from forms.fingerprint import fingerprints_of_study as fingerprints
from forms.load import load_study
from survey.errors import Refusal
from survey.releases import process
from survey.releases.build import OTHER_QUESTIONS, ReleaseRequest
from survey.releases.distribution import recall
from survey.storage import answer_tables, releases
from survey.storage.stores import Stores
from tests.answering import approved, freeze, real_answers, simulate_into
from tests.conftest import FLAGSHIP


@pytest.fixture(scope="module")
def study():
    return load_study(FLAGSHIP)


@pytest.fixture
def stores(tmp_path):
    stores = Stores(tmp_path / "data")
    yield stores
    stores.close()


@pytest.fixture(scope="module")
def pilot_with_answers(tmp_path_factory, study):
    """A data folder with the 400 answers of a pilot, to be copied."""
    folder = tmp_path_factory.mktemp("pilot") / "data"
    with closing(Stores(folder)) as stores:
        simulate_into(stores.pilot, study, FLAGSHIP, count=400, seed=1)
    return folder


@pytest.fixture
def pilot(pilot_with_answers, tmp_path):
    shutil.copytree(pilot_with_answers, tmp_path / "data")
    with closing(Stores(tmp_path / "data")) as stores:
        yield stores


@pytest.fixture(scope="module")
def released_pilot(pilot_with_answers, tmp_path_factory, study):
    """The stores, the folder and the result of a pilot's release, to be looked at alone."""
    folder = tmp_path_factory.mktemp("released")
    shutil.copytree(pilot_with_answers, folder / "data")
    with closing(Stores(folder / "data")) as stores:
        (folder / "out").mkdir(mode=0o755)
        done = run(stores, study, folder / "out", made_at="2031-01-01T10:00:00+00:00")
        yield stores, folder / "out", done


@pytest.fixture(scope="module")
def first_release(tmp_path_factory, study):
    """A folder with the release of 330 frozen answers in it, to be copied, and the result."""
    folder = tmp_path_factory.mktemp("first")
    with closing(Stores(folder / "data")) as stores:
        frozen(stores, study, 330)
        done = run(stores, study, folder / "one", pilot=False)
    return folder, done


@pytest.fixture
def released(first_release, tmp_path):
    """The stores of a study whose first release lies in ``one``, to go on from."""
    shutil.copytree(first_release[0], tmp_path, dirs_exist_ok=True)
    with closing(Stores(tmp_path / "data")) as stores:
        yield stores


def run(stores: Stores, study, out: Path, *, tier: str = "C", pilot: bool = True, **more):
    return process.run(stores, study, ReleaseRequest(tier=tier, out=out, pilot=pilot, **more))


def frozen(stores: Stores, study, count: int, *, seed: int = 1) -> None:
    real_answers(stores, study, count, seed=seed)
    freeze(stores, study)


def lines(folder: Path) -> list[bytes]:
    [data] = (folder / "data").glob("*_data.csv")
    return data.read_bytes().splitlines()


def files(folder: Path) -> dict[str, bytes]:
    found = [p for p in folder.rglob("*") if p.is_file()]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_pilot_release_lies_in_its_folder_whole(released_pilot):
    _, out, done = released_pilot
    assert {"README.md", "SHA256SUMS", "data", "documentation"} <= set(names(out))
    rows = done.report["rows"]
    assert str(done).startswith(f"Release 1 PILOT SYNTHETIC, tier C: {rows} rows, k = ")


def test_nobody_else_on_the_machine_reads_a_release(released_pilot):
    assert released_pilot[1].stat().st_mode & 0o777 == 0o700


def test_no_key_deletion_value_or_batch_is_in_it(released_pilot):
    header = set(lines(released_pilot[1])[0].decode().split(","))
    assert header.isdisjoint({"key", "deletion", "batch", "fingerprint", "ff_open"})


def test_the_same_answers_give_the_same_bytes(pilot, study, tmp_path):
    for name in ("one", "two"):
        run(pilot, study, tmp_path / name / "out", tier="B")
    assert files(tmp_path / "one" / "out") == files(tmp_path / "two" / "out")


def test_the_ledger_knows_every_release(released_pilot, study):
    stores, _, done = released_pilot
    [entry] = releases.all_releases(stores.office, study.name)
    assert (entry.tier, entry.rows, entry.pilot) == ("C", done.report["rows"], True)
    assert entry.words == (study.fingerprints.words,)


def test_no_file_holds_the_time_of_the_ledger(released_pilot):
    assert not any(b"2031-01" in content for content in files(released_pilot[1]).values())


def test_a_release_is_archived_in_one_file(released_pilot, study):
    _, out, _ = released_pilot
    archived = out.parent / "data" / "releases" / study.name / f"{study.name}-001-C-pilot.zip"
    with zipfile.ZipFile(archived) as packed:
        assert {n.removeprefix(f"{study.name}-C/") for n in packed.namelist()} == set(files(out))


def test_a_folder_with_something_in_it_is_refused(pilot, study, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(Refusal, match="is not empty"):
        run(pilot, study, tmp_path / "out")
    assert names(tmp_path / "out") == ["mine.txt"]


def test_an_empty_folder_is_filled(released_pilot):
    assert "README.md" in names(released_pilot[1])


def test_a_refused_release_writes_nothing_and_enters_nothing(stores, study, tmp_path):
    simulate_into(stores.pilot, study, FLAGSHIP, count=4, seed=1)
    with pytest.raises(ExportRefused, match="takes 20 rows or more; there are 4"):
        run(stores, study, tmp_path / "out")
    assert names(tmp_path) == ["data"]
    assert releases.all_releases(stores.office, study.name) == []


def test_a_release_ended_half_way_leaves_nothing(pilot, study, tmp_path):
    def cancel(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.run(
            pilot,
            study,
            ReleaseRequest(tier="C", out=tmp_path / "out", pilot=True),
            progress=cancel,
        )
    assert names(tmp_path) == ["data"]
    assert releases.all_releases(pilot.office, study.name) == []


def test_real_answers_are_released_only_when_frozen(stores, study, tmp_path):
    real_answers(stores, study, 60)
    with pytest.raises(Refusal, match="has no frozen answers"):
        run(stores, study, tmp_path / "out", pilot=False)


def test_frozen_answers_are_released_without_any_mark(stores, study, tmp_path):
    frozen(stores, study, 400)
    report = run(stores, study, tmp_path / "out", pilot=False).report
    everybody = report["rows"] + sum(report["rows_left_out"].values())
    assert (everybody, report["pilot"], report["synthetic"]) == (400, False, False)


def test_a_pilots_answers_never_come_with_real_ones(pilot, study, tmp_path):
    approved(pilot, study)
    with pytest.raises(Refusal, match="has no frozen answers"):
        run(pilot, study, tmp_path / "out", pilot=False)


@pytest.mark.parametrize("tier", ["B", "C"])
def test_a_later_release_repeats_the_earlier_rows_byte_for_byte(released, study, tmp_path, tier):
    if tier == "B":
        run(released, study, tmp_path / "open", pilot=False, tier="B")
    first = lines(tmp_path / {"B": "open", "C": "one"}[tier])
    frozen(released, study, 320, seed=2)
    done = run(released, study, tmp_path / "two", pilot=False, tier=tier)
    assert lines(tmp_path / "two")[: len(first)] == first
    assert [segment["number"] for segment in done.report["segments"]] == [1, 2]


def test_tiers_released_one_after_the_other_share_their_segments(stores, study, tmp_path):
    frozen(stores, study, 330)
    run(stores, study, tmp_path / "b", pilot=False, tier="B")
    frozen(stores, study, 320, seed=2)
    run(stores, study, tmp_path / "c", pilot=False, tier="C")
    run(stores, study, tmp_path / "b2", pilot=False, tier="B")
    first = lines(tmp_path / "b")
    assert lines(tmp_path / "b2")[: len(first)] == first


def test_a_batch_too_small_to_stand_alone_waits(released, study, tmp_path):
    frozen(released, study, 30, seed=2)
    done = run(released, study, tmp_path / "two", pilot=False)
    assert done.report["rows"] + sum(done.report["rows_left_out"].values()) == 330
    assert "30 newer frozen answers wait" in str(done)
    assert files(tmp_path / "one")["SHA256SUMS"] == files(tmp_path / "two")["SHA256SUMS"]


def test_another_policy_cannot_follow_the_first(released, study, tmp_path):
    other = replace(study, fingerprints=replace(study.fingerprints, policy="f" * 64))
    with pytest.raises(Refusal, match="was released under another policy"):
        run(released, other, tmp_path / "two", pilot=False)


def test_a_damaged_part_is_never_repeated(released, study, tmp_path):
    [part] = (tmp_path / "data" / "releases" / study.name / "parts").glob("*_data.csv")
    part.chmod(0o600)
    part.write_bytes(part.read_bytes().replace(b"\r\n1,", b"\r\n7,", 1))
    with pytest.raises(Refusal, match="differs from its sum in the ledger"):
        run(released, study, tmp_path / "two", pilot=False)


def test_rows_of_a_recalled_release_are_made_anew_under_the_same_promise(released, study, tmp_path):
    recall(released, study.name, 1, at="2031-01-01", why="Wrong labels.")
    done = run(released, study, tmp_path / "two", pilot=False)
    assert done.report["corrections"] == ["Release 1 was recalled: Wrong labels."]
    assert [p.edition for p in releases.parts(released.office, study.name)] == [1, 2]


def test_a_recall_reaches_every_release_that_repeats_the_rows(stores, study, tmp_path):
    frozen(stores, study, 400)
    for number, tier in enumerate("CBC", 1):
        run(stores, study, tmp_path / f"{number}", pilot=False, tier=tier)
    assert recall(stores, study.name, 3, at="2031-01-01", why="Wrong labels.") == [1, 2, 3]
    run(stores, study, tmp_path / "b", pilot=False, tier="B")
    editions = {(p.tier, p.edition) for p in releases.parts(stores.office, study.name)}
    assert editions == {("C", 1), ("B", 1), ("C", 2), ("B", 2)}


def test_a_later_segment_that_cannot_stand_alone_holds_up_nobody(
    released, first_release, study, tmp_path
):
    fewer = _reworded(replace(study, pages=study.pages[:-1]), study.title)
    frozen(released, fewer, 60, seed=2)
    done = run(released, study, tmp_path / "two", pilot=False)
    assert done.report["rows"] == first_release[1].report["rows"]
    assert "Segment 2 is not in this release" in str(done)


def test_answers_that_changed_since_are_never_compared_as_if_they_had_not(
    released, study, tmp_path
):
    recall(released, study.name, 1, at="2031-01-01", why="Wrong labels.")
    [table] = answer_tables.tables_of(released.responses, study.name)
    sql = f"DELETE FROM {table} WHERE key = (SELECT min(key) FROM {table})"
    released.responses.conn.execute(sql)
    with pytest.raises(Refusal, match="are no longer those that it was first released from"):
        run(released, study, tmp_path / "two", pilot=False)


def _as_it_was(table, *_, **__):
    return RecodedKeys(table, pl.Series(range(len(table)), dtype=pl.UInt32))


def test_two_recodings_that_together_single_somebody_out_are_refused(
    released, study, tmp_path, monkeypatch
):
    recall(released, study.name, 1, at="2031-01-01", why="Too coarse.")
    monkeypatch.setattr("exports.segment_file.recode_strata", _as_it_was)
    monkeypatch.setattr("survey.releases.build.check_segment", lambda *_, **__: None)
    with pytest.raises(Refusal, match="would leave somebody among 1 people; 5 are promised"):
        run(released, study, tmp_path / "two", pilot=False)


def test_the_people_file_never_leaves_the_archive(first_release):
    assert not [name for name in files(first_release[0] / "one") if "people" in name]


def test_who_gets_a_restricted_file_stands_in_it_and_in_the_ledger(stores, study, tmp_path):
    given = {"name": "Dr Ada Example", "agreement": "DUA 7", "date": "2031-01-01"}
    frozen(stores, study, 330)
    run(stores, study, tmp_path / "out", pilot=False, recipient=given)
    assert b"Dr Ada Example" in files(tmp_path / "out")["LICENSE"]
    assert releases.hand_overs(stores.office, study.name)[0].agreement == "DUA 7"


def _reworded(study, title: str):
    changed = replace(study, title=title)
    return replace(changed, fingerprints=fingerprints(changed), content=content(changed))


def test_two_wordings_of_one_version_can_be_told_apart(pilot, study, tmp_path):
    simulate_into(pilot.pilot, _reworded(study, "Other"), FLAGSHIP, count=300, seed=2)
    done = run(pilot, study, tmp_path / "out")
    assert sorted(v.split("+")[0] for v in done.report["words"]) == [study.version] * 2


def test_answers_to_other_questions_are_left_out_aloud(pilot, study, tmp_path):
    fewer = _reworded(replace(study, pages=study.pages[:-1]), study.title)
    simulate_into(pilot.pilot, fewer, tmp_path, count=30, seed=2)
    done = run(pilot, study, tmp_path / "out")
    assert done.report["rows_left_out"][OTHER_QUESTIONS] == 30
    assert OTHER_QUESTIONS in (tmp_path / "out" / "README.md").read_text()


def test_the_codebook_tells_which_words_a_version_is(released_pilot, study):
    book = json.loads(files(released_pilot[1])["documentation/codebook.json"])["variables"]
    [entry] = [e for e in book if e["variable"] == "study_version"]
    assert entry["codes"] == {study.version: f"Version {study.version}"}
    assert f"{study.version} = {study.fingerprints.words}" in entry["note"]
