"""Which statistics of which segment were measured, at which cost: each once, for ever.

Rows are only added, and a pair of segment and statistic that is there is never entered again. The
noisy figures themselves are in a file of the archive; here is its sum. No true count is anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from survey.storage.database import Database
from survey.storage.record import append

WHOLE_PILOT = 1  # the segment of a pilot's only measurement


@dataclass(frozen=True, slots=True)
class MeasuredSegment:
    """A segment that was measured: cost by statistic, the policy, and the sum of its file."""

    segment: int
    policy: str
    sha256: str
    rho: Mapping[str, Fraction]


def enter(db: Database, study: str, measured: MeasuredSegment, *, pilot: bool) -> None:
    """Enter a measured segment for good, within the caller's transaction.

    Raises sqlite3.IntegrityError where one of its statistics was measured before.
    """
    for statistic, rho in measured.rho.items():
        append(
            db,
            "measured",
            {
                "study": study,
                "pilot": int(pilot),
                "segment": measured.segment,
                "statistic": statistic,
                "rho_times": rho.numerator,
                "rho_of": rho.denominator,
                "policy": measured.policy,
                "sha256": measured.sha256,
            },
        )


def measured_segments(db: Database, study: str, *, pilot: bool = False) -> list[MeasuredSegment]:
    """Return every measured segment of the study, in order."""
    rows = db.conn.execute(
        "SELECT segment, policy, sha256, statistic, rho_times, rho_of FROM measured"
        " WHERE study = ? AND pilot = ? ORDER BY segment, statistic",
        (study, int(pilot)),
    ).fetchall()
    found: dict[tuple[int, str, str], dict[str, Fraction]] = {}
    for segment, policy, sha256, statistic, times, of in rows:
        found.setdefault((segment, policy, sha256), {})[statistic] = Fraction(times, of)
    return [MeasuredSegment(*key, rho) for key, rho in found.items()]


def measured_studies(db: Database) -> list[str]:
    """Return the name of every study of which real answers were measured."""
    found = db.conn.execute("SELECT DISTINCT study FROM measured WHERE NOT pilot ORDER BY study")
    return [study for (study,) in found.fetchall()]
