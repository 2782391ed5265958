"""Any study that loads can be walked to its end by any answers that its pages take."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from forms.answers import answer_lines, stored_lines, stored_texts, stored_values
from forms.draft import Draft, decode, encode, first_unanswered, reachable, submit_page
from forms.kinds import KINDS, columns_of_study, kind_of
from forms.page_view import page_view
from forms.routing import drop_hidden, shown_names
from forms.toml_tables import StudyFaults
from tests.conftest import folder_of
from tests.promises import generated

TINY = ["minimal", "branch", "kinds", "once", "coarse", "scores", "first-hidden"]
MOST_POSTS = 60
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf"]), max_size=30)
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def new_draft(study):
    return Draft(seed="seed", words="", language="en", started=0)


@st.composite
def post(draw, view):
    """What a browser could send from this page, each input answered or not."""
    sent = MultiDict({"shown": view.names})
    for asked in view.questions:
        for entry in kind_of(asked.question).inputs(asked.question):
            sent.setlistdefault(entry.name).extend(draw(given_to(entry)))
    for name in list(sent):
        sent.setlist(name, without_contradiction(sent, name))
    return sent


def without_contradiction(sent, name):
    """The values sent under a name: a refusal stands alone, and beside nothing that is typed."""
    values = sent.getlist(name)
    refusals = [value for value in values if value.startswith("-")]
    typed = sent.get(name.removesuffix("-missing"), "") if name.endswith("-missing") else ""
    if typed.strip():
        return []
    return refusals[:1] if name != "shown" and refusals and len(values) > 1 else values


def given_to(entry):
    """What one input may send: nothing, choices, a number or words."""
    if entry.form == "words":
        return WORDS.map(lambda words: [words[: entry.maximum]])
    if entry.form == "number":
        numbers = st.integers(entry.minimum, entry.maximum).map(str)
        return st.lists(numbers | st.just(""), min_size=1, max_size=1)
    if not entry.codes:
        return st.just([])
    most = len(entry.codes) if entry.form == "codes" else 1
    codes = st.sampled_from(entry.codes).map(str)
    return st.lists(codes, unique=True, min_size=int(entry.required), max_size=most)


def walk(data, study, *, turns_back=2):
    """Answer whatever is open until nothing is; now and then go back and change an answer."""
    draft = new_draft(study)
    for _ in range(MOST_POSTS):
        page = first_unanswered(study, draft)
        if page is None and turns_back == 0:
            return draft
        if page is None or (turns_back and data.draw(st.booleans())):
            turns_back = max(0, turns_back - 1)
            page = data.draw(
                st.sampled_from([p for p in study.pages if reachable(study, draft, p)])
            )
        taken = submit_page(study, draft, page, data.draw(post(page_view(study, draft, page))))
        assert not taken.errors
        draft = decode(encode(taken.draft))
    raise AssertionError("The walk does not end.")


def check(study, draft):
    """The answers are those of the way that was taken, and every one may be stored."""
    values = stored_values(study, draft.answers)
    assert [c.name for c in columns_of_study(study) if not c.allows(values[c.name])] == []
    assert drop_hidden(study, draft.answers) == draft.answers
    hidden = {c.name for c in columns_of_study(study) if values[c.name] == -96}
    shown = shown_names(study, draft.answers)
    assert hidden == {c.name for c in columns_of_study(study) if c.question.name not in shown}
    assert -94 not in values.values()
    assert stored_texts(study, draft.answers).keys() <= shown
    assert list(answer_lines(study, draft.answers))
    assert len(list(stored_lines(study, draft.answers, {}, completion=1))) == len(values) + 8


@PATIENT
@given(pages=generated.pages(), data=st.data())
def test_a_study_drawn_at_random(pages, data):
    with tempfile.TemporaryDirectory() as folder:
        try:
            study = generated.load(pages, Path(folder) / "drawn")
        except StudyFaults as faults:
            event(re.sub(r"\d+", "n", faults.faults[0].key + ": " + str(faults.faults[0])[-60:]))
            assume(False)
        check(study, walk(data, study))


@pytest.mark.parametrize("kind", KINDS)
@settings(PATIENT, max_examples=10)
@given(data=st.data())
def test_every_kind_of_question_is_drawn(kind, data):
    keys = data.draw(generated.question(0, kind)) | {"required": False}
    with tempfile.TemporaryDirectory() as folder:
        study = generated.load([{"id": "p", "title": "So", "question": [keys]}], Path(folder))
    check(study, walk(data, study))


@pytest.mark.parametrize("name", [*TINY, "therapist-tears"])
@settings(PATIENT, max_examples=20)
@given(data=st.data())
def test_a_study_of_ours(study, name, data):
    ours = study(name)
    check(ours, walk(data, ours, turns_back=3))


def test_every_study_of_the_tests_is_walked():
    folders = {path.name for path in folder_of("minimal").parent.iterdir() if path.is_dir()}
    assert folders <= {*TINY}
