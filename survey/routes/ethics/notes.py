"""Comments on passages, answered by the researcher, and notes of incidents. Nothing is deleted.

The yearly report: one study, one year, as a page, as text to copy, and as CSV.

Waiving an element of the checklist that no passage satisfies: by a board, with its reason.
"""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for

from survey.accounts.access import signed_in, staff_only
from survey.accounts.audit import note
from survey.clock import iso_utc
from survey.collection.figures import figures_of, marks_of
from survey.ethics import annual_report
from survey.ethics.annual_report import Section
from survey.ethics.checklist import consent_passages, label_of, missing_elements, unwaived
from survey.routes.ethics.board import (
    Answer,
    author,
    bp,
    now,
    page,
    see_other,
    the_folder,
    the_name,
)
from survey.routes.ethics.frame import about_a_study
from survey.routes.study_cards import register_card
from survey.services import services
from survey.storage import board
from survey.studies.approvals import day
from survey.studies.current import current_catalogue

for _room in ("ethics", "research"):
    register_card(
        _room,
        "board.comments",
        "Comments",
        "The board’s questions on passages, answered.",
        place=30,
    )
    register_card(
        _room, "board.incidents", "Incidents", "Notes of what happened that should not.", place=70
    )

LONGEST = 4000  # characters of a comment or a note


def _fault_of(text: str) -> str:
    if not text:
        return "Write a few words."
    return f"Shorten it to {LONGEST} characters." if len(text) > LONGEST else ""


@bp.route("/comments", methods=["GET", "POST"])
@staff_only("board", "researcher")
def comments() -> Answer:
    """Every comment with its answers, and forms for more."""
    if request.method == "GET":
        return _comments_page()
    text, answers = request.form.get("text", "").strip(), request.form.get("answers", "")
    fault = _fault_of(text)
    if fault:
        return _comments_page(fault, answers=answers)
    if not _keep(text, answers):
        return _comments_page("That passage or comment is not there any more.", answers="")
    return see_other("board.comments", _anchor="comments")


def _keep(text: str, answers: str) -> bool:
    """Keep a comment or an answer; False where what it points at does not exist."""
    study, office = the_folder().version(now=True).study, services().stores.office
    passage, number = request.form.get("passage", ""), 0
    if answers:
        threads = {str(c.number): c for c in board.comments(office, study.name) if not c.answers}
        if answers not in threads:
            return False
        passage, number = threads[answers].passage, threads[answers].number
    elif passage and not any(passage in group for group in consent_passages(study).values()):
        return False
    board.comment(
        office, study.name, text, at=now(), who=author().name, role=author().role,
        words=study.fingerprints.words, passage=passage, answers=number,
    )  # fmt: skip
    where = f" on {passage}" if passage else ""
    note(f"{study.name}: {f'comment {number} answered' if number else f'comment{where}'}")
    return True


def _comments_page(fault: str = "", answers: str = "") -> str:
    study = the_folder().version(now=True).study
    threads = board.threads(services().stores.office, study.name)
    return page(
        "comments",
        "Comments",
        study=study,
        words=study.fingerprints.words,
        threads=list(reversed(threads)),
        labels={t[0].passage: label_of(study, t[0].passage) for t in threads if t[0].passage},
        groups={title: group for title, group in consent_passages(study).items() if group},
        passage=request.values.get("passage", ""),
        fault=fault,
        answers=answers,
        typed=request.form.get("text", ""),
    )


@bp.route("/incidents", methods=["GET", "POST"])
@staff_only("board", "researcher")
def incidents() -> Answer:
    """What happened that should not have, when, and what was done about it."""
    if request.method == "GET":
        return _incidents_page({})
    text, happened = request.form.get("text", "").strip(), day(request.form.get("happened_on", ""))
    future = happened is not None and happened.isoformat() > services().availability.today()
    faults = {
        "happened_on": "This day has not come yet." if future else "",
        "text": _fault_of(text),
    }
    if happened is None:
        faults["happened_on"] = "Give the day it happened as year-month-day."
    faults = {name: fault for name, fault in faults.items() if fault}
    if faults or happened is None:
        return _incidents_page(faults)
    office, who = services().stores.office, author().name
    board.note_incident(
        office, the_name(), text, at=now(), who=who, happened_on=happened.isoformat()
    )
    note(f"{the_name()}: incident noted")
    return see_other("board.incidents", _anchor="incidents")


def _incidents_page(faults: dict[str, str]) -> str:
    return page(
        "incidents",
        "Incidents",
        noted=list(reversed(board.incidents(services().stores.office, the_name()))),
        faults=faults,
        typed={name: request.form.get(name, "") for name in ("happened_on", "text")},
    )


