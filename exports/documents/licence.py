"""Who may do what with a release: LICENSE, CITATION.cff, and the change log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from exports.documents import markdown
from exports.documents.context import DocumentContext, joined

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
the release was made so that nobody can be recognised. We ask everyone not to
try, not to join it with other data about persons, and to tell the makers
without delay, and nobody else, should somebody seem to be recognisable. Data
protection law may forbid such an attempt, whatever this licence says."""

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
- Publish figures about groups only, none of fewer than 10 people.
- Keep the files where only the persons named can read them, and destroy them
  when the agreement ends.
- Should somebody seem to be recognisable, or a file be lost: stop, tell those
  responsible at once, and nobody else.

documentation/codebook.html, documentation/ddi.xml, dataset_description.json and
the texts in materials/ show no answer that fewer than 10 people gave, and may be
shown to others, for instance in a catalogue. documentation/codebook.csv and .json
and the report hold exact counts and belong with the data."""


def _recipient(context: DocumentContext) -> str:
    given: Mapping[str, Any] = context.report.get("recipient") or {}
    said = [
        f"Given to: {given['name']}" if given.get("name") else "",
        f"Agreement: {given['agreement']}" if given.get("agreement") else "",
        f"Date: {given['date']}" if given.get("date") else "",
    ]
    lines = [line for line in said if line]
    return "".join(f"\n{line}" for line in lines) + "\n" * bool(lines)


def licence(context: DocumentContext) -> bytes:
    """LICENSE: CC BY 4.0 for what anybody may have, else the agreement and its least terms."""
    text = _OPEN if context.open else _RESTRICTED
    tier = context.tier
    filled = text.format(
        title=context.study.title,
        tier=tier["name"],
        label=tier["label"],
        link=CC_BY,
        recipient=_recipient(context),
    )
    return joined([context.mark, filled])


def licence_words(context: DocumentContext) -> str:
    """The licence in one line."""
    return "CC BY 4.0" if context.open else "Restricted: only under a data use agreement (LICENSE)"


def authors(context: DocumentContext) -> str:
    """Those who made the data, as the site names them; the study itself where it names nobody."""
    return context.facts.get("researcher_names") or f"The team of the study {context.study.name}"


def _titled(context: DocumentContext) -> str:
    return f"{context.study.title}: anonymised survey data, tier {context.tier['name']}"


def citation(context: DocumentContext) -> str:
    """Return how to cite the release. No date: the ledger of releases holds it."""
    said = [
        f"{authors(context)}.",
        f"{_titled(context)}, version {', '.join(context.versions)} [Data set].",
        context.facts.get("institution", "") + "." * bool(context.facts.get("institution")),
        f"SHA-256 of the data file: {context.digest}." * bool(context.digest),
    ]
    return " ".join(part for part in said if part)


def keywords(context: DocumentContext) -> list[str]:
    """Return what a catalogue can find the release by."""
    return ["survey", "anonymised microdata", "psychology", context.study.name.replace("-", " ")]


def urn(context: DocumentContext) -> str:
    """The data file named by its content."""
    return f"urn:sha256:{context.digest}" if context.digest else ""


def citation_cff(context: DocumentContext) -> bytes:
    """CITATION.cff 1.2.0. It needs no release date, so two releases alike stay alike."""
    affiliation = context.facts.get("institution")
    author = {"name": authors(context)}
    institution = [{"name": affiliation}] if affiliation else []
    pairs: list[tuple[str, Any]] = [
        ("cff-version", "1.2.0"),
        ("message", "Please cite this data set when you use it."),
        ("type", "dataset"),
        ("title", _titled(context)),
        ("abstract", f"{context.mark}. " * bool(context.mark) + description(context)),
        ("authors", [author, *institution]),
        ("version", ", ".join(context.versions)),
        ("keywords", keywords(context)),
    ]
    if context.open:
        pairs.append(("license", SPDX))
    if context.digest:
        about = "SHA-256 of the data file"
        named = {"type": "other", "value": urn(context), "description": about}
        pairs.append(("identifiers", [named]))
    # Values are JSON, which every YAML reader reads as what it is.
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in pairs]
    return joined([f"# {context.mark}" * bool(context.mark), *lines], "\n")


def description(context: DocumentContext) -> str:
    """Return what the release is, in two or three sentences."""
    rows = context.report.get("rows")
    size = f"{rows} rows, {len(context.codebook)} columns. " if rows else ""
    return (
        f"Anonymised answers to the survey “{context.study.title}”, tier {context.tier['name']} "
        f"({context.tier['label']}, for {context.tier['audience']}). {size}{context.caution}"
    ).strip()


def changes(context: DocumentContext) -> bytes:
    """CHANGES.md: batches in the file, versions of the words, corrections of earlier releases."""
    report = context.report
    batches = [f"Batch {b['number']}: {b['rows']} rows" for b in report.get("segments", ())]
    versions = [f"Version {v}, SHA-256 {d}" for v, d in report.get("words", {}).items()]
    corrections = [
        ", ".join(f"{k}: {v}" for k, v in c.items()) if isinstance(c, Mapping) else str(c)
        for c in report.get("corrections", ())
    ]
    none = "None. A faulty release is recalled by a correction, never replaced in silence."
    return markdown.document(
        [
            "# Changes",
            f"**{context.mark}.**" * bool(context.mark),
            "Later releases hold the rows of earlier ones byte for byte, and add batches.",
            markdown.section("Batches in this release", markdown.bullets(batches)),
            markdown.section("Versions of the questions", markdown.bullets(versions)),
            markdown.section("Corrections", markdown.bullets(corrections) or none),
        ]
    )
