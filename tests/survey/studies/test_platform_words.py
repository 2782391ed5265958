"""The platform's fingerprint covers every sentence that a client can read beside the study's."""

import re
import shutil

import pytest

from forms import platform_texts
from forms.platform_texts import ERROR_PAGES
from forms.site_facts import SiteFacts
from survey.app import page_app
from survey.config import folder
from survey.page_text import comparable_text
from survey.respondents import page_sizes
from survey.respondents.screens import Navigation
from survey.studies.platform_words import (
    changed_sentences,
    client_templates,
    platform_content,
    platform_fingerprint,
    sentences_of,
    words_below,
)
from survey.studies.version import StudyVersion, read_version
from tests.conftest import folder_of

TEMPLATES = folder("templates")
OF_CLIENTS = [str(f.relative_to(TEMPLATES)) for f in client_templates(TEMPLATES)]
CONSTANTS = sorted(n for n in vars(platform_texts) if n.isupper() and not n.startswith("_"))


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return shutil.copytree(TEMPLATES, tmp_path_factory.mktemp("program") / "templates")


@pytest.mark.parametrize("name", OF_CLIENTS)
def test_a_sentence_more_in_any_clients_template_moves_it(copy, name):
    before, file = words_below(copy), copy / name
    was = file.read_text()
    file.write_text(was + ("#[We see you.]" if name.endswith(".typ") else "<b>We see you.</b>"))
    assert words_below(copy) != before
    file.write_text(was)
    assert words_below(copy) == before


@pytest.mark.parametrize("name", CONSTANTS)
def test_any_sentence_of_the_platforms_texts_moves_it(monkeypatch, name):
    value = getattr(platform_texts, name)
    if not isinstance(value, int):
        before = words_below(TEMPLATES)
        monkeypatch.setattr(platform_texts, name, ("Another sentence.", value))
        assert words_below(TEMPLATES) != before


def test_texts_in_attributes_and_in_expressions_are_words():
    said = sentences_of(
        '<p aria-label="Ways on">{{ way("landing", "Walk again", class="a b") }}</p>'
    )
    assert said == ("Ways on", "Walk again")


def test_another_tag_or_class_is_no_other_sentence():
    one, other = '<p class="a">Go on, {{ name }}.</p>', '<h2 id="b">Go on, {{ other.name }}.</h2>'
    assert sentences_of(one) == sentences_of(other) == ("Go on, {}.",)


def test_a_template_of_nobody_known_is_refused(copy):
    stranger = copy / "letters" / "one.html"
    stranger.parent.mkdir()
    stranger.write_text("<p>Dear client</p>")
    with pytest.raises(LookupError, match="letters"):
        words_below(copy)
    shutil.rmtree(stranger.parent)


@pytest.mark.parametrize("file", ["survey/static/enhance.js", "templates/leaflet/leaflet.typ"])
def test_script_and_leaflet_say_nothing_of_their_own(file):
    source = re.sub(r"//.*|/\*.*?\*/", "", (TEMPLATES.parent / file).read_text())
    typefaces = ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono")
    said = re.findall(r'"([A-Z][a-z]+ [^"]*|[a-z]+ [a-z]+ [^"]*)"', source)
    assert [s for s in said if s not in typefaces] == []
    assert f"templates/{file}" not in platform_content()


def _screens(version: StudyVersion):
    ways = Navigation("/s/x/", hidden=(("state", ""),), live=True, kiosk=True)
    with page_app().test_request_context():
        for screens in (page_sizes._around_questions, page_sizes._questions, page_sizes._check):
            for name, html in screens(version, ways):
                page = comparable_text(html)
                yield from ((name, line) for line in (page.title, *page.lines))


def _words(text: str) -> set[str]:
    plain = re.sub(r"/s/\S+|[0-9a-f]{12}…", "", text.lower())  # addresses and fingerprints
    return set(re.findall(r"[^\W\d_]+", plain))


@pytest.mark.parametrize("name", ["branch", "kinds", "once", "minimal", "therapist-tears"])
def test_no_screen_says_a_word_that_is_neither_the_studys_nor_the_platforms(name):
    version = read_version(folder_of(name), SiteFacts(), pilot=False)
    known = _words(platform_content()) | _words(version.study.content)
    assert [line for line in _screens(version) if not _words(line[1]) <= known] == []


def test_what_an_error_says_is_among_them():
    assert all(sentence in platform_content() for pair in ERROR_PAGES.values() for sentence in pair)


def test_what_changed_is_told_sentence_by_sentence():
    before = platform_content()
    now = before.replace('"Leave now"', '"Go away"')
    assert changed_sentences(before, now) == ["- LEAVE_NOW: Leave now", "+ LEAVE_NOW: Go away"]
    assert len(platform_fingerprint()) == 64
