"""Clients' words are read one at a time; nothing is decided twice, by accident, or unseen."""

import secrets
from base64 import b64encode

import pytest

from survey.routes.research import text_session
from survey.routes.research.text_session import FIELD, MOST_LETTERS, SPARE
from survey.storage import texts
from survey.storage.batches import ask_deletion, carry_out_deletions
from tests.journeys.reading import ANNA, NAME, Reader, readings_in, states_in, texts_in, with_texts
from tests.journeys.releasing import audit_of, stores_of
from tests.survey.storage.samples import mark


@pytest.fixture
def served(open_app):
    """A pilot with these texts."""
    return lambda *texts, **changes: with_texts(open_app(NAME, **changes), *texts)


@pytest.fixture
def reader(signed_in):
    return lambda app, name="": Reader(signed_in(app, name=name))


@pytest.fixture
def anna(served, reader):
    """(site, reader) with one text at hand."""
    app = served(ANNA)
    return app, reader(app).start_reading()


# Reading.


def test_a_text_is_shown_with_its_question_and_numbered_marks_with_their_reasons(anna):
    _, deb = anna
    assert deb.shown == "my therapist Anna (1: name) cried in Leeds (2: place)"
    assert "What else?" in deb.text
    assert "1. Anna name: " in deb.text


def test_it_says_that_the_marks_are_not_enough(anna):
    assert "they miss some names" in anna[1].text


@pytest.mark.parametrize(
    ("presses", "state", "words"),
    [
        ([("approve", {})], "approved", ANNA),
        ([("every", {}), ("approve", {})], "redacted", "my therapist [name] cried in [place]"),
        ([("replace", {"mark": [2]}), ("replace", {"mark": [1]}), ("approve", {})],
         "redacted", "my therapist [name] cried in [place]"),
        ([("replace", {"mark": [2], "kind": "organisation"}), ("approve", {})],
         "redacted", "my therapist Anna cried in [organisation]"),
        ([("replace", {"tokens": "  IN  leeds "}), ("approve", {})],
         "redacted", "my therapist Anna cried [detail]"),
        ([("replace", {"mark": [1], "tokens": "in Leeds", "kind": "place"}), ("approve", {})],
         "redacted", "my therapist [place] cried [place]"),
        ([("every", {}), ("back", {}), ("approve", {})], "approved", ANNA),
        ([("replace", {"mark": [2]}), ("replace", {"mark": [1]}), ("back", {}), ("approve", {})],
         "redacted", "my therapist Anna cried in [place]"),
        ([("replace", {"mark": [2]}), ("replace", {"mark": [1]}), ("again", {}), ("approve", {})],
         "approved", ANNA),
        ([("withhold", {})], "withheld", ANNA),
        ([("skip", {})], "new", ANNA),
        ([("stop", {})], "new", ANNA),
        ([("replace", {}), ("replace", {"tokens": "nobody"}), ("stop", {})], "new", ANNA),
    ],
)  # fmt: skip
def test_what_is_pressed_decides(anna, presses, state, words):
    app, deb = anna
    for go, filled in presses:
        deb.go(go, **filled)
    [text] = texts_in(app)
    assert (text.state, text.words) == (state, words)


def test_what_was_replaced_is_counted_and_never_quoted(anna):
    app, deb = anna
    deb.go("every").go("approve")
    [reading] = readings_in(app)
    assert (reading.decision, reading.replaced) == ("redacted", {"name": 1, "place": 1})


def test_pressing_the_enter_key_replaces_and_decides_nothing(anna):
    app, deb = anna
    deb.press(tokens="Leeds")
    assert (deb.shown, states_in(app)) == (
        "my therapist Anna (1: name) cried in [detail]", ["new"],
    )  # fmt: skip


@pytest.mark.parametrize("filled", [{"mark": [1]}, {"tokens": "Anna"}])
def test_what_is_ticked_or_typed_is_shown_replaced_before_it_can_be_approved(anna, filled):
    app, deb = anna
    deb.go("approve", **filled)
    assert ("look once more" in deb.text, states_in(app)) == (True, ["new"])
    assert deb.go("approve").status == 200
    assert states_in(app) == ["redacted"]


def test_typed_words_that_are_not_there_let_nothing_leave(anna):
    app, deb = anna
    deb.go("approve", tokens="Hannah")
    assert ("do not stand in the text" in deb.text, states_in(app)) == (True, ["new"])


def test_typed_quotes_and_line_ends_need_not_be_the_same(served, reader):
    app = served("she wasn’t\r\n  there")
    deb = reader(app).start_reading().go("replace", tokens="wasn't there")
    assert deb.shown == "she [detail]"


def test_what_a_client_wrote_is_shown_as_text(served, reader):
    deb = reader(served("<b>bold</b> & \u202eturned")).start_reading()
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; \ufffd" in deb.page.html


# The order, skipping, the end.


def test_every_text_is_shown_once_and_then_none(served, reader):
    app = served("one", "two", "three")
    deb, seen = reader(app).start_reading(), set()
    while deb.shown:
        seen.add(deb.shown)
        deb.go("approve")
    assert seen == {"one", "two", "three"}
    assert "has been read" in deb.text


