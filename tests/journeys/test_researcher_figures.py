"""The researcher's pages on the way in, invitations, figures and preregistration."""

import csv
import io
import re
import zipfile

import pytest

from survey.collection.figures import figures_of
from survey.respondents.invitations import read_code
from survey.storage import admission, counters
from survey.storage.counters import EventCounters
from tests.journeys.boardroom import Served
from tests.journeys.client import Journey
from tests.journeys.staff import Worker
from tests.journeys.walking import walk
from tests.signing import approve_and_confirm


@pytest.fixture
def room(open_app, signed_in):
    return Room(open_app("branch"), signed_in)


class Room(Worker):
    """A researcher at the study ``branch``."""

    def __init__(self, app, signed_in, room="research"):
        super().__init__(None, browser=signed_in(app))
        self.app, self.base = app, "/research/branch/"
        self.services = app.extensions["lacrima"]
        self.stores = self.services.stores

    def file(self, address, **form):
        """What a link or a filled-in form downloads."""
        return self.browser.get(self.base + address)

    def post(self, address, **form):
        token = self.page.named("csrf_token")[0].value
        return self.browser.post(self.base + address, data={"csrf_token": token, **form})

    @property
    def audit(self):
        return [w for (w,) in self.stores.office.conn.execute("SELECT what FROM audit")]

    def count(self, **events):
        tallies = EventCounters()
        for event, times in events.items():
            for _ in range(times):
                tallies.add("branch", event, pilot=True)
        tallies.flush(self.stores.pilot, pilot=True)

    @property
    def study(self):
        return self.app.extensions["lacrima"].catalogue.folders["branch"].latest.study


def test_the_study_page_leads_to_all_of_them(room):
    room.open("")
    wanted = {"Link, QR code, leaflet", "Invitations", "Figures", "Preregistration"}
    assert wanted <= {a.get("text") for a in room.page.links}


# Link and leaflet.


def test_the_link_leads_to_the_survey(room):
    room.open("link")
    address = room.page.link(text=f"http://localhost/s/{room.study.address}/")
    assert Journey(room.app, room.study.address).open(address).status == 200


def test_the_link_can_be_made_for_the_address_of_the_clients(room):
    room.open("link?at=https%3A%2F%2Fsurvey.example.org%2Fx")
    assert f"https://survey.example.org/s/{room.study.address}/" in room.text


@pytest.mark.parametrize("at", ["javascript:alert(1)", "survey.example.org", "https://"])
def test_what_is_no_address_is_refused_with_a_sentence(room, at):
    room.open(f"link?at={at}")
    assert "is no address of a site" in room.text
    assert room.file(f"qr.svg?at={at}").status_code == 400


@pytest.mark.parametrize(("file", "start"), [
    ("qr.svg", b"<?xml"), ("qr.png", b"\x89PNG"),
    ("leaflet-a4.pdf", b"%PDF"), ("leaflet-a5.pdf", b"%PDF"),
])  # fmt: skip
def test_each_file_is_the_same_every_time(room, file, start):
    one, other = room.file(file), room.file(file)
    assert one.data.startswith(start)
    assert one.data == other.data
    assert f"branch: {file} downloaded" in room.audit


@pytest.mark.parametrize("file", ["qr.gif", "leaflet-a3.pdf"])
def test_other_files_there_are_none(room, file):
    assert room.file(file).status_code == 404


# Invitations.


def codes_of(answer):
    return re.findall(r"^[0-9A-Z-]{14}(?=,|\r?$)", answer.get_data(as_text=True), re.MULTILINE)


@pytest.mark.parametrize(("form", "kind"), [("csv", "text/csv"), ("txt", "text/plain")])
def test_invitations_are_downloaded_once_and_open_the_survey(room, form, kind):
    answer = room.open("invitations/").post("invitations/make", count="3", form=form)
    codes = codes_of(answer)
    assert (answer.mimetype, len({*codes}), [read_code(c) for c in codes]) == (kind, 3, codes)
    client = Journey(room.app, "").open("/i/").press(invitation=codes[0])
    assert client.here.endswith(f"/s/{room.study.address}/")
    assert room.audit[-1] == "branch: 3 invitations made"


