"""The time in the staff's records. Answers hold none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], float]


def iso_utc(at: float | None = None) -> str:
    """Return ``at`` (epoch seconds; now unless given) in ISO 8601, UTC, to the second."""
    when = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return when.isoformat(timespec="seconds")


def day_here(at: str) -> str:
    """Return the date (ISO) on this server of a moment in the staff's records."""
    return datetime.fromisoformat(at).astimezone().date().isoformat()


def now_here() -> datetime:
    """Return the time by this server's own clock and calendar, summer time included."""
    return datetime.now().astimezone()


def today_here() -> date:
    """Return the date on this server: an approval that names a day holds to its end there."""
    return now_here().date()
