"""Every data format beside the CSV, made from the written CSV: they cannot disagree with it.

The table as Parquet: codes as in the CSV, the codebook in the file's own metadata.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from exports.files.source import (
    SPSS,
    STATA,
    Codebook,
    TableSource,
    open_source,
    renamed,
    storage_of,
)
from exports.files.spss import write_sav
from exports.files.stata import LETTER, write_dta

KEY = "lacrima"  # the one key: several would stand in no fixed order
ROW_GROUP = 65_536


def write_parquet(source: TableSource, path: Path, *, title: str = "", notes: str = "") -> None:
    """Write ``path``, byte for byte the same for the same rows, codebook and words.

    Metadata key ``lacrima``: JSON with ``title``, ``notes`` and ``variables``, the codebook.
    Missing codes stay the numbers they are; only an empty cell is null.
    """
    about = {"title": title, "notes": notes, "variables": list(source.codebook)}

    def blocks(columns: list[str] | None, *_unused: object) -> Iterator[pl.DataFrame]:
        for frame in source.blocks():
            yield frame.select(columns) if columns else frame

    kinds = {entry["variable"]: storage_of(entry) for entry in source.codebook}
    # polars pulls the rows a block at a time: memory does not grow with them.
    register_io_source(blocks, schema=kinds).sink_parquet(
        path,
        compression="zstd",
        row_group_size=ROW_GROUP,
        metadata={KEY: json.dumps(about, ensure_ascii=False)},
        engine="streaming",
    )


WRITERS = {".sav": write_sav, ".dta": write_dta, ".parquet": write_parquet}
RULES = {".sav": SPSS, ".dta": STATA}

IN_STATA = "Missing codes are extended missing values: " + ", ".join(
    f"{code} = .{letter}" for code, letter in LETTER.items()
)


def renamed_in(suffix: str, variables: Iterable[str]) -> dict[str, str]:
    """Variable → its other name in the format; empty where every name could stay."""
    rules = RULES.get(suffix)
    return renamed(variables, rules) if rules else {}


def write_formats(
    csv: Path, codebook: Codebook, *, title: str = "", notes: str = "", folder: Path | None = None
) -> list[Path]:
    """Write .sav, .dta and .parquet of the rows in ``csv``; returns their paths.

    They take the CSV's name and lie beside it, or in ``folder``. ``title`` is the file's label (64
    bytes in SPSS, 80 characters in Stata), ``notes`` lines of text kept in the file, such as the
    mark of a pilot. Raises ExportRefused, and then writes nothing, where the CSV does not fit its
    codebook.
    """
    source = open_source(csv, codebook)
    paths = []
    for suffix, write in WRITERS.items():
        path = (folder or csv.parent) / f"{csv.stem}{suffix}"
        lines = [*notes.splitlines(), *[IN_STATA] * (suffix == ".dta")]
        for ours, name in renamed_in(suffix, source.variables).items():
            lines.append(f"Column {ours} of the CSV is called {name} here")
        write(source, path, title=title, notes="\n".join(lines))
        paths.append(path)
    return paths
