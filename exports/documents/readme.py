"""README.md, and the terms beside it: LICENSE, CITATION.cff and the change log."""

from __future__ import annotations

import fnmatch
import json
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from exports.codebook import LIFTED
from exports.documents import markup
from exports.documents.context import DocumentContext, joined
from exports.documents.protection import how, left_out, policy_notes, segments, treatments
from exports.files.formats import FORMATS
from forms.authors import Author, authors_of, in_words
from forms.deposit import Grant, RelatedWork, missing_in
from forms.site_facts import AUTHORS

CC_BY = "https://creativecommons.org/licenses/by/4.0/"
SPDX = "CC-BY-4.0"

_OPEN = """\
{title}
Anonymised survey data, tier {tier}: {label}

This release (data, documentation, materials and scripts) is licensed under the
Creative Commons Attribution 4.0 International licence, in short CC BY 4.0.
The legal text that binds stands at
{link}legalcode

In plain words, which do not replace the legal text:

You may
- share: copy and pass on the material in any medium or format,
- adapt: recode, combine and build upon it, for any purpose, also commercially.

On this condition
- attribution: name the study and its makers (see CITATION.cff), link to the
  licence, and say whether you changed something; in no way that suggests that
  the makers endorse you or your use.

You may not add legal terms or technical measures that keep others from what the
licence allows. The licence covers database rights too. The release comes as it
is, without warranty, and its makers are not liable for its use, as far as the
law allows (sections 5 and 6 of the legal text).

What a licence cannot settle: the answers are people's. Nobody gave a name, and
the release was made to keep people from being recognised. We ask everyone not to
try, not to join it with other data about persons, and to tell the makers
without delay, and nobody else, should somebody seem to be recognisable. Data
protection law may forbid such an attempt, whatever this licence says. A copy that
was taken stays licensed, also where this release is recalled later."""

_RESTRICTED = """\
{title}
Anonymised survey data, tier {tier}: {label}

NOT AN OPEN FILE. All rights reserved. This release may be used only under a data
use agreement with those responsible for the study.
{recipient}
Without such an agreement, please do not open, keep, copy or pass on the files in
data/, and tell those responsible that you have them. Having the files gives no
right to use them.

Whoever works under an agreement keeps at least to this; where the agreement
asks for more, the agreement holds:
- Use the data for the agreed purpose only.
- Do not pass the data on, whole or in part, nor rows or cells of it.
- Do not try to recognise anybody, and do not join the data with other data about
  persons or with another release of the same study.
- Do not feed rows, cells or texts to a model or an AI service that runs outside
  your institution, and train no model that is passed on with them.
- Whoever treats clients of a service that handed out the link to the study may not
  have the files.
- Publish figures about groups only, none of fewer than 10 people.
- Keep the files where only the persons named can read them, and destroy them
  when the agreement ends.
- Should somebody seem to be recognisable, or a file be lost: stop, tell those
  responsible at once, and nobody else.

documentation/codebook.html, documentation/ddi.xml, dataset_description.json,
datacite.json, dataverse.json, ro-crate-metadata.json and the texts in materials/
show no answer that fewer than 10 people gave, and may be shown to others, for
instance in a catalogue. documentation/codebook.csv and .json, the report and the
anonymisation plan hold exact counts and belong with the data."""


def licence(context: DocumentContext) -> bytes:
    """LICENSE: CC BY 4.0 for an open file, else the agreement and its least terms."""
    given: Mapping[str, Any] = context.report.get("recipient") or {}
    words = {"name": "Given to", "agreement": "Agreement", "date": "Date"}
    lines = [f"\n{word}: {given[key]}" for key, word in words.items() if given.get(key)]
    filled = (_OPEN if context.open else _RESTRICTED).format(
        title=context.study.title,
        tier=context.tier["name"],
        label=context.tier["label"],
        link=CC_BY,
        recipient="".join(lines) + "\n" * bool(lines),
    )
    return joined([context.mark, filled])


