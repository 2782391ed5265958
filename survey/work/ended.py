"""How long work ended badly, as its page tells it: why, and what would help."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from survey.errors import Refusal
from survey.releasing.pilots import TooFewSince
from survey.releasing.preview import Changed
from survey.work.workroom import DiskFull, is_full


class SwitchedOff(Refusal):
    """Whoever asked for it may do nothing here any more."""

    def __init__(self, who: str) -> None:
        super().__init__(f"The account {who} was switched off meanwhile. Nothing was entered.")


# Which page of advice a refusal of a preview or release has: more answers help unless it says so.
ADVICE: Mapping[type[Exception], str] = {
    Changed: "preview",
    TooFewSince: "pilot",
    SwitchedOff: "none",
}


def reason_of(reason: Exception) -> dict[str, Any]:
    """What the job's page tells: ``reason``, and for its advice ``helps`` and ``advice``."""
    if is_full(reason) or isinstance(reason, DiskFull):
        return {"reason": str(DiskFull())}
    if isinstance(reason, OSError):
        return {"reason": f"A file could not be written: {reason.strerror}. Nothing was entered."}
    told: dict[str, Any] = {"reason": str(reason), "helps": list(getattr(reason, "helps", ()))}
    return told | {"advice": ADVICE.get(type(reason), "answers")}


def place_of(error: Exception) -> str:
    """Kind and place of an error, without its words."""
    tb = error.__traceback__
    while tb and tb.tb_next:
        tb = tb.tb_next
    name = Path(tb.tb_frame.f_code.co_filename).name if tb else "?"
    return f"{type(error).__name__} at {name}:{tb.tb_lineno if tb else 0}"