def test_links_with_codes_are_made_only_where_they_are_ticked(room):
    page = room.open("invitations/")
    assert "keeps it in its history, code and all" in page.text
    made = [page.post("invitations/make", count="2", form="csv", **ticked).get_data(as_text=True)
            for ticked in ({}, {"links": "1"})]  # fmt: skip
    assert [text.splitlines()[0] for text in made] == ["code", "code,link"]
    assert ["/i/#" in text for text in made] == [False, True]
    assert room.audit[-1] == "branch: 2 invitations made, with links"


def test_the_room_never_shows_a_code(room):
    codes = codes_of(room.open("invitations/").post("invitations/make", count="2", form="txt"))
    pages = [room.open(page).page.html for page in ("", "invitations/", "figures/", "link")]
    assert not any(code in page for code in codes for page in pages)
    assert "about 2" in room.open("invitations/").text


@pytest.mark.parametrize("count", ["0", "-1", "", "many", "10001", "1e9", "²", "9" * 30])
def test_a_number_that_is_none_makes_nothing(room, count):
    answer = room.open("invitations/").post("invitations/make", count=count, form="csv")
    assert answer.status_code == 400
    assert "Give a number from 1 to 10,000." in answer.get_data(as_text=True)
    assert admission.unspent(room.stores.pilot, "branch") == 0


def test_a_bad_address_makes_nothing(room):
    answer = room.open("invitations/").post("invitations/make", count="2", form="csv", at="ftp://x")
    assert (answer.status_code, admission.unspent(room.stores.pilot, "branch")) == (400, 0)


def test_unused_invitations_are_taken_back_after_a_word_of_warning(room):
    room.open("invitations/").post("invitations/make", count="4", form="txt")
    room.open("invitations/take-back")
    assert "cannot be undone" in room.text
    room.press()
    assert admission.unspent(room.stores.pilot, "branch") == 0
    assert room.audit[-1] == "branch: unused invitations taken back"


# Figures.


def test_before_the_first_step_the_page_says_what_it_needs(room):
    assert (
        "the first step needs 20 page loads and 10 completed answers" in room.open("figures/").text
    )


def test_figures_have_honest_names_and_can_be_copied(room):
    room.count(landing=103, info=51, consented=44, completed=42)
    page = room.open("figures/")
    assert "Page loads of the first page 100" in page.text
    assert "Unique site visitors not known" in page.text
    assert "Completion rate: about 100%." in page.page.html


def test_the_table_is_the_page(room):
    room.count(landing=1_203, info=51, consented=44, completed=42, stopped_sent=9)
    answer = room.file("figures/figures.csv")
    table = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    values = {line["figure"]: line["value"] for line in table}
    assert {line["pilot"] + line["synthetic"] for line in table} == {"yesno"}
    assert values["Page loads of the first page"] == "1200"
    assert values["Declined to take part"] == "under 5"
    assert "rounded down to 5" in table[0]["how"]
    assert "branch: figures.csv downloaded" in room.audit


def test_synthetic_figures_are_marked_wherever_they_go(room):
    room.count(landing=103, info=51, consented=44, completed=42, simulated=42)
    page = room.open("figures/")
    assert "These figures say nothing about people" in page.text
    assert "SYNTHETIC" in page.page.html.partition("<textarea")[2]
    assert "branch,yes,yes," in room.file("figures/figures.csv").get_data(as_text=True)
    assert "SYNTHETIC" in room.file("figures/cherries.md").get_data(as_text=True)
    assert "SYNTHETIC" in room.open("/ethics/branch/report").text


def test_the_checklist_is_prefilled(room):
    room.count(landing=103, info=51, consented=44, completed=42)
    said = room.file("figures/cherries.md").get_data(as_text=True)
    assert "completed 40 of consented 40" in said


