"""Every data format beside the CSV, made from the written CSV: they cannot disagree with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from exports.files.parquet import write_parquet
from exports.files.source import SPSS, STATA, Codebook, Rules, TableSource, open_source, renamed
from exports.files.spss import write_sav
from exports.files.stata import LETTER, write_dta

IN_STATA = "Missing codes are extended missing values: " + ", ".join(
    f"{code} = .{letter}" for code, letter in LETTER.items()
)


class Writer(Protocol):
    """Write the rows to ``path``; the same rows, codebook and words give the same bytes."""

    def __call__(self, source: TableSource, path: Path, *, title: str, notes: str) -> None:
        """``title`` labels the file, ``notes`` are lines of text kept in it."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A data format: its writer, and what the README of a release says of the file.

    ``names`` are the names that its package takes, None where every name can stay; ``note`` is kept
    in the file.
    """

    write: Writer
    what: str
    names: Rules | None = None
    note: str = ""


FORMATS: Mapping[str, FileFormat] = {
    ".sav": FileFormat(write_sav, "the same for SPSS, with labels and missing range", SPSS),
    ".dta": FileFormat(write_dta, "the same for Stata; -99 to -90 are .a to .j", STATA, IN_STATA),
    ".parquet": FileFormat(
        write_parquet, "the same for Python, R and databases; the codebook inside"
    ),
}


def renamed_in(suffix: str, variables: Iterable[str]) -> dict[str, str]:
    """Variable → its other name in the format; empty where every name could stay."""
    rules = FORMATS[suffix].names
    return renamed(variables, rules) if rules else {}


def write_formats(
    csv: Path, codebook: Codebook, *, title: str = "", notes: str = "", folder: Path | None = None
) -> list[Path]:
    """Write the rows in ``csv`` in every format; returns the paths.

    They take the CSV's name and lie beside it, or in ``folder``. ``title`` is the file's label (64
    bytes in SPSS, 80 characters in Stata), ``notes`` lines of text kept in the file, such as the
    mark of a pilot. Raises ExportRefused, and then writes nothing, where the CSV does not fit its
    codebook.
    """
    source = open_source(csv, codebook)
    paths = []
    for suffix, made in FORMATS.items():
        path = (folder or csv.parent) / f"{csv.stem}{suffix}"
        lines = [*notes.splitlines(), *filter(None, [made.note])]
        for ours, name in renamed_in(suffix, source.variables).items():
            lines.append(f"Column {ours} of the CSV is called {name} here")
        made.write(source, path, title=title, notes="\n".join(lines))
        paths.append(path)
    return paths