def test_the_order_is_drawn_by_lot(served, reader):
    app = served(*(f"text {n}" for n in range(20)))
    assert len({reader(app).start_reading().shown for _ in range(8)}) > 2


def test_skipped_texts_come_again_when_no_other_waits(served, reader):
    app = served("one", "two")
    deb = reader(app).start_reading().go("skip")
    last = deb.shown
    deb.go("approve")
    assert "Those that you skipped come again" in deb.text
    assert {last, deb.start_reading().shown} == {"one", "two"}


def test_many_skipped_and_decided_texts_still_fit_into_the_cookie(served, reader):
    app = served(*(f"text {n}" for n in range(60)))
    deb = reader(app).start_reading()
    for go in ("skip", "approve") * 25:
        deb.go(go)
    assert states_in(app).count("approved") == 25
    assert len(deb.browser.get_cookie("staff", path="/research").value) < 3500


def test_too_many_single_changes_are_told_and_lose_nothing(served, reader, monkeypatch):
    monkeypatch.setattr(text_session, "MOST_LETTERS", 290)
    app = served(" ".join(f"word{letter}" for letter in "abcdefghijkl"))
    deb = reader(app).start_reading()
    for letter in "abcdefghijkl":
        deb.go("replace", tokens=f"word{letter}")
    assert "too many single changes" in deb.text
    assert 0 < deb.shown.count("[detail]") < 12
    assert deb.go("again").shown.startswith("worda")


def test_the_fullest_cookie_is_one_that_browsers_keep(anna):
    _, deb = anna
    with deb.browser.session_transaction("/research/") as kept:
        kept[FIELD] = b64encode(secrets.token_bytes(2100)).decode()[: MOST_LETTERS + SPARE]
    assert len(deb.browser.get_cookie("staff", path="/research").value) < 3800


# Undoing.


def test_the_last_decision_is_taken_back_and_its_text_shown_again(served, reader):
    app = served("one", "two")
    deb = reader(app).start_reading()
    first = deb.shown
    deb.go("withhold").go("undo")
    assert (deb.shown, states_in(app)) == (first, ["new", "new"])


def test_the_very_last_decision_can_be_taken_back_too(anna):
    app, deb = anna
    deb.go("approve").go("undo")
    assert (states_in(app), deb.shown != "") == (["new"], True)


def test_a_decision_that_somebody_has_made_since_is_not_taken_back(served, reader):
    app = served(ANNA, text_readers=2)
    deb = reader(app).start_reading().go("approve")
    reader(app).start_reading().go("approve")
    deb.open("").go("undo")
    assert ("Somebody else has decided" in deb.text, states_in(app)) == (True, ["approved"])


# Twice, late, from another tab, by somebody else.


def test_a_press_sent_twice_decides_once(served, reader):
    app = served("one", "two", "three")
    deb = reader(app).start_reading()
    tab = deb.another_tab()
    deb.go("approve")
    tab.press("go", "approve")
    assert "older page" in tab.text
    assert (states_in(app).count("approved"), len(readings_in(app))) == (1, 1)


def test_a_press_sent_twice_at_once_decides_once_and_goes_on(served, reader):
    """The second one still brings the cookie of before the first."""
    app = served("one", "two")
    deb = reader(app).start_reading()
    before = deb.browser.get_cookie("staff", path="/research").value
    tab = deb.another_tab()
    deb.go("approve")
    deb.browser.set_cookie("staff", before, path="/research")
    tab.press("go", "approve")
    assert (states_in(app).count("approved"), len(readings_in(app))) == (1, 1)
    assert "Your decision" in tab.text


@pytest.mark.parametrize("go", ["skip", "undo", "withhold", "stop"])
def test_a_page_that_is_no_longer_the_latest_does_nothing(served, reader, go):
    app = served("one", "two", "three")
    deb = reader(app).start_reading()
    deb.go("approve")
    tab = deb.another_tab()
    deb.go("skip")
    tab.press("go", go)
    assert (tab.page.html.count("older page"), tab.screen) == (1, tab.screen)
    assert sorted(states_in(app)) == ["approved", "new", "new"]


def test_reloading_shows_the_same_text_and_decides_nothing(served, reader):
    app = served(*(f"text {n}" for n in range(9)))
    deb = reader(app).start_reading()
    first = deb.shown
    assert {deb.open("read") and deb.shown for _ in range(6)} == {first}
    assert readings_in(app) == []


def test_whoever_has_stopped_finds_no_text_on_the_way_back(anna):
    _, deb = anna
    deb.go("stop").open("read")
    assert (deb.here, deb.shown) == (f"/research/{NAME}/texts/", "")


def test_a_text_deleted_meanwhile_is_told(anna):
    app, deb = anna
    ask_deletion(stores_of(app).pilot, [mark("text", 0)])
    carry_out_deletions(stores_of(app).pilot)
    deb.go("approve")
    assert deb.shown == ""
    deb.browser.get(deb.here)
    assert readings_in(app) == []


