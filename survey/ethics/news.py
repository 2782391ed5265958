"""What a member of a board is told: notices made from the rows of the record themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from survey.ethics.submission_states import DECISIONS, KINDS
from survey.storage import unread
from survey.storage.accounts import DEMO_PREFIX, folded
from survey.storage.database import Database

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """One notice: the day (ISO), the study or nothing, a sentence, and where to read on."""

    position: int
    day: str
    study: str
    sentence: str
    endpoint: str


def _account(row: Row) -> str:
    """Return the notice of a new account; other lines of the audit are no news."""
    what = str(row["what"])
    new = what.startswith("account ") and what.endswith(": added")
    return f"A new {what.removesuffix(': added')}." if new and DEMO_PREFIX not in what else ""


def _comment(row: Row) -> str:
    return f"Comment {row['answers']} was answered." if row["answers"] else "A comment was made."


TIMES = ("at", "recorded_at", "made_at", "day")  # when a row was written, by its table
TURNED = {"open": "It was opened.", "closed": "It was closed.", "frozen": "It is frozen for good."}

# Table → the notice of a row in it (empty: none), and the page where one reads on.
NOTICES: Mapping[str, tuple[Callable[[Row], str], str]] = {
    "approvals": (lambda r: f"Approved under {r['reference']}.", "board.approve"),
    "rulings": (lambda r: f"A ruling: {r['what']}.", "board.suspend"),
    "turns": (lambda r: TURNED.get(r["what"], ""), "board.certificate"),
    "freezes": (lambda _: "A batch of answers was frozen.", "notes.report"),
    "releases": (lambda r: f"Release {r['number']}, tier {r['tier']}, was made.", "notes.report"),
    "errata": (lambda r: f"Release {r['release']} was recalled.", "notes.report"),
    "handovers": (lambda r: f"Release {r['release']} was handed over.", "notes.report"),
    "comments": (_comment, "notes.comments"),
    "incidents": (lambda _: "An incident was noted.", "notes.incidents"),
    "incident_answers": (lambda r: f"Incident {r['incident']} was answered.", "notes.incidents"),
    "documents": (lambda r: f"Documents changed: {r['slot']}.", "submission.index"),
    "submissions": (lambda r: f"Submitted: {KINDS[r['kind']].lower()}.", "submission.index"),
    "decisions": (
        lambda r: f"Submission {r['submission']}: {DECISIONS[r['what']].lower()}.",
        "submission.index",
    ),
    "corrections": (lambda _: "A help line was corrected.", "board.approve"),
    "destructions": (lambda _: "Something was destroyed for good.", "notes.report"),
    "proposals": (lambda _: "A proposal waits for signatures.", "signing.board_page"),
    "confirmations": (lambda _: "An approval from a letter was confirmed.", "board.approve"),
    "members": (lambda r: f"{r['name']}: {r['what']} on the board.", "signing.board_page"),
    "quorums": (lambda r: f"{r['members']} members must sign now.", "signing.board_page"),
    "settled_conditions": (
        lambda r: f"Condition {r['approval']}.{r['place']}: {r['what']}.",
        "binding.conditions_of_study",
    ),
    "audit": (_account, "board.audit"),
}


def news_since(office: Database, account: str, position: int) -> list[News]:
    """Return what others did that this account is told, the latest first."""
    found = []
    for one in reversed(unread.added_since(office, position)):
        said, endpoint = NOTICES.get(one.table, (lambda _: "", ""))
        own = folded(str(one.row.get("who", one.row.get("approved_by", "")))) == folded(account)
        if sentence := "" if own else said(one.row):
            at = next((str(one.row[name]) for name in TIMES if one.row.get(name)), "")
            study = str(one.row.get("study", ""))
            found.append(News(one.position, at[:10], study, sentence, endpoint))
    return found


def news_of(office: Database, account: str, studies: Collection[str]) -> list[News]:
    """Return what this account has not read, about these studies and about the installation."""
    found = news_since(office, account, unread.seen(office, account))
    return [one for one in found if not one.study or one.study in studies]
