"""Wildcards in a policy's lists of columns: q* for q1, q2 and so on, as in names of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from exports.errors import ExportRefused

Names = tuple[str, ...]


def is_wildcard(name: str) -> bool:
    """Return whether a name may stand for several columns."""
    return any(mark in name for mark in "*?[")


def without_wildcards(
    path: Path, lists: Mapping[str, Names], columns: Callable[[], Sequence[str]]
) -> dict[str, Names]:
    """Return each list with the columns that its wildcards stand for in their place.

    A column that any list names itself is taken by no wildcard. Raise ExportRefused for a wildcard
    that fits no column, and for a column that wildcards of two lists fit.
    """
    if not any(is_wildcard(name) for names in lists.values() for name in names):
        return dict(lists)
    known = columns()
    named = {name for names in lists.values() for name in names}
    taken: dict[str, tuple[str, str]] = {}
    found: dict[str, Names] = {}
    for key, names in lists.items():
        filled: list[str] = []
        for name in names:
            # A column may be called q[1] or "How old are you?".
            if not is_wildcard(name) or name in known:
                filled.append(name)
                continue
            fitting = [column for column in known if fnmatchcase(column, name)]
            if not fitting:
                raise ExportRefused(f"{path}: {key} has {name}, which fits no column of the data.")
            for column in fitting:
                other, by = taken.setdefault(column, (key, name))
                if other != key and column not in named:
                    raise ExportRefused(
                        f"{path}: {column} fits {by} in {other} and {name} in {key}: name it in one"
                        " of them."
                    )
            filled += [c for c in fitting if c not in named and c not in filled]
        found[key] = tuple(filled)
    return found
