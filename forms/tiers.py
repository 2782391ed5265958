"""The kinds of tiers of a release, in one table, whatever a study's policy says of them.

A study names its tiers by these letters; the loader holds each against its row, exports and staff's
pages ask it, and docs/study-format.md and README.md quote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Cell sizes in practice (El Emam): 5 is the historical norm, and nobody goes below it.
SMALLEST_K = 5
# The risk of 0.09 that open data may carry (docs/design.md, Releases) asks for classes of 12.
SMALLEST_OPEN_K = 12
# Of an answer that all of a class gave, k hides nothing (Machanavajjhala et al. 2007).
SMALLEST_L = 2
# Who is in an open file is drawn by lot, so that nobody can be sure that somebody is.
OPEN_SAMPLE = 0.8


@dataclass(frozen=True, slots=True)
class TierKind:
    """One row of the table.

    ``made_from`` are the tiers whose rows its own come from, the one made of answers first, none
    where nothing but answers is needed;
    ``coarser`` those that show less, the nearest first. ``promise`` says it to staff and boards.
    """

    name: str
    holds: str  # tables, rows or texts
    least_k: int  # that a policy may ask for; 0 where k counts for nothing
    least_l: int  # the same, of the sensitive answers in a class
    least_level: int  # of its quasi-identifiers
    consent: str  # the statement that a client must have agreed to; empty: none of its own
    roles: tuple[str, ...]  # of the variables that may be in it
    groups: tuple[str, ...]  # of the quasi-identifiers among them
    sample: float  # share of the rows, drawn by lot, that it takes
    is_open: bool  # anybody may have it; otherwise named recipients only
    names_recipient: bool  # before it is made, and not later
    made_from: tuple[str, ...]
    coarser: tuple[str, ...]
    promise: str

    @property
    def counted(self) -> str:
        """Return the word for one of what a release of it holds."""
        return "text" if self.holds == "texts" else "row"


# How the menu of tier A names a mean, two columns together, and columns that no question fills.
MEAN, PAIR, UNASKED = "mean ", " x ", ("completion", "dur_band")
ANSWERS = ("quasi_identifier", "sensitive", "none")
CORE, INSIDER = "core", "insider"  # what outsiders, and what somebody who was there may know
GROUPS = (CORE, INSIDER)
ALIKE = "One row an answer, each among at least {k} alike"
TABLES = TierKind(
    name="A", holds="tables", least_k=0, least_l=1, least_level=0, consent="", roles=ANSWERS,
    groups=GROUPS, sample=1,
    is_open=True, names_recipient=False, made_from=(), coarser=(),
    promise="Counts, shares and means, each changed a little by chance, once; no rows",
)  # fmt: skip
# Made of the rows of C: two files that nest gain nothing by a join (docs/decisions/0006).
OPEN_ROWS = TierKind(
    name="B", holds="rows", least_k=SMALLEST_OPEN_K, least_l=SMALLEST_L, least_level=1,
    consent="c_open", roles=ANSWERS, groups=(CORE,), sample=OPEN_SAMPLE,
    is_open=True, names_recipient=False, made_from=("C", "B"), coarser=("A",), promise=ALIKE,
)  # fmt: skip
RESTRICTED_ROWS = TierKind(
    name="C", holds="rows", least_k=SMALLEST_K, least_l=SMALLEST_L, least_level=0, consent="",
    roles=ANSWERS, groups=GROUPS, sample=1,
    is_open=False, names_recipient=True, made_from=("C",), coarser=("B", "A"), promise=ALIKE,
)  # fmt: skip
TEXTS = TierKind(
    name="D", holds="texts", least_k=SMALLEST_K, least_l=1, least_level=0, consent="",
    roles=("free_text",), groups=(), sample=1,
    is_open=False, names_recipient=False, made_from=("D",), coarser=(),
    promise=(
        "Clients’ own words that a person has read and approved, {k} or more of a question and "
        "language; nothing joins them to a row"
    ),
)  # fmt: skip

TIERS: Mapping[str, TierKind] = {
    kind.name: kind for kind in (TABLES, OPEN_ROWS, RESTRICTED_ROWS, TEXTS)
}
