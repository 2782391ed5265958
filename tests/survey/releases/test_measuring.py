"""A batch is measured once in the life of its answers, whatever happens meanwhile."""

import csv
import io
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from exports.errors import ExportRefused
from exports.tables.budget import right_of_100
from exports.tables.menu import Menu, budget_of
from exports.tables.spent import most_spent
from exports.tables.table_files import IN_ALL, LEFT
from forms.load import load_study
from survey.backups import endings_list
from survey.backups.age_format import make_identity, public_key, read_identities
from survey.backups.make import make
from survey.backups.restore import restore
from survey.config import Config
from survey.crypto import KeyRing, make_key, read_keys
from survey.errors import Refusal
from survey.releases import process
from survey.releases.archive import Archive, drop_pilot_files
from survey.releases.build import ReleaseRequest
from survey.releases.distribution import recall
from survey.releases.preview import preview
from survey.releases.spending import spending
from survey.storage import answer_tables, measurements, releases
from survey.storage.batches import ask_deletion, carry_out_deletions
from survey.storage.database import write_transaction
from survey.storage.releases import LedgerPart
from survey.storage.stores import Stores
from tests.answering import freeze, people_in_pilot, real_answers, simulate_into
from tests.conftest import FLAGSHIP, STUDIES

NAME = FLAGSHIP.name
WHO = "Ada"


class Died(BaseException):
    """The process ends here."""


def die(*_args, **_more):
    raise Died


@pytest.fixture(scope="module")
def study():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def made(tmp_path_factory, study):
    """A folder with 120 frozen answers and their first release of tables in ``one``."""
    folder = tmp_path_factory.mktemp("made")
    with closing(Stores(folder / "data")) as stores:
        real_answers(stores, study, 120)
        freeze(stores, study)
        shutil.copytree(folder / "data", folder / "unmeasured")
        run(stores, study, folder / "one")
    return folder


@pytest.fixture
def released(made, tmp_path):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    with closing(Stores(tmp_path / "data")) as stores:
        yield stores


@pytest.fixture
def frozen(made, tmp_path):
    shutil.copytree(made / "unmeasured", tmp_path / "data")
    with closing(Stores(tmp_path / "data")) as stores:
        yield stores


@pytest.fixture
def stores(tmp_path):
    with closing(Stores(tmp_path / "data")) as stores:
        yield stores


@pytest.fixture
def no_draw(monkeypatch):
    """From here on nothing may be drawn."""

    def forbid():
        monkeypatch.setattr("exports.tables.noise.discrete_gaussian", die)

    return forbid


def request(out: Path, **more) -> ReleaseRequest:
    return ReleaseRequest(tier="A", out=out, who=WHO, **more)


def run(stores, study, out, **more):
    return process.run(stores, study, request(out, **more))


