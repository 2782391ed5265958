from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from forms import draft as drafts
from forms import validate_questionnaire
from forms.draft import (
    Draft,
    adjacent_pages,
    decode,
    encode,
    first_unanswered,
    page_at,
    reachable,
    rows_in_order,
    save_partial,
    submit_page,
    token_of,
)

VALUES = st.integers(-99, 100) | st.text(max_size=20)


@pytest.fixture
def draft():
    return Draft(seed="one", words="w", language="en", started=0)


def posted(page, **answers):
    shown = " ".join(q.name for q in page.questions)
    return MultiDict([("shown", shown), *((k, str(v)) for k, v in answers.items())])


def page(study, name):
    return next(p for p in study.pages if p.id == name)


@given(st.dictionaries(st.text(max_size=9), VALUES), st.text(max_size=9), st.booleans())
def test_a_draft_comes_back_as_it_was(answers, at, hint):
    draft = Draft("s", "w", "en", 7, answers=answers, at=at, hint=hint, locked=("a",), code="C")
    assert decode(encode(draft)) == draft


def test_a_draft_of_another_version_loses_only_what_is_unknown(draft):
    newer = encode(draft).replace(b"{", b'{"later":[1],', 1)
    assert decode(newer) == draft


def test_a_page_has_another_address_in_each_draft(study, draft):
    first = study("branch").pages[0]
    tokens = {token_of(replace(draft, seed=str(n)), first) for n in range(50)}
    assert len(tokens) == 50


def test_a_page_is_found_by_its_own_address_alone(study, draft):
    branch = study("branch")
    found = [page_at(branch, draft, token_of(draft, p)) for p in branch.pages]
    assert found == list(branch.pages)
    assert page_at(branch, draft, token_of(replace(draft, seed="two"), branch.pages[0])) is None


def test_rows_that_are_not_random_stand_as_written(study, draft):
    rules = study("kinds").questions["rules"]
    assert rows_in_order(draft, rules) == rules.rows


def test_every_order_of_rows_comes_up_about_as_often(study, draft):
    views = study("kinds").questions["views"]
    firsts = [rows_in_order(replace(draft, seed=str(n)), views)[0] for n in range(400)]
    assert 140 < firsts.count(views.rows[0]) < 260


def test_the_first_page_is_open_and_nothing_beyond_it_can_be_reached(study, draft):
    branch = study("branch")
    assert first_unanswered(branch, draft) is branch.pages[0]
    assert [reachable(branch, draft, p) for p in branch.pages] == [True, False, False]


def test_neighbours_are_those_on_the_way(study, draft):
    branch = study("branch")
    stayed = replace(draft, answers={"been": 2})
    last = page(branch, "p3_all")
    assert adjacent_pages(branch, stayed, last) == (branch.pages[0], None)


def test_a_faulty_page_changes_nothing(study, draft):
    branch = study("branch")
    taken = submit_page(branch, draft, branch.pages[0], posted(branch.pages[0], been=7))
    assert (taken.draft, set(taken.errors)) == (draft, {"been"})


def test_a_question_that_was_not_on_the_posted_page_is_not_answered(study, draft):
    kinds = study("kinds")
    taken = submit_page(kinds, draft, kinds.pages[0], MultiDict({"shown": "one", "count": "3"}))
    assert taken.draft.answers == {"one": -95}


def test_a_question_of_another_page_cannot_be_smuggled_in(study, draft):
    kinds = study("kinds")
    sent = MultiDict({"shown": "one word", "one": "1", "word": "smuggled"})
    assert submit_page(kinds, draft, kinds.pages[0], sent).draft.answers == {"one": 1}


def test_a_question_that_routing_hides_cannot_be_answered(study, draft):
    branch = study("branch")
    there = page(branch, "p2_there")
    taken = submit_page(
        branch, replace(draft, answers={"been": 1}), there, posted(there, when_again=1)
    )
    assert "when_again" not in taken.draft.answers


def test_turning_to_another_screen_keeps_what_is_sound_and_asks_for_nothing(study, draft):
    kinds = study("kinds")
    kept = save_partial(kinds, draft, kinds.pages[0], posted(kinds.pages[0], one=1, line=101))
    assert (kept.answers, kept.at) == ({"one": 1}, "p1_coded")


def test_turning_to_another_screen_can_clear_an_earlier_answer(study, draft):
    kinds = study("kinds")
    earlier = replace(draft, answers={"one": 1})
    assert save_partial(kinds, earlier, kinds.pages[0], posted(kinds.pages[0])).answers == {
        "one": -95
    }


def test_no_question_can_have_the_name_of_a_button_or_hidden_input():
    ours = {drafts.SHOWN, drafts.REFUSE, drafts.DELETE, drafts.OFFER}
    names = {*ours, "go", "change", "csrf_token", "pad"}
    assert names <= validate_questionnaire.PARTS_OF_A_FORM
