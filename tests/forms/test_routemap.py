"""The picture of the routing: only steps that can be taken, and a picture that can be read."""

from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from forms.routing import paths
from forms.routing_diagram import END, START, picture, route_map

NAMES = ["therapist-tears", "branch", "first-hidden", "kinds", "minimal"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", NAMES)
def test_every_step_that_can_be_taken_is_a_line_and_no_other(study, name):
    taken = {
        step
        for _, pages in paths(study(name))
        for step in pairwise((START, *(p.id for p in pages), END))
    }
    assert set(route_map(study(name)).lines) == taken


@pytest.mark.parametrize("name", NAMES)
def test_every_line_leads_downwards(study, name):
    found = route_map(study(name))
    assert all(found.boxes[a].row < found.boxes[b].row for a, b in found.lines)


def test_no_two_pages_stand_in_one_place(study):
    crossing = with_crossing_ways(study("therapist-tears"))
    places = [(box.row, box.lane) for box in route_map(crossing).boxes.values()]
    assert len(places) == len(set(places))


def test_a_line_from_lane_to_lane_leads_downwards_too(study):
    found = route_map(with_crossing_ways(study("therapist-tears")))
    assert all(found.boxes[a].row < found.boxes[b].row for a, b in found.lines)


def with_crossing_ways(flagship):
    """Pages of overlapping conditions, one after another."""
    sure, unsure, saw = ((("saw_tears", frozenset(codes)),) for codes in ({1}, {2, 3}, {1, 2}))
    pages = flagship.pages
    conditions = ((), sure, unsure, saw, sure, ())
    routed = [replace(p, show_if=c) for p, c in zip(pages, conditions, strict=False)]
    return replace(flagship, pages=(*routed, replace(pages[12], show_if=unsure), pages[13]))


def test_a_page_whose_every_question_hangs_on_an_answer_can_be_passed_by(study):
    branch = study("branch")
    pages = list(branch.pages)
    went = (("been", frozenset({1})),)
    asked = tuple(replace(q, show_if=went) for q in pages[1].questions)
    pages[1] = replace(pages[1], show_if=(), questions=asked)
    lines = route_map(replace(branch, pages=tuple(pages))).lines
    assert (pages[0].id, pages[2].id) in lines


def words(svg):
    return " ".join(t.text or "" for t in ET.fromstring(svg).iter(f"{SVG}text"))


def test_the_picture_names_every_page_and_the_answers_that_lead_apart(study):
    said = words(picture(study("therapist-tears")))
    assert all(f"{n}. " in said for n in range(1, 19))
    assert "only if saw_tears: “Yes, I am sure they did”" in said.replace("  ", " ")


def test_a_title_with_markup_stays_text(study):
    branch = study("branch")
    evil = replace(branch.pages[0], title="<script>&")
    svg = picture(replace(branch, pages=(evil, *branch.pages[1:])))
    assert "<script>&" in words(svg)


def test_the_same_study_gives_the_same_picture(study):
    assert picture(study("branch")) == picture(study("branch"))