def persons(context: DocumentContext) -> tuple[Author, ...]:
    """The authors of the data, where the site names them one by one, with their affiliation."""
    named = context.deposit.author or authors_of(context.facts.get(AUTHORS, ""))
    usual = context.facts.get("institution", "")
    return tuple(one if one.affiliation else replace(one, affiliation=usual) for one in named)


def authors(context: DocumentContext) -> str:
    """The makers of the data, as the site names them; the study's team where it names none."""
    team = f"The team of the study {context.study.name}"
    return in_words(persons(context)) or context.facts.get("researcher_names") or team


def titled(context: DocumentContext) -> str:
    """Return the title of the data, with its mark, and place and period where they are told."""
    deposit = context.deposit
    years = dict.fromkeys(part[:4] for part in deposit.period)
    where_and_when = [*deposit.place, "-".join(years)]
    said = [f"tier {context.tier['name']}", *filter(None, where_and_when)]
    whole = f"{context.study.title}: anonymised survey data, {', '.join(said)}"
    return f"[{context.mark}] {whole}" if context.mark else whole


def citation(context: DocumentContext) -> str:
    """Return how to cite the release. No date but a year that is told: the ledger holds it."""
    deposit = context.deposit
    publisher = deposit.publisher or context.facts.get("institution", "")
    said = [
        authors(context) + (f" ({deposit.year})." if deposit.year else "."),
        f"{titled(context)}, version {', '.join(context.versions)} [Data set].",
        publisher + "." * bool(publisher),
        f"SHA-256 of the data file: {context.digest}." * bool(context.digest),
    ]
    return " ".join(part for part in said if part)


def keywords(context: DocumentContext) -> list[str]:
    """Return what a catalogue can find the release by."""
    usual = ["survey", "anonymised microdata", "psychology", context.study.name.replace("-", " ")]
    return list(dict.fromkeys([*usual, *context.deposit.keywords]))


def languages(context: DocumentContext) -> list[str]:
    """Return the languages of the data: as told, else those in which people were asked."""
    asked = sorted({a.language for a in context.archived}) or [context.study.language]
    return list(context.deposit.languages) or asked


def contact(context: DocumentContext) -> dict[str, str]:
    """Return name and mail address of whom to ask, as far as they are told."""
    deposit, facts = context.deposit, context.facts
    said = {
        "name": deposit.contact_name or facts.get("institution", ""),
        "email": deposit.contact_email or facts.get("contact_email", ""),
    }
    # The fact may hold words beside the address, or none at all.
    return {key: value for key, value in said.items() if value} if "@" in said["email"] else {}


def grants(context: DocumentContext) -> tuple[Grant, ...]:
    """Return the grants that are told; else the funder as the site says it."""
    funder = context.facts.get("funder", "")
    usual = (Grant(funder),) if funder else ()
    return usual if context.deposit.grant is None else context.deposit.grant


def related_works(context: DocumentContext) -> tuple[RelatedWork, ...]:
    """Return the related works that are told, and the preregistration where it has an address."""
    plan = context.facts.get("prereg_url", "")
    works = context.deposit.related or ()
    known = {work.url for work in works}
    if re.fullmatch(r"https://\S+", plan) and plan not in known:
        works = (*works, RelatedWork("IsDocumentedBy", plan, "StudyRegistration"))
    return works


def not_told(context: DocumentContext) -> tuple[str, ...]:
    """Return the facts that archives ask for and that this release does not tell."""
    return missing_in(replace(context.deposit, author=persons(context)), context.facts)


def urn(context: DocumentContext) -> str:
    """The data file named by its content."""
    return f"urn:sha256:{context.digest}" if context.digest else ""


def _person(author: Author) -> dict[str, str]:
    said = {
        "family-names": author.family,
        "given-names": author.given,
        "affiliation": author.affiliation,
        "orcid": f"https://orcid.org/{author.orcid}" if author.orcid else None,
    }
    return {key: value for key, value in said.items() if value}


