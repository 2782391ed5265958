"""Whatever goes wrong becomes a page with a sentence."""

import pytest
from flask import abort

from survey import error_pages


@pytest.mark.parametrize(("code", "said"), [
    (400, "could not read"), (404, "no such page"), (405, "not used in that way"),
    (413, "too much"), (503, "Nothing was sent"), (418, "our fault"), (500, "our fault"),
])  # fmt: skip
def test_every_status_has_a_kind_page(open_app, code, said):
    app = open_app("minimal")
    app.add_url_rule("/fails", view_func=lambda: abort(code))
    answer = app.test_client().get("/fails")
    assert (answer.status_code, said in answer.get_data(as_text=True)) == (code, True)


@pytest.mark.parametrize(("room", "name"), [("/", "Survey"), ("/research/", "Lacrima")])
def test_its_title_names_the_room_that_it_is_in(open_app, room, name):
    page = open_app("minimal").test_client().get(f"{room}no/such/page").get_data(as_text=True)
    assert f"<title>There is no such page – {name}</title>" in page


def test_an_error_inside_a_study_keeps_its_way_out(client):
    page = client.get("/s/mood/nowhere").get_data(as_text=True)
    assert 'href="/s/mood/leave?p=' in page


def test_an_error_page_that_fails_itself_is_still_a_sentence(open_app, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the template is gone")

    monkeypatch.setattr(error_pages, "render_template", broken)
    answer = open_app("minimal").test_client().get("/nowhere")
    assert (answer.status_code, "There is no such page" in answer.get_data(as_text=True)) == (
        404, True,
    )  # fmt: skip
    assert "template" not in answer.get_data(as_text=True)
