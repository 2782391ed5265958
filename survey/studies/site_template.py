"""A site.toml to begin with: every fact that a study names, each with where it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from forms import dates
from forms.site_facts import STOP_RULE
from forms.study import Study

WIDTH = 90


def site_template(study: Study) -> str:
    """Return the file's text: required facts empty, the others as comments."""
    consent, variants = study.consent, study.consent.variants
    wanted = sorted((consent.facts | consent.optional_facts | consent.board_facts) - {STOP_RULE})
    lines = [
        f"# The facts of this installation for the study {study.name}. Fill in what is empty, then",
        "# `lacrima study check` says what is missing. A fact that several studies name may stand",
        "# once, in a table [site].",
        "",
        f"[study.{study.name}]",
    ]
    for name in wanted:
        optional = name in consent.optional_facts
        lines.append("")
        lines += [f"# {line}" for line in _about(study, name)]
        if values := variants.get(name):
            lines.append(f"# one of: {', '.join(map(repr, sorted(values)))}")
        value = "2999-12-31" if name in dates.DATES else '""'
        comment = "# " if optional or name in dates.DATES else ""
        lines.append(f"{comment}{name} = {value}")
    lines += ["", "# limit = 1200       # close by itself once so many answers were sent"]
    lines += ["# invited = true     # only an invitation opens it", "", *_deposit(study), ""]
    return "\n".join(lines)


def _deposit(study: Study) -> list[str]:
    """Return commented lines with what archives ask for beside a release."""
    return [
        "# What archives and catalogues ask for beside a release (docs/study-format.md). No client",
        "# reads it and no approval hangs on it: year, publisher and period can be told later.",
        f"# [study.{study.name}.deposit]",
        "# year = 2028",
        '# publisher = ""',
        '# place = [""]',
        '# period = ["2027-03", "2028-02"]',
        '# contact_email = ""',
    ]


def _about(study: Study, name: str) -> Iterator[str]:
    """Yield what kind of fact it is, and the first sentence that tells it."""
    consent = study.consent
    if name in consent.board_facts:
        yield "Told to the board alone."
    elif name in consent.optional_facts:
        yield "Optional: where it is empty its sentence is left out."
    if name in dates.DATES:
        yield "A day, without quotes."
    if told := next((t for t in _texts(json.loads(study.content)) if f"{{{name}}}" in t), ""):
        at = told.index(f"{{{name}}}")
        begin = max(0, at - WIDTH // 2)
        passage = " ".join(told[begin : begin + WIDTH].split())
        yield f"“{'…' * (begin > 0)}{passage}{'…' * (begin + WIDTH < len(told))}”"


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from _texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value)