def test_a_walk_counts_pages_and_completion_once(room):
    client = walk(Journey(room.app, room.study.address).begin()).send()
    assert client.screen == "done"
    counts = room.services.counters._counts[True]
    passed = {e: n for (_, e), n in counts.items() if e.startswith("passed:")}
    assert passed
    assert set(passed.values()) == {1}
    assert counts["branch", "completed"] == 1


def test_a_stop_rule_that_is_met_is_told_with_what_it_says(site, signed_in):
    served = site("therapist-tears")
    office = served.services.stores.office
    counters.record_verdict(office, "therapist-tears", 30, met=False, pilot=True)
    counters.record_verdict(office, "therapist-tears", 50, met=True, pilot=True)
    page = Worker(None, browser=signed_in(served.app)).open("/research/therapist-tears/figures/")
    assert "At 50 people: yes, met." in page.text
    assert "Before, not met at 30 people." in page.text
    assert "pauses by itself when more than 10 %" in page.text


# After the close, of a real study.


class Real(Served):
    """The study ``branch``, approved and open."""

    def __init__(self, open_app, catalogue):
        super().__init__(open_app, catalogue, "branch")
        approve_and_confirm(self.services.stores, self.version)
        self.become("open")

    def answers(self, been, times):
        for _ in range(times):
            walk(self.client().begin(), been=been).send()
        return self

    def leave_at_the_second_page(self, times):
        for _ in range(times):
            walk(self.client().begin(), until="again", been=1).open("leave")
        return self

    def figures(self, signed_in):
        """The page, after everything counted was written."""
        self.services.counters.flush(self.services.stores.responses)
        return Worker(None, browser=signed_in(self.app)).open("/research/branch/figures/")


@pytest.fixture
def real(open_app, tmp_path):
    return Real(open_app, tmp_path / "shelf")


def test_where_people_stopped_is_told_after_the_close(real, signed_in):
    real.answers(1, 22).answers(2, 21).leave_at_the_second_page(6)
    assert "only after the study has closed" in real.figures(signed_in).text
    real.become("closed")
    told = real.figures(signed_in).text
    assert "Been there? 45 25 20" in told
    assert "There 20 20 under 20" in told
    assert "All 40 20 20" in told


def test_a_way_that_few_took_is_not_told(real, signed_in):
    real.answers(1, 22).answers(2, 3).become("closed")
    page = real.figures(signed_in)
    assert "Been there? 25" in page.text
    assert "Did not go" not in page.text
    table = page.browser.get("/research/branch/figures/figures.csv").get_data(as_text=True)
    assert "Did not go" not in table


def test_of_a_small_study_no_page_is_told(real, signed_in):
    real.answers(1, 12).leave_at_the_second_page(4)
    for _ in range(8):
        real.client().start()
    real.become("closed")
    page = real.figures(signed_in)
    assert "Reached the end and sent 10" in page.text
    assert "could point to single people, so it is not told" in page.text


# Preregistration.


def test_the_package_is_the_same_every_time_and_holds_what_a_registry_wants(room):
    one, other = (room.file("preregistration.zip").data for _ in range(2))
    assert one == other
    top = "branch-preregistration/"
    names = {n.removeprefix(top) for n in zipfile.ZipFile(io.BytesIO(one)).namelist()}
    assert {
        "README.md", "SHA256SUMS", "codebook/codebook.csv", "scoring/import.R",
        "study/branch/questionnaire.toml", "study/branch/release.toml",
    } <= names  # fmt: skip
    assert "branch: preregistration package downloaded" in room.audit


def test_before_the_study_was_ever_open_the_package_is_in_time(room):
    assert "Made before the first answer" in room.open("preregistration").text


def test_figures_take_no_row(room, monkeypatch):
    """Not one statement of the figures reads a table of answers."""
    seen: list[str] = []
    room.stores.pilot.conn.set_trace_callback(seen.append)
    figures_of(room.stores, room.study, pilot=True, over=True)
    room.stores.pilot.conn.set_trace_callback(None)
    assert [s for s in seen if "answers_" in s] == []
