"""Attacks on the file of one segment, by people of whom what they answered is known.

Only here stand a written file, the answers it was made of, and people who are not in it side by
side, so this is done when a part is made; a report adds up what was reached of all its parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from exports.disclosure import claim_of
from exports.segment_file import SegmentSource, SegmentTable
from exports.verify import downcoding, matching, uniques
from exports.verify.attack_results import added, as_data
from exports.verify.downcoding import downcoded
from exports.verify.reading import Table, coded
from forms.study import Study, Tier

NOT_DRAWN = (
    "people who agreed to an open file as well and were not drawn: the lot alone parts them from"
    " those in the file"
)
SIMULATED = (
    "people of the study’s own simulation, who answer as its simulation.toml says and perhaps"
    " otherwise than people do"
)
TRIED: Mapping[str, str] = {**matching.TRIED, **uniques.TRIED, **downcoding.TRIED}


def control_group(tier: Tier) -> str:
    """Return who the control group of a file of ``tier`` is."""
    return NOT_DRAWN if tier.kind.sample < 1 else SIMULATED


def attack_segment(
    part: SegmentTable,
    path: Path,
    source: SegmentSource,
    *,
    tier: Tier,
    study: Study,
    strangers: pl.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """Return what attacks on a written part reach (exports.verify.attack_results).

    ``strangers`` are people who are not among the answers, as ``source.stored`` has them: the
    control group of a tier that is no sample. None: there is no control group.
    """
    claim = claim_of(part.fields, study.policy, tier, segments=())
    targets = [name for name in study.policy.named if name in {f.name for f in part.fields}]
    names = list(dict.fromkeys((*claim.core, *claim.insider, *claim.answers, *targets)))
    if not names:
        return []
    # From the disk: what was in memory is no attacker's.
    table = _coded(pl.read_csv(path, columns=names, infer_schema=False).select(names))
    truth = _coded(source.stored[part.source].select(names))
    if tier.kind.sample < 1:
        strangers = source.stored[part.not_drawn]
    elif strangers is None:
        strangers = source.stored.clear()
    members = matching.People(truth, np.arange(len(part.source)))
    control = matching.People(_coded(strangers.select(names)), np.full(len(strangers), -1))
    found = matching.matched(table, claim, members, control, targets)
    whole = [*uniques.uniques(table, claim, truth, targets), *downcoded(table, claim, truth)]
    return as_data([*found, *whole])


def _coded(frame: pl.DataFrame) -> Table:
    return {column.name: coded(column) for column in frame}


def attacks_told(tier: Tier, parts: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return what a report tells of the attacks on all parts; nothing where none was attacked."""
    results = added(one for part in parts for one in part)
    if not results:
        return {}
    return {
        "control_group": control_group(tier),
        "tried": {test: TRIED[test] for test in dict.fromkeys(r.test for r in results)},
        "tests": [result.figures() for result in results],
    }
