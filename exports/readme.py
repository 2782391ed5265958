"""The page a person reads first: what this release is, how it was made, what it cannot do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Report = Mapping[str, Any]

# What k-anonymity leaves open, for every study alike.
INSIDERS = (
    "k counts what an outsider may know (the core variables). Somebody who was there knows more "
    "and may still recognise somebody: this file is protected by who may have it and under which "
    "agreement."
)
SAME_ANSWER = (
    "A group whose members all gave the same sensitive answer tells that answer of everybody in "
    "it, however large it is: see the smallest number of different values."
)
OTHER_DATA = (
    "k was worked out for this file alone. Joined with other data, or with another release of the "
    "same study, it may be lower. Do not try to recognise anybody, and do not join it."
)
NOT_AT_RANDOM = "Withheld cells are not missing at random: they stand in the rarest rows."
LIMITS = (INSIDERS, SAME_ANSWER, OTHER_DATA, NOT_AT_RANDOM)

HOW = """\
Answers were stored without name, address, time or order. Variables by which an outsider could \
recognise somebody were coarsened until few rows stood out, single cells of those were withheld \
(-93), and the rows were sorted by their content. The figures below were measured on the finished \
file. The same answers, policy and seed give the same bytes."""

FILES = """\
- `{data_file}`: one line a person, integer codes, UTF-8, comma, CRLF
- `codebook.csv`, `codebook.json`: what every column and code means, who was asked, how scores are \
made, what this release did to it
- `report.json`: the figures below, for programs
- `SHA256SUMS`: check with `sha256sum --check SHA256SUMS`"""

CODES = """\
Every code from -99 to -90 is missing. The one exception is named in the codebook: a difference of \
two answers has negative values of its own and is empty where missing. In a variable that was \
coarsened, a code of 100 or more is a group: level x 100 + position."""


def marks_of(report: Report) -> str:
    """How the files are marked; empty for a real release."""
    if not report["pilot"]:
        return ""
    pilot = "PILOT DATA: collected before approval, not for analysis or publication"
    return pilot + "; SYNTHETIC: holds simulated clients, not people" * bool(report["synthetic"])


def _bullets(lines: Iterator[str] | tuple[str, ...]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _level(name: str, level: Mapping[str, int]) -> str:
    if level["level"] == level["withheld_at"]:
        return f"`{name}`: withheld from every row"
    return f"`{name}`: " + (
        f"coarsened to level {level['level']}" if level["level"] else "as asked"
    )


def _cells(report: Report) -> str:
    cells = ", ".join(f"{n} of `{name}`" for name, n in report["cells_withheld"].items())
    return (
        f"Before single cells were withheld, {report['violating_before']:.1%} of the rows stood in "
        f"smaller groups; cells were withheld in {report['rows_touched']} rows (the policy allows "
        f"{report['rows_touched_allowed']:.1%}). Cells withheld in this file: {cells or 'none'}."
    )


def _variety(name: str, found: Mapping[str, Any]) -> str:
    warning = f" This is under {found['warn_under']}: handle with care." * bool(found["warning"])
    return (
        f"The group with the least variety holds {found['smallest']} different values of `{name}`, "
        f"all kinds of missing counted as one.{warning}"
    )


def _figures(report: Report) -> Iterator[str]:
    yield (
        f"{report['rows']} rows, in {report['classes']} groups of rows alike in the core "
        f"variables. The smallest group has {report['k']['reached']} rows; at least "
        f"{report['k']['asked']} were asked for."
    )
    yield _cells(report)
    yield (
        f"{report['insider_unique_rows']} rows are alone in what somebody who was there could "
        "know (the insider variables)."
    )
    yield from (_variety(name, found) for name, found in report["distinct"].items())
    yield from (f"{n} rows were left out: {why}." for why, n in report["rows_left_out"].items())


def _what(report: Report) -> str:
    tier = report["tier"]
    return (
        f"Anonymised survey data, tier {tier['name']}: {tier['label']}, for {tier['audience']}. "
        f"Study `{report['study']}`, version {', '.join(report['words'])}."
    )


def _citing(report: Report, data_file: str) -> str:
    return (
        f"{report['title']} (study {report['study']}, version {', '.join(report['words'])}). "
        f"Anonymised data, tier {report['tier']['name']}. SHA-256 of the data file: "
        f"{report['files'][data_file]}. Words and routing: {report['fingerprints']['words']}. "
        f"Release policy: {report['fingerprints']['policy']}."
    )


def readme(report: Report, *, missing: Mapping[str, str], data_file: str) -> bytes:
    """README.md of the release. The study's own caution comes from its release policy."""
    mark, caution = marks_of(report), report["caution"]
    codes = "".join(f"\n| {code} | {label} |" for code, label in missing.items())
    levels = _bullets(_level(name, level) for name, level in report["levels"].items())
    sections = {
        "Files": FILES.format(data_file=data_file),
        "How it was made": HOW,
        "What was measured": _bullets(_figures(report)),
        "Level of each key variable": levels,
        "What this does not protect against": _bullets(LIMITS),
        "Missing codes": f"{CODES}\n\n| code | meaning |\n|---|---|{codes}",
        "Citing": _citing(report, data_file),
    }
    top = [f"# {report['title']}", f"**{mark}.**" * bool(mark), _what(report)]
    body = [f"## {heading}\n\n{text}" for heading, text in sections.items()]
    parts = [*top, f"**{caution}**" * bool(caution), *body]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()
