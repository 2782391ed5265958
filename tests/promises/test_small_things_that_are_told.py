"""Small things that clients and boards are told, each held against what the program does."""

import re

import pytest

from forms.answers import check_parts
from forms.load import load_study
from forms.platform_texts import NO_CODES, NOTHING_HERE, OFFLINE
from tests.conftest import FLAGSHIP, TOP
from tests.journeys.site import Site

PAGES = (
    "", "information", "eligibility", "thanks", "later", "consent", "check", "break", "stop",
    "stopped", "declined", "withdraw", "done", "gone", "spent", "refused", "no-such-page",
)  # fmt: skip
# Of their makers' own kind: what would make texts or answers the food of a model.
MODELS = (
    "torch",
    "transformers",
    "openai",
    "anthropic",
    "tensorflow",
    "spacy",
    "llama",
    "langchain",
)


@pytest.fixture(scope="module")
def flagship():
    return load_study(FLAGSHIP)


@pytest.fixture
def site(open_app):
    """Serves a study and gives what can be seen of it."""
    return lambda name: Site(open_app(name), name)


def leads_to_help(html):
    return re.search(r'href="/s/hour/support|name="go" value="support"', html) is not None


def test_help_is_one_tap_away_on_every_page(site):
    client, without = site("therapist-tears").client(), []
    for page in PAGES:
        without += [page] if not leads_to_help(client.open(page).page.html) else []
    client.begin()
    while client.screen == "questions":
        without += [client.here] if not leads_to_help(client.page.html) else []
        client.answer(**({"saw_tears": 1} if client.asked == ["saw_tears"] else {}))
        if client.screen == "support":
            client.press("go", "on")
    assert client.screen == "check"
    assert without == []
    assert leads_to_help(client.open("stop").page.html)
    assert leads_to_help(client.open("check").page.html)


def test_a_no_blocks_no_second_try(site):
    client = site("therapist-tears").client().open("eligibility")
    names = {c.name for c in client.page.controls if c.kind == "radio"}
    assert client.press(**dict.fromkeys(names, 2)).screen == "thanks"
    assert client.open("eligibility").press(**dict.fromkeys(names, 1)).screen == "consent"


def test_the_first_question_alone_needs_a_reply(flagship):
    questions = list(flagship.questions.values())
    assert [q.name for q in questions if q.required] == [questions[0].name]
    assert "prefer_not" in [missing.name for missing in questions[0].missing]


def test_nobody_is_asked_for_a_name_or_an_address(flagship):
    asked = " ".join(t for q in flagship.questions.values() for t in (*q.text.texts(), q.hint))
    wanted = r"(?i)\b(?:your|full|first|last) (?:name|e-?mail|address|birthday|date of birth|phone)"
    assert re.findall(wanted, asked) == []


def test_no_library_of_models_comes_with_the_program():
    pinned = (TOP / "requirements" / "run.txt").read_text("utf-8").lower()
    assert [name for name in MODELS if re.search(rf"(?m)^{name}\b", pinned)] == []


def test_the_information_can_be_printed_whole_and_stays_at_its_address(site):
    client = site("therapist-tears").client()
    before = client.open("information").page.html
    style = (TOP / "survey" / "static" / "site.css").read_text("utf-8")
    assert "::details-content { content-visibility: visible" in style.split("@media print")[1]
    assert "<details" in before
    assert client.begin().open("information").status == 200


def test_every_form_of_questions_carries_what_is_said_offline(site):
    assert f'data-offline="{OFFLINE}"' in site("minimal").client().begin().page.html


def at_check(site, saw_tears):
    client = site("therapist-tears").client().begin()
    while client.screen == "questions":
        client.answer(**({"saw_tears": saw_tears} if client.asked == ["saw_tears"] else {}))
        if client.screen == "support":
            client.press("go", "on")
    return client


def test_a_part_of_the_check_page_that_was_not_asked_says_so(site):
    client = at_check(site, 3)
    for part in range(1, len(check_parts(load_study(FLAGSHIP))) + 1):
        html = client.open(f"check?part={part}").page.html
        assert (NOTHING_HERE in html) is ('class="answers"' not in html)


def test_answers_can_be_sent_from_any_part_of_the_check_page(site):
    client = at_check(site, 1)
    assert client.open("check?part=3").press("go", "send", code="no").screen == "done"


def test_a_study_without_codes_says_so_where_they_would_be_typed(site):
    served = site("branch")
    codes = served.version.study.consent.receipt_code
    assert (NO_CODES in served.client().open("withdraw").text) is not codes