def files(folder: Path) -> dict[str, bytes]:
    found = [p for p in folder.rglob("*") if p.is_file()]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def lines(folder: Path, name: str) -> list[dict[str, str]]:
    content = (folder / "tables" / f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def kept(stores, study, segment=1, *, pilot=False) -> Path:
    return Archive(stores.folder, study.name).measured(segment, pilot=pilot)


# What is spent.


def test_what_is_spent_is_worked_out_from_the_ledger_as_the_files_say_it(released, study, tmp_path):
    [spent] = spending(released.office, study)
    told = {line["statistic"]: line for line in lines(tmp_path / "one", "budget")}
    assert round(spent.right, 1) == float(told[IN_ALL]["right_of_100"])
    assert round(spent.left, 1) == float(told[LEFT]["right_of_100"])
    assert 60 < spent.right <= right_of_100(budget_of(study).release)


def test_a_statistic_that_the_menu_no_longer_has_counts_as_measured_of_everybody(study):
    menu, rho = Menu(study), {"saw_tears": Fraction(1, 9)}
    assert most_spent(menu, rho) == Fraction(1, 9)
    assert most_spent(menu, {**rho, "no longer": Fraction(1, 7)}) == Fraction(16, 63)


def test_nothing_is_spent_before_a_measurement(frozen, study):
    assert spending(frozen.office, study) == []


# Once means once.


def test_a_second_release_draws_nothing_and_has_the_same_bytes(released, study, tmp_path, no_draw):
    no_draw()
    run(released, study, tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_recalled_release_is_followed_by_the_same_measurement(released, study, tmp_path, no_draw):
    no_draw()
    recall(released, study.name, 1, at="2031-01-01", why="Wrong labels.")
    run(released, study, tmp_path / "two")
    assert lines(tmp_path / "one", "measured") == lines(tmp_path / "two", "measured")


def test_a_lost_zip_is_made_again_from_what_was_measured(released, study, tmp_path, no_draw):
    no_draw()
    [entry] = releases.all_releases(released.office, study.name)
    [zipped] = (released.folder / "releases" / study.name).glob("*.zip")
    before = zipped.read_bytes()
    zipped.unlink()
    process.rebuild_zip(released, study, entry, request(tmp_path / "unused"))
    assert zipped.read_bytes() == before


def test_a_preview_draws_nothing(frozen, study, tmp_path, no_draw):
    no_draw()
    shown = preview(frozen, study, request(tmp_path / "out"))
    assert [s["measured"] for s in shown["tables"]] == [False]
    assert not kept(frozen, study).exists()


STEPS = (
    "survey.releases.measuring.write_whole",  # drawn, and not on the disk: nobody has seen it
    "survey.releases.measuring._enter",  # on the disk, and not entered
    "survey.storage.measurements.append",  # in the middle of the entry
    "survey.releases.process.assemble_tables",  # entered, and nothing is written of it
    "survey.releases.process._archive_zip",
    "survey.releases.process._enter",
)


@pytest.mark.parametrize("step", STEPS)
def test_after_a_crash_a_measurement_on_the_disk_is_used(
    frozen, study, tmp_path, no_draw, monkeypatch, step
):
    with monkeypatch.context() as crash:
        crash.setattr(step, die)
        with pytest.raises(Died):
            run(frozen, study, tmp_path / "one")
    there = kept(frozen, study).exists()
    assert there == (step != STEPS[0])
    before = kept(frozen, study).read_bytes() if there else b""
    # More people have answered meanwhile: they are no part of what was measured.
    real_answers(frozen, study, 120, seed=2)
    freeze(frozen, study)
    with monkeypatch.context() as later:
        if there:
            _draw_only_for(2, later)
        run(frozen, study, tmp_path / "two")
    found = [line for line in lines(tmp_path / "two", "measured") if line["batch"] == "1"]
    assert found[0]["value"] == "120"
    assert not there or kept(frozen, study).read_bytes() == before


def _draw_only_for(segment: int, patch) -> None:
    from survey.releases import measuring

    draw = measuring._draw

    def checked(build, one):
        assert one.number == segment
        draw(build, one)

    patch.setattr("survey.releases.measuring._draw", checked)


def test_after_a_crash_no_policy_enters_what_it_would_not_have_allowed(
    frozen, study, tmp_path, no_draw, monkeypatch
):
    with monkeypatch.context() as crash:
        crash.setattr("survey.releases.measuring._enter", die)
        with pytest.raises(Died):
            run(frozen, study, tmp_path / "one")
    no_draw()
    less = replace(study.policy, tables=replace(study.policy.tables, budget=0.1))
    with pytest.raises(Refusal, match="larger budget than this policy allows"):
        run(frozen, replace(study, policy=less), tmp_path / "two")
    assert measurements.measured_segments(frozen.office, study.name) == []
    run(frozen, study, tmp_path / "two")


def test_a_measurement_that_is_gone_is_never_drawn_again(released, study, tmp_path, no_draw):
    no_draw()
    kept(released, study).unlink()
    with pytest.raises(Refusal, match=r"001-A\.measured\.csv is missing.*restore the file"):
        run(released, study, tmp_path / "two")


def test_a_measurement_that_was_changed_is_refused(released, study, tmp_path):
    path = kept(released, study)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"people,,120", b"people,,121"))
    with pytest.raises(Refusal, match="differs from its sum in the ledger"):
        run(released, study, tmp_path / "two")


