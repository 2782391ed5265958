"""Of a pilot that people answer, no text is read that could be told from others by when it came."""

import pytest

from survey.releases import pilots
from survey.releases.pilots import TooFewSince
from survey.storage import counters
from survey.storage.batches import ask_deletion, carry_out_deletions
from tests.journeys.reading import NAME, Reader, states_in, with_texts
from tests.journeys.releasing import stores_of
from tests.journeys.staff import services_of
from tests.survey.storage.samples import mark

FEW = "This pilot has fewer than 50 answers of people, too few to hide anybody."
SINCE = "Fewer than 50 answers have come since something was last shown of this pilot"


@pytest.fixture
def pilot(open_app):
    """``pilot(3)``: the site, after so many people more have written to the pilot."""
    app = open_app(NAME)

    def write(count, words="a canary"):
        return with_texts(app, *[words] * count, people=True)

    return write


@pytest.fixture
def deb(pilot, signed_in):
    return Reader(signed_in(pilot(0)))


@pytest.mark.parametrize("people", [0, 1, 49])
def test_of_few_people_nothing_is_shown_or_counted(pilot, deb, people):
    pilot(people)
    deb.open("")
    assert (FEW in deb.text, deb.page.rows) == (True, [])
    deb.browser.post(f"{deb.base}begin", data={"csrf_token": deb.page.named("csrf_token")[0].value})
    assert "canary" not in deb.open("read").page.html


def test_of_fifty_they_are_read(pilot, deb):
    pilot(50)
    deb.start_reading()
    assert deb.shown == "a canary"


@pytest.mark.parametrize("more", [1, 49])
def test_who_writes_after_reading_began_is_not_read(pilot, deb, more):
    app = pilot(60)
    deb.start_reading()
    pilot(more, "her words")
    deb.go("approve")
    assert SINCE in deb.text
    assert (states_in(app).count("approved"), deb.page.rows) == (1, [])
    pilot(50 - more)
    assert deb.start_reading().shown


def test_who_deletes_meanwhile_is_not_told_by_what_is_left(pilot, deb):
    app = pilot(60)
    deb.start_reading()
    ask_deletion(stores_of(app).pilot, [mark("row", 3), mark("text", 3)])
    carry_out_deletions(stores_of(app).pilot)
    assert SINCE in deb.go("skip").text


def test_texts_and_releases_stand_under_one_floor(pilot, deb):
    app = pilot(60)
    stores, study = stores_of(app), services_of(app).catalogue.folders[NAME].latest.study
    deb.start_reading()
    pilots.check(stores, study, who="Ada")
    pilot(1)
    with pytest.raises(TooFewSince):
        pilots.check(stores, study, who="Ada")
    assert [told.people for told in counters.disclosures(stores.office, NAME)] == [60]


def test_in_the_demo_they_are_read_at_once(pilot, signed_in):
    app = pilot(1)
    assert Reader(signed_in(app, name="demo-researcher")).start_reading().shown
