"""Comments on passages, answered by the researcher, and notes of incidents. Nothing is deleted."""

from __future__ import annotations

from flask import request

from survey.board.passages import label_of, passages_of
from survey.routes.board import Answer, author, bp, now, page, see_other, the_folder, the_name
from survey.served.signing import day
from survey.services import services
from survey.staff.access import staff_only
from survey.staff.audit import note
from survey.staff.features import offer_feature
from survey.store import board

for _room in ("ethics", "research"):
    offer_feature(
        _room,
        "board.comments",
        "Comments",
        "The board’s questions on passages, answered.",
        place=30,
    )
    offer_feature(
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
    study, office = the_folder().offer(now=True).study, services().stores.office
    passage, number = request.form.get("passage", ""), 0
    if answers:
        threads = {str(c.number): c for c in board.comments(office, study.name) if not c.answers}
        if answers not in threads:
            return False
        passage, number = threads[answers].passage, threads[answers].number
    elif passage and not any(passage in group for group in passages_of(study).values()):
        return False
    board.comment(
        office, study.name, text, at=now(), who=author().name, role=author().role,
        words=study.fingerprints.words, passage=passage, answers=number,
    )  # fmt: skip
    where = f" on {passage}" if passage else ""
    note(f"{study.name}: {f'comment {number} answered' if number else f'comment{where}'}")
    return True


def _comments_page(fault: str = "", answers: str = "") -> str:
    study = the_folder().offer(now=True).study
    threads = board.threads(services().stores.office, study.name)
    return page(
        "comments",
        "Comments",
        study=study,
        words=study.fingerprints.words,
        threads=list(reversed(threads)),
        labels={t[0].passage: label_of(study, t[0].passage) for t in threads if t[0].passage},
        groups={title: group for title, group in passages_of(study).items() if group},
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
