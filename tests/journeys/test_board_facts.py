"""What only the board is told stands on no public page and in no public dossier."""

import zipfile
from io import BytesIO

import pytest

from survey.ethics.dossier.reader import open_dossier
from survey.studies.version import fingerprints_of
from tests.journeys.boardroom import Served

SECRET = "Dr Secret, 5 Hidden Lane"
NOTE = """
[[board_note]]
id = "note-clinician"
heading = "If somebody is in danger"
text = "We call {clinician_contact}."
"""


@pytest.fixture
def told(open_app, tmp_path, signed_in):
    """A study whose note to the board names a clinician, and a member's browser."""
    served = Served(open_app, tmp_path / "shelf")
    served.change("\n[[debrief]]", f"{NOTE}\n[[debrief]]", "consent.toml")
    facts = served.site_facts.read_text().replace('"B"', f'"{SECRET}"')
    served.site_facts.write_text(facts)
    served.later(3)
    return served, signed_in(served.app, "board")


PUBLIC = ("", "text", "checklist", "data", "routes", "versions", "certificate", "certificate.json")


@pytest.mark.parametrize("page", PUBLIC)
def test_no_public_page_tells_it(told, page):
    served, _ = told
    shown = served.app.test_client().get(f"/ethics/minimal/{page}").get_data(as_text=True)
    assert SECRET not in shown
    assert page or "(told to the board alone)" in shown


def everything(zipped):
    with zipfile.ZipFile(BytesIO(zipped)) as archive:
        return b"".join(archive.read(n) for n in archive.namelist() if n.endswith("texts.json"))


def test_the_public_dossier_has_it_not_and_the_boards_has(told):
    served, board = told
    public = served.app.test_client().get("/ethics/minimal/dossier.zip")
    theirs = board.get("/ethics/minimal/board-dossier.zip")
    assert SECRET.encode() not in everything(public.data)
    assert SECRET.encode() in everything(theirs.data)
    assert "board-dossier" in theirs.headers["Content-Disposition"]


def test_both_dossiers_prove_the_same_fingerprints(told, tmp_path):
    served, board = told
    browsers = {"dossier": served.app.test_client(), "board-dossier": board}
    for name, browser in browsers.items():
        path = tmp_path / f"{name}.zip"
        path.write_bytes(browser.get(f"/ethics/minimal/{name}.zip").data)
        version = served.services.catalogue.folders["minimal"].latest
        assert open_dossier(path).fingerprints == fingerprints_of(version)


@pytest.mark.parametrize("ending", ["pdf", "zip"])
def test_the_boards_dossier_is_for_those_who_sign_in(told, ending):
    served, _ = told
    answer = served.app.test_client().get(f"/ethics/minimal/board-dossier.{ending}")
    assert (answer.status_code, "sign-in" in answer.headers["Location"]) == (303, True)


def test_who_signs_reads_it_on_the_page_that_is_signed(told):
    _, board = told
    shown = board.get("/ethics/minimal/approve").get_data(as_text=True)
    assert SECRET in shown


def test_a_changed_board_fact_still_moves_the_fingerprint_of_the_facts(told):
    served, _ = told
    before = served.services.catalogue.folders["minimal"].version(now=True).site
    served.site_facts.write_text(served.site_facts.read_text().replace("Hidden", "Other"))
    assert served.services.catalogue.folders["minimal"].version(now=True).site != before