def citation_cff(context: DocumentContext) -> bytes:
    """CITATION.cff 1.2.0. It needs no release date, so two releases alike stay alike.

    Year and publisher, which the format knows of works but not of data sets, stand in the preferred
    citation.
    """
    affiliation = context.facts.get("institution")
    institution = [{"name": affiliation}] if affiliation else []
    makers = [_person(one) for one in persons(context)]
    named = [*(makers or [{"name": authors(context)}]), *institution]
    pairs: list[tuple[str, Any]] = [
        ("cff-version", "1.2.0"),
        ("message", "Please cite this data set when you use it."),
        ("type", "dataset"),
        ("title", titled(context)),
        ("abstract", f"{context.mark}. " * bool(context.mark) + description(context)),
        ("authors", named),
        ("version", ", ".join(context.versions)),
        ("keywords", keywords(context)),
    ]
    if context.open:
        pairs.append(("license", SPDX))
    if context.digest:
        about = "SHA-256 of the data file"
        content = {"type": "other", "value": urn(context), "description": about}
        pairs.append(("identifiers", [content]))
    if {"name", "email"} <= contact(context).keys():
        pairs.append(("contact", [contact(context)]))
    year, publisher = context.deposit.year, context.deposit.publisher
    if year or publisher:
        work: dict[str, Any] = {"type": "data", "title": titled(context), "authors": named}
        work |= {"year": year} if year else {}
        work |= {"publisher": {"name": publisher}} if publisher else {}
        pairs.append(("preferred-citation", work))
    # Values are JSON, which every YAML reader reads as what it is.
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in pairs]
    return joined([f"# {context.mark}" * bool(context.mark), *lines], "\n")


def description(context: DocumentContext) -> str:
    """Return what the release is, in two or three sentences."""
    rows = context.report.get("rows")
    size = f"{rows} rows, {len(context.codebook)} columns. " if rows else ""
    size += f"{context.sample} " if context.sample else ""
    return (
        f"Anonymised answers to the survey “{context.study.title}”, tier {context.tier['name']} "
        f"({context.tier['label']}, for {context.tier['audience']}). {size}{context.caution}"
    ).strip()


LATER = {
    "tables": "Later releases hold what was measured for earlier ones, unchanged, and add batches.",
    "rows": (
        "Later releases hold the rows of earlier ones byte for byte, and add batches. Where a new "
        "batch brings a level that mixes with others, its column comes at the end of each line."
    ),
    "texts": "Later releases hold the rows of earlier ones byte for byte, and add batches.",
}


def changes(context: DocumentContext) -> bytes:
    """CHANGES.md: batches in the file, versions of the words, corrections of earlier releases."""
    report = context.report
    tables = report.get("holds") == "tables"
    batches = [
        f"Batch {b['number']}: {b['rows']} {'people' if tables else 'rows'}"
        for b in report.get("segments", ())
    ]
    versions = [f"Version {v}, SHA-256 {d}" for v, d in report.get("words", {}).items()]
    corrections = [
        ", ".join(f"{k}: {v}" for k, v in c.items()) if isinstance(c, Mapping) else str(c)
        for c in report.get("corrections", ())
    ]
    none = "None. A faulty release is recalled by a correction, never replaced in silence."
    return markup.document(
        [
            "# Changes",
            f"**{context.mark}.**" * bool(context.mark),
            LATER[context.holds],
            markup.section("Batches in this release", markup.bullets(batches)),
            markup.section("Versions of the questions", markup.bullets(versions)),
            markup.section("Corrections", markup.bullets(corrections) or none),
        ]
    )


