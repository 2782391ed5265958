"""What boards look for in a study, by the platform's own list (elements.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class ChecklistElement:
    """One thing that boards look for, who says so, and who must find it.

    ``held_by`` is "client" where a client must read it, "file" where the board's file must hold it;
    a document in this ``slot`` of the submission satisfies it then.
    """

    id: str
    source: str
    must: str
    held_by: str = "client"
    slot: str = ""


@cache
def elements() -> tuple[ChecklistElement, ...]:
    """Return every element that boards look for, in the order of their sources."""
    listed = tomllib.loads((files("forms") / "elements.toml").read_text("utf-8"))["element"]
    return tuple(ChecklistElement(**element) for element in listed)
