"""dossier.zip: the PDF, the study's own files and every text, with sums that agree."""

import io
import json
import shutil
import zipfile
from hashlib import sha256
from typing import Any

import pytest

from survey.errors import Refusal
from survey.ethics.dossier.dossier_files import DOSSIERS, pack
from survey.locks import locked
from survey.storage import studies
from tests.conftest import folder_of
from tests.survey.ethics.dossier.conftest import dossier_of


def elsewhere(open_app, tmp_path):
    """The same study at another installation."""
    other = tmp_path / "other"
    return open_app("branch", data=other, key=other / "server.key")


def opened(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        return {name: found.read(name) for name in found.namelist()}


def texts(archive):
    return json.loads(opened(archive)["branch-dossier/texts.json"])


def test_it_holds_the_pdf_the_study_and_every_text(open_app):
    names = set(opened(dossier_of(open_app("branch"), "branch")))
    study = {f"branch/{n}.toml" for n in ("questionnaire", "consent", "release", "support")}
    assert names == {f"branch-dossier/{n}" for n in
                     {"dossier.pdf", "texts.json", "SHA256SUMS"} | study}  # fmt: skip


def test_every_sum_agrees(open_app):
    files = opened(dossier_of(open_app("branch"), "branch"))
    lines = files["branch-dossier/SHA256SUMS"].decode().splitlines()
    listed = {f"branch-dossier/{name}": digest for digest, name in map(str.split, lines)}
    present = {n: sha256(body).hexdigest() for n, body in files.items() if "SUMS" not in n}
    assert listed == present


def test_two_installations_give_the_same_bytes(open_app, tmp_path):
    first = dossier_of(open_app("branch"), "branch")
    assert first == dossier_of(elsewhere(open_app, tmp_path), "branch")


def test_nothing_else_in_the_study_s_folder_leaves_it(open_app, tmp_path):
    folder = tmp_path / "branch"
    shutil.copytree(folder_of("branch"), folder)
    (folder / "participants.csv").write_text("who wrote what")
    archive = dossier_of(open_app("branch", studies=(folder,)), "branch")
    assert not [name for name in opened(archive) if "participants" in name]


def test_the_texts_stand_in_the_order_met(open_app):
    told = texts(dossier_of(open_app("branch"), "branch"))
    ids = [screen["id"] for screen in told["screens"]]
    assert ids[:2] == ["landing", "information"]
    assert ids.index("consent") < ids.index("way:questions/p1_been") < ids.index("way:check")


def test_every_way_through_is_listed_with_what_leads_there(open_app):
    told = texts(dossier_of(open_app("branch"), "branch"))
    assert [way["fill"]["been"] for way in told["ways"]] == [["1"], ["1"], ["2"]]


def test_a_board_downloads_both_without_a_sign_in_or_a_cookie(open_app):
    client = open_app("branch").test_client()
    for ending, media in (("pdf", "application/pdf"), ("zip", "application/zip")):
        answer = client.get(f"/ethics/branch/dossier.{ending}")
        assert (answer.status_code, answer.mimetype) == (200, media)
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("ending", ["pdf", "zip"])
def test_an_unknown_study_has_no_dossier(open_app, ending):
    client = open_app("branch").test_client()
    assert client.get(f"/ethics/nowhere/dossier.{ending}").status_code == 404


def test_only_an_approval_of_exactly_these_fingerprints_is_told(open_app):
    app = open_app("branch", demo=False)
    version = app.extensions["lacrima"].catalogue.folders["branch"].latest
    office = app.extensions["lacrima"].stores.office
    fingerprints: dict[str, Any] = {
        "words": "0" * 64,
        "policy": version.study.fingerprints.policy,
        "site": version.site,
    }
    told: dict[str, Any] = {
        "study": "branch",
        "by": "A",
        "approved_on": "2026-01-02",
        "expires_on": "2027-01-01",
    }
    studies.approve(office, studies.Approval(**told, **fingerprints, reference="OTHER"))
    assert texts(dossier_of(app, "branch"))["approval"] is None
    fingerprints["words"] = version.study.fingerprints.words
    studies.approve(office, studies.Approval(**told, **fingerprints, reference="THIS"))
    assert texts(dossier_of(app, "branch"))["approval"]["reference"] == "THIS"


def test_one_dossier_is_made_at_a_time_and_whoever_asks_meanwhile_does_not_wait(open_app, tmp_path):
    app = open_app("branch", data=tmp_path / "fresh")
    DOSSIERS.forget()
    with locked(tmp_path / "fresh" / ".dossiers.lock"):
        told = app.test_client().get("/ethics/branch/dossier.zip")
    assert (told.status_code, told.headers["Retry-After"]) == (503, "30")
    assert "Ask for this one again" in told.get_data(as_text=True)
    assert dossier_of(app, "branch")


def test_every_process_hands_out_the_dossier_that_one_of_them_made(open_app, monkeypatch, tmp_path):
    app = open_app("branch", data=tmp_path / "fresh")
    DOSSIERS.forget()
    made = {ending: dossier_of(app, "branch", ending) for ending in ("zip", "pdf")}
    DOSSIERS.forget()
    monkeypatch.setattr("survey.ethics.dossier.dossier_files.dossier_pdf", None)
    assert {ending: dossier_of(app, "branch", ending) for ending in made} == made


def test_of_very_many_ways_those_are_walked_that_show_something_new(
    open_app, monkeypatch, tmp_path
):
    every = texts(dossier_of(open_app("branch"), "branch"))
    monkeypatch.setattr("survey.ethics.dossier.chapters_screens.MOST_WAYS", 1)
    DOSSIERS.forget()
    fewer = texts(dossier_of(elsewhere(open_app, tmp_path), "branch"))
    DOSSIERS.forget()
    asked = [{s["asks"] for s in told["screens"]} for told in (every, fewer)]
    assert asked[0] == asked[1]
    assert len(fewer["ways"]) <= len(every["ways"])


def test_a_folder_that_has_changed_meanwhile_is_refused_in_one_line(open_app, tmp_path):
    folder = tmp_path / "branch"
    shutil.copytree(folder_of("branch"), folder)
    app = open_app("branch", studies=(folder,))
    version = app.extensions["lacrima"].catalogue.folders["branch"].latest
    consent = folder / "consent.toml"
    consent.write_text(consent.read_text("utf-8").replace("your mood", "your money"), "utf-8")
    with app.test_request_context(), pytest.raises(Refusal, match="has changed"):
        pack(version, None, b"")
