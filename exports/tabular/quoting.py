"""Values as a refusal quotes them, on the researcher's own terminal alone."""

from __future__ import annotations

from collections.abc import Sequence

# A refusal quotes no more values than these: without them nobody could find the cell to correct.
EXAMPLES = 3
LONGEST = 40  # letters


def quoted(values: Sequence[str]) -> str:
    """Return the first few values in quotes, long ones cut short."""
    shown = [f'"{v[:LONGEST]}{"…" * (len(v) > LONGEST)}"' for v in values[:EXAMPLES]]
    return ", ".join(shown + ["…"] * (len(values) > EXAMPLES))
