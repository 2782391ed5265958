"""What a board judges by, without script: versions, checklist, routes, and the live proof."""

import sqlite3

import pytest

from survey.ethics import approvable
from survey.storage import studies
from tests.journeys.boardroom import Staff
from tests.journeys.client import Journey


@pytest.fixture
def reader(mood):
    """Somebody without an account."""
    journey = Journey(mood.app, "")
    journey.base = "/ethics/minimal/"
    return journey


@pytest.fixture
def flagship(site):
    journey = Journey(site("therapist-tears").app, "")
    journey.base = "/ethics/therapist-tears/"
    return journey


# Versions.


def test_a_study_that_never_changed_has_nothing_to_compare(reader):
    assert "Only one version of this study is known" in reader.open("versions").text


def test_a_changed_word_shows_beside_the_one_that_was_signed(mood, board, reader):
    board.sign()
    mood.change("How is your mood?", "How was your mood?")
    text = reader.open("versions").text
    assert "1 substantive and 0 cosmetic changes" in text
    assert text.index("How is your mood?") < text.index("How was your mood?")


def test_each_side_marks_the_words_that_differ(mood, board, reader):
    board.sign()
    mood.change("How is your mood?", "How was your mood?")
    html = reader.open("versions").page.html
    assert ("<del>is</del>" in html, "<ins>was</ins>" in html) == (True, True)


def test_a_comma_is_cosmetic(mood, board, reader):
    board.sign()
    mood.change("How is your mood?", "How is your mood, ?")
    assert "0 substantive and 1 cosmetic change" in reader.open("versions").text


def test_signed_versions_are_compared_in_policy_and_facts_too(mood, board, reader):
    board.sign()
    mood.change("A house", "Another house", file="../../site.toml")
    text = reader.open("versions").text
    assert "Fact “institution”" in text
    assert "Not compared" not in text


def test_any_two_versions_can_be_chosen(mood, board, reader):
    board.sign()
    mood.change("How is your mood?", "How was your mood?")
    signed = option(reader.open("versions"), "approved")
    now = option(reader, "in the study folder now")
    text = reader.open(f"versions?old={now}&new={signed}").text
    assert text.index("How was your mood?") < text.index("How is your mood?")


def option(journey, words):
    """The value of the first choice that says ``words``."""
    choices = journey.page.html.partition("<select")[2]
    return choices[: choices.index(words)].rpartition('<option value="')[2].partition('"')[0]


def test_versions_that_nobody_knows_are_passed_over(mood, board, reader):
    board.sign()
    mood.change("How is your mood?", "How was your mood?")
    assert "1 substantive" in reader.open("versions?old=nothing&new=here").text


def test_markup_in_a_text_is_shown_and_not_run(mood, board, reader):
    board.sign()
    mood.change("How is your mood?", "<script>How</script> is your mood?")
    html = reader.open("versions").page.html
    assert "<script>How" not in html
    assert "&lt;" in html


# Checklist.


def test_each_link_of_the_checklist_leads_to_its_passage_on_a_screen_of_the_walk(flagship):
    links = flagship.open("checklist").page.links
    screens = {a["href"] for a in links if "flow?screen=" in a["href"]}
    addresses = {href.split("#")[0] for href in screens}
    ids = {address: flagship.open(address).page.ids for address in addresses}
    assert len(screens) > 50
    assert [h for h in screens if h.split("#")[1] not in ids[h.split("#")[0]]] == []


def test_a_screen_opened_by_its_link_stores_nothing_and_goes_on(flagship):
    flagship.open("flow?screen=consent")
    assert flagship.agree().asked == ["saw_tears"]


@pytest.mark.parametrize(
    "screen", ["check", "done", "stop", "declined", "leave", "nonsense", "%00"]
)
def test_any_screen_can_be_asked_for(flagship, screen):
    assert flagship.open(f"flow?screen={screen}").status == 200


def test_a_link_into_a_folded_part_finds_it_open(flagship):
    tags = flagship.open("flow?screen=information").page.tags
    assert all("open" in given for tag, given in tags if tag == "details")


def test_a_client_still_finds_it_folded(flagship):
    tags = flagship.open("/s/hour/information").page.tags
    assert not any("open" in given for tag, given in tags if tag == "details")


def test_the_reading_grade_of_every_section_is_told(flagship):
    text = flagship.open("checklist").text
    assert all(s in text for s in ("Information", "Eligibility", "Consent statements", "within"))


def test_an_element_without_a_passage_is_named_first(mood, reader):
    mood.unsay("US-03")
    assert "1 of 98 elements is open" in reader.open("checklist").text


# Verdicts.


def verdicts_on(mood):
    return approvable.verdicts_on(mood.services.stores.office, mood.proposed)


