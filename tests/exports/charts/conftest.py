"""The flagship's codebook, and charts of simulated clients in it."""

import json

import pytest

from exports.charts.counts import book_of, from_rows, from_tables, read_rows
from exports.charts.gallery import gallery
from exports.codebook import asked_codebook
from exports.columns import fields_of
from forms.load import load_study
from forms.simulation import load_recipe
from survey.synthetic.simulate import simulate
from tests.conftest import FLAGSHIP
from tests.exports.releases import make_release, people_of

PEOPLE = 600


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
    recipe = load_recipe(flagship, FLAGSHIP)
    clients = simulate(flagship, count=PEOPLE, seed=4, recipe=recipe)
    people = people_of(flagship, list(clients))
    make_release(flagship, people, tier="C", out=out)
    told = json.loads((out / "documentation/codebook.json").read_bytes())
    book = book_of(told["variables"])
    return book, read_rows((out / told["data"]).read_bytes(), book)


@pytest.fixture(scope="session")
def figures(release):
    book, rows = release
    return from_rows(rows, book)


@pytest.fixture(scope="session")
def charts(release, figures):
    return {chart.key: chart for chart in gallery(release[0], figures)}


@pytest.fixture(scope="session")
def from_csv(book):
    """Charts of published tables: lines of ``tables/one-way.csv`` without its header."""
    head = "batch,table,label,code,category,count,lowest,highest,base,percent,note\r\n"

    def drawn(*lines):
        content = (head + "".join(f"{line}\r\n" for line in lines)).encode()
        figures = from_tables(content, book)
        return figures, {chart.key: chart for chart in gallery(book, figures)}

    return drawn