FILES = {
    "documentation/codebook.html": "every column: question, codes, routing, distribution; "
    "start here",
    "documentation/codebook.csv": "the same as a table, with exact counts",
    "documentation/codebook.json": "the same for programs",
    "documentation/ddi.xml": "the same for archives (DDI-Codebook 2.5)",
    "documentation/report.html": "how the data were protected, and what was measured",
    "documentation/report.json": "the same for programs",
    "documentation/motivated-intruder.md": "form for a person who tries to find people in the rows",
    "documentation/cherries.md": "reporting checklist for web surveys, prefilled",
    "documentation/consent-*": "what clients were told and agreed to, by version and language",
    "materials/questionnaire-*": "what was asked, by version and language",
    "analysis/import.*": "read the data with labels: R, SPSS, Stata, Python",
    "analysis/lift.*": "make the columns of one level from those of mixed levels, and compare",
    "analysis/score.*": "recompute every score from the items, and compare",
    "documentation/anonymisation-plan.md": "variable by variable, in the order that archives ask",
    "dataset_description.json": "metadata (Psych-DS)",
    "datacite.json": "metadata for a DOI (DataCite 4.5)",
    "dataverse.json": "metadata for Dataverse's native API",
    "ro-crate-metadata.json": "metadata of every file (RO-Crate 1.1)",
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
where missing. A code of 100 or more in a variable that was coarsened is a group of several \
answers: level x 100 + position; the codebook says which answers it covers. One column can hold \
several levels, because each row is coarsened no more than needed: it is labelled “Mixed levels” \
and is no number. Take a column of one level instead, and report -93 as a category of its own or \
as missing, never as an answer. In the \
variables that an outsider may know, -93 is the only missing code: withheld, or not answered for \
whatever reason. Why single answers to them are missing cannot be studied with this file; how many \
were, says the report. Text that a spreadsheet would run as a formula has an apostrophe in front; \
numbers never have."""

ONE_LEVEL = "Columns of one level, at the end of each line, -93 where a cell is coarser: {columns}."


def _one_level(context: DocumentContext) -> str:
    """Say which columns of one level there are; empty where there are none."""
    found: dict[str, list[str]] = {}
    for entry in context.codebook:
        if entry["part"] == LIFTED:
            found.setdefault(entry["items"][0], []).append(f"`{entry['variable']}`")
    said = "; ".join(f"{', '.join(names)} for `{source}`" for source, names in found.items())
    return ONE_LEVEL.format(columns=said) if said else ""


REVERSAL = "reversed items first become lowest + highest code - answer"
SCORES = f"""\
Worked out from the answers that this file shows; {REVERSAL}. -92 is “too few answered”. \
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
Every figure but the number of people was changed a little by chance, which makes it hard to work \
out from the tables what one person answered, even for somebody who knows all other answers \
(`tables/METHODS.md` says how hard)."""
OWN_WORDS = """\
Clients' own words can be recognised by whoever has heard them before: handle the file with the \
care that personal data ask for."""
OPEN = """\
It holds no column that the study names as known to somebody who was there, which lowers that risk \
and does not end it. Who is in it was drawn by lot among those who agreed; whoever holds a \
restricted file of the same answers sees who was left out."""


def _head(context: DocumentContext) -> list[str]:
    tier, rows = context.tier, context.report.get("rows")
    what = f"Tier {tier['name']}, {tier['label'].lower()}, for {tier['audience']}."
    sizes = {
        "rows": (
            f"{rows} rows, one for each answer sent; {len(context.codebook)} columns."
            f" {context.sample}".rstrip()
        ),
        "tables": f"Figures of {rows} people, with the bounds of the chance in them.",
        "texts": f"{rows} texts; nothing joins two texts of one person.",
    }
    size = sizes[context.holds] if rows else ""
    asked = f"Study `{context.study.name}`, questions of version {', '.join(context.versions)}."
    return [
        f"# {context.study.title}",
        f"**{context.mark}.**" * bool(context.mark),
        f"Anonymised survey data. {what} {size} {asked}".replace("  ", " "),
        f"> **{context.caution}**" * bool(context.caution),
    ]


def _start(context: DocumentContext) -> str:
    contents = {
        "tables": ["To read: `tables/tables.html`. For programs: `tables/*.csv`."],
        "texts": [f"Texts: `{context.data_path}` (UTF-8, comma, CRLF)."],
        "rows": [
            f"Data: `{context.data_path}` (UTF-8, comma, CRLF, integer codes).",
            "Meaning of every column: `documentation/codebook.html`.",
            "Reading it with labels: `analysis/import.R`, `.sps`, `.do` or `.py`.",
        ],
    }
    may = (
        "Use it freely, name the source (LICENSE: CC BY 4.0)."
        if context.open
        else "Use it only under your data use agreement; the least it asks stands in LICENSE."
    )
    never = "Do not try to recognise anybody, and do not join it with other data about persons."
    return markup.bullets([*contents[context.holds], may, never])


THE_DATA = "the data"


def _files(context: DocumentContext, paths: Collection[str]) -> str:
    written = {p: what for p, what in FILES.items() if fnmatch.filter(paths, p) or p in NOT_OURS}
    data = context.report.get("files", {})
    said = {".csv": THE_DATA} | {suffix: made.what for suffix, made in FORMATS.items()}
    others = {path: said.get(PurePosixPath(path).suffix, "") for path in data}
    # Data first; of a path that is named twice the later words stand.
    whole = {context.data_path: THE_DATA} if context.data_file else {}
    named = whole | others | dict(context.files) | written
    return markup.table(["file", "what"], [(f"`{path}`", what) for path, what in named.items()])


def _people(context: DocumentContext) -> str:
    """Return who is responsible and whom to ask, as far as the site says it."""
    facts = context.facts
    said = {
        "Responsible": facts.get("institution"),
        "Researchers": facts.get("researcher_names"),
        "Ethics approval": context.approval,
        "Plan": facts.get("prereg_url"),
        "Contact": facts.get("contact_email") or contact(context).get("email"),
        "Made with": context.report.get("program"),
    }
    return markup.bullets(f"{k}: {markup.plain(v)}" for k, v in said.items() if v)


ARCHIVES = """\
`CITATION.cff`, `datacite.json`, `dataverse.json` and `ro-crate-metadata.json` hold no count of \
answers but the number of rows. What is not told stands in none of them."""


def _archives(context: DocumentContext) -> str:
    lacking = ", ".join(not_told(context))
    told = "All that archives ask for is told."
    return f"{ARCHIVES} " + (f"Not told: {markup.plain(lacking)}." if lacking else told)


def _prints(context: DocumentContext) -> str:
    prints = context.report.get("fingerprints", {})
    lines = [f"{name}: `{value}`" for name, value in prints.items() if isinstance(value, str)]
    return markup.bullets([*lines, f"data file: `{context.digest}`"] if context.digest else lines)


def _keys(context: DocumentContext) -> str:
    """Key columns by what was done to them; those treated alike in one line."""
    alike = defaultdict(list)
    for name, done in treatments(context.report):
        alike[done].append(f"`{name}`")
    return markup.bullets(f"{', '.join(names)}: {done}" for done, names in alike.items())


def readme(context: DocumentContext, paths: Collection[str]) -> bytes:
    """README.md of the release; ``paths`` are the other documents in it."""
    # The rule of a score without what is said once for all.
    rules = [
        (f"`{e['variable']}`", e["label"], e["rule"].removesuffix(f"; {REVERSAL}"))
        for e in context.codebook
        if e["part"] == "score"
    ]
    scores = markup.table(["score", "what", "how"], rules) if rules else ""
    report = context.report
    told = [sentence for _, _, sentence in context.findings]
    told += [*segments(report), *left_out(report), *policy_notes(report)]
    missing = [(str(m.code), m.label) for m in context.study.missing]
    codes = markup.section(
        "Codes", CODES, _one_level(context), markup.table(["missing code", "meaning"], missing)
    )
    by_content = {"tables": COUNTED, "texts": OWN_WORDS}
    limits = markup.bullets(report.get("limits", ()))
    insiders = by_content.get(context.holds, OPEN if context.open else RESTRICTED)
    return markup.document(
        [
            *_head(context),
            markup.section("Start here", _start(context)),
            markup.section("Files", _files(context, paths)),
            markup.section("A file to practise on", markup.plain(report.get("twin", ""))),
            codes if context.holds == "rows" else "",
            markup.section("Scores", SCORES if scores else "", scores),
            markup.section("How it was protected", how(context)),
            markup.section("What was measured", markup.bullets(map(markup.plain, told))),
            markup.section("What was done to each key variable", _keys(context)),
            markup.section("What this does not protect against", limits),
            markup.section("Privacy and law", PRIVACY.format(insiders=insiders)),
            markup.section("Who", _people(context)),
            markup.section("Citing", citation(context)),
            markup.section("For archives", _archives(context)),
            markup.section("Fingerprints (SHA-256)", _prints(context)),
        ]
    )
