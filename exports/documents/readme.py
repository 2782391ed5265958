"""README.md: what a person needs before anything else, in the order in which they need it."""

from __future__ import annotations

import fnmatch
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from exports.documents import markdown
from exports.documents.context import DocumentContext
from exports.documents.licence import citation
from exports.documents.protection import (
    cells_withheld,
    figures,
    how,
    left_out,
    limits,
    policy_notes,
    segments,
    treatments,
)

FILES = {
    "documentation/codebook.html": "every column: question, codes, routing, distribution; "
    "start here",
    "documentation/codebook.csv": "the same as a table, with exact counts",
    "documentation/codebook.json": "the same for programs",
    "documentation/ddi.xml": "the same for archives (DDI-Codebook 2.5)",
    "documentation/report.html": "how the data were protected, and what was measured",
    "documentation/report.json": "the same for programs",
    "documentation/cherries.md": "reporting checklist for web surveys, prefilled",
    "documentation/consent-*": "what clients were told and agreed to, by version and language",
    "materials/questionnaire-*": "what was asked, by version and language",
    "analysis/import.*": "read the data with labels: R, SPSS, Stata, Python",
    "analysis/score.*": "recompute every score from the items, and compare",
    "dataset_description.json": "metadata (Psych-DS)",
    "CITATION.cff": "how to cite, for programs",
    "LICENSE": "what you may do",
    "CHANGES.md": "batches, versions, corrections",
    "SHA256SUMS": "check with `sha256sum --check SHA256SUMS`",
}
# Written by others, after these documents.
NOT_OURS = ("documentation/report.json", "SHA256SUMS")

CODES = """\
Every code from -99 to -90 is missing, in every column but those named in the codebook as \
“may be empty”: a difference of two answers has negative values of its own and is an empty cell \
where missing. A code of 100 or more in a variable that was coarsened is a group: level x 100 + \
position; its label says which answers it covers. One column can hold both, because each row is \
coarsened no more than needed: recode to the coarser level before you tabulate, and report -93 \
(withheld) as a category of its own or as missing, never as an answer."""

REVERSAL = "reversed items first become lowest + highest code - answer"
SCORES = f"""\
Worked out from the answers before anything was coarsened; {REVERSAL}. -92 is “too few answered”. \
Which items go into which score stands in the codebook."""

PRIVACY = """\
No name, address, contact, time or order of arrival was stored, so none is here. The file was made \
so that an outsider cannot reasonably recognise anybody. {insiders} Whether it counts as anonymous \
in law depends on who holds it and what else they hold, so that judgement stays with you. Nobody \
can be taken out of it any more: clients were told until when they could withdraw \
(documentation/consent-*)."""
RESTRICTED = """\
Somebody who was there might (see above): handle the file with the care that personal data ask \
for."""
COUNTED = """\
Only counts of ten people or more are told, so that nobody stands alone in them."""
OWN_WORDS = """\
Clients' own words can be recognised by whoever has heard them before: handle the file with the \
care that personal data ask for."""
OPEN = """\
What somebody who was there could know best was left out or coarsened, which lowers that risk and \
does not end it."""


def _head(context: DocumentContext) -> list[str]:
    tier = context.tier
    what = f"Tier {tier['name']}, {tier['label'].lower()}, for {tier['audience']}."
    asked = f"Study `{context.study.name}`, questions of version {', '.join(context.versions)}."
    return [
        f"# {context.study.title}",
        f"**{context.mark}.**" * bool(context.mark),
        f"Anonymised survey data. {what} {_size(context)} {asked}".replace("  ", " "),
        f"> **{context.caution}**" * bool(context.caution),
    ]


def _size(context: DocumentContext) -> str:
    rows = context.report.get("rows")
    if not rows:
        return ""
    sizes = {
        "rows": f"{rows} rows, one a person; {len(context.codebook)} columns.",
        "tables": f"Counts of {rows} people.",
        "texts": f"{rows} texts; nothing joins two texts of one person.",
    }
    return sizes[context.holds]


def _contents(context: DocumentContext) -> list[str]:
    if context.holds == "tables":
        return ["To read: `tables/tables.html`. For programs: `tables/*.csv`."]
    if context.holds == "texts":
        return [f"Texts: `{context.data_path}` (UTF-8, comma, CRLF)."]
    return [
        f"Data: `{context.data_path}` (UTF-8, comma, CRLF, integer codes).",
        "Meaning of every column: `documentation/codebook.html`.",
        "Reading it with labels: `analysis/import.R`, `.sps`, `.do` or `.py`.",
    ]


