"""A small file that keeps its promise, and the means to spoil it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from exports.verify.findings import Findings
from exports.verify.reading import Claim
from exports.verify.verdict import faults
from exports.verify.verify import verify

Row = Mapping[str, str]


@dataclass(frozen=True)
class Written:
    """Released rows with the position of each true row, the truth, and what is claimed of both."""

    rows: tuple[Row, ...]
    places: tuple[int, ...]
    truth: tuple[Row, ...]
    claim: Claim
    codebook: tuple[dict[str, object], ...] = ()

    def put(self, at: int, **cells: str) -> Written:
        """The file with some cells of one row changed."""
        rows = [dict(row) for row in self.rows]
        rows[at].update(cells)
        return replace(self, rows=tuple(rows))

    def pick(self, *order: int) -> Written:
        """The file with these of its rows, in this order."""
        rows = tuple(self.rows[at] for at in order)
        return replace(self, rows=rows, places=tuple(self.places[at] for at in order))

    def promise(self, **changes: object) -> Written:
        """The file under another claim."""
        return replace(self, claim=replace(self.claim, **changes))  # type: ignore[arg-type]

    def findings(self, folder: Path) -> Findings:
        path = write(folder / "data.csv", self.rows)
        return verify(
            path,
            self.claim,
            codebook=self.codebook or None,
            truth=pl.DataFrame(self.truth),
            truth_rows=self.places,
        )

    def faults(self, folder: Path) -> tuple[str, ...]:
        return faults(self.findings(folder), self.claim)


def write(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return path


def text(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8", newline="")
    return path


def entry(name: str, *codes: str, **changes: object) -> dict[str, object]:
    blank: dict[str, object] = {"variable": name, "type": "integer", "missing": {}, "range": None}
    return {**blank, "codes": dict.fromkeys(codes, ""), "may_be_empty": False, **changes}


BANDS = {
    f"{low}-{low + 9}": frozenset(str(age) for age in range(low, low + 10)) for low in (20, 30, 40)
}


def person(at: int) -> dict[str, str]:
    """One of sixty people: 20 to 49 years old, women and men in turn, the older southern."""
    town = "north" if at < 40 else "south"
    return {"age": str(20 + at // 2), "sex": "FM"[at % 2], "town": town, "mood": str(1 + at % 5)}


def shown(row: Row) -> dict[str, str]:
    """How a person is released: the age as a band, and the town of older men withheld."""
    band = f"{row['age'][0]}0-{row['age'][0]}9"
    hidden = "*" if (band, row["sex"]) == ("40-49", "M") else row["town"]
    return {**row, "age": band, "town": hidden}


def good() -> Written:
    """Sixty rows in six classes of ten, sorted by content; everything about it is in order."""
    truth = tuple(person(at) for at in range(60))
    places = sorted(range(60), key=lambda at: tuple(shown(truth[at]).values()))
    claim = Claim(
        core=("age", "sex", "town"),
        k=10,
        sensitive=("mood",),
        distinct_l=2,
        limit=0.05,
        covers={"age": BANDS},
        suppressed=dict.fromkeys(("age", "sex", "town"), "*"),
    )
    codebook = (
        entry("age", *BANDS),
        entry("sex", "F", "M"),
        entry("town", "north", "south", missing={"*": ""}),
        entry("mood", range=[1, 5]),
    )
    return Written(tuple(shown(truth[at]) for at in places), tuple(places), truth, claim, codebook)
