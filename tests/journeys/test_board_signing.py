"""What is not approved is not served: signing, changing, running out, stopping."""

from datetime import timedelta

import pytest

from exports.tables.margins import expected
from forms.load import load_study
from forms.platform_texts import WHY_PAUSED
from survey.clock import today_here
from survey.ethics.expected_fragility import expected_fragility
from survey.storage import studies
from survey.studies import approvals as archive
from survey.studies.availability import FRESH_SECONDS
from survey.studies.version import fingerprints_of
from tests.conftest import FLAGSHIP
from tests.journeys.boardroom import Staff, day

OLD, NEW = "How is your mood?", "How was your mood?"


@pytest.fixture
def running(mood, board):
    """Signed and open."""
    board.sign()
    mood.become("open")
    return mood


def approvals(mood):
    return studies.approvals(mood.services.stores.office, "minimal")


# Signing.


def test_a_signed_study_opens_and_takes_answers(running):
    running.client().begin().answer(mood=1).send()
    assert len(running.rows) == 1


def test_an_approval_names_the_three_fingerprints_that_were_shown(mood, board):
    board.sign(before_release="Report after 100 answers.")
    (noted,) = approvals(mood)
    assert noted.fingerprints == fingerprints_of(mood.version)
    condition = studies.Condition("release", "Report after 100 answers.")
    assert (noted.reference, noted.conditions) == ("2026-7", (condition,))


def test_a_signature_is_told_and_stands_in_the_record(mood, board):
    board.sign()
    assert "It is in effect." in board.text
    line = studies.audit(mood.services.stores.office)[-1]
    assert line["what"].startswith("minimal: approved under 2026-7")


def test_pressing_twice_proposes_once(mood, board):
    page = board.fill_in().page
    board.propose()
    first, board.page = board.here, page
    assert board.propose().here == first


def test_before_signing_the_margins_of_tables_are_told_at_every_size(open_app, signed_in):
    app = open_app(FLAGSHIP.name)
    said = Staff(signed_in(app, "board"), FLAGSHIP.name).open("approve").text
    assert "is right at most 69 times in 100 after a release, and 76 if the policy’s whole" in said
    assert "Figure 100 answers 300 answers 600 answers 1080 answers" in said
    every = expected(load_study(FLAGSHIP))
    assert len(every) > 100
    for one in every:
        margins = " ".join("–" if m is None else one.in_words(m) for m in one.margins)
        assert f"{one.label} {one.statistic.name} {margins}" in said


def test_a_study_without_tables_has_no_margins(board):
    assert "tables of this version would tell" not in board.open("approve").text


def test_before_signing_it_is_told_how_few_answers_a_hypothesis_would_rest_on(open_app, signed_in):
    app = open_app(FLAGSHIP.name)
    said = Staff(signed_in(app, "board"), FLAGSHIP.name).open("approve").text
    told = expected_fragility(app.extensions["lacrima"].catalogue.folders[FLAGSHIP.name].latest)
    assert told
    assert [words for words, _ in told.hypotheses] == [
        "h1_connect: sc_view_total → sc_int_connect, positive",
        "h1_strain: sc_view_total → sc_int_strain, negative",
    ]
    for words, lines in told.hypotheses:
        assert words in said
        for label, values in lines:
            assert f"{label} {' '.join(values)}" in said


def test_a_study_without_a_hypothesis_tells_of_none(board):
    assert "answers the hypotheses of this version" not in board.open("approve").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reference": " "}, "Give the board’s reference number."),
        ({"expires_on": day(-1)}, "It would end before it was given"),
        ({"approved_on": day(-9), "expires_on": day(-1)}, "This day has passed"),
        ({"expires_on": "soon"}, "as year-month-day"),
        ({"approved_on": day(-31)}, "not dated back by more than 30 days"),
        ({"expires_on": "2199-12-31"}, "An approval ends a year ahead at most"),
        ({"meeting": "x" * 300}, "Shorten this"),
        ({"before_opening": "x" * 5000}, "Shorten each condition"),
        ({"while_running": "soon: a report"}, "Begin each line with the day"),
        ({"analysis_until": day(1)}, "give a later day"),
    ],
)
def test_a_form_with_a_slip_is_shown_again_with_what_was_typed(mood, board, typed, said):
    board.fill_in(**{"before_release": "Kindly.", **typed}).sign()
    assert (said in board.text, approvals(mood)) == (True, [])
    assert board.page.named("expires_on")[0].value == board.typed["expires_on"]


def test_nobody_signs_without_saying_that_they_have_read_it(mood, board):
    board.fill_in()
    del board.typed["read"]
    board.sign()
    assert ("Tick that you have read" in board.text, approvals(mood)) == (True, [])


def test_an_element_of_the_checklist_without_a_passage_stands_in_the_way(mood, board):
    mood.unsay("US-03")
    board.sign()
    assert ("settles: 1 (US-03)" in board.text, approvals(mood)) == (True, [])