for _report_room in ("ethics", "research"):
    register_card(
        _report_room,
        "board.report",
        "Yearly report",
        "What was approved, opened and released.",
        place=80,
    )


def _year() -> tuple[str, list[str]]:
    """The year asked for, and those there are."""
    years = annual_report.years_of(
        services().stores.office, the_name(), services().availability.today()
    )
    year = request.args.get("year", years[0])
    if year not in years:
        abort(404)
    return year, years


def _sections(year: str) -> list[Section]:
    """The year's sections; those of this year begin with the totals as they may be shown."""
    stores, today = services().stores, services().availability.today()
    found = annual_report.report(stores.office, the_name(), year)
    if year != today[:4]:
        return found
    version = the_folder().latest
    shown = figures_of(stores, version.study, pilot=version.pilot, over=False)
    return [*found, annual_report.so_far(shown.totals, today, marks_of(version, shown))]


@bp.get("/report")
@staff_only("board", "researcher")
def report() -> str:
    """Everything that was noted in one year."""
    year, years = _year()
    sections = _sections(year)
    return page(
        "report",
        "Yearly report",
        year=year,
        years=years,
        sections=sections,
        text=annual_report.as_text(sections),
    )


@bp.get("/report.csv")
@staff_only("board", "researcher")
def report_csv() -> Response:
    """The same as one table."""
    year, _ = _year()
    table = annual_report.as_csv(_sections(year))
    note(f"{the_name()}: yearly report {year} downloaded")
    kept = {"Content-Disposition": f'attachment; filename="{the_name()}-report-{year}.csv"'}
    return Response(table, mimetype="text/csv", headers=kept)


waivers_bp = Blueprint("ethics_waivers", __name__, url_prefix="/ethics/<name>")
about_a_study(waivers_bp)
register_card(
    "ethics",
    "ethics_waivers.waived",
    "Waivers",
    "Do without an element of the checklist, with a reason.",
    place=15,
)

REASON_LENGTH = 2000


def _page(**context: Any) -> str:
    name = g.version.study.name
    folder = current_catalogue().proposed(name)
    study = folder.version().study if folder else g.version.study
    in_force = board.waivers(services().stores.office, name)
    return render_template(
        "board/waivers.html",
        title="Waivers",
        version=g.version,
        name=name,
        proposed=study.version,
        missing=missing_elements(study),
        open=unwaived(study, in_force),
        waivers=in_force,
        **{"faults": {}, "ticked": (), "reason": "", **context},
    )


@waivers_bp.get("/waivers")
@staff_only("board")
def waived() -> str:
    """Elements without a passage: which are waived and why, and a form for the others."""
    return _page()


@waivers_bp.post("/waivers")
@staff_only("board")
def waive() -> str | tuple[str, int] | Response:
    """Waive what is ticked, or take a waiver back."""
    name, account = g.version.study.name, signed_in()
    assert account is not None
    office, at = services().stores.office, iso_utc()
    again = request.form.get("again", "")
    if again in board.waivers(office, name):
        board.take_back(office, name, [again], at=at, who=account.name)
        note(f"{name}: waiver of {again} taken back")
        return _done()
    ticked, reason = _posted()
    faults = _faults(ticked, reason)
    if faults:
        return _page(faults=faults, ticked=ticked, reason=reason), 422
    board.waive(office, name, ticked, at=at, who=account.name, reason=reason)
    note(f"{name}: waived {', '.join(ticked)}")
    return _done()


def _posted() -> tuple[list[str], str]:
    """The elements ticked, of those that can be, and the reason."""
    folder = current_catalogue().proposed(g.version.study.name)
    study = folder.version().study if folder else g.version.study
    asked = set(request.form.getlist("element"))
    everything = "all" in asked
    ticked = [e.id for e in missing_elements(study) if everything or e.id in asked]
    return ticked, request.form.get("reason", "").strip()


def _faults(ticked: list[str], reason: str) -> dict[str, str]:
    found = {}
    if not ticked:
        found["elements"] = "Tick at least one element."
    if not reason:
        found["reason"] = "Give the reason: it is kept with the waiver."
    elif len(reason) > REASON_LENGTH:
        found["reason"] = f"Shorten the reason to {REASON_LENGTH:,} characters."
    return found


def _done() -> Response:
    address = url_for("ethics_waivers.waived", name=g.version.study.name)
    return cast("Response", redirect(address, code=303))