def test_what_was_measured_is_entered_once_and_for_all(released, study):
    [entry] = measurements.measured_segments(released.office, study.name)
    with pytest.raises(sqlite3.IntegrityError), write_transaction(released.office):
        measurements.enter(released.office, study.name, entry, pilot=False)


def test_two_processes_at_once_measure_once(frozen, study, tmp_path, no_draw):
    no_draw()
    with (
        Archive(frozen.folder, study.name).working_folder(),
        pytest.raises(Refusal, match="Another release of therapist-tears is being made"),
    ):
        run(frozen, study, tmp_path / "one")


def test_that_it_was_measured_stands_in_the_audit(released):
    said = [row["what"] for row in released.office.table("audit").rows]
    assert said.count(f"{NAME}: segment 1 measured for tables, once") == 1


# Copies.


class House:
    """A data folder with its key, its endings list, and backups of it."""

    def __init__(self, stores: Stores, folder: Path) -> None:
        self.stores, self.folder = stores, folder
        self.config = Config(
            data=stores.folder, studies=(FLAGSHIP,), site=folder / "site.toml",
            key=folder / "server.key", endings=folder / "endings.json",
        )  # fmt: skip
        make_key(self.config.key)
        self.keys = KeyRing(read_keys(self.config.key))
        assert stores.writable()

    def backup(self) -> Path:
        secret = self.folder / "secret.txt"
        public = public_key(make_identity(secret))
        self.listed()
        return make(self.stores, self.config, self.folder / "a.age", [public], who=WHO).path

    def listed(self):
        endings_list.refresh(self.stores, self.keys, self.config.endings, "2999-01-01")
        return endings_list.read(self.config.endings)

    def restored(self, backup: Path) -> Stores:
        secrets = read_identities(self.folder / "secret.txt")
        into = self.folder / "restored"
        restore(backup, into, secrets, self.keys, self.listed(), who=WHO)
        return Stores(into)


def test_a_backup_carries_what_was_measured(released, study, tmp_path, no_draw):
    house = House(released, tmp_path)
    backup = house.backup()
    no_draw()
    with closing(house.restored(backup)) as restored:
        run(restored, study, tmp_path / "two")
    assert (
        files(tmp_path / "one")["tables/measured.csv"]
        == (files(tmp_path / "two")["tables/measured.csv"])
    )


def test_a_copy_of_before_the_measurement_is_never_measured_again(frozen, study, tmp_path, no_draw):
    house = House(frozen, tmp_path)
    backup = house.backup()
    run(frozen, study, tmp_path / "one")
    no_draw()
    with (
        closing(house.restored(backup)) as restored,
        pytest.raises(Refusal, match="would be drawn a second time"),
    ):
        run(restored, study, tmp_path / "two")


# Who is measured.


def test_under_a_hundred_answers_are_not_measured(stores, study, tmp_path, no_draw):
    no_draw()
    real_answers(stores, study, 99)
    freeze(stores, study)
    with pytest.raises(ExportRefused, match=r"No tables of 99 answers.*Wait for 1 more"):
        run(stores, study, tmp_path / "one")
    assert releases.segments(stores.office, study.name) == []


def test_figures_of_several_batches_are_sums(released, study, tmp_path):
    real_answers(released, study, 130, seed=2)
    freeze(released, study)
    run(released, study, tmp_path / "two")
    first = lines(tmp_path / "one", "one-way")
    found = lines(tmp_path / "two", "one-way")
    assert [line for line in found if line["batch"] == "1"] == first
    cells: dict[tuple[str, str], dict[str, int]] = {}
    for line in found:
        cells.setdefault((line["table"], line["code"]), {})[line["batch"]] = int(line["count"])
    summed = [cell for cell in cells.values() if "all" in cell]
    assert summed
    assert all(cell["all"] == cell["1"] + cell["2"] for cell in summed)


