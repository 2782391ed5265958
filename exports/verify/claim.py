"""Claim that a file makes of itself, which the verifier does not believe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Cells = Mapping[str, frozenset[str]]  # cell → the cells it stands for, or column → cells


@dataclass(frozen=True, slots=True)
class Claim:
    """Promise about one written file. Names are columns, cells are texts as written.

    ``core`` are the columns by which an outsider could recognise a person (the key), ``insider``
    those that people who were there know besides, ``sensitive`` those that must not be learnt;
    ``answers`` are the columns of the answers-known figure (none: they are picked, see
    exports/verify/leaks.py). ``columns``, where given, are all columns in their order.

    ``k``, ``distinct_l``, ``entropy_l`` and ``t`` hold for every class, ``presence`` bounds the
    share of the population under a class that is in the file (1, 1.0, None and None ask nothing).
    ``limit`` is the share of true rows (0-1) that may be left out of the file.

    ``ordered`` maps a sensitive column to its cells from low to high; cells it does not name come
    after them. ``covers`` maps a column to released cell → the true cells it stands for; a cell
    without an entry stands for itself. ``suppressed`` maps a column to the cell that says nothing.
    ``missing`` maps a column to the cells that are one category of a key. ``derived`` maps a column
    to the columns from which anybody can work it out. ``segments`` are the rows of each batch, in
    file order, each of which keeps the promise alone; none is one batch.
    """

    core: tuple[str, ...]
    k: int
    insider: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    distinct_l: int = 1
    entropy_l: float = 1.0
    t: float | None = None
    presence: tuple[float, float] | None = None
    limit: float = 0.0
    ordered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    covers: Mapping[str, Cells] = field(default_factory=dict)
    suppressed: Mapping[str, str] = field(default_factory=dict)
    missing: Cells = field(default_factory=dict)
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    segments: tuple[int, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that the file must have for the claim to make sense."""
        names = (*self.core, *self.insider, *self.sensitive, *self.answers, *self.derived)
        return tuple(dict.fromkeys(names))

    def category(self, column: str, cell: str) -> str:
        """Return the cell as part of a key: all that counts as missing is one category."""
        missing = self.missing.get(column, frozenset())
        return min(missing) if cell in missing else cell

    def stands_for(self, column: str, released: str) -> frozenset[str] | None:
        """Return the true cells that a released cell may be; None for all of them."""
        if released == self.suppressed.get(column):
            return None
        # An apostrophe keeps a spreadsheet from running a text as a formula.
        unguarded = {released[1:]} if released.startswith("'") else set()
        return self.covers.get(column, {}).get(released, frozenset()) | {released} | unguarded

    def looks_like(self, column: str, released: str) -> frozenset[str] | None:
        """Return the true cells of people whose row could show this cell; None for everybody.

        An outsider does not know who gave no answer: a missing cell of a key may be anybody's.
        """
        if released in self.missing.get(column, frozenset()):
            return None
        return self.stands_for(column, released)
