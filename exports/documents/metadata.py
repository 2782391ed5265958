"""The release described for catalogues: Psych-DS (schema.org) and DDI-Codebook 2.5.

Neither file holds counts of answers, so both can be published where the data cannot. The order of
elements follows the schema of DDI-Codebook 2.5 (DDI Alliance, 2012).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from exports.codebook import AS_ASKED, Entry
from exports.documents.codebook_page import PARTS
from exports.documents.context import DocumentContext, number, pretty_json
from exports.documents.protection import how, policy_notes
from exports.documents.readme import (
    CC_BY,
    authors,
    citation,
    contact,
    description,
    grants,
    keywords,
    languages,
    persons,
    related_works,
    titled,
    urn,
)
from exports.files.formats import FORMATS
from exports.files.source import NOMINAL, ORDINAL, level_of, multiple_response_sets
from forms.authors import Author
from forms.deposit import Deposit, RelatedWork

PRIVACY = (
    "No name, address, contact, time or order of arrival was stored. Quasi-identifiers were "
    "coarsened or withheld (-93) so that each row looks like enough others; see "
    "documentation/report.html. Do not try to recognise anybody, and do not join this file with "
    "other data about persons."
)
UNIT = "Individual"
UNIVERSE = "Self-selected sample of people who answered by link"
KIND = "Survey data, anonymised"
# The term of the DDI Alliance's vocabulary ModeOfCollection.
MODE = "Self-administered questionnaire: Web-based (CAWI), anonymous"
RESTRICTED = "Restricted: only under a data use agreement (LICENSE)"
# .psychds-ignore: files that the standard does not cover; without it its validator warns of each.
IGNORED = (
    "CITATION.cff", "datacite.json", "dataverse.json", "ro-crate-metadata.json", "LICENSE",
    "SHA256SUMS", "twin-made-up.csv", *(f"*{suffix}" for suffix in FORMATS),
)  # fmt: skip


def _sentences(entry: Entry) -> str:
    """Label, question of all branches, routing, rule and treatment in one text."""
    question: Mapping[str, str] = entry.get("question", {})
    asked = question.get("everybody") or " / ".join(
        f"[{branch}] {text}" for branch, text in question.items() if text
    )
    treatment = entry.get("treatment", "")
    said = [
        entry["label"],
        f"Question: {asked}" * bool(asked and asked != entry["label"]),
        entry.get("routing", ""),
        f"Rule: {entry['rule']}" if entry.get("rule") else "",
        f"This release: {treatment}" * (treatment not in ("", AS_ASKED)),
    ]
    return " | ".join(part for part in said if part)


def variable(entry: Entry) -> dict[str, Any]:
    """One column as a schema.org PropertyValue; absent facts are left out."""
    low, high = entry.get("range") or (None, None)
    values = [
        {"@type": "PropertyValue", "name": label, "value": code} | more
        for part, more in (("codes", {}), ("missing", {"description": "missing"}))
        for code, label in entry[part].items()
    ]
    said: dict[str, Any] = {
        "@type": "PropertyValue",
        "name": entry["variable"],
        "description": _sentences(entry),
        "minValue": low,
        "maxValue": high,
        "measurementTechnique": entry.get("construct") or None,
        "unitText": entry["type"],
        "valueReference": values or None,
    }
    return {key: value for key, value in said.items() if value is not None}


def _person(author: Author) -> dict[str, str]:
    said = {
        "@type": "Person",
        "givenName": author.given,
        "familyName": author.family,
        "name": author.name,
        "affiliation": author.affiliation,
        "@id": f"https://orcid.org/{author.orcid}" if author.orcid else "",
    }
    return {key: value for key, value in said.items() if value}


def dataset_description(context: DocumentContext) -> bytes:
    """The file as bytes; what the site does not say (funder, address) is left out."""
    mark = f"{context.mark}. " * bool(context.mark)
    funder = context.facts.get("funder")
    institution = context.facts.get("institution")
    makers: list[dict[str, Any]] = [_person(one) for one in persons(context)]
    if not makers:
        makers.append({"@type": "Organization", "name": authors(context)})
    if institution:
        makers.append({"@type": "Organization", "name": institution})
    said: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": f"{context.study.title} (tier {context.tier['name']})",
        "description": mark + description(context),
        "author": makers,
        "citation": citation(context),
        "license": CC_BY if context.open else "LICENSE",
        "funder": {"@type": "Organization", "name": funder} if funder else None,
        "url": context.facts.get("results_url") or None,
        "identifier": urn(context) or None,
        "keywords": keywords(context),
        "version": ", ".join(context.versions),
        "inLanguage": languages(context),
        "privacyPolicy": PRIVACY,
        "usageInfo": f"{context.tier['label']}, for {context.tier['audience']}. See LICENSE.",
        "variableMeasured": [variable(entry) for entry in context.codebook],
    }
    return pretty_json({key: value for key, value in said.items() if value is not None})


NAMESPACE = "ddi:codebook:2_5"
FILE_ID = "F1"
# What XML 1.0 cannot hold, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Node = ET.Element


# ``name`` by position only: elements have attributes of that name.
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


def _filled(name: str, *parts: Node) -> list[Node]:
    """The element where it has something in it."""
    return [_node(name, *parts)] if parts else []


def _production(context: DocumentContext) -> list[Node]:
    given = grants(context)
    return _filled(
        "prodStmt",
        *_texts("producer", [context.facts.get("institution", "")]),
        *_texts("fundAg", dict.fromkeys(one.funder for one in given)),
        *(_node("grantNo", one.number, agency=one.funder) for one in given if one.number),
    )


def _distribution(context: DocumentContext) -> list[Node]:
    deposit, asked = context.deposit, contact(context)
    name, mail = asked.get("name", ""), asked.get("email", "")
    return _filled(
        "distStmt",
        *_texts("distrbtr", [deposit.publisher]),
        *([_node("contact", name, email=mail)] if mail else []),
        *([_node("distDate", date=str(deposit.year))] if deposit.year else []),
    )


def _citation(context: DocumentContext) -> Node:
    usual = context.facts.get("institution", "")
    makers = [
        _node("AuthEnty", f"{one.family}, {one.given}", affiliation=one.affiliation)
        for one in persons(context)
    ] or [_node("AuthEnty", authors(context), affiliation=usual)]
    subtitle = f"Anonymised survey data, tier {context.tier['name']}: {context.tier['label']}"
    title = _node("titlStmt", _node("titl", context.study.title), _node("subTitl", subtitle))
    title.extend(_texts("altTitl", [context.mark]))
    if context.digest:
        title.append(_node("IDNo", urn(context), agency="SHA-256 of the data file"))
    return _node(
        "citation",
        title,
        _node("rspStmt", *makers),
        *_production(context),
        *_distribution(context),
        _node("verStmt", _node("version", ", ".join(context.versions))),
        _node("biblCit", citation(context)),
    )


def _authorised(context: DocumentContext) -> list[Node]:
    board, number_ = context.facts.get("ethics_board", ""), context.facts.get("ethics_ref", "")
    if not board:
        return []
    stood = str(context.report.get("approval", ""))
    reference = f"Reference {number_}" if number_ else ""
    said = _texts("authorizationStatement", [reference, stood])
    return [_node("studyAuthorization", _node("authorizingAgency", board), *said)]


def _notes(context: DocumentContext) -> Iterator[Node]:
    """The anonymisation report."""
    if context.mark:
        yield _node("notes", context.mark, type="mark")
    yield _node("notes", how(context), type="anonymisation", subject="method")
    for label, _, sentence in context.findings:
        yield _node("notes", sentence, type="anonymisation", subject=label)
    for note in policy_notes(context.report):
        yield _node("notes", note, type="anonymisation", subject="policy")
    for limit in context.report.get("limits", ()):
        yield _node("notes", limit, type="anonymisation", subject="limit")


def _in_words(work: RelatedWork) -> str:
    return f"{work.relation}: {work.url}"


def sampling_of(deposit: Deposit) -> str:
    """Return how people were sampled: the vocabulary's term, then the study's own words."""
    return ": ".join(filter(None, (deposit.sampling, deposit.sampling_text)))


def _scope(context: DocumentContext) -> Node:
    dates = zip(("start", "end"), context.deposit.period, strict=False)
    return _node(
        "sumDscr",
        *(_node("collDate", date=day, event=event) for event, day in dates),
        *_texts("geogCover", context.deposit.place),
        _node("anlyUnit", UNIT),
        _node("universe", UNIVERSE),
        _node("dataKind", KIND),
    )


def _study(context: DocumentContext) -> Node:
    deposit = context.deposit
    topics = [_node("topcClas", one, vocab="Dataverse subjects") for one in deposit.subject]
    subject = _node("subject", *_texts("keyword", keywords(context)), *topics)
    collected = _node(
        "dataColl",
        *_texts("sampProc", [sampling_of(deposit)]),
        _node("collMode", MODE),
        _node("resInstru", "Structured; the texts are in the folder materials"),
        *_texts("weight", [deposit.weights]),
    )
    promise = "Do not try to recognise anybody; do not join with other data about persons."
    use = _node(
        "useStmt",
        _node("confDec", promise),
        _node("restrctn", "CC BY 4.0" if context.open else RESTRICTED),
        _node("citReq", citation(context)),
        *_texts("disclaimer", [context.caution]),
    )
    return _node(
        "stdyDscr",
        _citation(context),
        *_authorised(context),
        _node("stdyInfo", subject, _node("abstract", description(context)), _scope(context)),
        _node("method", collected),
        _node("dataAccs", use),
        *_filled("othrStdyMat", *_texts("relMat", map(_in_words, related_works(context)))),
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


def _id(entry: Entry) -> str:
    return "V_" + str(entry["variable"])


def _variable(entry: Entry) -> Node:
    decimal = entry["type"] == "decimal"
    treatment = entry.get("treatment", "")
    missing = [_node("item", VALUE=code) for code in entry["missing"]]
    categories = [
        _node("catgry", _node("catValu", code), _node("labl", label), missing=mark)
        for part, mark in (("codes", ""), ("missing", "Y"))
        for code, label in entry[part].items()
    ]
    return _node(
        "var",
        *_texts("labl", [entry["label"]]),
        *_questions(entry),
        *_valid(entry),
        *([_node("invalrng", *missing)] if missing else []),
        *_texts("universe", [entry.get("routing", "")]),
        *_texts("txt", [entry.get("note", "")]),
        *categories,
        *_texts("concept", [entry.get("construct", "")]),
        *([_node("derivation", _node("drvdesc", entry["rule"]))] if entry["rule"] else []),
        _node("varFormat", type="character" if entry["type"] == "text" else "numeric"),
        *_texts("notes", ["" if treatment == AS_ASKED else treatment]),
        ID=_id(entry),
        name=entry["variable"],
        files=FILE_ID,
        dcml=str(entry.get("decimals", 0)) if decimal else "",
        intrvl="contin" if entry.get("range") else "discrete",
        nature=level if (level := level_of(entry)) in (NOMINAL, ORDINAL) else "",
    )


def ddi(context: DocumentContext) -> bytes:
    """The XML file: one codeBook in the study's language."""
    data = _node("dataDscr")
    for part, heading in PARTS.items():
        members = " ".join(_id(e) for e in context.codebook if e["part"] == part)
        if members:
            group = _node("varGrp", _node("labl", heading), type="section", var=members)
            data.append(group)
    for one in multiple_response_sets(context.codebook):
        members = " ".join(f"V_{variable}" for variable in one.variables)
        label = _node("labl", one.label)
        data.append(_node("varGrp", label, type="multipleResp", var=members, name=one.name))
    data.extend(_variable(entry) for entry in context.codebook)
    about = _node("docDscr", _node("citation", _node("titlStmt", _node("titl", titled(context)))))
    root = _node(
        "codeBook",
        about,
        _study(context),
        _file(context),
        data,
        xmlns=NAMESPACE,
        version="2.5",
    )
    # Not on the root: Dataverse's importer refuses it there (IQSS/dataverse #11932).
    for section in root:
        section.set("xml:lang", context.study.language)
    ET.indent(root)
    mark = f"<!-- {context.mark} -->\n" * bool(context.mark)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{mark}{text}\n'.encode()
