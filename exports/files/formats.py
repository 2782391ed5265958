"""Every data format beside the CSV, made from the written CSV: they cannot disagree with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from exports.files.meaning import Codebook
from exports.files.names import SPSS, STATA, renamed
from exports.files.parquet import write_parquet
from exports.files.source import open_source
from exports.files.spss import write_sav
from exports.files.stata import write_dta
from exports.files.stata_cells import LETTER

WRITERS = {".sav": write_sav, ".dta": write_dta, ".parquet": write_parquet}
RULES = {".sav": SPSS, ".dta": STATA}

IN_STATA = "Missing codes are extended missing values: " + ", ".join(
    f"{code} = .{letter}" for code, letter in LETTER.items()
)


def renamed_in(suffix: str, variables: Iterable[str]) -> dict[str, str]:
    """Variable → its other name in the format; empty where every name could stay."""
    rules = RULES.get(suffix)
    return renamed(variables, rules) if rules else {}


def _notes(suffix: str, codebook: Codebook, notes: str) -> str:
    """``notes`` and what is particular to the format, a line each."""
    other = renamed_in(suffix, (entry["variable"] for entry in codebook))
    lines = [f"Column {ours} of the CSV is called {name} here" for ours, name in other.items()]
    return "\n".join([*notes.splitlines(), *[IN_STATA] * (suffix == ".dta"), *lines])


def write_formats(
    csv: Path, codebook: Codebook, *, title: str = "", notes: str = "", folder: Path | None = None
) -> list[Path]:
    """Write .sav, .dta and .parquet of the rows in ``csv``; returns their paths.

    They take the CSV's name and lie beside it, or in ``folder``. ``title`` is the file's label (64
    bytes in SPSS, 80 characters in Stata), ``notes`` lines of text kept in the file, such as the
    mark of a pilot. Raises Refused, and then writes nothing, where the CSV does not fit its
    codebook.
    """
    source = open_source(csv, codebook)
    paths = []
    for suffix, write in WRITERS.items():
        path = (folder or csv.parent) / f"{csv.stem}{suffix}"
        write(source, path, title=title, notes=_notes(suffix, codebook, notes))
        paths.append(path)
    return paths
