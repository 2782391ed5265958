"""Whether a deletion code was right is seen on no page that is open to anybody, and by no wait."""

import json
import re
import sqlite3

import pytest

from survey.crypto import new_code
from survey.storage import answer_tables, batches
from survey.studies.availability import FRESH_SECONDS, FULL, OPEN
from tests.approving import FACTS
from tests.journeys.boardroom import Served
from tests.journeys.client import Journey
from tests.journeys.staff import services_of
from tests.journeys.walking import walk
from tests.signing import approve_and_confirm

LIMIT = 2
LIMITED = f'[study."minimal"]\nlimit = {LIMIT}\n'
# What is drawn anew for each page.
DRAWN = re.compile(r'name="(csrf_token|state)" value="[^"]*"|nonce[-=]"?[\w+/=-]+')


@pytest.fixture(params=[True, False], ids=["pilot", "real"])
def app(request, open_app, tmp_path):
    """A study that closes by itself at two answers, as a pilot and as a study that was signed."""
    if request.param:
        (tmp_path / "data").mkdir(mode=0o700)
        (tmp_path / "data" / "site.toml").write_text(LIMITED, "utf-8")
        return open_app("minimal")
    mood = Served(open_app, tmp_path / "shelf")
    mood.site_facts.write_text(FACTS + LIMITED)
    approve_and_confirm(mood.services.stores, mood.version)
    mood.become("open")
    return mood.app


def answers_of(app):
    """The file that the study's answers go to."""
    here = services_of(app)
    return here.stores.answers(pilot=here.catalogue.folders["minimal"].latest.pilot)


def send(app):
    """Somebody answers; gives the code."""
    return walk(Journey(app, "mood").begin()).send(code=True).code


def delete(app, code):
    """Somebody types a code; the time passes in which it is carried out, and is seen."""
    Journey(app, "mood").open("withdraw").press(code=code)
    batches.carry_out_deletions(answers_of(app))
    later(app)


def later(app):
    availability = services_of(app).availability
    steady = availability._clock
    availability._clock = lambda: steady() + FRESH_SECONDS


def everything(app):
    """What every address answers to somebody who is not signed in."""
    found = {}
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods:
            continue
        values = {name: 1 if f"int:{name}" in rule.rule else "x" for name in rule.arguments}
        values |= {"address": "mood", "name": "minimal"}
        values = {name: value for name, value in values.items() if name in rule.arguments}
        address = app.url_map.bind("localhost").build(rule.endpoint, values)
        answer = app.test_client().get(address)
        said = DRAWN.sub("", answer.get_data().decode("utf-8", "replace"))
        found[address] = answer.status_code, said, answer.headers.get("Location")
    return found


def state_of(app):
    return json.loads(app.test_client().get("/ethics/minimal/certificate.json").data)["state"]


def test_a_full_study_answers_alike_after_a_right_code_and_a_wrong_one(app):
    codes = [send(app) for _ in range(LIMIT)]
    later(app)
    full = everything(app)
    delete(app, new_code())
    missed = everything(app)
    delete(app, codes[0])
    assert answer_tables.count(answers_of(app), "minimal") == LIMIT - 1
    assert (state_of(app), missed, everything(app)) == (FULL, full, full)


def test_a_study_is_full_after_as_many_answers_whether_or_not_one_was_deleted(app):
    code = send(app)
    delete(app, code)
    assert state_of(app) == OPEN
    send(app)
    later(app)
    assert state_of(app) == FULL


def test_only_a_higher_limit_opens_it_again_and_it_is_full_again_there(app, tmp_path):
    for code in [send(app) for _ in range(LIMIT)]:
        delete(app, code)
    site = services_of(app).config.site
    site.write_text(site.read_text().replace(f"limit = {LIMIT}", f"limit = {LIMIT + 1}"))
    later(app)
    assert state_of(app) == OPEN
    delete(app, send(app))
    assert state_of(app) == FULL


def test_no_public_address_waits_for_somebody_else_who_writes_answers(app):
    """Whoever could wait with it would know when a deletion is carried out."""
    send(app)
    later(app)
    before, path = everything(app), answers_of(app).conn.execute("PRAGMA database_list").fetchone()
    other = sqlite3.connect(path[2], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    later(app)
    assert everything(app) == before
    other.close()
    assert before["/healthz"][:2] == (200, "ok\n")
