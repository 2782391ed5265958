"""What a member of a board is told: notices made from the rows of the record themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from survey.ethics.submission_states import DECISIONS, KINDS
from survey.storage import members, unread
from survey.storage.accounts import DEMO_PREFIX, folded
from survey.storage.database import Database

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """One notice: the day (ISO), the study or nothing, a sentence, and where to read on.

    ``concerns`` are the studies whose members it is for; none: for everybody.
    """

    position: int
    day: str
    study: str
    sentence: str
    endpoint: str
    concerns: frozenset[str]

    def is_for(self, studies: Collection[str]) -> bool:
        """Return whether it is for whoever has these studies."""
        return not self.concerns or not self.concerns.isdisjoint(studies)


def _account(row: Row) -> str:
    """Return the notice of an account that is new or reset; no other line is news."""
    what = str(row["what"])
    if not what.startswith("account ") or DEMO_PREFIX in what:
        return ""
    if ": added" in what:
        return f"A new {what.partition(': added')[0]}."
    if what.endswith(": reset"):
        named = what.removesuffix(": reset")
        return f"The {named} was reset: whoever has its set-up link has the account."
    return ""


def _about(office: Database, table: str, row: Row) -> frozenset[str]:
    """Return the studies that a row is about: its own, or those of the account that it names."""
    name = str(row.get("account", "")) if table in ("member_keys", "key_ends") else ""
    if table == "audit" and str(row["what"]).endswith(": reset"):
        name = str(row["what"]).removeprefix("account ").removesuffix(": reset")
    if name:
        # Of an account that works nowhere yet everybody reads, as of a new one.
        return members.boards_of(office, name) | members.assigned(office, name)
    return frozenset([str(row["study"])] if row.get("study") else [])


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
    "restorations": (
        lambda r: f"The data were put back from a backup of {r['made_at'][:10]}.",
        "board.certificate",
    ),
    "proposals": (lambda _: "A proposal waits for signatures.", "signing.board_page"),
    "confirmations": (lambda _: "An approval from a letter was confirmed.", "board.approve"),
    "members": (lambda r: f"{r['name']}: {r['what']} on the board.", "signing.board_page"),
    "quorums": (lambda r: f"{r['members']} members must sign now.", "signing.board_page"),
    "settled_conditions": (
        lambda r: f"Condition {r['approval']}.{r['place']}: {r['what']}.",
        "binding.conditions_of_study",
    ),
    "member_keys": (lambda r: f"{r['account']} has another key to sign with.", "board.audit"),
    "key_ends": (lambda r: f"A key of {r['account']} ended.", "board.audit"),
    "audit": (_account, "board.audit"),
}


def news_since(office: Database, account: str, position: int) -> list[News]:
    """Return what others did that this account is told, the latest first."""
    found = []
    for one in reversed(unread.added_since(office, position)):
        said, endpoint = NOTICES.get(one.table, (lambda _: "", ""))
        by = next((str(one.row[n]) for n in ("who", "approved_by", "account") if n in one.row), "")
        own = folded(by) == folded(account)
        if sentence := "" if own else said(one.row):
            at = next((str(one.row[name]) for name in TIMES if one.row.get(name)), "")
            study, concerns = str(one.row.get("study", "")), _about(office, one.table, one.row)
            found.append(News(one.position, at[:10], study, sentence, endpoint, concerns))
    return found


def news_of(office: Database, account: str, studies: Collection[str]) -> list[News]:
    """Return what this account has not read, about these studies and about the installation."""
    found = news_since(office, account, unread.seen(office, account))
    return [one for one in found if one.is_for(studies)]
