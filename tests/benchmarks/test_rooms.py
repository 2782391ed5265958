"""The figures of the staff's rooms leave no page out, and say what grows."""

import re

import pytest

from benchmarks.rooms import page
from benchmarks.rooms.pages import BARE, BOARD, NOT_MEASURED, PUBLIC, RESEARCH

FOUND = {"machine": "a machine", "product": "1", "load": [0.1, 0.2], "busy": 1.0, "seconds": 9.0}


def measured(size, name, p50):
    return {"page": name, "size": size, "best": p50 / 2, "p50": p50, "p99": 2 * p50}


@pytest.fixture
def written():
    rows = [measured(size, BARE, 1.0) for size in (600, 10_000)]
    rows += [measured(600, "research/", 1.0), measured(10_000, "research/", 1.2)]
    rows += [measured(600, "ethics/", 1.0), measured(10_000, "ethics/", 9.0)]
    return page.page({"pages": {**FOUND, "rows": rows}})


def filled(rule):
    """An address that fits the rule."""
    for part, value in (("<int:number>", "1"), ("<ending>", "svg"), ("<kind>", "svg")):
        rule = rule.replace(part, value)
    return re.sub("<[^>]+>", "x", rule)


def test_every_page_of_the_rooms_is_measured_or_said_to_be_left_out(app):
    urls = app.url_map.bind("localhost")
    listed = [f"/{name.replace('N', 'x')}" for name in (*RESEARCH, *BOARD, *PUBLIC)]
    known = {urls.match(address)[0] for address in listed}
    rules = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/research/", "/ethics/")) and "GET" in (rule.methods or ())
    ]
    there = [rule for rule in rules if not rule.endswith(NOT_MEASURED)]
    assert [rule for rule in there if urls.match(filled(rule))[0] not in known] == []


def test_a_page_that_grows_with_the_answers_is_named(written):
    assert "Pages that grow with the answers: ethics/." in written


def test_each_page_has_its_line_and_its_ratios(written):
    assert "| `/research/` | 1.0 / 2.0 | 1.2 / 2.4 | 1.20 | 1.2 |" in written
    assert "| `/ethics/` | 1.0 / 2.0 | 9.0 / 18.0 | **9.00** | 9.0 |" in written


def test_what_was_not_measured_says_so(written):
    assert written.count("Not measured yet.") == 2
