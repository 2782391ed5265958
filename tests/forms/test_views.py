from dataclasses import replace

import pytest
from werkzeug.datastructures import MultiDict

from forms.draft import Draft
from forms.page_view import page_view


@pytest.fixture
def draft():
    return Draft(seed="one", words="w", language="en", started=0)


def asked(view, name):
    return next(v for v in view.questions if v.question.name == name)


def test_nothing_is_marked_beforehand(study, draft):
    kinds = study("kinds")
    for page in kinds.pages:
        view = page_view(kinds, draft, page)
        assert not any(i.ticked or i.typed for q in view.questions for i in q.inputs)


@pytest.mark.parametrize(("answers", "name", "ticked"), [
    ({"one": 0}, "one", {"0"}), ({"one": -95}, "one", set()),
    ({"some__red": 1, "some__blue": 0}, "some", {"1"}),
    ({"some__red": -99, "some__blue": -99}, "some", {"-99"}),
    ({"some__red": -95, "some__blue": -95}, "some", set()),
    ({"count": 10}, "count", {"10"}), ({"line": 0}, "line", {"0"}),
])  # fmt: skip
def test_earlier_answers_are_marked(study, draft, answers, name, ticked):
    kinds = study("kinds")
    view = page_view(kinds, replace(draft, answers=answers), kinds.pages[0])
    assert asked(view, name).inputs[0].ticked == ticked


def test_a_refused_number_is_marked_beside_its_box(study, draft):
    kinds = study("kinds")
    view = page_view(kinds, replace(draft, answers={"line": -99}), kinds.pages[0])
    line = asked(view, "line")
    assert (line.inputs[0].typed, line.missing_input.ticked) == ("", {"-99"})


@pytest.mark.parametrize("number", range(4))
def test_ids_name_nothing_and_are_all_different(study, draft, number):
    flagship = study("therapist-tears")
    seen = replace(draft, answers={"saw_tears": 1})
    view = page_view(flagship, seen, flagship.pages[number])
    ids = [i.id for q in view.questions for i in (*q.inputs, q.missing_input) if i]
    assert len(set(ids)) == len(ids)
    assert all(set(i) <= set("q-0123456789") for i in ids)


def test_a_faulty_post_shows_what_was_typed_and_what_to_mend(study, draft):
    kinds = study("kinds")
    sent = MultiDict({"line": "101", "one": "1"})
    view = page_view(kinds, draft, kinds.pages[0], errors={"line": "Mend."}, posted=sent)
    assert (asked(view, "line").inputs[0].typed, view.errors) == ("101", (("q3-1", "Mend."),))
    assert asked(view, "one").inputs[0].ticked == {"1"}


def test_after_a_faulty_post_locked_words_still_stand_there(study, draft):
    kinds = study("kinds")
    locked = replace(draft, answers={"word": "sun"}, locked=("word",))
    view = page_view(kinds, locked, kinds.pages[2], errors={"story": "Mend."}, posted=MultiDict())
    assert asked(view, "word").inputs[0].typed == "sun"


def test_a_branched_study_says_how_many_pages_there_are_once_the_branch_is_known(study, draft):
    branch = study("branch")
    totals = [
        page_view(branch, replace(draft, answers=answers), branch.pages[0]).total
        for answers in ({}, {"been": 1}, {"been": 2})
    ]
    assert totals == [None, 3, 2]


def test_in_a_grid_the_missing_codes_speak_for_themselves_and_refusing_is_a_button(study, draft):
    kinds = study("kinds")
    views = asked(page_view(kinds, draft, kinds.pages[1]), "views")
    assert views.missing == (("-98", "Can’t say"), ("-97", "Does not apply"))
    assert views.can_refuse


@pytest.mark.parametrize(("name", "choices"), [
    ("count", [str(n) for n in range(11)]), ("line", []), ("one", ["0", "1", "2"]),
])  # fmt: skip
def test_a_short_range_is_a_row_of_buttons_and_a_long_one_a_box(study, draft, name, choices):
    kinds = study("kinds")
    view = asked(page_view(kinds, draft, kinds.pages[0]), name)
    assert [value for value, _ in view.choices] == choices
