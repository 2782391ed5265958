"""Tables of tier A, attacked by people who know everybody else's answers, or sent them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path

import polars as pl

from exports.columns import fields_of, table_of
from exports.tables import measure, noise
from exports.tables.budget import right_of_100
from exports.tables.measure import Measured, as_csv
from exports.tables.menu import Menu, Planned, budget_of
from forms.load import load_study
from survey.releases import process
from survey.releases.build import ReleaseRequest
from survey.storage.stores import Stores
from tests.answering import freeze, real_answers
from tests.attacks.outcome import Outcome, Told
from tests.conftest import FLAGSHIP
from tests.exports.releases import simulated
from tests.exports.tables.neighbours import choices, furthest, planned, rows_of

STUDY = load_study(FLAGSHIP)
MENU = Menu(STUDY)
EVERYTHING = (*MENU.routing, *MENU.statistics)
BOUND = right_of_100(budget_of(STUDY).release) / 100
KNOWN, CROWD, EACH = 300, 180, 12
WEAKENED = 8  # trials without noise: each of them is right
BOARD = "board.md"


def rows(folder: Path, *, trials: int) -> list[Outcome]:
    """Whose row of two it is, and whether anything but the measurement tells."""
    people = table_of(STUDY, simulated(STUDY, KNOWN - 1), fields_of(STUDY))
    return [
        _of_two_rows(
            "somebody who knows every other answer",
            f"which of two rows the last of {KNOWN} people sent, by all that was measured",
            people,
            trials,
        ),
        _of_two_rows(
            "somebody who sends the other answers",
            f"the same of the one other person among {CROWD} rows of one's own, with each answer "
            f"at least {EACH} times",
            crowd(),
            trials,
        ),
        outside(folder),
    ]


def crowd() -> pl.DataFrame:
    """Rows in which all answers of a question are given equally often."""
    columns = choices([Planned(one, Fraction(1)) for one in EVERYTHING])
    return rows_of({
        name: [values[at % len(values)] for at in range(CROWD)] for name, values in columns.items()
    })  # fmt: skip


def _of_two_rows(who: str, what: str, others: pl.DataFrame, trials: int) -> Outcome:
    two = [
        pl.concat([others, row], how="diagonal_relaxed")
        for row in furthest(planned(STUDY, len(others) + 1))
    ]
    with _instead(noise, "discrete_gaussian", lambda _: 0):
        exact = told(two, WEAKENED)
    return Outcome(who, what, told(two, trials), exact, "counts without noise", BOUND, BOARD)


def told(two: Sequence[pl.DataFrame], trials: int) -> Told:
    """How often the likelier of two batches is the one that was measured."""
    cells = [measure._counted(EVERYTHING, [batch])[1] for batch in two]
    right = 0
    with _instead(measure, "Menu", lambda _: MENU):  # read once
        for at in range(trials):
            released = as_csv(measure.measure(STUDY, [two[at % 2]]))
            right += _likelier(released, *cells) == at % 2
    return Told(right, trials, trials / 2)


Cells = dict[str, list[int]]


def _likelier(released: bytes, one: Cells, other: Cells) -> int:
    """Return which of two batches explains what was released better, of both 0."""
    places = {s.name: {cell: at for at, cell in enumerate(s.cells)} for s in EVERYTHING}
    for_other = Fraction(0)
    for line in csv.DictReader(released.decode().splitlines()):
        if line["statistic"] in places:
            at = places[line["statistic"]][line["cell"]]
            seen, a, b = (int(line["value"]), *(c[line["statistic"]][at] for c in (one, other)))
            for_other += ((seen - a) ** 2 - (seen - b) ** 2) / Fraction(line["variance"])
    return int(for_other > 0)


def outside(folder: Path) -> Outcome:
    """Two batches with one person's answers exchanged, and the same figures drawn for both."""
    return Outcome(
        "somebody who knows every other answer",
        "files of a release that differ by one person's answers where the measurement is the same",
        _that_differ(folder, lambda cells: range(20, 20 + len(cells))),
        _that_differ(folder / "exact", lambda cells: cells),
        "counts without noise",
        0,
        BOARD,
    )


def _that_differ(folder: Path, drawn: Callable[[Sequence[int]], Sequence[int]]) -> Told:
    def fixed(one: Planned, cells: Sequence[int]) -> Measured:
        return Measured(one.statistic, one.variance, tuple(drawn(cells)))

    with _instead(measure, "with_noise", fixed):
        one, other = (_released(folder / str(seed), seed) for seed in (2, 3))
    assert one.keys() == other.keys()
    return Told(sum(one[name] != other[name] for name in one), len(one), 0)


def _released(folder: Path, last: int, people: int = 120) -> dict[str, bytes]:
    """Return every file of a release, and of the archive; ``last`` says who came last."""
    stores = Stores(folder)
    real_answers(stores, STUDY, people - 1)
    real_answers(stores, STUDY, 1, seed=last, first=20_000)
    freeze(stores, STUDY)
    made = folder / "released"
    asked = partial(ReleaseRequest, tier="A", made_at="2026-01-01T00:00:00+00:00")
    process.run(stores, STUDY, asked(out=made))
    stores.close()
    files = [p for part in (made, folder / "releases") for p in part.rglob("*") if p.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@contextmanager
def _instead(module: object, name: str, other: object) -> Iterator[None]:
    before = vars(module)[name]
    setattr(module, name, other)
    try:
        yield
    finally:
        setattr(module, name, before)
