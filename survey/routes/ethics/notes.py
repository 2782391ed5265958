"""The board's notes on a study besides approvals, and the year's report of it.

Comments on passages, answered by the researcher and settled by the board; notes of incidents.
Nothing is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, Response, abort, request

from survey.accounts.access import current_account, staff_only
from survey.accounts.audit import note, one_act
from survey.collection.figures import figures_of, marks_of
from survey.ethics import annual_report
from survey.ethics.annual_report import Section
from survey.ethics.checklist import consent_passages, label_of
from survey.routes.ethics.board import Answer, may_not_rule, now, page, see_other
from survey.services import services
from survey.storage import board
from survey.studies.approvals import day
from survey.studies.current import current_folder, current_name

bp = Blueprint("notes", __name__, url_prefix="/ethics/<name>")

LONGEST = 4000  # characters of a comment or a note


@dataclass(frozen=True, slots=True)
class IncidentKind:
    """A kind of reportable event, and in how many days the board's answer is due."""

    label: str
    days: int


INCIDENT_KINDS = {
    "harm": IncidentKind("Somebody may have come to harm", 3),
    "data": IncidentKind("A leak, or a loss of data", 3),
    "complaint": IncidentKind("A complaint", 10),
    "deviation": IncidentKind("Something was done otherwise than approved", 10),
    "help": IncidentKind("A help line that does not help", 3),
    "other": IncidentKind("Something else", 30),
}


def _fault_of(text: str) -> str:
    if not text:
        return "Write a few words."
    return f"Shorten it to {LONGEST} characters." if len(text) > LONGEST else ""


@bp.route("/comments", methods=["GET", "POST"])
@staff_only("board", "researcher")
def comments() -> Answer:
    """Show every comment with its answers, and keep another."""
    if request.method == "GET":
        return _comments_page()
    text, answers = request.form.get("text", "").strip(), request.form.get("answers", "")
    # A member settles what was answered, with a word or without.
    settles = current_account().role == "board" and request.form.get("go") == "settle"
    fault = "" if settles and answers and not text else _fault_of(text)
    fault = fault or (may_not_rule() if settles else "")
    if fault:
        return _comments_page(fault, answers=answers)
    if not _keep(text, answers, settles=settles and bool(answers)):
        return _comments_page("That passage or comment is not there any more.", answers="")
    return see_other(".comments", _anchor="comments")


def _keep(text: str, answers: str, *, settles: bool) -> bool:
    """Keep a comment or an answer; False where what it points at does not exist."""
    study, office = current_folder().version(now=True).study, services().stores.office
    passage, number = request.form.get("passage", ""), 0
    if answers:
        threads = {str(c.number): c for c in board.comments(office, study.name) if not c.answers}
        if answers not in threads:
            return False
        passage, number = threads[answers].passage, threads[answers].number
    elif passage and not any(passage in group for group in consent_passages(study).values()):
        return False
    where, me = f" on {passage}" if passage else "", current_account()
    with one_act():
        board.comment(
            office, study.name, text, at=now(), who=me.name, role=me.role,
            words=study.fingerprints.words, passage=passage, answers=number,
            settles=settles,
        )  # fmt: skip
        done = "settled" if settles else "answered"
        note(f"{study.name}: {f'comment {number} {done}' if number else f'comment{where}'}")
    return True


def _comments_page(fault: str = "", answers: str = "") -> str:
    study = current_folder().version(now=True).study
    threads = board.threads(services().stores.office, study.name)
    return page(
        "comments",
        "Comments",
        study=study,
        words=study.fingerprints.words,
        threads=[(thread, board.state_of_thread(thread)) for thread in reversed(threads)],
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
    """Show notes of what should not have happened, and keep another."""
    if request.method == "GET":
        return _incidents_page({})
    text, happened = request.form.get("text", "").strip(), day(request.form.get("happened_on", ""))
    future = happened is not None and happened.isoformat() > services().availability.today()
    kind = request.form.get("kind", "")
    faults = {
        "kind": "" if kind in INCIDENT_KINDS else "Choose what kind of incident it was.",
        "happened_on": "This day has not come yet." if future else "",
        "text": _fault_of(text),
    }
    if happened is None:
        faults["happened_on"] = "Give the day it happened as year-month-day."
    faults = {name: fault for name, fault in faults.items() if fault}
    if faults or happened is None:
        return _incidents_page(faults)
    office, who = services().stores.office, current_account().name
    today = date.fromisoformat(services().availability.today())
    due_on = (today + timedelta(INCIDENT_KINDS[kind].days)).isoformat()
    with one_act():
        board.note_incident(
            office, current_name(), text, at=now(), who=who, happened_on=happened.isoformat(),
            kind=kind, due_on=due_on,
        )  # fmt: skip
        note(f"{current_name()}: incident noted")
    return see_other(".incidents", _anchor="incidents")


@bp.post("/incidents/answer")
@staff_only("board", "researcher")
def answer_incident() -> Answer:
    """Keep an answer to an incident, or what came of it."""
    office, me = services().stores.office, current_account()
    number, text = request.form.get("number", 0, type=int), request.form.get("text", "").strip()
    if number not in {one.number for one in board.incidents(office, current_name())}:
        abort(404)
    # Only the board ends an incident.
    outcome = "ended" if me.role == "board" and "ended" in request.form else ""
    if fault := _fault_of(text) or (may_not_rule() if outcome else ""):
        return _incidents_page({f"answer-{number}": fault}), 422
    with one_act():
        answer = board.IncidentAnswer(now(), me.name, number, outcome, text)
        board.answer_incident(office, current_name(), answer)
        said = f"incident {number} answered{', and ended' * bool(outcome)}"
        note(f"{current_name()}: {said}")
    return see_other(".incidents", _anchor=f"incident-{number}")


def _incidents_page(faults: dict[str, str]) -> str:
    office, name = services().stores.office, current_name()
    answers = board.incident_answers(office, name)
    return page(
        "incidents",
        "Incidents",
        noted=list(reversed(board.incidents(office, name))),
        answers=answers,
        ended={answer.incident for answer in answers if answer.outcome},
        kinds=INCIDENT_KINDS,
        today=services().availability.today(),
        role=current_account().role,
        faults=faults,
        typed={n: request.form.get(n, "") for n in ("kind", "happened_on", "text", "number")},
    )


# The yearly report: one study, one year, as a page, as text to copy, and as CSV.


def _year() -> tuple[str, list[str]]:
    """Return the year asked for, and those there are."""
    years = annual_report.years_of(
        services().stores.office, current_name(), services().availability.today()
    )
    year = request.args.get("year", years[0])
    if year not in years:
        abort(404)
    return year, years


def _sections(year: str) -> list[Section]:
    """Return the year's sections; this year's end with the totals as they may be shown."""
    stores, today = services().stores, services().availability.today()
    found = annual_report.report(stores.office, current_name(), year)
    if year != today[:4]:
        return found
    version = current_folder().latest
    shown = figures_of(stores, version.study, pilot=version.pilot, over=False)
    return [*found, annual_report.so_far(shown.totals, today, marks_of(version, shown))]


@bp.get("/report")
@staff_only("board", "researcher")
def report() -> str:
    """Show everything that was noted in one year."""
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
    """Return the year's report as one table."""
    year, _ = _year()
    table = annual_report.as_csv(_sections(year))
    note(f"{current_name()}: yearly report {year} downloaded")
    kept = {"Content-Disposition": f'attachment; filename="{current_name()}-report-{year}.csv"'}
    return Response(table, mimetype="text/csv", headers=kept)
