"""What the tests of the documents start from: a made-up release, with something of everything."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from exports.codebook import Entry, describe, with_counts
from exports.columns import fields_of
from exports.documents.all_documents import documents
from exports.documents.context import ArchivedDocuments, DocumentContext
from forms.load import load_study
from forms.study import Study
from tests import conftest
from tests.exports.tiny import STUDY

FLAGSHIP = load_study(conftest.FLAGSHIP)
DATA = "data/study-tinystudy_data.csv"
# Quotes, a macro, a comment's end, an emoji, a line break: each has broken some syntax once.
NASTY = "Ünï \"q\" 'a' `b' $x \\U{1} <b>|*/ 😢\nnext"

Cells = Sequence[Mapping[str, str]]

# Two people; the second says nothing about feeling glad, so one score is missing for her.
ROWS: Cells = (
    {"row": "1", "study_version": "1", "consent_version": "c1", "lang": "en", "branch": "1",
     "completion": "1", "c_open": "1", "met": "1", "calm": "4", "tense": "2", "glad": "5",
     "where": "1", "said": "'=Ü, \"so\"", "age": "101", "town": "-93", "sc_mood": "4.333",
     "sc_all": "4.333", "sc_rise": "1", "dq_straight": "0", "dq_pair": "0", "dq_share": "1.000",
     "dur_band": "2"},
    {"row": "2", "study_version": "1", "consent_version": "c1", "lang": "en", "branch": "2",
     "completion": "1", "c_open": "0", "met": "2", "calm": "-99", "tense": "-95", "glad": "-99",
     "where": "-96", "said": "-95", "age": "102", "town": "-93", "sc_mood": "-92",
     "sc_all": "-92", "sc_rise": "", "dq_straight": "0", "dq_pair": "-99", "dq_share": "0.500",
     "dur_band": "1"},
)  # fmt: skip


def counted(rows: Cells) -> dict[str, dict[str, int]]:
    """Column → cell → rows."""
    return {name: dict(Counter(row[name] for row in rows)) for name in rows[0]}


def codebook(study: Study, rows: Cells) -> tuple[Entry, ...]:
    """The columns of ``rows`` as the study describes them; age and town as if recoded."""
    fields = {f.name: f for f in fields_of(study)}
    entries = [describe(study, fields[n], rows=len(rows)) for n in rows[0] if n in fields]
    first = {**entries[0], "variable": "row", "label": "Position", "type": "integer"}
    first |= {"codes": {}, "missing": {}, "range": [1, len(rows)], "part": "administrative"}
    return with_counts((first, *map(_treated, entries)), counted(rows))


def _treated(entry: Entry) -> Entry:
    withheld = {"-93": "Withheld"}
    if entry["variable"] == "age":
        codes = {"101": "young", "102": "old"}
        return {**entry, "codes": codes, "missing": withheld, "treatment": "Coarsened to level 1"}
    if entry["variable"] == "town":
        return {**entry, "codes": {}, "missing": withheld, "treatment": "Withheld from every row"}
    return entry


def report(**changes: object) -> dict[str, Any]:
    """What a release says of itself, but for ``changes``."""
    return {
        "study": STUDY.name, "title": STUDY.title, "pilot": False, "synthetic": False,
        "tier": {"name": "C", "label": "Restricted microdata", "audience": "named researchers"},
        "caution": "Not a prevalence.", "rows": 2, "rows_left_out": {"too few alike": 3},
        "segments": [{"number": 1, "rows": 2}], "words": {"1": "a" * 64}, "seed": 0,
        "columns": {"age": {"level 1": 2, "top": 2}, "town": {"withheld": 2, "top": 1}},
        "files": {DATA: "d" * 64}, "fingerprints": {"words": "w" * 64}, **changes,
    }  # fmt: skip


def context(study: Study = STUDY, rows: Cells = ROWS, **changes: Any) -> DocumentContext:
    """The made-up release; keys of ``report`` and fields of ``Told`` can be changed by name."""
    of_context = {
        k: changes.pop(k) for k in tuple(changes) if k in DocumentContext.__dataclass_fields__
    }
    made = DocumentContext(
        study=study,
        codebook=codebook(study, rows),
        report=report(**changes),
        data_file=DATA,
        counts=counted(rows),
        wordings=[ArchivedDocuments("1", "c1", json.loads(FLAGSHIP.content))],
    )
    return replace(made, **of_context)


def data_csv(rows: Cells) -> bytes:
    """The data file as a release writes it."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def laid_out(folder: Path, release: DocumentContext, rows: Cells = ROWS) -> Path:
    """The release as files in ``folder``."""
    for name, content in {**documents(release), DATA: data_csv(rows)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def relabelled(release: DocumentContext, variable: str, **changes: object) -> DocumentContext:
    """The release with another entry for one column."""
    entries = [{**e, **changes} if e["variable"] == variable else e for e in release.codebook]
    return replace(release, codebook=entries)
