"""The licences of what the product needs, as the table in docs/releasing.md.

python requirements/licences.py [--write]
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "releasing.md"
PINS = HERE / "run.txt"
HEAD = "| package | licence, as it says itself |\n|---|---|\n"
LONGEST = 60  # of a licence's name; some packages put the whole text there
CLASSIFIED = "License :: "


def pinned() -> dict[str, str]:
    """Return the version of each package that is pinned, by name; the newest of several."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", PINS.read_text("utf-8"), re.MULTILINE))


def licence_of(package: str) -> str:
    """Return what the installed package says of its licence; empty where it is not installed."""
    try:
        said = metadata(package).json
    except PackageNotFoundError:
        return ""
    plain = str(said.get("license", ""))
    names = [str(said.get("license_expression", "")), plain if len(plain) <= LONGEST else ""]
    classified = [c for c in said.get("classifier", ()) if c.startswith(CLASSIFIED)]
    names += [c.rpartition("::")[2].strip() for c in classified]
    return next((name for name in names if name), "not said")


def table() -> str:
    """Return the table."""
    return HEAD + "".join(f"| {name} | {licence_of(name)} |\n" for name in pinned())


def main() -> int:
    """Print the table, or write it into the page."""
    if "--write" in sys.argv[1:]:
        before, _, rest = PAGE.read_text("utf-8").partition(HEAD)
        after = rest.partition("\n\n")[2]
        PAGE.write_text(f"{before}{table()}\n{after}", "utf-8")
    else:
        sys.stdout.write(table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