def test_a_version_that_has_just_changed_is_not_signed_and_the_change_is_shown(mood, board):
    board.fill_in(reference="2026-8")
    mood.change(OLD, NEW)
    board.sign()
    assert (board.status, approvals(mood)) == (409, [])
    assert "the study changed: words and routing." in board.text
    assert "How was your mood" in board.text
    assert board.page.named("reference")[0].value == "2026-8"


def test_what_has_just_changed_can_be_signed_once_it_is_read(mood, board):
    board.fill_in()
    mood.change(OLD, NEW)
    board.sign().sign()
    (noted,) = approvals(mood)
    assert noted.words != mood.version.study.fingerprints.words


def test_a_changed_fact_of_the_site_is_told_as_such(mood, board):
    board.fill_in()
    mood.site_facts.write_text(mood.site_facts.read_text().replace("A house", "Another house"))
    board.sign()
    assert (board.status, "the study changed: site facts." in board.text) == (409, True)


def test_a_full_disk_signs_nothing_and_says_so(mood, board):
    (mood.services.stores.folder / archive.FOLDER).write_text("in the way")
    board.sign()
    assert ("Cannot archive" in board.text, approvals(mood)) == (True, [])


def test_a_fault_in_the_folder_is_told_and_the_sound_version_stays(running, board):
    running.change('"single"', '"singel"')
    assert "It goes on as the last sound version" in board.open("approve").text
    assert running.state == "open"


# A running collection goes on under what was signed.


def test_a_changed_word_is_not_served_before_it_is_signed(running):
    running.change(OLD, NEW)
    client = running.client().begin()
    assert (OLD in client.text, NEW in client.text) == (True, False)


def test_answers_meanwhile_bear_the_fingerprint_of_what_was_signed(running):
    signed = running.version.study.fingerprints.words
    running.change(OLD, NEW)
    running.client().begin().answer(mood=1).send()
    assert [row["fingerprint"].hex() for row in running.rows] == [signed]


def test_a_changed_fact_is_not_served_before_it_is_signed(running):
    running.site_facts.write_text(running.site_facts.read_text().replace("A house", "A barn"))
    running.later(FRESH_SECONDS)
    assert "We are A house." in running.client().start().inform().text


def test_a_corrected_help_line_is_served_at_once(running):
    running.change(OLD, NEW)
    running.change('contact = "123"', 'contact = "456"', "support.toml")
    assert "456" in running.client().open("support").text


def test_a_new_version_is_served_once_it_is_signed(running, board):
    running.amend(OLD, NEW)
    board.fill_in().sign()
    running.later(FRESH_SECONDS)
    assert NEW in running.client().begin().text


def test_who_began_under_the_old_version_ends_under_it(running, board):
    signed, client = running.version.study.fingerprints.words, running.client().begin()
    running.amend(OLD, NEW)
    board.fill_in().sign()
    running.later(FRESH_SECONDS)
    assert client.answer(mood=1).send().screen == "done"
    assert [row["fingerprint"].hex() for row in running.rows] == [signed]


def test_a_new_version_at_a_new_address_is_still_found_at_the_old_one(running, board):
    running.amend('address = "mood"', 'address = "mood-two"')
    board.fill_in().sign()
    running.later(FRESH_SECONDS)
    client = running.client().start().inform()
    assert client.here.startswith("/s/mood-two/information?")


def test_an_approval_that_begins_tomorrow_changes_nothing_today(running, board):
    running.amend(OLD, NEW)
    board.fill_in(approved_on=day(1)).sign()
    running.later(FRESH_SECONDS)
    assert OLD in running.client().begin().text


def test_agreeing_on_words_that_have_just_changed_asks_again(running, board):
    client = running.client().start().inform().be_eligible()
    running.amend("Please tick each one.", "Please tick them all.", "consent.toml")
    board.fill_in().sign()
    running.later(FRESH_SECONDS)
    client.agree()
    assert (client.screen, "just changed" in client.text) == ("consent", True)
    assert client.agree().asked == ["mood"]


def test_a_server_that_starts_anew_still_serves_what_was_signed(running, open_app):
    running.change(OLD, NEW)
    other = running.started_anew(open_app)
    assert OLD in other.client().begin().text


def test_an_archived_copy_that_was_changed_is_not_served(running, open_app):
    running.change(OLD, NEW)
    fingerprints = fingerprints_of(running.version)
    copy = archive.place_of(running.services.stores.folder, "minimal", fingerprints) / "minimal"
    (copy / "questionnaire.toml").chmod(0o600)
    text = (copy / "questionnaire.toml").read_text()
    (copy / "questionnaire.toml").write_text(text.replace(OLD, "What is your name?"))
    other = running.started_anew(open_app)
    assert "paused" in other.client().start().text
    problem = other.services.availability.state_of("minimal").problem
    assert "was changed after it was signed: the words differ" in problem


# Stopping it.


def test_it_closes_by_itself_the_day_after_the_last(running):
    running.services.availability._today = lambda: today_here() + timedelta(31)
    running.later(FRESH_SECONDS)
    assert (running.state, "paused" in running.client().start().text) == ("expired", True)