def test_a_text_that_somebody_else_decided_about_is_told(served, reader):
    app = served(ANNA)
    ann, deb = reader(app).start_reading(), reader(app).start_reading()
    ann.go("withhold")
    assert "waits no more" in deb.open("read").text
    assert deb.press().here.endswith("/texts/")


# Two readers.


@pytest.fixture
def two(served, reader):
    app = served(ANNA, text_readers=2)
    return app, reader(app, "deb"), reader(app, "ann")


def test_a_second_person_sees_the_first_ones_words_and_agrees(two):
    app, deb, ann = two
    deb.start_reading().go("every").go("approve")
    assert ann.start_reading().shown == "my therapist [name] cried in [place]"
    assert "Somebody else has read it" in ann.text
    ann.go("approve")
    assert states_in(app) == ["redacted"]


def test_nobody_is_her_own_second_reader(two):
    app, deb, _ = two
    deb.start_reading().go("approve").open("")
    assert "another person" in deb.text
    assert (states_in(app), deb.shown) == (["once"], "")


def test_words_that_somebody_changed_meanwhile_are_looked_at_anew(two):
    app, deb, ann = two
    deb.start_reading()
    ann.start_reading().go("every").go("approve")
    deb.go("approve")
    assert (states_in(app), deb.shown) == (["once"], "my therapist [name] cried in [place]")


# Nothing of a text leaves the page.


def test_no_address_title_audit_or_file_of_staff_holds_a_word_or_a_key(anna):
    app, deb = anna
    key = texts_in(app)[0].key.hex()
    titles = [deb.page.title]
    deb.go("replace", tokens="Leeds")
    titles.append(deb.page.title)
    deb.go("approve").go("undo").go("stop")
    said = " ".join((*deb.visited, *titles, *audit_of(app)))
    office = (stores_of(app).folder / "office.db").read_bytes()
    office += (stores_of(app).folder / "office.db-wal").read_bytes()
    assert not any(word in said for word in ("Anna", "Leeds", key))
    assert not any(word in office for word in (b"Anna", b"Leeds"))


def test_the_cookie_holds_neither_words_nor_the_key_in_clear(anna):
    app, deb = anna
    deb.go("replace", tokens="Leeds")
    with deb.browser.session_transaction("/research/") as kept:
        sealed = kept[FIELD]
    assert texts_in(app)[0].key.hex() not in sealed
    assert "Leeds" not in sealed


def test_another_account_cannot_open_what_the_cookie_holds(anna, reader):
    app, deb = anna
    with deb.browser.session_transaction("/research/") as kept:
        sealed = kept[FIELD]
    ann = reader(app)
    with ann.browser.session_transaction("/research/") as kept:
        kept[FIELD] = sealed
    assert ann.open("read").shown == ""


@pytest.mark.parametrize("sealed", ["", "x", "AAAA", "ä", "AAAA" * 20])
def test_a_damaged_cookie_shows_no_text_and_breaks_nothing(anna, sealed):
    _, deb = anna
    with deb.browser.session_transaction("/research/") as kept:
        kept[FIELD] = sealed
    assert (deb.open("read").status, deb.shown) == (200, "")


def test_no_page_of_texts_is_kept_by_the_browser(anna):
    _, deb = anna
    assert deb.headers["Cache-Control"] == "no-store"


def test_signed_out_in_between_gives_nothing_of_the_text_back(anna):
    _, deb = anna
    page = deb.another_tab()
    deb.sign_out()
    page.press("go", "replace", tokens="Leeds")
    assert (page.status, "Leeds" in page.page.html) == (401, False)


def test_the_audit_says_who_began_and_stopped(anna):
    app, deb = anna
    deb.go("approve").go("undo").go("stop")
    lines = [line.partition(": ")[2] for line in audit_of(app)]
    assert lines == [f"{NAME}: began to read texts", f"{NAME}: stopped reading texts"]


# How far it is.


def test_counts_are_told_in_steps(served, reader):
    app = served(*(f"text {n}" for n in range(13)))
    deb = reader(app).open("")
    assert "Texts that wait for you: 10 or more." in deb.text
    assert deb.page.rows[-1][2:5] == ["10 or more", "none", "none"]


def test_what_a_question_lacks_for_a_release_is_told(open_app, reader, signed_in):
    flagship = "therapist-tears"
    app = with_texts(
        open_app(flagship), *(f"text {n}" for n in range(22)), name=flagship, variable="ff_open"
    )
    for text in texts_in(app, flagship)[:13]:
        texts.set_state(stores_of(app).pilot, text, "approved", None)
    deb = Reader(signed_in(app), flagship).open("")
    assert deb.page.rows[-1][-1] == "up to 10 more to approve"
    for text in texts_in(app, flagship)[13:]:
        texts.set_state(stores_of(app).pilot, text, "approved", None)
    assert deb.open("").page.rows[-1][-1] == "enough"


def test_a_study_without_texts_says_so(served, reader):
    assert "no texts to read yet" in reader(served(), name="demo-deb").open("").text


def test_real_texts_are_not_read_before_they_are_frozen(open_app, reader):
    app = with_texts(open_app(NAME, demo=False), ANNA)
    assert "texts are read once they are frozen" in reader(app).open("").text
