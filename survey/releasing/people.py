"""Beside each part in the archive: which of the segment's stored answers each of its rows is.

Never part of a release: with it the intersection of releases can be worked out again.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from survey.errors import Refusal
from survey.releasing.archive import people_file


def write_people(people: pl.Series, part: Path) -> None:
    """For each row of ``part``, its place among the segment's answers."""
    people.to_frame("person").write_csv(people_file(part))


def read_people(part: Path) -> pl.Series:
    """What ``write_people`` wrote. Raises Refusal where the file is gone."""
    try:
        return pl.read_csv(people_file(part), schema={"person": pl.UInt32})["person"]
    except (OSError, pl.exceptions.PolarsError):
        raise Refusal(
            f"{people_file(part)} is missing or damaged: without it nobody can work out what two "
            "releases reveal together. Restore it from a backup."
        ) from None
