"""Whatever clients or staff type, or a study file says, is text: no template, SQL or markup."""

import re

import pytest

from survey.config import ROLES
from tests.approving import copied
from tests.conftest import STUDIES
from tests.journeys.client import Journey
from tests.journeys.page import Page
from tests.journeys.site import Site
from tests.journeys.staff import Worker
from tests.promises.test_rooms import address_of, public, staff_rules

MARKUP = "<%=7*7%><script>alert(7)</script>'; DROP TABLE texts; -- ' OR '1'='1"
EVIL = "{{7*7}}${7*7}" + MARKUP
TYPED = ("text", "search", "url", "email", "password", "textarea")
ENDS = ("sign-out", "account")  # what signs the account out, or changes what it signs in with


def is_run(html):
    """Whether any of it was taken for more than text."""
    return "<script>alert" in html or "49$" in html or "${49" in html or ">49<" in html


def tables(app):
    stores = app.extensions["lacrima"].stores
    return {
        name: {table.name for table in db.tables}
        for name, db in (("pilot", stores.pilot), ("office", stores.office))
    }


def test_what_a_client_types_is_shown_and_stored_as_it_is(app):
    before, site = tables(app), Site(app, "kinds")
    client = site.client().begin().next().next().answer(story=EVIL)
    assert (client.screen, is_run(client.page.html)) == ("check", False)
    assert EVIL in client.text
    client.send()
    assert ([text["text"] for text in site.texts], tables(app)) == ([EVIL], before)
    for address, box in (("/i/", "invitation"), ("/s/kinds/withdraw", "code")):
        assert not is_run(site.client().open(address).press(**{box: EVIL}).page.html)


def filled(page, form):
    """What the form sends when everything that can be typed in it says the same."""
    typed = {
        c.name for c in page.controls if c.form == form and (c.kind in TYPED or c.tag == "textarea")
    }
    fields = {name: value for name, value in page.fields(form) if name not in typed}
    return fields | dict.fromkeys(typed - {""}, EVIL), typed


def test_no_name_that_is_typed_signs_anybody_in(app):
    for room in ("research", "ethics"):
        stranger = Worker(app).open(f"/{room}/sign-in")
        stranger.press(name=EVIL, password=EVIL)
        assert (is_run(stranger.page.html), "sign-in" in stranger.here) == (False, True)


@pytest.mark.parametrize("role", ROLES)
def test_what_staff_type_into_every_form_is_shown_as_it_is(app, signed_in, role):
    browser, before = signed_in(app, role), tables(app)
    pages = {
        address_of(app, rule)
        for method, rule, _, inside in staff_rules(app)
        if method == "GET" and not public("research", inside) and not inside.startswith(ENDS)
    }
    sent, run = 0, []
    for address in sorted(pages):
        shown = browser.get(address)
        if shown.mimetype != "text/html" or shown.status_code != 200:
            continue
        page = Page(shown.get_data(as_text=True))
        for form in page.forms.values():
            fields, typed = filled(page, form.id)
            action = form.action or address
            if typed and form.method == "post" and "account" not in action:
                answer = browser.post(action, data=fields, follow_redirects=True)
                sent += 1
                if answer.status_code >= 500 or is_run(answer.get_data(as_text=True)):
                    run.append((address, action, answer.status_code))
    assert run == []
    assert sent > 2
    again = [
        a for a in sorted(pages) if is_run(browser.get(a).get_data().decode("utf-8", "replace"))
    ]
    assert (again, tables(app)) == ([], before)


def test_what_a_study_file_says_is_shown_as_it_is(open_app, tmp_path):
    folder = copied(STUDIES / "minimal", tmp_path / "minimal")
    said = re.compile(
        r'^((?:text|intro|landing_lead|consent_intro|declined) = ".*)"$', re.MULTILINE
    )
    for name in ("questionnaire.toml", "consent.toml"):
        file = folder / name
        file.write_text(said.sub(lambda found: f'{found[1]} {MARKUP}"', file.read_text()))
    app = open_app("minimal", studies=(folder,))
    client = Journey(app, "mood").start()
    assert MARKUP in client.text
    client.inform().be_eligible().agree()
    client.answer(mood=2)
    assert [
        address for address in [*client.visited] if is_run(client.open(address).page.html)
    ] == []
    board = app.test_client()
    for page in (
        "",
        "text",
        "screens",
        "data",
        "routes",
        "checklist",
        "flow",
        "stored",
        "versions",
    ):
        answer = board.get(f"/ethics/minimal/{page}")
        assert (answer.status_code, is_run(answer.get_data(as_text=True))) == (200, False)
