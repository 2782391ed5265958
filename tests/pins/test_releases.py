"""Releases of the same answers are the same files, in every tier of every study folder."""

import json
import sqlite3
from functools import cache
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from exports.tables import noise
from forms.load import load_study
from tests.conftest import FLAGSHIP
from tests.exports.releases import data_in, report_of, smallest_alike
from tests.pins.conftest import GOLDEN, STUDY_FOLDERS

CLIENTS = 400
APPROVING = "a\n" * CLIENTS * 4  # more than there are texts to read

# By name alone: the keys of rows are drawn by lot, and a zip hangs on the machine's zlib.
NAMED = (".people", ".zip", "-B.1_data.csv")


def named(lines, ends=("",)):
    """Checksums and paths of files, of those that end so their paths alone."""
    return (line.split()[1] if line.endswith(ends) else line for line in lines)


# The flagship's tiers with rows are pinned by their releases of frozen answers.
FROZEN = {(FLAGSHIP.name, tier) for tier in "ABC"}
RELEASES = [
    (name, tier)
    for name, folder in STUDY_FOLDERS.items()
    for tier in sorted(load_study(folder).policy.tiers)
    if (name, tier) not in FROZEN
]


@pytest.fixture(scope="module")
def populated(lacrima):
    """``populated(name)``: simulated clients have answered this study, and their texts are read."""

    @cache
    def populate(name):
        lacrima("simulate", name, "--count", CLIENTS, "--seed", 1)
        if (name, "D") in RELEASES:
            lacrima("review", name, "--pilot", typed=APPROVING)

    return populate


def is_k_anonymous(folder):
    """Whether rows, if it holds any, are alike as they stand, each batch alone and together."""
    report = report_of(folder)
    if "k" not in report:
        return True
    return (
        min(smallest_alike(folder), smallest_alike(folder, data_in(folder))) >= report["k"]["asked"]
    )


@pytest.mark.parametrize(("name", "tier"), RELEASES)
def test_a_pilots_release(name, tier, populated, lacrima, tmp_path, pinned, sums_of):
    populated(name)
    lacrima("release", name, "--tier", tier, "--pilot", "--out", tmp_path / "out")
    assert is_k_anonymous(tmp_path / "out")
    pinned(f"releases/{name}-{tier}-pilot", sums_of(tmp_path / "out"))


@pytest.fixture
def released(installation, tmp_path, monkeypatch):
    """Releases of real answers: one in each tier but D, and again with a second segment.

    The noise of tables is the same in every run.
    """
    lots = Random(1)
    monkeypatch.setattr(noise, "secrets", SimpleNamespace(randbelow=lots.randrange))
    for seed in (1, 2):
        installation.answer(330, seed=seed)
        for tier in "CBA":
            installation.release(tier, tmp_path / f"{seed}-{tier}")
            assert is_k_anonymous(tmp_path / f"{seed}-{tier}")
    return installation


def ledger_of(installation, keys_of):
    """What is kept of every part, without which no later release repeats it."""
    office = sqlite3.connect(installation.data / "office.db")
    parts = "SELECT segment, tier, edition, about FROM parts ORDER BY segment, tier, edition"
    for segment, tier, edition, about in office.execute(parts).fetchall():
        yield from ("", f"segment {segment}, tier {tier}, edition {edition}")
        told = json.loads(about)
        # Who is drawn into tier B decides which columns lack an answer and why rows are left out.
        drawn: dict[str, Any] = {key: {} for key in ("not_answered", "left_out") if told.get(key)}
        yield from keys_of({**told, **drawn})
    office.close()


def test_releases_of_frozen_answers_and_what_is_archived_for_later_ones(
    released, tmp_path, pinned, sums_of, keys_of
):
    for name in (f"{seed}-{tier}" for seed in (1, 2) for tier in "CBA"):
        made = sums_of(tmp_path / name)
        # Who is in tier B is drawn by lot when answers are frozen.
        lines = named(made) if name.endswith("B") else made
        pinned(f"releases/{FLAGSHIP.name}-frozen-{name}", lines)
    archived = sums_of(released.data / "releases")
    pinned("releases/archive", named(archived, NAMED))
    pinned("releases/parts-in-the-ledger", ledger_of(released, keys_of))
    for file in sorted((tmp_path / "2-C").rglob("*.json")):
        pinned(f"releases/keys-of-{file.stem}", keys_of(json.loads(file.read_bytes())))


def test_no_release_is_pinned_that_nobody_makes_any_more():
    pilots = {path.stem for path in (GOLDEN / "releases").glob("*-pilot.txt")}
    assert pilots == {f"{name}-{tier}-pilot" for name, tier in RELEASES}
