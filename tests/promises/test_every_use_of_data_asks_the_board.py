"""While the board has stopped the use of data no door leads to them; the sentence names its ruling.

The doors are the addresses of the researcher's room and the commands: one that is in neither table
below fails, so that none can be forgotten.
"""

import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import click
import pytest

from survey.cli.main import COMMANDS, main
from survey.releases import process, text_review
from survey.releases.archive import Archive
from survey.releases.build import ReleaseRequest
from survey.releases.text_review import ReviewQueue
from survey.storage import board, conditions, studies
from survey.studies.data_use import DataUseStopped
from tests.approving import AT
from tests.conftest import STUDIES
from tests.journeys.releasing import NAME, Room, freeze, real_answers, stores_of, with_pages

USES = {
    "charts/<int:number>/",
    "charts/<int:number>/<key>.<ending>",
    "figures/cherries.md",
    "figures/figures.csv",
    "releases/<int:number>/hand-over",
    "releases/<int:number>/restore",
    "releases/<int:number>/zip",
    "releases/make/<int:number>",
    "releases/preview",
    "texts/begin",
    "texts/read",
    "work/<int:number>/again",
}
# Why they may stay open: no answer leaves by them.
OTHERS = {
    "": "where the study stands",
    "charts/": "a list of releases",
    "figures/": "totals in steps, by which the stop rule and the collection are watched",
    "invitations/": "the way in",
    "invitations/make": "the way in",
    "invitations/take-back": "the way in",
    "leaflet-<paper>.pdf": "the way in",
    "life/": "where the study stands",
    "life/<step>": "a freeze is refused by its job (below)",
    "link": "the way in",
    "preregistration": "before the first answer",
    "preregistration.zip": "before the first answer",
    "qr.<kind>": "the way in",
    "releases/": "the ledger",
    "releases/<int:number>/": "the ledger",
    "releases/rehearsal": "simulated answers alone",
    "releases/<int:number>/recall": "takes back what is out",
    "texts/": "how far reading is, in steps",
    "work/<int:number>": "how work goes; a preview that is done is refused (below)",
    "work/<int:number>/cancel": "ends work",
}
COMMANDS_THAT_USE = {"hand-over", "release", "review", "study freeze"}
OTHER_COMMANDS = {
    "account": "accounts", "board": "members", "anonymise": "tables from elsewhere",
    "backup": "a copy that the server cannot read", "restore": "a copy in another folder",
    "merge": "answers stay where answers are", "upgrade": "the office alone", "site": "words",
    "demo": "a pilot", "destroy": "makes what is kept less", "sign": "a member's key",
    "mail-test": "mail",
    "doctor": "the installation", "invite": "the way in", "key": "keys", "ledger": "the ledger",
    "purge": "deletions", "recall": "takes back what is out", "serve": "the server",
    "simulate": "a pilot", "verify": "words",
    "study approve": "words", "study decision": "words", "study submit": "words",
    "study plan": "simulated answers alone",
    "study platform": "words",
    "study check": "words", "study close": "the collection",
    "study list": "where studies stand", "study open": "the collection",
    "study stop-rule": "one word of the rule",
}  # fmt: skip

WHY = "A data protection concern."
SAID: dict[str, Any] = {"at": AT, "who": "Ada", "why": WHY}


@pytest.fixture
def site(open_app, study, signed_in):
    """A real study with frozen answers, a preview that is done, and a release."""
    app = with_pages(open_app(NAME, demo=False))
    real_answers(app, study(NAME), 60)
    freeze(app, study(NAME))
    room = Room(signed_in(app), NAME)
    preview = room.seen().here
    room.make(name="Dr Ada", agreement="DUA 7", date="2026-01-02")
    return SimpleNamespace(app=app, room=room, preview=preview, office=stores_of(app).office)


@pytest.fixture
def stopped(site):
    """The board has stopped the use of data, and nothing else."""
    board.rule(site.office, NAME, "suspended", collection=False, **SAID)
    return site


