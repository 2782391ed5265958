"""Help lines alone: a wrong number is corrected at once, whatever else a folder's files say."""

from __future__ import annotations

from pathlib import Path

from forms.faults import SUPPORT
from forms.read import Notes, read_toml
from forms.read_support import read_support
from forms.study import Support


def help_lines_in(folder: Path) -> Support | None:
    """What the folder's support.toml says, where it can be read without a fault."""
    notes = Notes()
    top = read_toml(folder / SUPPORT, notes)
    support = read_support(top) if top else None
    return None if notes.all() else support
