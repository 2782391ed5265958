"""A release of tier D: the file of texts and the documents around it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from exports.documents.told import Told
from exports.report import Occasion, Report, about_release
from exports.texts.release import TextRelease
from exports.tree import finish, note_files, put
from forms.study import Study, Tier

_RECOGNISED = (
    "Words can give away what no list of names knows: a story, a turn of phrase, an event that "
    "was in the papers. Somebody who was there may recognise them. Keep the file as you would keep "
    "personal data, and do not join it with anything."
)
LIMITS = (_RECOGNISED,)


def _states(made: TextRelease) -> Mapping[str, int]:
    """Texts in the file by question and language."""
    return {f"{g.variable} ({g.lang})": g.released for g in made.groups}


def assemble_texts(
    study: Study, made: TextRelease, tier: Tier, out: Path, *, occasion: Occasion
) -> Report:
    """Write tier D into the new folder ``out``."""
    report = {
        **about_release(study, tier, (), seed=0, occasion=occasion),
        "rows": made.rows,
        "new_rows": made.new,
        "texts": _states(made),
        "holds": "texts",
        "how": made.about.removeprefix("## Texts").strip(),
        "limits": list(LIMITS),
    }
    put(out, {f"data/{made.name}": made.data})
    note_files(out, report)
    told = Told(
        study=study, codebook=made.codebook, report=report, data_file=made.name,
        wordings=occasion.archived, facts=occasion.facts, tallies=occasion.tallies,
    )  # fmt: skip
    finish(out, told, report)
    return report
