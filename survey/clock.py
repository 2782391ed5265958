"""The time in the staff's records. Answers hold none."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_utc(at: float | None = None) -> str:
    """Return ``at`` (epoch seconds; now unless given) in ISO 8601, UTC, to the second."""
    when = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return when.isoformat(timespec="seconds")
