"""Run by the Python of the peers' own virtual environment: the tools we compare with, and pycanon.

    python peer.py versions
    python peer.py measure FILE QI,… SENSITIVE
    python peer.py anjana|anonypy ORDER.json OUT

Each prints one JSON line. An order names the data, the columns and what is asked (peers.py).
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

Order = dict[str, Any]


def read(path: str, numeric: list[str] | None = None) -> Any:
    """A table of text, but for the numeric columns."""
    import pandas as pd  # type: ignore[import-untyped]

    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.astype(dict.fromkeys(numeric or [], float))


def measure(path: str, columns: list[str], sensitive: str) -> dict[str, int | None]:
    """k and l as pycanon finds them in the file; l where the sensitive column is there."""
    from pycanon import anonymity  # type: ignore[import-not-found]

    table = read(path)
    diverse = sensitive in table.columns
    return {
        "k": int(anonymity.k_anonymity(table, columns)),
        "l": int(anonymity.l_diversity(table, columns, [sensitive])) if diverse else None,
    }


def anjana(order: Order) -> tuple[Any, float]:
    """Full-domain recoding with the very hierarchies that ours has."""
    import pandas as pd
    from anjana import anonymity  # type: ignore[import-not-found]

    table = read(order["data"])
    trees = {}
    for name, path in order["hierarchies"].items():
        lines = pd.read_csv(path, header=None, dtype=str, keep_default_na=False)
        trees[name] = {level: lines[level].to_numpy() for level in lines.columns}
    roles = (table, order["identifiers"], order["qi"])
    begun = time.perf_counter()
    if order["l"] > 1:
        made = anonymity.l_diversity(
            *roles, order["sensitive"], order["k"], order["l"], order["supp_level"], trees
        )
    else:
        made = anonymity.k_anonymity(*roles, order["k"], order["supp_level"], trees)
    return made, time.perf_counter() - begun


def anonypy(order: Order) -> tuple[Any, float]:
    """Mondrian, which keeps the quasi-identifiers and one more column."""
    import pandas as pd
    from anonypy import Preserver  # type: ignore[import-not-found]

    carried = order["sensitive"] if order["l"] > 1 else order["outcome"]
    table = read(order["data"], order["numeric"])[[*order["qi"], carried]]
    table[order["numeric"]] = table[order["numeric"]].astype(int)
    for name in table.columns:
        if name not in order["numeric"]:
            table[name] = table[name].astype("category")
    begun = time.perf_counter()
    tool = Preserver(table, order["qi"], carried)
    if order["l"] > 1:
        lines = tool.anonymize_l_diversity(k=order["k"], l=order["l"])
    else:
        lines = tool.anonymize_k_anonymity(k=order["k"])
    took = time.perf_counter() - begun
    counted = pd.DataFrame(lines)
    for name in order["qi"]:
        counted[name] = counted[name].str[0]  # each cell is a list of one label
    people = counted.loc[counted.index.repeat(counted["count"])]
    return people.drop(columns="count"), took


def make(tool: str, order: Order, out: Path) -> dict[str, float]:
    """Let a tool do its work and write what it made."""
    begun = time.perf_counter()
    made, search = {"anjana": anjana, "anonypy": anonypy}[tool](order)
    if not len(made):
        sys.exit(f"{tool} gave an empty table")
    made.to_csv(out, index=False)
    return {"whole": time.perf_counter() - begun, "search": search}


def main(kind: str, *rest: str) -> dict[str, Any]:
    """What the command line asks for."""
    if kind == "versions":
        return {name: version(name) for name in ("anjana", "anonypy", "pycanon")}
    if kind == "measure":
        return dict(measure(rest[0], rest[1].split(","), rest[2]))
    order: Order = json.loads(Path(rest[0]).read_text("utf-8"))
    return dict(make(kind, order, Path(rest[1])))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