def test_tables_of_the_former_kind_stay_as_they_are(released, study, tmp_path, no_draw):
    archive = Archive(released.folder, study.name)
    with closing(Stores(tmp_path / "old")) as old:
        real_answers(old, study, 120)
        freeze(old, study)
        [segment] = [releases.Segment(1, (1,), 120)]
        part = LedgerPart(1, "A", 1, "0" * 64, 120, study.fingerprints.policy, {"answers": ""})
        entry = releases.Release(
            study.name, "A", "0" * 64, "2030-01-01", 120, study.fingerprints.policy, ("w",), (1,)
        )
        releases.enter(old.office, entry, new_segments=[segment], new_parts=[part], held=[part])
        no_draw()
        with pytest.raises(ExportRefused, match="as an earlier program made them"):
            run(old, study, tmp_path / "again")
    assert archive.measured(1).exists()


def test_how_many_are_counted_hangs_on_no_answer(stores, study, tmp_path):
    """A folder that no longer explains an answer of somebody counts her as all the others."""
    before = shutil.copytree(STUDIES / "minimal", tmp_path / "before" / "minimal")
    options = before / "questionnaire.toml"
    more = options.read_text("utf-8").replace('[3, "Bad"]]', '[3, "Bad"], [4, "Awful"]]')
    options.write_text(more, "utf-8")
    asked, folder = load_study(before), load_study(STUDIES / "minimal")
    tiers = {**folder.policy.tiers, "A": study.policy.tiers["A"]}
    study = replace(folder, policy=replace(folder.policy, tiers=tiers))
    people_in_pilot(stores, asked, 120)
    moods = [row["mood"] for row in answer_tables.rows(stores.pilot, study.name)]
    assert 4 in moods
    run(stores, study, tmp_path / "one", pilot=True)
    assert lines(tmp_path / "one", "measured")[0]["value"] == "120"


# Pilots.


def test_a_pilot_of_people_is_measured_once_for_life(stores, study, tmp_path, no_draw):
    people_in_pilot(stores, study, 120)
    run(stores, study, tmp_path / "one", pilot=True)
    people_in_pilot(stores, study, 80, after=120)
    no_draw()
    run(stores, study, tmp_path / "two", pilot=True)
    assert (
        files(tmp_path / "one")["tables/measured.csv"]
        == (files(tmp_path / "two")["tables/measured.csv"])
    )


def test_who_deletes_takes_the_pilots_measurement_along_and_nobody_is_measured_twice(
    stores, study, tmp_path, no_draw
):
    someone, *_ = people_in_pilot(stores, study, 120)
    run(stores, study, tmp_path / "one", pilot=True)
    ask_deletion(stores.pilot, [someone])
    carry_out_deletions(stores.pilot)
    drop_pilot_files(stores.folder, [study.name])
    assert not kept(stores, study, pilot=True).exists()
    no_draw()
    with pytest.raises(Refusal, match="were measured once, and some were deleted since"):
        run(stores, study, tmp_path / "two", pilot=True)


def test_simulated_answers_to_a_pilot_are_drawn_anew_and_the_page_says_so(stores, study, tmp_path):
    simulate_into(stores.pilot, study, FLAGSHIP, count=120, seed=1)
    for out in ("one", "two"):
        run(stores, study, tmp_path / out, pilot=True)
    assert lines(tmp_path / "one", "measured") != lines(tmp_path / "two", "measured")
    assert b"each release of them is drawn anew" in files(tmp_path / "two")["tables/tables.html"]
    assert measurements.measured_segments(stores.office, study.name, pilot=True) == []


# What the folder tells.


def test_nothing_outside_the_tables_depends_on_an_answer(released, study, tmp_path):
    """Other people's answers, as many of them: every document is the same but for sums of files."""
    with closing(Stores(tmp_path / "others")) as others:
        real_answers(others, study, 120, seed=9)
        freeze(others, study)
        run(others, study, tmp_path / "two")

    def told(folder):
        found = files(folder)
        sums = found.pop("SHA256SUMS").decode().splitlines()
        digests = [line.partition("  ")[0].encode() for line in sums]
        rest = {n: c for n, c in found.items() if not n.startswith("tables/")}
        for digest in digests:
            rest = {name: content.replace(digest, b"") for name, content in rest.items()}
        return rest

    assert told(tmp_path / "one") == told(tmp_path / "two")
