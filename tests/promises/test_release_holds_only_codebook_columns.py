import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from forms.load import load_study
from tests.conftest import FLAGSHIP, TOP
from tests.exports.releases import (
    book_of,
    core_of,
    data_in,
    make_release,
    report_of,
    simulated,
    smallest_alike,
)

CORE = ("age_band", "gender", "region_raised", "region_same", "ethnicity")
VERSIONS = ("study_version", "consent_version", "lang")


@pytest.fixture(scope="module", params=[1, 2, 3], ids="seed {}".format)
def folders(request, tmp_path_factory):
    study = load_study(FLAGSHIP)
    people = simulated(study, 600, request.param)
    work = tmp_path_factory.mktemp("release")
    for tier in "BC":
        make_release(study, people, tier=tier, out=work / tier)
    return {tier: work / tier for tier in "BC"}


@pytest.mark.parametrize("tier", ["B", "C"])
def test_a_release_has_the_codebooks_columns_and_no_other(folders, tier):
    assert list(data_in(folders[tier])[0]) == list(book_of(folders[tier]))


@pytest.mark.parametrize(("tier", "k"), [("B", 12), ("C", 5)])
def test_every_class_of_what_an_outsider_may_know_has_k_rows_as_they_stand(folders, tier, k):
    """Also for somebody who takes it that a person answered everything, and was shown in full."""
    lines = data_in(folders[tier])
    cells = [tuple(line[name] for name in (*CORE, *VERSIONS)) for line in lines]
    complete = [key for key in cells if not any(cell.startswith("-") for cell in key)]
    assert core_of(folders[tier]) == [*VERSIONS, *CORE]
    for seen in (cells, complete):
        assert min(Counter(seen).values(), default=k) >= k
    assert complete or tier == "B"
    assert {cell for key in cells for cell in key if cell.startswith("-")} <= {"-93"}


@pytest.mark.parametrize("tier", ["B", "C"])
def test_the_report_says_what_a_spreadsheet_counts(folders, tier):
    said = report_of(folders[tier])["verification"]
    assert said["k_rows"] == smallest_alike(folders[tier])
    # Of rows that are one person's, one counts.
    assert said["k_value"] == said["k_exact"] <= said["k_rows"]
    full = [r for r in data_in(folders[tier]) if "-93" not in (r[name] for name in CORE)]
    assert (said["k_complete"] is None) == (not full)
    assert not full or said["k_exact"] <= said["k_complete"] <= smallest_alike(folders[tier], full)


TOLD = re.compile(
    r"(\d+) to (\d+) % of 600 simulated clients in tier C, (\d+) to (\d+) % in tier B; five answers"
    r" (\d+) to (\d+) % and (\d+) to (\d+) %"
)


def test_the_board_reads_how_many_rows_a_few_known_answers_single_out(folders):
    words = " ".join((TOP / "docs" / "board.md").read_text("utf-8").split())
    [bounds] = [[int(n) / 100 for n in found] for found in TOLD.findall(words)]
    for at, (answers, tier) in enumerate((n, t) for n in ("10", "5") for t in "CB"):
        alone = report_of(folders[tier])["verification"]["answers_known"]["alone"][answers]
        assert bounds[2 * at] <= round(alone, 2) <= bounds[2 * at + 1]


# pycanon lies in a folder of its own, beside the product's libraries.
PYCANON = """
import sys, pandas, pycanon.anonymity
data = pandas.read_csv(sys.argv[1], dtype=str, keep_default_na=False)
print(pycanon.anonymity.k_anonymity(data, sys.argv[2:]))
"""


@pytest.mark.parametrize("tier", ["B", "C"])
def test_another_program_finds_the_same_k(folders, tier):
    python = Path(sys.prefix, "peers", "bin", "python")
    if not python.exists():
        pytest.skip("pycanon is not there: none for this Python")
    [data] = (folders[tier] / "data").glob("*_data.csv")
    told = subprocess.run(
        [python, "-W", "ignore", "-c", PYCANON, data, *core_of(folders[tier])],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert int(told.stdout.split()[-1]) == report_of(folders[tier])["k"]["by_row"]


@pytest.mark.parametrize("tier", ["B", "C"])
def test_no_free_text_and_no_store_column_leaves_the_house(folders, tier):
    kept_in = {"ff_open", "final_open", "key", "deletion", "batch"}
    assert kept_in.isdisjoint(data_in(folders[tier])[0])


def test_what_the_therapist_saw_is_not_in_the_open_file(folders):
    seen = ("ep_", "talk_", "tx_", "th_", "own_", "concern", "cult_match", "heard_from")
    assert not [name for name in data_in(folders["B"])[0] if name.startswith(seen)]
