"""Names that no study may have: below ``/research/`` and ``/ethics/`` they lead somewhere else."""

from __future__ import annotations

from pathlib import Path

from forms.faults import Fault, StudyFaults

# First parts of the rooms' own addresses. A test holds the list against the addresses served.
RESERVED = frozenset({"account", "audit", "code", "set-up", "sign-in", "sign-out"})


def check_name(folder: Path) -> None:
    """Raises StudyFaults for a folder whose study would have the address of a page of ours."""
    name = folder.resolve().name
    if name.lower() in RESERVED:
        problem = f"no study can be called {name!r}: /research/{name} is a page of the platform"
        fault = Fault(str(folder), "", "", problem, "any other name of the folder")
        raise StudyFaults((fault,))
