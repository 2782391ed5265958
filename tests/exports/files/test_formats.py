import getpass
import random
import socket
import time

import polars as pl
import pyreadstat
import pytest

from exports.codebook import describe
from exports.columns import fields_of
from exports.errors import ExportRefused
from exports.files.formats import FORMATS, renamed_in, write_formats
from tests.exports.files.hard import CODEBOOK, LONG_NAME, VARIABLES, write_csv


@pytest.fixture
def csv(tmp_path):
    return write_csv(tmp_path / "study-hard_data.csv")


def test_every_format_lies_beside_the_csv_under_its_name(csv):
    names = [path.name for path in write_formats(csv, CODEBOOK)]
    assert names == [f"study-hard_data{suffix}" for suffix in FORMATS]


def wait_for_another_second():
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.02)


def test_the_same_table_makes_the_same_bytes_at_another_time_and_place(csv, tmp_path):
    first = [path.read_bytes() for path in write_formats(csv, CODEBOOK, title="T", notes="N")]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    wait_for_another_second()
    second = write_formats(csv, CODEBOOK, title="T", notes="N", folder=elsewhere)
    assert first == [path.read_bytes() for path in second]


def test_no_file_tells_where_by_whom_or_on_what_machine_it_was_made(csv):
    content = b"".join(path.read_bytes() for path in write_formats(csv, CODEBOOK))
    told = [str(csv.parent), csv.parent.name, f"/{getpass.getuser()}/", socket.gethostname()]
    assert [word for word in told if word.encode() in content] == []


def noted(csv):
    return pyreadstat.read_dta(write_formats(csv, CODEBOOK)[1], output_format="polars")[1].notes


def test_altered_names_are_told_and_noted_in_the_file(csv):
    assert renamed_in(".dta", VARIABLES) == {"byte": "v_byte", LONG_NAME: LONG_NAME[:32]}
    notes = noted(csv)
    assert "Column byte of the CSV is called v_byte here" in notes


def test_the_letters_of_missing_codes_are_noted_in_the_stata_file(csv):
    notes = noted(csv)
    assert notes[0].startswith("Missing codes are extended missing values: -99 = .a, -98 = .b")


def test_a_table_that_does_not_fit_its_codebook_makes_no_file(tmp_path):
    csv = write_csv(tmp_path / "bad_data.csv", [("x",) * len(VARIABLES)])
    with pytest.raises(ExportRefused):
        write_formats(csv, CODEBOOK)
    assert [path.name for path in tmp_path.iterdir()] == ["bad_data.csv"]


def any_cell(entry, chance):
    """A cell that the entry allows."""
    if entry["codes"] or entry["missing"]:
        if not entry["range"] or chance.random() < 0.2:
            return chance.choice([*entry["codes"], *entry["missing"]])
    elif entry["type"] == "text":
        return "en"
    low, high = entry["range"]
    if entry["type"] == "decimal":
        return f"{chance.uniform(low, high):.3f}"
    return (
        ""
        if entry["may_be_empty"] and chance.random() < 0.2
        else chance.randint(int(low), int(high))
    )


@pytest.fixture
def flagship(study, tmp_path):
    """Codebook of the flagship study and 40 rows of cells it allows."""
    whole, chance = study("therapist-tears"), random.Random(1)
    codebook = [describe(whole, field, rows=40) for field in fields_of(whole, pilot=True)]
    rows = [[any_cell(entry, chance) for entry in codebook] for _ in range(40)]
    return write_csv(tmp_path / "t_data.csv", rows, [e["variable"] for e in codebook]), codebook


def test_the_flagship_reads_alike_from_every_format(flagship):
    csv, codebook = flagship
    sav, _, parquet, *_ = write_formats(csv, codebook)
    frame, _ = pyreadstat.read_sav(sav, user_missing=True, output_format="polars")
    numbers = pl.selectors.numeric()
    assert frame.with_columns(numbers.cast(pl.Float64)).equals(
        pl.read_parquet(parquet).with_columns(numbers.cast(pl.Float64))
    )


def test_the_flagship_declares_missing_codes_wherever_its_codebook_has_them(flagship):
    csv, codebook = flagship
    about = pyreadstat.read_sav(
        write_formats(csv, codebook)[0], user_missing=True, output_format="polars"
    )[1]
    expected = {e["variable"] for e in codebook if e["missing"] and e["type"] != "text"}
    assert expected <= set(about.missing_ranges)
    assert "sc_view_shift" not in about.missing_ranges
