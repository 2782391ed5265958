"""Singling out, linkability and inference, tried on a written file by people who know something.

The three tests of an anonymisation (Article 29 Working Party, Opinion 05/2014), each the success of
an attack beside its success on a control group (Giomi et al. 2022): people of whom the attacker
knows the same and who are not in the file. The difference is what being in it tells.

The attacker compares what they know of a person with every row. A cell agrees where it shows, or
its group holds, what is true; one that is withheld or was not answered speaks neither for nor
against. The rows that fit best have the fewest cells that contradict, and of these the most that
agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exports.verify.attack_results import (
    FEWEST_CONTROLS,
    INFERENCE,
    LINKABILITY,
    SINGLING_OUT,
    AttackResult,
)
from exports.verify.reading import Bools, Claim, CodedColumn, Ints, Table

Scores = NDArray[np.int16]

PEOPLE_TRIED, LEAST_TRIED = 500, 25  # of those in the file, and of the control group
ROWS_COMPARED = 20_000_000  # pairs of a person and a row, of each of the two
AT_ONCE = 2_000_000  # such pairs held in memory
TARGETS = 3  # sensitive columns that are guessed, the first of the policy
KNOWN_ANSWERS = 10
# No number of cells that agree makes up for one that does not, and all of them fit 16 bits.
AGREES, CONTRADICTS, MOST_KNOWN = 1, -200, 150

OUTSIDER = "knows the core variables"
INSIDER = "was in the room"
TOLD = f"knows {KNOWN_ANSWERS} answers"
TRIED: Mapping[str, str] = {
    SINGLING_OUT: (
        "Look for the row that fits best what is known of a person. It succeeds where one row"
        " alone does, nothing in it contradicts, and it is theirs; of somebody in the control"
        " group, where one row would be taken for theirs."
    ),
    LINKABILITY: (
        "Two lists each hold every other thing that is known of the same people. It succeeds where"
        " one row alone is among those that fit best an entry of either list, nothing in it"
        " contradicts, and it is theirs; of somebody in the control group, where there is such a"
        " row."
    ),
    INFERENCE: (
        "Guess what a person answered to a sensitive question: the commonest answer among the rows"
        " that fit best. It succeeds where the guess is right."
    ),
}


@dataclass(frozen=True, slots=True)
class People:
    """People whose true values are known: ``cells`` column by column, as a file would write them.

    ``row`` is the row of the file that is each one's, -1 for whoever is not in it.
    """

    cells: Table
    row: Ints

    def some(self, count: int) -> People:
        """Return ``count`` of them at most, evenly over all."""
        many = len(self.row)
        at = np.unique(np.linspace(0, max(many - 1, 0), min(many, count)).astype(np.int64))
        return People({name: column.at(at) for name, column in self.cells.items()}, self.row[at])


def people_tried(rows: int) -> int:
    """Return how many people are tried on a file of so many rows, and how many of the control."""
    return max(LEAST_TRIED, min(PEOPLE_TRIED, ROWS_COMPARED // max(rows, 1)))


def matched(
    table: Table, claim: Claim, members: People, control: People, targets: Sequence[str]
) -> list[AttackResult]:
    """Return what each adversary reaches in each of the three tests.

    ``targets`` are sensitive columns, of which the first few are guessed. A control group of too
    few people is left out.
    """
    rows = len(next(iter(table.values())).codes) if table else 0
    if not rows:
        return []
    count, found = people_tried(rows), []
    some = members.some(count)
    others = control.some(count if len(control.row) >= FEWEST_CONTROLS else 0)
    targets = [name for name in targets if name in table and name in members.cells][:TARGETS]
    for adversary, known, drawn in _adversaries(table, claim, targets):
        inside = _Attack(table, claim, some, known, targets).tried(drawn)
        outside = _Attack(table, claim, others, known, targets).tried(drawn)
        for (test, target), (right, tries) in inside.items():
            figures = (right, tries, *outside.get((test, target), (0, 0)))
            found.append(AttackResult(test, adversary, target, *figures))
    return found


def _adversaries(
    table: Table, claim: Claim, targets: Sequence[str]
) -> Iterator[tuple[str, list[str], int]]:
    """Yield who attacks, the columns of which they know something, and of how many (0: of all)."""
    core = [name for name in claim.core if name in table]
    insider = [name for name in claim.insider if name in table]
    answers = [name for name in claim.answers if name in table and name not in targets]
    if core:
        yield OUTSIDER, core, 0
    if insider:
        yield INSIDER, [*core, *insider], 0
    if len(answers) >= KNOWN_ANSWERS:
        yield TOLD, answers, KNOWN_ANSWERS


class _Attack:
    """One adversary before the whole file: what is known of ``people`` held against every row."""

    def __init__(
        self, table: Table, claim: Claim, people: People, known: Sequence[str],
        targets: Sequence[str],
    ) -> None:  # fmt: skip
        self.people, self.targets = people, targets
        self.rows = len(next(iter(table.values())).codes)
        self.known = [name for name in known if name in people.cells][:MOST_KNOWN]
        self.table, self.missing = table, claim.no_answer
        self.fits = {n: _fits(table[n], people.cells[n], claim, n) for n in self.known}
        self.found: dict[tuple[str, str], list[int]] = {}

    def tried(self, drawn: int) -> dict[tuple[str, str], list[int]]:
        """Return (test, target) → how often it was right, and of how many."""
        knows = self._drawn(drawn) if drawn else None
        step = max(1, AT_ONCE // self.rows)
        for start in range(0, len(self.people.row), step):
            some = np.arange(start, min(start + step, len(self.people.row)))
            lists = [self._scores(some, half, knows) for half in (0, 1)]
            both = lists[0] + lists[1]
            self._single_out(some, both)
            self._link(some, lists)
            for target in self.targets:
                self._infer(some, both, target)
        return self.found

    def _drawn(self, count: int) -> Bools:
        """Return which columns are known of each person: ``count`` of those with an answer."""
        # A seed of no meaning: the same file has the same figures.
        order = np.random.default_rng(0).random((len(self.people.row), len(self.known)))
        for at, name in enumerate(self.known):
            column = self.people.cells[name]
            given = np.array([cell not in self.missing for cell in column.cells], dtype=np.bool_)
            order[~given[column.codes], at] = 2.0
        ranks = order.argsort(axis=1).argsort(axis=1)
        return np.asarray((ranks < count) & (order < 2.0))

    def _scores(self, some: Ints, half: int, knows: Bools | None) -> Scores:
        """Return how well each row fits every other thing that is known, shape (people, rows)."""
        scores = np.zeros((len(some), self.rows), dtype=np.int16)
        if knows is None:
            for name in self.known[half::2]:
                scores += self._of_column(name, some)
            return scores
        for place, person in enumerate(some.tolist()):
            for at in np.flatnonzero(knows[person])[half::2].tolist():
                scores[place] += self._of_column(self.known[at], some[place : place + 1])[0]
        return scores

    def _of_column(self, name: str, some: Ints) -> Scores:
        fits, true = self.fits[name], self.people.cells[name].codes[some]
        return np.take(fits[true], self.table[name].codes, axis=1)

    def _count(self, test: str, right: Bools, target: str = "") -> None:
        counts = self.found.setdefault((test, target), [0, 0])
        counts[0] += int(right.sum())
        counts[1] += len(right)

    def _single_out(self, some: Ints, scores: Scores) -> None:
        best = scores.max(axis=1)
        alone = (scores == best[:, None]).sum(axis=1) == 1
        self._count(SINGLING_OUT, self._theirs(some, alone & (best > 0), scores.argmax(axis=1)))

    def _link(self, some: Ints, lists: Sequence[Scores]) -> None:
        best = [scores.max(axis=1) for scores in lists]
        both = (lists[0] == best[0][:, None]) & (lists[1] == best[1][:, None])
        alone = (both.sum(axis=1) == 1) & (best[0] >= 0) & (best[1] >= 0)
        self._count(LINKABILITY, self._theirs(some, alone, both.argmax(axis=1)))

    def _theirs(self, some: Ints, alone: Bools, row: Ints) -> Bools:
        own = self.people.row[some]
        return np.asarray(alone & ((own == row) | (own < 0)))

    def _infer(self, some: Ints, scores: Scores, target: str) -> None:
        answers, true = self.table[target], self.people.cells[target]
        given = np.array([cell not in self.missing for cell in answers.cells], dtype=np.bool_)
        asked = np.array([cell not in self.missing for cell in true.cells], dtype=np.bool_)
        tried = np.flatnonzero(asked[true.codes[some]])
        rows = np.flatnonzero(given[answers.codes])
        if not len(rows) or not len(tried):
            return
        scores = scores[tried][:, rows]
        if target in self.fits:  # what is to be guessed is not known
            scores = scores - self._of_column(target, some[tried])[:, rows]
        codes, right = answers.codes[rows], np.zeros(len(tried), dtype=np.bool_)
        for at, line in enumerate(scores == scores.max(axis=1)[:, None]):
            guess = answers.cells[int(np.bincount(codes[line]).argmax())]
            right[at] = guess == true.cells[true.codes[some[tried[at]]]]
        self._count(INFERENCE, right, target)


def _fits(column: CodedColumn, true: CodedColumn, claim: Claim, name: str) -> Scores:
    """Return how a written cell fits what is true, shape (true cells, written cells)."""
    fits = np.full((len(true.cells), len(column.cells)), CONTRADICTS, dtype=np.int16)
    for at, cell in enumerate(column.cells):
        stands_for = claim.stands_for(name, cell)
        if cell in claim.not_asked:
            # Whoever knows what was asked of a person passes over the rows that show otherwise.
            fits[[value in claim.not_asked for value in true.cells], at] = AGREES
        elif cell in claim.no_answer or stands_for is None:
            fits[:, at] = 0
        else:
            fits[[value in stands_for for value in true.cells], at] = AGREES
    # Who was asked and gave no answer, of them nothing is known.
    silent = claim.no_answer - claim.not_asked
    fits[[value in silent for value in true.cells]] = 0
    return fits