def doors(app):
    """(method, address within the room of a study, an address of its own)."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/research/<name>/"):
            job = 2 if "/work/" in rule.rule else 1  # job 1 is the preview
            given = {"number": job, "key": "rows", "ending": "csv", "kind": "svg", "paper": "a4"}
            given |= {"name": NAME, "step": "close"}
            values = {name: given[name] for name in rule.arguments}
            address = app.url_map.bind("localhost").build(rule.endpoint, values)
            for method in rule.methods & {"GET", "POST"}:
                yield method, rule.rule.removeprefix("/research/<name>/"), address


def answer(site, method, address):
    token = site.room.open("/research/account").page.named("csrf_token")[0].value
    data = {"csrf_token": token} if method == "POST" else None
    said = site.room.browser.open(address, method=method, data=data)
    text = said.get_data().decode(errors="replace")
    said.close()  # of the file that a download reads
    return said.status_code, text


def refused(answer):
    status, text = answer
    return status == 409 and WHY in text


def test_every_address_of_the_room_is_said_to_use_data_or_not(site):
    assert {place for _, place, _ in doors(site.app)} == USES | OTHERS.keys()


def test_no_address_that_uses_data_opens_while_their_use_is_stopped(stopped):
    let_in = [
        (method, place)
        for method, place, address in doors(stopped.app)
        if place in USES and not refused(answer(stopped, method, address))
    ]
    assert let_in == []
    assert refused(answer(stopped, "GET", stopped.preview))


def test_every_other_address_goes_on_and_all_do_once_it_is_lifted(stopped):
    def shut():
        return {
            place
            for method, place, address in doors(stopped.app)
            if method == "GET" and refused(answer(stopped, method, address))
        }

    assert not shut() & OTHERS.keys()
    board.rule(stopped.office, NAME, "lifted", collection=False, **SAID)
    assert not shut()


def test_every_document_of_a_release_says_how_the_approval_stood(site):
    (path,) = Archive(stores_of(site.app).folder, NAME).folder.glob("*.zip")
    with zipfile.ZipFile(path) as packed:
        held = {name: packed.read(name).decode(errors="replace") for name in packed.namelist()}
    said = {name for name, text in held.items() if "R1, signed by the board here" in text}
    wanted = ("README.md", "codebook.html", "report.html", "report.json", "cherries.md")
    assert [w for w in wanted if not any(name.endswith(w) for name in said)] == []


# Commands.


def commands():
    for name in COMMANDS:
        command = main.commands[name]
        group = command.commands if isinstance(command, click.Group) else {}
        yield from (f"{name} {one}" for one in group) if name == "study" else (name,)


def test_every_command_is_said_to_use_data_or_not():
    assert set(commands()) == COMMANDS_THAT_USE | OTHER_COMMANDS.keys()


def test_no_command_that_uses_data_works_while_their_use_is_stopped(stopped, runner, tmp_path):
    words = {
        "hand-over": (NAME, "1", "--to", "A", "--agreement", "x", "--agreed", "2026-01-02"),
        "release": (NAME, "--tier", "C", "--out", str(tmp_path / "out")),
        "review": (NAME,),
        "study freeze": (NAME,),
    }
    assert words.keys() == COMMANDS_THAT_USE
    for command, more in words.items():
        done = runner.invoke(main, [*command.split(), *more], env={"LACRIMA_STUDIES": str(STUDIES)})
        assert (done.exit_code, WHY in done.stderr) == (1, True), command


# What happens while work is under way, and within.


def test_what_is_stopped_while_a_release_is_made_is_not_entered(site, study, tmp_path):
    stores = stores_of(site.app)
    request = ReleaseRequest(tier="C", out=tmp_path / "out", pilot=False)

    def meanwhile(_build):
        board.rule(site.office, NAME, "suspended", **SAID)

    with pytest.raises(DataUseStopped, match=WHY):
        process.run(stores, study(NAME), request, final_check=meanwhile)
    assert not (tmp_path / "out").exists()


def test_a_reader_at_work_is_given_no_further_text(stopped):
    stores = stores_of(stopped.app)
    queue = ReviewQueue(stores.responses, stores.office, NAME, pilot=False, reader="deb")
    with pytest.raises(DataUseStopped, match=WHY):
        text_review.next_text(queue, datetime(2031, 1, 1, tzinfo=UTC))


def test_a_pilot_is_nobody_s_data_and_goes_on(open_app, study, signed_in):
    app = with_pages(open_app(NAME))
    board.rule(stores_of(app).office, NAME, "suspended", **SAID)
    assert Room(signed_in(app), NAME).open("figures/figures.csv").status == 200


def test_a_condition_before_any_release_stops_making_and_handing_over_alone(site):
    set_by = studies.approvals(site.office, NAME)[0]
    asked = studies.Condition("release", "Show us the first file.")
    studies.approve(site.office, replace(set_by, conditions=(asked,)))
    shut = {
        place
        for method, place, address in doors(site.app)
        if asked.text in answer(site, method, address)[1] and method == "POST"
    }
    assert shut == {"releases/make/<int:number>"}
    (one,) = conditions.open_conditions(site.office, NAME)
    conditions.settle(site.office, NAME, one, "met", at=AT, who="Ada")
