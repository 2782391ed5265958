"""A small table with everything that a data format could get wrong, and its codebook."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import polars as pl

from exports.files.source import TableSource, open_source

PREFER_NOT, LEFT_BLANK, WITHHELD, NOT_SCORED = (
    {"-99": "Prefer not to answer"},
    {"-95": "Shown, left blank"},
    {"-93": "Withheld"},
    {"-92": "Score not computed"},
)


def entry(variable: str, **said: Any) -> dict[str, Any]:
    """A codebook entry with the keys that the formats read."""
    blank: dict[str, Any] = {
        "variable": variable, "label": "", "part": "answer", "kind": "single", "type": "integer",
        "codes": {}, "range": None, "missing": {}, "may_be_empty": False, "decimals": 0,
        "scales": [],
    }  # fmt: skip
    return {**blank, **said}


LONG_NAME = "a_name_that_goes_on_well_beyond_thirty_two_characters"
CODEBOOK = (
    entry("row", part="administrative", kind="administrative", range=[1, 4]),
    entry("lang", type="text", part="administrative", codes={"de": "Tränen 😢"}, missing=WITHHELD),
    entry("warm", kind="grid", label="Ü" * 300, codes={"1": "Nie" * 60, "5": "Stets – 😢"},
          missing={**PREFER_NOT, **LEFT_BLANK}),
    entry("age", codes={"1": "18–29", "2": "30–44", "101": "18–44"}, missing=WITHHELD),
    entry("gone", label="Withheld from everybody", missing=WITHHELD),
    entry("sc_view", kind="score", part="score", type="decimal", decimals=3, range=[1.0, 5.0],
          missing=NOT_SCORED),
    entry("sc_shift", kind="score", part="score", range=[-100, 100], may_be_empty=True),
    entry("slider", kind="vas", range=[0, 100], missing=PREFER_NOT),
    entry("count", kind="number", range=[0, 40_000], missing=PREFER_NOT),
    entry("said", type="text", missing={**PREFER_NOT, **LEFT_BLANK}),
    entry("AND", codes={"0": "No", "1": "Yes"}),
    entry("byte", codes={"0": "No", "1": "Yes"}),
    entry(LONG_NAME, codes={"1": "Here"}),
)  # fmt: skip

ROWS: tuple[tuple[Any, ...], ...] = (
    (1, "de", 5, 1, -93, "4.333", -99, 100, 40_000, 'two\r\nlines, a "quote"', 1, 0, 1),
    (2, "-93", -99, 101, -93, "-92", "", 0, 0, "'=SUM(A1)", 0, 1, 1),
    (3, "el", -95, -93, -93, "1.000", -3, -99, -99, "", 1, 1, 1),
    (4, "de", 1, 2, -93, "2.750", 0, 50, 300, "Grüße 😢" + "ß" * 300, 0, 0, 1),
)

VARIABLES = [e["variable"] for e in CODEBOOK]


def write_csv(path: Path, rows: Any = ROWS, variables: Any = None) -> Path:
    """RFC 4180, as a release writes it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(variables or VARIABLES)
        writer.writerows(rows)
    return path


def source_of(folder: Path, rows: Any = ROWS, codebook: Any = CODEBOOK) -> TableSource:
    """The source that the rows make, written into ``folder``."""
    path = write_csv(folder / "study-hard_data.csv", rows, [e["variable"] for e in codebook])
    return open_source(path, codebook)


def cells(source: TableSource) -> dict[str, list[Any]]:
    """The CSV's cells by column: numbers, texts, None where a number is missing altogether."""
    return pl.concat(list(source.blocks())).to_dict(as_series=False)
