"""The codebook of a protected table: a line for each column, and one for each of its values.

It is made from the protected table alone, so that it tells nothing which data.csv does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from exports.output_files import csv_text
from exports.tabular.hierarchy import ROOT
from exports.tabular.input_table import TableMetadata
from exports.tabular.other_formats import OtherFile
from exports.tabular.provenance import MOST_VALUES

COLUMNS = (
    "column", "label", "role", "what became of it", "measure", "value", "meaning", "missing",
    "rows", "code",
)  # fmt: skip
WITHHELD, EMPTY = "Withheld", "Empty cell"
Line = Sequence[object]


def codebook_csv(
    table: pl.DataFrame,
    metadata: TableMetadata,
    about: Mapping[str, Mapping[str, Any]],
    other: OtherFile | None,
) -> bytes:
    """Return codebook.csv; ``about`` is what the report says of each column.

    ``code`` is what a value is in the file of another format, where it is not itself.
    """
    lines: list[Line] = [COLUMNS]
    for column in table:
        name = column.name
        codes = other.codes.get(name, {}) if other else {}
        lines += _lines(column, metadata, about[name], codes)
    return csv_text(lines).encode()


def _lines(
    column: pl.Series,
    metadata: TableMetadata,
    about: Mapping[str, Any],
    codes: Mapping[str, object],
) -> Iterator[Line]:
    name, role = column.name, about["role"].replace("_", "-")
    values = column.fill_null("").value_counts(name="\0rows").sort(name)
    became = _became(about, column.len())
    if values.height > MOST_VALUES:
        became += f"; {values.height:,} different values, not listed"
    head = (name, metadata.labels.get(name, ""), role, became, metadata.measures.get(name, ""))
    yield (*head, "", "", "", column.len(), "")
    labels, missing = metadata.value_labels.get(name, {}), metadata.missing.get(name, frozenset())
    for value, rows in values.iter_rows() if values.height <= MOST_VALUES else ():
        meaning = {"": EMPTY, ROOT: WITHHELD}.get(value, labels.get(value, ""))
        absent = "yes" if value in ("", ROOT) or value in missing else ""
        yield (name, "", "", "", "", value, meaning, absent, rows, codes.get(value, ""))


def _became(about: Mapping[str, Any], rows: int) -> str:
    """Return what was done to the column."""
    if coded := about.get("numbers"):
        return str(coded["in_words"])
    if about["role"] != "quasi_identifier" or about["as_it_was"] == rows:
        return "as it was"
    said = f"made coarser: as it was in {about['as_it_was']:,} of {rows:,} rows"
    return said + f", withheld (*) in {about['suppressed']:,}" * bool(about["suppressed"])