def test_a_suspended_study_stops_everybody_at_once(running, board):
    client = running.client().begin()
    board.rule("suspended")
    assert "paused" in running.client().start().text
    assert "It ended while you were answering" in client.answer(mood=1).text
    assert "We are glad that you came." in client.text  # the debrief
    assert (running.rows, running.drafts) == ([], 0)


def test_clients_read_the_reason_that_the_board_chose_and_never_the_one_it_wrote(running, board):
    client = running.client().begin()
    board.open("suspend")
    board.press("go", "suspended", why="Dr Rea was rude.", told="words")
    answers = [running.client().start().text, client.answer(mood=1).text]
    assert [WHY_PAUSED["words"] in text for text in answers] == [True, True]
    assert ["rude" in text for text in answers] == [False, False]


def test_a_suspension_can_be_lifted(running, board):
    board.rule("suspended").rule("lifted", "All is well.")
    assert running.state == "open"


def test_nothing_stops_without_a_reason(running, board):
    board.rule("suspended", why=" ")
    assert ("Give a reason" in board.text, running.state) == (True, "open")


def test_a_revoked_approval_stops_the_study_and_no_older_one_comes_back(running, board):
    running.amend(OLD, NEW)
    board.fill_in(reference="2026-8").sign()
    board.rule(f"revoke-{approvals(running)[-1].number}")
    assert running.state == "expired"
    assert "The board revoked the approval 2026-8." in board.open("suspend").text


def test_a_revoked_study_goes_on_when_it_is_signed_anew(running, board):
    board.rule(f"revoke-{approvals(running)[-1].number}")
    board.fill_in().sign()
    assert running.state == "open"


def test_who_sent_before_it_was_suspended_still_reads_thank_you(running, board):
    client = running.client().begin().answer(mood=1).send(code=True)
    board.rule("suspended")
    assert (client.open("done").screen, bool(client.code)) == ("done", True)


def test_an_approval_is_revoked_once(running, board):
    number = approvals(running)[-1].number
    board.open("suspend")
    page = board.page
    board.press("go", f"revoke-{number}", why="A fault.")
    board.sign_proposal()
    board.page, board.here = page, "/ethics/minimal/suspend"
    board.press("go", f"revoke-{number}", why="A fault.")
    assert "done already" in board.text
    assert len(board.page.rows) == 2


# Who may.


@pytest.mark.parametrize("page", ["approve", "suspend"])
def test_a_researcher_neither_signs_nor_stops(mood, signed_in, page):
    assert Staff(signed_in(mood.app, "researcher")).open(page).status == 403


def test_unapproved_words_are_not_shown_to_clients(mood):
    assert "has not started" in mood.client().open("information").text


# The certificate.


def test_the_certificate_says_to_anybody_what_is_served_under_which_approval(running):
    page = running.app.test_client().get("/ethics/minimal/certificate").get_data(as_text=True)
    for said in (*fingerprints_of(running.version), "2026-7", day(0), day(30)):
        assert said in page


def test_the_certificate_tells_programs_the_same(running, board):
    running.change(OLD, NEW)
    told = running.app.test_client().get("/ethics/minimal/certificate.json").json
    assert (told["state"], told["fingerprints"]["words"]) == (
        "open", running.version.study.fingerprints.words
    )  # fmt: skip
    assert told["approval"]["fingerprints"] == told["fingerprints"]


def test_words_changed_under_the_same_label_are_told_to_who_signs(running, board):
    running.change(OLD, NEW)
    assert "yet both are called version 1" in board.open("approve").text


def test_the_certificate_says_that_a_newer_version_waits(running):
    running.change(OLD, NEW)
    assert "A newer version is being prepared" in running.app.test_client().get(
        "/ethics/minimal/certificate"
    ).get_data(as_text=True)


def test_the_public_pages_show_what_is_served_and_staff_what_is_proposed(running, board):
    running.change(OLD, NEW)
    running.client().start()
    reader = running.app.test_client()
    served = reader.get("/ethics/minimal/text").get_data(as_text=True)
    assert (OLD in served, NEW in served) == (True, False)
    proposed = board.browser.get("/ethics/minimal@proposed/text").get_data(as_text=True)
    assert (NEW in proposed, "/ethics/minimal@proposed/data" in proposed) == (True, True)
    assert NEW in board.open("/ethics/minimal/versions").text


@pytest.mark.parametrize("page", ["", "text", "flow", "checklist", "dossier.zip", "versions"])
def test_nobody_else_reads_what_is_proposed_once_a_study_was_opened(running, page):
    running.change(OLD, NEW)
    reader = running.app.test_client()
    answer = reader.get(f"/ethics/minimal@proposed/{page}")
    assert (answer.status_code, "/ethics/sign-in" in answer.headers["Location"]) == (303, True)
    assert NEW not in reader.get("/ethics/minimal/versions").get_data(as_text=True)


def test_what_is_proposed_before_a_study_is_opened_is_public(mood):
    mood.change(OLD, NEW)
    reader = mood.app.test_client()
    assert NEW in reader.get("/ethics/minimal@proposed/text").get_data(as_text=True)
