"""The same files opened in R, by haven: another reader than the one our other tests use."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from exports.files.formats import write_formats
from exports.files.stata import LETTER
from tests.exports.files.hard import CODEBOOK, VARIABLES, cells, source_of

READER = Path(__file__).with_name("read.R")


@dataclass
class InR:
    """One column as haven shows it; every value as text."""

    name: str
    label: str
    cells: list[str]
    labels: dict[str, str]
    missing: list[str]


def rscript(*arguments):
    told = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["Rscript", *arguments], env=told, capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture(scope="session")
def haven():
    if not shutil.which("Rscript"):
        pytest.skip("no R: install r-base-core and r-cran-haven to read the files with haven")
    if rscript("-e", "library(haven)").returncode:
        pytest.skip("R without haven: install r-cran-haven to read the files with it")


def read(path):
    """Columns of a file by their position in the codebook."""
    done = rscript(str(READER), str(path))
    assert done.returncode == 0, done.stderr
    parts = [map(json.loads, line.split("\t")) for line in done.stdout.rstrip("\n").split("\n")]
    return [
        InR(name[0], "".join(label), values, dict(zip(codes, labels, strict=True)), missing)
        for name, label, values, codes, labels, missing in parts
    ]


@pytest.fixture(scope="module")
def in_r(haven, tmp_path_factory):
    """(source, columns of the .sav, columns of the .dta)."""
    source = source_of(tmp_path_factory.mktemp("r"))
    sav, dta, *_ = write_formats(source.csv, CODEBOOK)
    return source, read(sav), read(dta)


def as_text(cell):
    return "" if cell is None else f"{cell:g}" if isinstance(cell, float | int) else cell


def lettered(entry, codes):
    """Missing codes as Stata's letters, where the column's are letters."""
    if entry["type"] == "text" or entry["may_be_empty"]:
        return codes
    return [LETTER.get(int(float(c)), c) if c.startswith("-") else c for c in codes]


def test_every_cell_of_the_sav_is_in_r_what_it_is_in_the_csv(in_r):
    source, sav, _ = in_r
    expected = [[as_text(cell) for cell in column] for column in cells(source).values()]
    assert [column.cells for column in sav] == expected


def test_every_cell_of_the_dta_is_in_r_what_it_is_in_the_csv(in_r):
    source, _, dta = in_r
    columns = [[as_text(cell) for cell in column] for column in cells(source).values()]
    expected = [lettered(e, column) for e, column in zip(CODEBOOK, columns, strict=True)]
    assert [column.cells for column in dta] == expected


def test_missing_codes_are_a_range_in_r(in_r):
    declared = {column.name: column.missing for column in in_r[1] if column.missing}
    numbers = ("warm", "age", "gone", "sc_view", "slider", "count")
    assert declared == {name: ["-99", "-90"] for name in numbers}


@pytest.mark.parametrize("variable", ["warm", "age", "gone", "sc_view", "slider"])
def test_labels_are_in_r_those_of_the_codebook(in_r, variable):
    at = VARIABLES.index(variable)
    entry, labels = CODEBOOK[at], {**CODEBOOK[at]["codes"], **CODEBOOK[at]["missing"]}
    sav = {code: label[:120] for code, label in labels.items()}
    dta = dict(zip(lettered(entry, list(labels)), labels.values(), strict=True))
    assert (in_r[1][at].labels, in_r[2][at].labels) == (sav, dta)


def test_labels_of_variables_are_in_r_as_far_as_the_format_goes(in_r):
    at = VARIABLES.index("warm")
    assert (in_r[1][at].label, in_r[2][at].label) == ("Ü" * 128, "Ü" * 80)
