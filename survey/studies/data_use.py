"""Whether a study's data may be used: one answer, which every release, preview and reading asks.

Data are used under the approval that governs, to the day that it names for their analysis, unless
the board has stopped that. Data of a pilot are nobody's real answers and stand under no approval.
"""

from __future__ import annotations

from survey.clock import today_here
from survey.errors import Refusal
from survey.storage import board, conditions, endings, studies
from survey.storage.database import Database


class DataUseStopped(Refusal):
    """The data of the study may not be used now; the sentence names the board's ruling."""


def use_stopped(office: Database, study: str, today: str) -> str:
    """Return in a sentence why its data may not be used on ``today`` (ISO); nothing if they may."""
    if found := board.suspension(office, study, "use"):
        return f"The board stopped the use of its data on {found.at[:10]}: {found.why}"
    if why := endings.spent(office, study):
        return why
    signed = studies.latest_effective(studies.approvals(office, study), today)
    if signed is None:
        return "No approval of it has begun, so there are no data that may be used."
    reference = signed.reference
    if signed.use_revoked:
        revoked = next(r for r in board.rulings(office, study) if r.approval == signed.number)
        day, why = revoked.at[:10], revoked.why
        return f"The board revoked the approval {reference} on {day}, with the use of data: {why}"
    if signed.data_until and today > signed.data_until:
        if signed.analysis_until:
            until = signed.data_until
            return f"The time for data analysis under the approval {reference} ended on {until}."
        ended = f"The approval {reference} ran out on {signed.expires_on}"
        return f"{ended}, and the board gave no time for data analysis after it."
    return ""


def release_stopped(office: Database, study: str, today: str) -> str:
    """Return in a sentence why nothing may be released on ``today``; nothing if it may."""
    if stopped := use_stopped(office, study, today):
        return stopped
    for one in conditions.open_conditions(office, study, "release"):
        asked = f"The board’s condition {one.number} (approval {one.approval.reference})"
        return f"{asked} is to be met before any release: {one.condition.text}"
    return ""


def approval_in_words(office: Database, study: str, at: str) -> str:
    """Return the approval that governed at ``at`` (ISO time, UTC) and how it stood, in sentences.

    Told of the records up to that time alone: a file that is made again says the same.
    """
    day = at[:10]
    known = [a for a in studies.approvals(office, study) if a.recorded_at <= at]
    begun = [a for a in known if a.approved_on <= day and not a.waits and a.confirmed_at <= at]
    if not begun:
        return "No approval of it had begun."
    signed = begun[-1]
    ruled = [r for r in board.rulings(office, study) if r.at <= at]
    revoked = next((r for r in ruled if r.approval == signed.number), None)
    suspended = board.suspended_by(ruled, "collection")
    end = signed.expires_on or "further notice"
    said = [f"{signed.reference}, {signed.origin}, from {signed.approved_on} to {end}."]
    if revoked:
        said.append(f"The board revoked it on {revoked.at[:10]}, but not the use of data.")
    elif signed.expires_on and day > signed.expires_on:
        said.append(f"It had run out; data analysis was approved until {signed.analysis_until}.")
    elif suspended:
        said.append(f"The board had suspended the collection on {suspended.at[:10]}.")
    else:
        said.append("It was in force.")
    set_by_then = [
        one
        for one in conditions.conditions(office, study, until=at)
        if one.state == "open" and max(one.approval.recorded_at, one.approval.confirmed_at) <= at
    ]
    said += [f"Condition {one.number}, not met yet: {one.asked}" for one in set_by_then]
    return " ".join(said)


def check_use(office: Database, study: str, *, pilot: bool) -> None:
    """Raise DataUseStopped where the study's data may not be used now."""
    if stopped := "" if pilot else use_stopped(office, study, today_here().isoformat()):
        raise DataUseStopped(stopped)


def check_release(office: Database, study: str, *, pilot: bool) -> None:
    """Raise DataUseStopped where nothing of the study may be released now."""
    if stopped := "" if pilot else release_stopped(office, study, today_here().isoformat()):
        raise DataUseStopped(stopped)
