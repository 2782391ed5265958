import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from exports.refused import Refused
from forms.columns import of_study
from forms.fingerprint import content
from forms.fingerprint import of_study as fingerprints
from forms.load import load_study
from survey import release
from survey.errors import Refusal
from survey.simulate import simulate, simulate_into
from survey.store import releases, responses
from survey.store.connect import Stores

FLAGSHIP = Path(__file__).parents[2] / "studies" / "therapist-tears"


@pytest.fixture(scope="module")
def study():
    return load_study(FLAGSHIP)


@pytest.fixture
def stores(tmp_path):
    stores = Stores(tmp_path / "data")
    yield stores
    stores.close()


@pytest.fixture
def pilot(stores, study):
    simulate_into(stores.pilot, study, FLAGSHIP, count=300, seed=1)
    return stores


def answer(stores: Stores, study, count: int, *, seed: int = 1) -> None:
    """Real answers, as sending stores them."""
    db, words = stores.responses, bytes.fromhex(study.fingerprints.words)
    table = responses.prepare(
        db, study=study.name, fingerprint=words, content=study.content, columns=of_study(study)
    )
    for at, client in enumerate(simulate(study, count=count, seed=seed)):
        blob = (seed * 10_000 + at).to_bytes(32)
        answers = responses.Response(
            study=study.name, table=table, fingerprint=words, lang="en", c_open=client.c_open,
            completion=client.completion, dur_band=client.dur_band, deletion=blob,
            values=client.values, texts=(), submit=blob, invitation=None,
        )  # fmt: skip
        assert responses.accept(db, answers)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_pilot_release_lies_in_its_folder_whole(pilot, study, tmp_path):
    done = release.run(pilot, study, tier="C", out=tmp_path / "out", pilot=True)
    assert names(tmp_path / "out") == [
        "README.md", "SHA256SUMS", "codebook.csv", "codebook.json", "report.json",
        "study-therapisttears_data.csv",
    ]  # fmt: skip
    assert str(done).startswith("Release 1 PILOT SYNTHETIC, tier C: 300 rows, k = ")


def test_no_key_deletion_value_or_batch_is_in_it(pilot, study, tmp_path):
    release.run(pilot, study, tier="C", out=tmp_path / "out", pilot=True)
    with (tmp_path / "out" / "study-therapisttears_data.csv").open(newline="") as file:
        header = set(next(csv.reader(file)))
    assert header.isdisjoint({"key", "deletion", "batch", "fingerprint", "ff_open", "gender_text"})


def test_the_same_answers_give_the_same_bytes(pilot, study, tmp_path):
    for name in ("one", "two"):
        release.run(pilot, study, tier="B", out=tmp_path / name, pilot=True)
    files = [sorted((tmp_path / name).iterdir()) for name in ("one", "two")]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(*files, strict=True))


def test_the_ledger_knows_every_release(pilot, study, tmp_path):
    run = {"out": tmp_path / "out", "pilot": True, "made_at": "2031-01-01T10:00:00+00:00"}
    release.run(pilot, study, tier="C", **run)
    [entry] = releases.all_releases(pilot.office, study.name)
    assert (entry.tier, entry.rows, entry.pilot) == ("C", 300, True)
    assert entry.words == (study.fingerprints.words,)


def test_no_file_holds_the_time_of_the_ledger(pilot, study, tmp_path):
    run = {"out": tmp_path / "out", "pilot": True, "made_at": "2031-01-01T10:00:00+00:00"}
    release.run(pilot, study, tier="C", **run)
    assert not any(b"2031" in path.read_bytes() for path in (tmp_path / "out").iterdir())


def test_a_folder_with_something_in_it_is_refused(pilot, study, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(Refusal, match="is not empty"):
        release.run(pilot, study, tier="C", out=tmp_path / "out", pilot=True)
    assert names(tmp_path / "out") == ["mine.txt"]


def test_an_empty_folder_is_filled(pilot, study, tmp_path):
    (tmp_path / "out").mkdir()
    release.run(pilot, study, tier="C", out=tmp_path / "out", pilot=True)
    assert "README.md" in names(tmp_path / "out")


def test_a_refused_release_writes_nothing_and_enters_nothing(stores, study, tmp_path):
    simulate_into(stores.pilot, study, FLAGSHIP, count=4, seed=1)
    with pytest.raises(Refused, match="needs at least 5 rows alike; there are 4"):
        release.run(stores, study, tier="C", out=tmp_path / "out", pilot=True)
    assert names(tmp_path) == ["data"]
    assert releases.all_releases(stores.office, study.name) == []


def test_real_answers_are_released_only_when_frozen(stores, study, tmp_path):
    answer(stores, study, 60)
    with pytest.raises(Refusal, match="has no frozen answers"):
        release.run(stores, study, tier="C", out=tmp_path / "out", pilot=False)


def test_frozen_answers_are_released_without_any_mark(stores, study, tmp_path):
    answer(stores, study, 400)
    responses.freeze(stores.responses, study.name, minimum=50, closing=False)
    done = release.run(stores, study, tier="C", out=tmp_path / "out", pilot=False)
    assert (done.report["rows"], done.report["pilot"], done.report["synthetic"]) == (
        400, False, False,
    )  # fmt: skip


def test_a_pilots_answers_never_come_with_real_ones(pilot, study, tmp_path):
    with pytest.raises(Refusal, match="has no frozen answers"):
        release.run(pilot, study, tier="C", out=tmp_path / "out", pilot=False)


def test_another_batch_cannot_follow_until_batches_are_appended(stores, study, tmp_path):
    for seed, out in ((1, "one"), (2, "two")):
        answer(stores, study, 400, seed=seed)
        responses.freeze(stores.responses, study.name, minimum=50, closing=False)
        if out == "one":
            release.run(stores, study, tier="C", out=tmp_path / out, pilot=False)
    with pytest.raises(Refusal, match="comparing the two could undo"):
        release.run(stores, study, tier="C", out=tmp_path / "two", pilot=False)


def _reworded(study, title: str):
    changed = replace(study, title=title)
    return replace(changed, fingerprints=fingerprints(changed), content=content(changed))


def test_two_wordings_of_one_version_can_be_told_apart(pilot, study, tmp_path):
    simulate_into(pilot.pilot, _reworded(study, "Other"), FLAGSHIP, count=300, seed=2)
    done = release.run(pilot, study, tier="C", out=tmp_path / "out", pilot=True)
    assert sorted(v.split("+")[0] for v in done.report["words"]) == [study.version] * 2


def test_answers_to_other_questions_are_left_out_aloud(pilot, study, tmp_path):
    fewer = _reworded(replace(study, pages=study.pages[:-1]), study.title)
    simulate_into(pilot.pilot, fewer, tmp_path, count=30, seed=2)
    done = release.run(pilot, study, tier="C", out=tmp_path / "out", pilot=True)
    assert done.report["rows_left_out"] == {release.OTHER_QUESTIONS: 30}
    assert "30 rows were left out" in (tmp_path / "out" / "README.md").read_text()


def test_the_codebook_tells_which_words_a_version_is(pilot, study, tmp_path):
    release.run(pilot, study, tier="C", out=tmp_path / "out", pilot=True)
    book = json.loads((tmp_path / "out" / "codebook.json").read_text())["variables"]
    [entry] = [e for e in book if e["variable"] == "study_version"]
    assert study.fingerprints.words in entry["codes"][study.version]
