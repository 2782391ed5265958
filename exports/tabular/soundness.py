"""Whether the lines of a hierarchy make a tree whose labels are true."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from exports.refused import Refused
from exports.tabular.bands import Band, band_of, number_of
from exports.tabular.lines import refuse_other_separators

ROOT = "*"
MISSING = ""

# A line of the file: its number and its cells.
Line = tuple[int, list[str]]


def refuse_unsound(path: Path, lines: Sequence[Line]) -> None:
    """Raises Refused with the first thing, and its line, that makes the lines no true tree."""
    _refuse_misshapen(path, lines)
    _refuse_broken_tree(path, lines)
    _refuse_untrue(path, lines)


def _refuse_misshapen(path: Path, lines: Sequence[Line]) -> None:
    """Raises Refused unless the lines are a rectangle of labels that ends in ``*``."""
    if not lines:
        raise Refused(f"{path} is empty: a hierarchy has a line for each value.")
    refuse_other_separators(path, lines[0][1])
    width = len(lines[0][1])
    seen: dict[str, int] = {}
    for number, cells in lines:
        at = f"{path}, line {number}"
        if len(cells) != width:
            raise Refused(f"{at}: {len(cells)} cells where the first line has {width}.")
        if cells[-1] != ROOT:
            hint = " A hierarchy has no header." if number == lines[0][0] else ""
            raise Refused(f'{at} ends in "{cells[-1]}": the last level must be "{ROOT}".{hint}')
        if MISSING in cells[1:]:
            raise Refused(f"{at}: level {cells[1:].index(MISSING) + 1} is empty.")
        if cells[0] == ROOT and set(cells) != {ROOT}:
            raise Refused(f'{at}: "{ROOT}" is the top and cannot lie below "{cells[1]}".')
        if cells[0] in seen:
            raise Refused(f'{at}: "{cells[0]}" already stands on line {seen[cells[0]]}.')
        seen[cells[0]] = number


def _refuse_broken_tree(path: Path, lines: Sequence[Line]) -> None:
    """Raises Refused unless levels nest and every label has one place in the tree."""
    for level in range(len(lines[0][1]) - 1):
        above: dict[str, Line] = {}
        for number, cells in lines:
            first, other = above.setdefault(cells[level], (number, cells))
            if other[level + 1] != cells[level + 1]:
                raise Refused(
                    f'{path}: levels do not nest: "{cells[level]}" lies in'
                    f' "{other[level + 1]}" on line {first} and in "{cells[level + 1]}" on line'
                    f" {number} (level {level + 1})."
                )
    _refuse_two_places(path, lines)


def _refuse_two_places(path: Path, lines: Sequence[Line]) -> None:
    parents: dict[str, tuple[int, str]] = {}
    for number, cells in lines:
        chain = list(_steps(cells))
        if len(set(chain)) < len(chain):
            raise Refused(f"{path}, line {number}: a label comes back above another one.")
        for label, parent in pairwise(chain):
            first, other = parents.setdefault(label, (number, parent))
            if other != parent:
                raise Refused(
                    f'{path}: "{label}" means two groups: one in "{other}" (line {first}), one in'
                    f' "{parent}" (line {number}). Give them labels of their own.'
                )


def _steps(cells: Sequence[str]) -> list[str]:
    """The labels on the way up, each once where it stays for several levels."""
    return [c for at, c in enumerate(cells) if not at or c != cells[at - 1]]


def _refuse_untrue(path: Path, lines: Sequence[Line]) -> None:
    """Raises Refused for a number under a range that does not hold it, or under another value."""
    holds = _ranges(lines)
    wrong = [
        (number, cells[0], label)
        for number, cells in lines
        if (own := number_of(cells[0])) is not None
        for label in _steps(cells)[1:]
        if label in holds and not holds[label].holds(own)
    ]
    if wrong:
        number, value, label = wrong[0]
        others = len({line for line, _, _ in wrong}) - 1
        more = f" (and so on {others} more lines)" if others else ""
        raise Refused(
            f"{path}, line {number}: {value} does not lie in {label}{more}. Correct the label, or"
            " say it in words if the value is a code."
        )


def _ranges(lines: Sequence[Line]) -> dict[str, Band]:
    """What each group says it holds: a range, or the one number that is a value itself."""
    values = {cells[0] for _, cells in lines}
    found: dict[str, Band] = {}
    for label in {cell for _, cells in lines for cell in cells[1:]}:
        alone = number_of(label) if label in values else None
        band = band_of(label) if alone is None else Band(alone, alone)
        if band is not None:
            found[label] = band
    return found