def test_an_element_waived_with_its_reason_no_longer_stands_in_the_way(mood, board):
    mood.unsay("US-02", "US-03")
    board.open("verdicts")
    assert "US-02, US-03" in board.text
    board.submit("verdicts", element="all", verdict="waived", reason="A school study.")
    assert "No element keeps this version from being approved" in board.text
    assert "Waived: A school study." in board.open("checklist").text


def test_a_verdict_without_a_reason_is_refused_and_what_was_ticked_stays(mood, board):
    mood.unsay("US-03")
    board.open("verdicts").submit("verdicts", element="US-03", verdict="met", reason=" ")
    assert (board.status, board.ticked("element")) == (422, ["US-03"])
    assert "Give the reason" in board.text
    assert verdicts_on(mood) == {}


def test_what_a_member_finds_missing_stands_in_the_way_of_a_signature(mood, board):
    board.open("verdicts").submit("verdicts", element="US-02", verdict="missing", reason="Hard.")
    board.sign()
    assert "settles: 1 (US-02)" in board.text
    assert studies.approvals(mood.services.stores.office, "minimal") == []


def test_a_verdict_on_a_version_that_has_just_changed_is_not_kept(mood, board):
    board.open("verdicts")
    mood.change("How is your mood?", "How was your mood?")
    board.submit("verdicts", element="US-02", verdict="met", reason="Read.")
    assert (board.status, verdicts_on(mood)) == (422, {})


def test_an_element_that_nobody_asks_about_cannot_be_judged(mood, board):
    token = board.open("verdicts").page.named("csrf_token")[0].value
    data = {"csrf_token": token, "element": "NO-SUCH", "verdict": "met", "reason": "why"}
    assert board.browser.post("/ethics/minimal/verdicts", data=data).status_code == 422


def test_a_researcher_reads_the_verdicts_and_gives_none(mood, reader, signed_in):
    researcher = Staff(signed_in(mood.app, "researcher"))
    forms = researcher.open("verdicts").page.forms.values()
    assert not [form for form in forms if "verdicts" in form.action]
    token = {"csrf_token": researcher.page.named("csrf_token")[0].value}
    assert researcher.browser.post("/ethics/minimal/verdicts", data=token).status_code == 403
    assert "/ethics/sign-in" in reader.open("verdicts").here


# Routes.


def test_the_routes_tell_every_way_with_its_questions_and_minutes(flagship):
    page = flagship.open("routes").page
    text = page.text
    assert "17 pages" in text
    assert "8 ways" in text
    assert [row[1:3] for row in page.rows[1:3]] == [
        ["47 to 50", "97 to 103"],
        ["27 to 28", "44 to 48"],
    ]


def test_the_picture_breaks_no_content_policy(flagship):
    html = flagship.open("routes").page.html
    picture = html[html.index("<svg") : html.index("</svg>")]
    assert ("style" in picture, "script" in picture) == (False, False)


def test_the_picture_can_be_kept_as_a_file(flagship):
    flagship.open("routes.svg")
    assert flagship.headers["Content-Type"].startswith("image/svg+xml")


# The live proof.


def test_the_live_proof_says_that_everything_is_as_said(reader):
    text = reader.open("stored").text
    assert "Everything is as said" in text
    assert "mood" in text


def test_a_column_added_to_the_file_behind_our_back_shows_at_once(mood, reader):
    folder = mood.services.stores.folder
    table = mood.services.stores.responses.conn.execute("SELECT answers FROM wordings").fetchone()[
        0
    ]
    conn = sqlite3.connect(folder / "responses.db")
    conn.execute(f'ALTER TABLE "{table}" ADD COLUMN came_at INTEGER')
    conn.close()
    text = reader.open("stored").text
    assert "Something is not as said" in text
    assert "came_at" in text


@pytest.mark.parametrize("page", ["stored", "versions"])
def test_no_answer_count_or_path_shows(site, page):
    served = site("kinds")
    client = served.client().begin()
    word = "xylophone7"
    while client.screen == "questions":
        texts = [c.name for c in client.page.controls if c.tag == "textarea"]
        client.answer(**dict.fromkeys(texts, word))
    client.send()
    assert any(word in str(t) for t in (*served.rows, *served.texts))
    html = Journey(served.app, "").open(f"/ethics/kinds/{page}").page.html
    assert word not in html
    assert str(served.services.stores.folder) not in html


def test_a_study_that_is_not_there_has_none_of_these_pages(app):
    pages = ("versions", "routes", "routes.svg", "stored", "checklist")
    found = [Journey(app, "").open(f"/ethics/nothing/{page}").status for page in pages]
    assert found == [404] * len(pages)
