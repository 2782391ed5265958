"""The release described for catalogues: Psych-DS (schema.org) and DDI-Codebook 2.5.

Neither file holds counts of answers, so both can be published where the data cannot. The order of
elements follows the schema of DDI-Codebook 2.5 (DDI Alliance, 2012).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from exports.codebook import Entry
from exports.documents.codebook_page import PARTS
from exports.documents.context import DocumentContext, asked_in, number, pretty_json
from exports.documents.protection import figures, how, limits, policy_notes
from exports.documents.readme import (
    CC_BY,
    authors,
    citation,
    description,
    keywords,
    licence_words,
    urn,
)
from exports.files.formats import FORMATS

PRIVACY = (
    "No name, address, contact, time or order of arrival was stored. Quasi-identifiers were "
    "coarsened or withheld (-93) so that each row looks like enough others; see "
    "documentation/report.html. Do not try to recognise anybody, and do not join this file with "
    "other data about persons."
)
# Files that the standard does not cover; without this list its validator warns of each.
IGNORED = ("CITATION.cff", "LICENSE", "SHA256SUMS", *(f"*{suffix}" for suffix in FORMATS))


def _value(code: str, label: str, *, missing: bool) -> dict[str, Any]:
    value: dict[str, Any] = {"@type": "PropertyValue", "name": label, "value": code}
    return {**value, "description": "missing"} if missing else value


def _values(entry: Entry) -> list[dict[str, Any]]:
    codes: Mapping[str, str] = entry["codes"]
    missing: Mapping[str, str] = entry["missing"]
    return [
        *(_value(code, label, missing=False) for code, label in codes.items()),
        *(_value(code, label, missing=True) for code, label in missing.items()),
    ]


def _sentences(entry: Entry) -> str:
    """Label, question, routing, rule and treatment in one text."""
    asked = asked_in(entry)
    treatment = entry.get("treatment", "")
    said = [
        entry["label"],
        f"Question: {asked}" * bool(asked and asked != entry["label"]),
        entry.get("routing", ""),
        f"Rule: {entry['rule']}" if entry.get("rule") else "",
        f"This release: {treatment}" * (treatment not in ("", "As asked")),
    ]
    return " | ".join(part for part in said if part)


def variable(entry: Entry) -> dict[str, Any]:
    """One column as a schema.org PropertyValue; absent facts are left out."""
    low, high = entry.get("range") or (None, None)
    said: dict[str, Any] = {
        "@type": "PropertyValue",
        "name": entry["variable"],
        "description": _sentences(entry),
        "minValue": low,
        "maxValue": high,
        "measurementTechnique": entry.get("construct") or None,
        "unitText": entry["type"],
        "valueReference": _values(entry) or None,
    }
    return {key: value for key, value in said.items() if value is not None}


def dataset_description(context: DocumentContext) -> bytes:
    """The file as bytes; what the site does not say (funder, address) is left out."""
    mark = f"{context.mark}. " * bool(context.mark)
    funder = context.facts.get("funder")
    makers = (authors(context), context.facts.get("institution"))
    said: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": f"{context.study.title} (tier {context.tier['name']})",
        "description": mark + description(context),
        "author": [{"@type": "Organization", "name": name} for name in makers if name],
        "citation": citation(context),
        "license": CC_BY if context.open else "LICENSE",
        "funder": {"@type": "Organization", "name": funder} if funder else None,
        "url": context.facts.get("results_url") or None,
        "identifier": urn(context) or None,
        "keywords": keywords(context),
        "version": ", ".join(context.versions),
        "inLanguage": sorted({a.language for a in context.archived}) or [context.study.language],
        "privacyPolicy": PRIVACY,
        "usageInfo": f"{context.tier['label']}, for {context.tier['audience']}. See LICENSE.",
        "variableMeasured": [variable(entry) for entry in context.codebook],
    }
    return pretty_json({key: value for key, value in said.items() if value is not None})


def ignore_file() -> bytes:
    """.psychds-ignore."""
    return ("\n".join(IGNORED) + "\n").encode()


NAMESPACE = "ddi:codebook:2_5"
FILE_ID = "F1"
# What XML 1.0 cannot hold, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Node = ET.Element


def _node(name: str, /, *parts: Node | str, **attributes: str) -> Node:
    """An element with its children; texts among ``parts`` are its text."""
    node = ET.Element(name, {k: _clean(v) for k, v in attributes.items() if v})
    for part in parts:
        if isinstance(part, str):
            node.text = (node.text or "") + _clean(part)
        else:
            node.append(part)
    return node


def _clean(text: str) -> str:
    return _NOT_XML.sub(" ", text)


def _texts(name: str, texts: Iterable[str]) -> list[Node]:
    return [_node(name, text) for text in texts if text]


def _title(context: DocumentContext) -> Node:
    numbers = (
        [_node("IDNo", urn(context), agency="SHA-256 of the data file")] if context.digest else []
    )
    subtitle = f"Anonymised survey data, tier {context.tier['name']}: {context.tier['label']}"
    return _node(
        "titlStmt",
        _node("titl", context.study.title),
        _node("subTitl", subtitle),
        *_texts("altTitl", [context.mark]),
        *numbers,
    )


def _citation(context: DocumentContext) -> Node:
    facts = context.facts
    producer = _texts("producer", [facts.get("institution", "")])
    funder = _texts("fundAg", [facts.get("funder", "")])
    production = [_node("prodStmt", *producer, *funder)] if producer or funder else []
    author = _node("AuthEnty", authors(context), affiliation=facts.get("institution", ""))
    return _node(
        "citation",
        _title(context),
        _node("rspStmt", author),
        *production,
        _node("verStmt", _node("version", ", ".join(context.versions))),
        _node("biblCit", citation(context)),
    )


def _authorised(context: DocumentContext) -> list[Node]:
    board, number_ = context.facts.get("ethics_board", ""), context.facts.get("ethics_ref", "")
    if not board:
        return []
    said = _texts("authorizationStatement", [f"Reference {number_}" if number_ else ""])
    return [_node("studyAuthorization", _node("authorizingAgency", board), *said)]


def _about(context: DocumentContext) -> Node:
    subject = _node("subject", *_texts("keyword", keywords(context)))
    scope = _node(
        "sumDscr",
        _node("anlyUnit", "Individual"),
        _node("universe", "Self-selected sample of people who answered by link"),
        _node("dataKind", "Survey data, anonymised"),
    )
    return _node("stdyInfo", subject, _node("abstract", description(context)), scope)


def _method() -> Node:
    collected = _node(
        "dataColl",
        _node("collMode", "Self-administered web questionnaire, anonymous"),
        _node("resInstru", "Structured; the texts are in the folder materials"),
    )
    return _node("method", collected)


def _access(context: DocumentContext) -> Node:
    promise = "Do not try to recognise anybody; do not join with other data about persons."
    use = _node(
        "useStmt",
        _node("confDec", promise),
        _node("restrctn", licence_words(context)),
        _node("citReq", citation(context)),
        *_texts("disclaimer", [context.caution]),
    )
    return _node("dataAccs", use)


def _notes(context: DocumentContext) -> Iterator[Node]:
    """The anonymisation report."""
    if context.mark:
        yield _node("notes", context.mark, type="mark")
    yield _node("notes", how(context), type="anonymisation", subject="method")
    for label, _, sentence in figures(context):
        yield _node("notes", sentence, type="anonymisation", subject=label)
    for note in policy_notes(context.report):
        yield _node("notes", note, type="anonymisation", subject="policy")
    for limit in limits(context):
        yield _node("notes", limit, type="anonymisation", subject="limit")


def _study(context: DocumentContext) -> Node:
    return _node(
        "stdyDscr",
        _citation(context),
        *_authorised(context),
        _about(context),
        _method(),
        _access(context),
        *_notes(context),
    )


def _file(context: DocumentContext) -> Node:
    rows = context.report.get("rows")
    size = _node(
        "dimensns",
        *_texts("caseQnty", [str(rows) if rows is not None else ""]),
        _node("varQnty", str(len(context.codebook))),
    )
    missing = "Codes -99 to -90, declared for each variable (invalrng)"
    text = _node(
        "fileTxt",
        _node("fileName", context.data_path.rpartition("/")[2]),
        size,
        _node("fileType", "CSV, UTF-8, comma, CRLF, header"),
        _node("dataMsng", missing),
    )
    return _node("fileDscr", text, ID=FILE_ID)


def _questions(entry: Entry) -> Iterator[Node]:
    for branch, text in entry.get("question", {}).items():
        if text:
            before = [] if branch == "everybody" else [_node("preQTxt", f"Branch: {branch}")]
            hint = _texts("ivuInstr", [entry.get("hint", "")])
            yield _node("qstn", *before, _node("qstnLit", text), *hint)


def _valid(entry: Entry) -> Iterator[Node]:
    bounds = entry.get("range")
    if bounds:
        low, high = (number(b) for b in bounds)
        yield _node("valrng", _node("range", min=low, max=high))
    elif entry["codes"] and entry["type"] != "text":
        yield _node("valrng", *(_node("item", VALUE=code) for code in entry["codes"]))


def _categories(entry: Entry) -> Iterator[Node]:
    for code, label in entry["codes"].items():
        yield _node("catgry", _node("catValu", code), _node("labl", label))
    for code, label in entry["missing"].items():
        yield _node("catgry", _node("catValu", code), _node("labl", label), missing="Y")


def _id(entry: Entry) -> str:
    return "V_" + str(entry["variable"])


def _variable(entry: Entry) -> Node:
    decimal = entry["type"] == "decimal"
    treatment = entry.get("treatment", "")
    missing = [_node("item", VALUE=code) for code in entry["missing"]]
    return _node(
        "var",
        *_texts("labl", [entry["label"]]),
        *_questions(entry),
        *_valid(entry),
        *([_node("invalrng", *missing)] if missing else []),
        *_texts("universe", [entry.get("routing", "")]),
        *_texts("txt", [entry.get("note", "")]),
        *_categories(entry),
        *_texts("concept", [entry.get("construct", "")]),
        *([_node("derivation", _node("drvdesc", entry["rule"]))] if entry["rule"] else []),
        _node("varFormat", type="character" if entry["type"] == "text" else "numeric"),
        *_texts("notes", ["" if treatment == "As asked" else treatment]),
        ID=_id(entry),
        name=entry["variable"],
        files=FILE_ID,
        dcml=str(entry.get("decimals", 0)) if decimal else "",
        intrvl="contin" if entry.get("range") else "discrete",
    )


def _groups(context: DocumentContext) -> Iterator[Node]:
    for part, heading in PARTS.items():
        members = " ".join(_id(e) for e in context.codebook if e["part"] == part)
        if members:
            yield _node("varGrp", _node("labl", heading), type="section", var=members)


def ddi(context: DocumentContext) -> bytes:
    """The XML file: one codeBook in the study's language."""
    variables = [_variable(entry) for entry in context.codebook]
    root = _node(
        "codeBook",
        _study(context),
        _file(context),
        _node("dataDscr", *_groups(context), *variables),
        xmlns=NAMESPACE,
        version="2.5",
        **{"xml:lang": context.study.language},
    )
    ET.indent(root)
    mark = f"<!-- {context.mark} -->\n" * bool(context.mark)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{mark}{text}\n'.encode()
