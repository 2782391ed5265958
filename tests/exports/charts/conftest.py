"""Charts of simulated clients of the flagship: of a tier C, and of figures as tier A tells them."""

import csv
import io
import json

import pytest

from exports.charts.counts import book_of, from_rows, from_tables, read_rows
from exports.charts.gallery import gallery
from exports.codebook import asked_codebook
from exports.columns import fields_of
from forms.load import load_study
from tests.conftest import FLAGSHIP
from tests.exports.releases import make_release, simulated

PEOPLE = 600
BOUNDS = "count,low,high,base,percent,percent_low,percent_high"
HEADS = {
    "one-way.csv": f"batch,table,label,code,category,missing,{BOUNDS}",
    "two-way.csv": "batch,table,row,row_label,row_code,row_category,column,column_label,"
    f"column_code,column_category,{BOUNDS}",
    "means.csv": "batch,score,label,mean,low,high,base,range_low,range_high",
}
MAP = "sc_view_total x sc_int_connect,sc_view_total,View"
TOLD = {
    "one-way.csv": (
        "1,int_main,Main,1,They felt with me,0,150,130,170,400,40.0,35.0,45.0",
        "1,int_main,Main,2,Another,0,130,110,150,400,34.7,29.0,40.0",
        "1,int_main,Main,3,A third,0,95,75,115,400,25.3,20.0,31.0",
        "1,int_main,Main,none,No valid answer,1,25,5,45,400,6.2,1.0,11.0",
        "1,int_main_now,Now,1,They felt with me,0,90,70,110,400,24.0,19.0,29.0",
        "1,int_main_now,Now,2,Another,0,130,110,150,400,34.7,29.0,40.0",
        "1,int_main_now,Now,3,A third,0,155,135,175,400,41.3,36.0,47.0",
        "1,int_main_now,Now,none,No valid answer,1,180,160,200,400,,,",
        "1,view_overall_before,Before,0-19,0 to 19,0,60,40,80,600,10.0,7.0,13.0",
        "1,view_overall_after,After,0-19,0 to 19,0,90,70,110,400,22.5,17.0,28.0",
        "1,completion,End,1,Reached the end,0,190,180,200,600,32.0,29.0,35.0",
        "1,completion,End,2,Stopped early,0,410,400,420,600,68.0,65.0,71.0",
    ),
    "two-way.csv": tuple(
        f"1,{MAP},{row},{row},sc_int_connect,Connection,{column},{column},{n},{n - 9},{n + 9},400,"
        f"{share},{share - 6},{share + 6}"
        for row, counts in (("low", (20, 15, 8)), ("high", (20, 90, 240)))
        for column, n in zip(("low", "middle", "high"), counts, strict=True)
        for share in (round(100 * n / sum(counts)),)
    ),
    "means.csv": ("1,sc_int_connect,Connection,3.612,3.5,3.72,380,1,5",),
}  # fmt: skip


def files_of(told):
    """Files of tier A with these lines."""
    return {
        name: "".join(f"{line}\r\n" for line in (head, *told.get(name, ()))).encode()
        for name, head in HEADS.items()
    }


def lines_of(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.fixture(scope="session")
def flagship():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="session")
def book(flagship):
    return book_of(asked_codebook(flagship, fields_of(flagship)))


@pytest.fixture(scope="session")
def release(flagship, tmp_path_factory):
    """A release of tier C: its codebook and its rows as charts read them."""
    out = tmp_path_factory.mktemp("charts") / "C"
    make_release(flagship, simulated(flagship, PEOPLE, seed=4), tier="C", out=out)
    told = json.loads((out / "documentation/codebook.json").read_bytes())
    book = book_of(told["variables"])
    return book, read_rows((out / told["data"]).read_bytes(), book)


@pytest.fixture(scope="session")
def of_rows(flagship, release):
    """Charts of tier C by their key."""
    book, rows = release
    return {chart.key: chart for chart in gallery(book, flagship, from_rows(rows, book, flagship))}


@pytest.fixture(scope="session")
def drawn(flagship, book):
    """Charts by their key of tier A with these lines in its files."""

    def charts(told):
        counts = from_tables(files_of(told), book, flagship)
        return {chart.key: chart for chart in gallery(book, flagship, counts)}

    return charts


@pytest.fixture(scope="session")
def of_tables(drawn):
    return drawn(TOLD)


@pytest.fixture(scope="session")
def every(of_rows, of_tables):
    return [*of_rows.values(), *of_tables.values()]