def _start(context: DocumentContext) -> str:
    may = (
        "Use it freely, name the source (LICENSE: CC BY 4.0)"
        if context.open
        else "Use it only under your data use agreement; the least it asks stands in LICENSE"
    )
    return markdown.bullets(
        [
            *_contents(context),
            f"{may}.",
            "Do not try to recognise anybody, and do not join it with other data about persons.",
        ]
    )


FORMATS = {
    ".csv": "the data",
    ".sav": "the same for SPSS, with labels and missing range",
    ".dta": "the same for Stata; -99 to -90 are .a to .j",
    ".parquet": "the same for Python, R and databases; the codebook inside",
}


def _files(context: DocumentContext, paths: Collection[str]) -> str:
    written = {p: what for p, what in FILES.items() if fnmatch.filter(paths, p) or p in NOT_OURS}
    data = context.report.get("files", {})
    others = {path: FORMATS.get(PurePosixPath(path).suffix, "") for path in data}
    named = {context.data_path: "the data"} | others | dict(context.files) | written
    return markdown.table(["file", "what"], [(f"`{path}`", what) for path, what in named.items()])


def _measured(context: DocumentContext) -> Iterator[str]:
    yield from (sentence for _, _, sentence in figures(context))
    yield from segments(context.report)
    yield cells_withheld(context.report)
    yield from left_out(context.report)
    yield from policy_notes(context.report)


def _scores(context: DocumentContext) -> str:
    scored = [e for e in context.codebook if e["part"] == "score"]
    # The rule without what is said once for all.
    rows = [
        (f"`{e['variable']}`", e["label"], e["rule"].removesuffix(f"; {REVERSAL}")) for e in scored
    ]
    return markdown.table(["score", "what", "how"], rows) if rows else ""


def _people(context: DocumentContext) -> str:
    """Return who is responsible and whom to ask, as far as the site says it."""
    facts = context.facts
    said = {
        "Responsible": facts.get("institution"),
        "Researchers": facts.get("researcher_names"),
        "Ethics approval": ", ".join(
            v for v in (facts.get("ethics_board"), facts.get("ethics_ref")) if v
        ),
        "Plan": facts.get("prereg_url"),
        "Contact": facts.get("contact_email"),
    }
    return markdown.bullets(f"{k}: {markdown.plain(v)}" for k, v in said.items() if v)


def _prints(context: DocumentContext) -> str:
    prints = context.report.get("fingerprints", {})
    lines = [f"{name}: `{value}`" for name, value in prints.items() if isinstance(value, str)]
    return markdown.bullets([*lines, f"data file: `{context.digest}`"] if context.digest else lines)


def _codes(context: DocumentContext) -> str:
    """Missing and generalised codes, where the release has columns at all."""
    missing = [(str(m.code), m.label) for m in context.study.missing]
    table = markdown.table(["missing code", "meaning"], missing)
    return markdown.section("Codes", CODES, table) if context.holds == "rows" else ""


def _keys(context: DocumentContext) -> str:
    """Key columns by what was done to them; those treated alike in one line."""
    alike = defaultdict(list)
    for name, done in treatments(context.report):
        alike[done].append(f"`{name}`")
    return markdown.bullets(f"{', '.join(names)}: {done}" for done, names in alike.items())


def _insiders(context: DocumentContext) -> str:
    """Return what somebody who was there may recognise, by what the release holds."""
    by_content = {"tables": COUNTED, "texts": OWN_WORDS}
    return by_content.get(context.holds, OPEN if context.open else RESTRICTED)


def readme(context: DocumentContext, paths: Collection[str]) -> bytes:
    """README.md of the release; ``paths`` are the other documents in it."""
    scores = _scores(context)
    measured = markdown.bullets(markdown.plain(s) for s in _measured(context) if s)
    return markdown.document(
        [
            *_head(context),
            markdown.section("Start here", _start(context)),
            markdown.section("Files", _files(context, paths)),
            _codes(context),
            markdown.section("Scores", SCORES if scores else "", scores),
            markdown.section("How it was protected", how(context)),
            markdown.section("What was measured", measured),
            markdown.section("What was done to each key variable", _keys(context)),
            markdown.section(
                "What this does not protect against", markdown.bullets(limits(context))
            ),
            markdown.section("Privacy and law", PRIVACY.format(insiders=_insiders(context))),
            markdown.section("Who", _people(context)),
            markdown.section("Citing", citation(context)),
            markdown.section("Fingerprints (SHA-256)", _prints(context)),
        ]
    )
