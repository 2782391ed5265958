"""What a client chose in words is what the codebook says about the code in the row."""

import pytest

from exports.codebook import describe
from exports.columns import fields_of
from survey.storage import answer_tables
from tests.journeys.client import Journey
from tests.journeys.walking import offered

USE = "dq_use"  # who says No there has no row


def entries(study):
    """Column → its entry in the codebook."""
    fields = [f for f in fields_of(study) if f.part == "answer" or f.column]
    return {f.name: describe(study, f, rows=1) for f in fields if f.column}


def in_words(entry, value):
    """A stored value as the codebook reads it."""
    known = {**entry["codes"], **entry["missing"]}
    return known.get(str(value), str(value))


def promised(client):
    """Column → words, as the check page said."""
    rows = [row for part in client.check_parts() for row in part.rows]
    rows = [row for row in rows if len(row) == 4 and row[0] != "Column"]
    return {name: words for name, _, _, words in rows}


def least(client, name):
    """The lowest number that may be typed there."""
    return int(client.page.named(name)[0].attributes.get("data-min", 0))


def every(nth):
    """Chooses the nth of whatever is offered; writes what is a number, or with -1 refuses it."""

    def choose(client):
        found = offered(client)
        typed = {name for name in found if found.get(f"{name}-missing")}
        aside = typed if nth < 0 else {f"{name}-missing" for name in typed}
        return {
            name: values[0 if name == USE else nth % len(values)]
            if values
            else str(least(client, name) + abs(nth))
            for name, values in found.items()
            if name not in aside
        }

    return choose


@pytest.mark.parametrize("name", ["kinds", "branch", "coarse", "therapist-tears"])
@pytest.mark.parametrize("nth", [0, 1, 2, -1])
def test_answers_read_the_same_on_the_check_page_in_the_row_and_in_the_codebook(
    open_app, name, nth
):
    app = open_app(name)
    version = app.extensions["lacrima"].catalogue.folders[name].latest
    client = Journey(app, version.study.address).begin()
    while client.screen == "questions":
        client.answer(**every(nth)(client))
        assert not client.page.title.startswith("Error")
        if client.screen == "support":
            client.press("go", "on")
    words = promised(client)
    client.send()
    (row,) = answer_tables.rows(app.extensions["lacrima"].stores.pilot, name)
    codebook = entries(version.study)
    assert {n: in_words(e, row[n]) for n, e in codebook.items()} == {n: words[n] for n in codebook}
