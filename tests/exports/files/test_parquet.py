import json

import polars as pl
import pytest

from exports.files.parquet import KEY, write_parquet
from tests.exports.files.hard import CODEBOOK, cells


@pytest.fixture
def parquet(source, tmp_path):
    write_parquet(source, tmp_path / "x.parquet", title="Tränen", notes="PILOT DATA")
    return tmp_path / "x.parquet"


def test_every_cell_comes_back(source, parquet):
    assert pl.read_parquet(parquet).to_dict(as_series=False) == cells(source)


def test_the_codebook_travels_in_the_file(parquet):
    about = json.loads(pl.read_parquet_metadata(parquet)[KEY])
    assert about == {"title": "Tränen", "notes": "PILOT DATA", "variables": list(CODEBOOK)}


def test_codes_take_one_byte_where_one_is_enough(parquet):
    kinds = pl.read_parquet_schema(parquet)
    assert [str(kinds[n]) for n in ("warm", "slider", "count", "lang", "sc_view")] == [
        "Int8", "Int8", "Int32", "String", "Float64",
    ]  # fmt: skip
