"""The table as Parquet: codes as in the CSV, the codebook in the file's own metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from exports.files.source import TableSource, storage_of

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
        metadata={KEY: json.dumps(about, ensure_ascii=False, default=str)},
        engine="streaming",
    )
