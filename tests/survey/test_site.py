"""The first page, health, static files, and what a shelf offers."""

import shutil

import pytest

from survey.assets import ASSETS
from survey.errors import BadKey, Refusal
from survey.storage.stores import Stores
from tests.conftest import STUDIES
from tests.journeys.page import Page
from tests.waiting import until

MOST_STYLE = 14 * 1024


def test_the_first_page_has_a_start_link_for_each_pilot_in_the_demo(open_app):
    page = Page(open_app("minimal", "once").test_client().get("/").get_data(as_text=True))
    starts = {a["href"] for a in page.links if a["text"] == "Start"}
    assert starts == {"/s/mood/", "/s/once/"}


def test_outside_the_demo_a_study_that_is_not_open_has_no_link(open_app):
    page = Page(open_app("minimal", demo=False).test_client().get("/").get_data(as_text=True))
    assert not [a for a in page.links if a["href"].startswith("/s/")]


def test_a_pilot_outside_the_demo_is_offered_with_its_mark(open_app):
    app = open_app("minimal", demo=False, pilots=frozenset({"minimal"}))
    text = Page(app.test_client().get("/").get_data(as_text=True)).text
    assert "Pilot: a trial run, not the real study" in text


def test_health_tells_whether_the_stores_can_be_written(app, monkeypatch):
    client = app.test_client()
    assert client.get("/healthz").data == b"ok\n"
    monkeypatch.setattr(Stores, "writable", lambda self: False)
    assert until(lambda: client.get("/healthz").status_code == 503)
    assert client.get("/healthz").data == b"cannot write\n"


def test_the_stylesheet_is_small():
    assert len(ASSETS["site.css"].plain) < MOST_STYLE


def test_an_old_address_of_a_static_file_is_gone(client):
    assert client.get("/static/site.0000000000.css").status_code == 404


@pytest.mark.parametrize("path", ["../pyproject.toml", "..%2fpyproject.toml", "site.css"])
def test_no_other_file_can_be_had(client, path):
    assert client.get(f"/static/{path}").status_code == 404


def test_a_public_page_is_compressed_and_no_page_of_a_study_is(client):
    accepts = {"Accept-Encoding": "gzip"}
    encodings = [
        client.get(path, headers=accepts).headers.get("Content-Encoding")
        for path in ("/ethics/minimal/", "/s/mood/", "/s/mood/eligibility")
    ]
    assert encodings == ["gzip", None, None]


def test_of_two_studies_with_one_address_one_is_left_out_with_the_reason(open_app, tmp_path):
    shutil.copytree(STUDIES / "minimal", tmp_path / "second")
    app = open_app("minimal", studies=(STUDIES / "minimal", tmp_path / "second"))
    (left_out,) = app.extensions["lacrima"].catalogue.left_out
    assert "has the same address as minimal, /s/mood/" in left_out.why
    assert app.test_client().get("/s/mood/").status_code == 200


def test_a_folder_that_two_shelves_name_is_one_study(open_app):
    app = open_app("minimal", studies=(STUDIES / "minimal", STUDIES / "minimal"))
    assert app.extensions["lacrima"].catalogue.left_out == ()


def test_where_every_folder_is_broken_the_server_does_not_start(open_app, tmp_path):
    shutil.copytree(STUDIES / "minimal", tmp_path / "minimal")
    (tmp_path / "minimal" / "consent.toml").write_text("[")
    with pytest.raises(Refusal, match=r"minimal: left out. .*consent.toml"):
        open_app(studies=(tmp_path / "minimal",))


def test_a_shelf_without_a_study_says_where_it_looked(open_app, tmp_path):
    with pytest.raises(Refusal, match="LACRIMA_STUDIES"):
        open_app(studies=(tmp_path,))


def test_without_a_key_nothing_is_served(open_app, tmp_path):
    bad = tmp_path / "bad.key"
    bad.write_text("no key")
    with pytest.raises(BadKey):
        open_app("minimal", key=bad)
