"""What an attack on a written file reached, beside the same attack on people who are not in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from math import sqrt
from typing import Any

Z = 1.959964  # standard deviations to either side of a 95 % interval
FEWEST_CONTROLS = 10  # people of a control group: of fewer, the figure would be about each of them

SINGLING_OUT, LINKABILITY, INFERENCE = "singling out", "linkability", "inference"
REPLICATED, DISCLOSIVE = "replicated uniques", "disclosive in file, correct in original"
GUESSED = "downcoding, best guess"
ONE_LEFT, OF_ONE_LEFT = "downcoding, one right candidate left", "downcoding, where one is left"
WITH_CONTROL = (SINGLING_OUT, LINKABILITY, INFERENCE)
# In the order of a report: with a control group, over all rows, of coarsened cells.
TESTS = (
    SINGLING_OUT,
    LINKABILITY,
    INFERENCE,
    REPLICATED,
    DISCLOSIVE,
    GUESSED,
    ONE_LEFT,
    OF_ONE_LEFT,
)


@dataclass(frozen=True, slots=True)
class AttackResult:
    """An attack of a kind (``test``) by an adversary, on a sensitive ``target`` where it has one.

    It was right in ``right`` of ``tries``; on the control group, or for downcoding by a guess that
    does without it, in ``control_right`` of ``control_tries``, 0 where there is none.
    """

    test: str
    adversary: str
    target: str = ""
    right: int = 0
    tries: int = 0
    control_right: int = 0
    control_tries: int = 0

    @property
    def what(self) -> tuple[str, str, str]:
        """Return what was tried: equal for the results of two batches that are added up."""
        return self.test, self.adversary, self.target

    def __add__(self, other: AttackResult) -> AttackResult:
        return replace(
            self,
            right=self.right + other.right,
            tries=self.tries + other.tries,
            control_right=self.control_right + other.control_right,
            control_tries=self.control_tries + other.control_tries,
        )

    def figures(self) -> dict[str, Any]:
        """Return it as plain data: shares from 0 to 1, each with its 95 % interval.

        ``advantage`` is what it reached over the control group.
        """
        found = {
            "test": self.test,
            "adversary": self.adversary,
            **({"target": self.target} if self.target else {}),
            **_share(self.right, self.tries),
        }
        if self.control_tries:
            beside = "control" if self.test in WITH_CONTROL else "baseline"
            found[beside] = _share(self.control_right, self.control_tries)
            found["advantage"] = _difference(found, found[beside])
        return found


def added(results: Iterable[Mapping[str, Any]]) -> list[AttackResult]:
    """Return the results of all batches, those of one attack added up, in the order of a report."""
    found: dict[tuple[str, str, str], AttackResult] = {}
    for one in (AttackResult(**result) for result in results):
        found[one.what] = found[one.what] + one if one.what in found else one
    return sorted(found.values(), key=lambda one: TESTS.index(one.test))


def as_data(results: Iterable[AttackResult]) -> list[dict[str, Any]]:
    """Return results as ``added`` takes them, for a file in between."""
    return [asdict(one) for one in results]


def wilson(right: int, tries: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927); 0 to 1 without any try."""
    if not tries:
        return 0.0, 1.0
    share, z = right / tries, Z * Z / tries
    half = Z * sqrt(share * (1 - share) / tries + z / (4 * tries))
    low, high = ((share + z / 2 + side * half) / (1 + z) for side in (-1, 1))
    return max(0.0, low), min(1.0, high)


def _share(right: int, tries: int) -> dict[str, Any]:
    interval = [round(end, 4) for end in wilson(right, tries)]
    share = round(right / tries, 4) if tries else 0.0
    return {"right": right, "tries": tries, "share": share, "interval": interval}


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the difference of two shares with its interval (Newcombe 1998, method 10)."""
    (low, high), (other_low, other_high) = one["interval"], other["interval"]
    p, q = one["share"], other["share"]
    below = sqrt((p - low) ** 2 + (other_high - q) ** 2)
    above = sqrt((high - p) ** 2 + (q - other_low) ** 2)
    interval = [round(p - q - below, 4), round(p - q + above, 4)]
    return {"share": round(p - q, 4), "interval": interval}
