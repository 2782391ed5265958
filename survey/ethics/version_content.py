"""One version of a study as plain data: what there is to compare, from a folder or an archive.

A version taken apart: every text, code, condition and figure with a name of its own.

Two versions are compared part by part, so what keeps its name and changes its words shows as a
change, and what changes its place shows as moved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from typing import Any, cast

from forms.fingerprint import plain
from survey.ethics.change_rule import CHECKED, NAME_ONLY, PROSE
from survey.studies.fingerprints import VersionFingerprints
from survey.studies.version import StudyVersion, fingerprints_of

Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VersionContent:
    """A version: ``words`` is its fingerprint, ``said`` the canonical content it stands for.

    Where only the words were archived, ``policy``, ``support`` and ``facts`` are None.
    """

    words: str
    said: Said
    policy: Said | None = None
    support: Said | None = None
    facts: Mapping[str, str] | None = None
    fingerprints: VersionFingerprints | None = None

    @property
    def id(self) -> str:
        """Short and unique: of all three fingerprints, or of the words alone."""
        whole = (
            sha256("\n".join(self.fingerprints).encode()).hexdigest()
            if self.fingerprints
            else self.words
        )
        return whole[:16]

    @property
    def name(self) -> str:
        """The version's own name."""
        return str(self.said.get("version", ""))

    @property
    def language(self) -> str:
        """Language of the words."""
        return str(self.said.get("language", "en"))

    @property
    def whole(self) -> bool:
        """Whether everything is there, or only the words."""
        return self.fingerprints is not None


def content_of_version(version: StudyVersion) -> VersionContent:
    """The version that ``version`` is."""
    study = version.study
    return VersionContent(
        words=study.fingerprints.words,
        said=json.loads(study.content),
        policy=_mapping(study.policy),
        support=_mapping(study.support),
        facts=dict(version.facts),
        fingerprints=fingerprints_of(version),
    )


def content_of_archive(words: str, content: str) -> VersionContent:
    """The version whose words and routing are archived as ``content`` (canonical JSON)."""
    return VersionContent(words=words, said=json.loads(content))


def _mapping(value: object) -> Said:
    return cast("Said", plain(value))


# What a change can touch, in the order of a board's interest.
GROUPS = {
    "consent": "Consent and information",
    "routing": "Routing",
    "question": "Questions",
    "policy": "Release policy",
    "support": "Help lines",
    "facts": "Site facts",
    "study": "The study and its scoring",
}
CONSENT, ROUTING, QUESTION, POLICY, SUPPORT, FACTS, STUDY = GROUPS

PASSAGES = {
    "key_facts": "Key facts",
    "details": "More detail",
    "notice": "Data protection notice",
    "debrief": "Thank you and debrief",
    "board_note": "Notes for the board",
}
BUTTONS = ("agree", "decline")
Made = Iterator["ContentPart"]


@dataclass(frozen=True, slots=True)
class ContentPart:
    """One thing that can change: its group, its unchanging name, where it stands, and its text.

    ``kind`` is PROSE for running text, else the reason for which any change of it counts.
    """

    group: str
    id: str
    where: str
    text: str
    kind: str = PROSE

    @property
    def owner(self) -> str:
        """The question, passage, page … that this is a part of."""
        return self.id.partition("|")[0]


def parts_of(edition: VersionContent) -> dict[str, ContentPart]:
    """Every part by its id. What an archive of words alone does not hold is not in it."""
    said = edition.said
    made = chain(
        _study(said),
        _consent(said["consent"]),
        *(_page(page) for page in said["pages"]),
        _branches(said.get("branches", ())),
        _figures(POLICY, "release policy", edition.policy or {}, "release policy"),
        _support(edition.support) if edition.support else (),
        _facts(edition.facts or {}),
    )
    return {part.id: part for part in made if part.text}


def groups_of(edition: VersionContent) -> frozenset[str]:
    """The groups that this version can be compared in."""
    known = {POLICY: edition.policy, SUPPORT: edition.support, FACTS: edition.facts}
    return frozenset(group for group in GROUPS if known.get(group, ()) is not None)


def _study(said: Said) -> Made:
    yield ContentPart(STUDY, "title", "Title of the study", said["title"])
    yield ContentPart(STUDY, "version", "Version", said["version"], NAME_ONLY)
    for key, where in (
        ("address", "Address of the study"),
        ("language", "Language"),
        ("exit", "Where “Leave now” leads"),
        ("reading_grade", "Reading grade allowed"),
        ("duration_bands", "Bands of duration, in minutes"),
        ("minutes", "Minutes told to clients"),
    ):
        yield ContentPart(STUDY, key, where, _plainly(said.get(key, "")), "a setting of the study")
    for key in ("missing", "scales", "composites", "differences", "quality"):
        yield from _figures(STUDY, key, said.get(key) or {}, "codes and scoring")


def _consent(said: Said) -> Made:
    yield ContentPart(
        CONSENT, "consent version", "Version of the consent", said["version"], NAME_ONLY
    )
    codes = "yes" if said["receipt_code"] else "no"
    yield ContentPart(
        CONSENT, "receipt_code", "Deletion code offered", codes, "whether codes are given"
    )
    for key, text in said["texts"].items():
        kind = "a button of consent" if key in BUTTONS else PROSE
        yield ContentPart(CONSENT, f"text {key}", f"Sentence “{key.replace('_', ' ')}”", text, kind)
    for section, name in PASSAGES.items():
        for p in said.get(section, ()):
            yield from _passage(CONSENT, p, name)
    for question in said.get("eligibility", ()):
        who = f"Before you start: {question['id']}"
        yield from _each(
            CONSENT, f"eligibility {question['id']}", who, question, "who may take part"
        )
    for s in said["statements"]:
        where = f"Consent statement {s['id']}"
        yield from _each(CONSENT, f"statement {s['id']}", where, s, "a consent statement")
    for item in said.get("checklist", ()):
        where = f"Checklist {item['id']}"
        yield from _each(CONSENT, f"checklist {item['id']}", where, item, "the board’s checklist")
    for key in ("optional_facts", "board_facts"):
        where = key.replace("_", " ").capitalize()
        yield ContentPart(
            CONSENT, key, where, _plainly(said.get(key, ())), "which facts may be empty"
        )


def _passage(group: str, passage: Said, name: str) -> Made:
    heading = passage["heading"]
    where = f"{name}: {heading or passage['id']}"
    yield ContentPart(group, f"passage {passage['id']}|heading", f"{where} (heading)", heading)
    yield ContentPart(group, f"passage {passage['id']}|text", where, passage["text"])


def _each(group: str, id_: str, where: str, said: Said, kind: str) -> Made:
    """A part for each thing that is said under one id."""
    for key, value in said.items():
        if key != "id":
            told = where if key == "text" else f"{where} ({key})"
            yield ContentPart(group, f"{id_}|{key}", told, _plainly(value), kind)


def _page(page: Said) -> Made:
    where, id_ = f"Page “{page['title']}”", f"page {page['id']}"
    yield ContentPart(QUESTION, f"{id_}|title", f"{where} (title)", page["title"])
    yield from _wording(f"{id_}|intro", f"{where} (introduction)", page["intro"])
    shown = _condition(page.get("show_if", ()))
    yield ContentPart(ROUTING, f"{id_}|show_if", f"{where} is shown", shown, "routing")
    for key in ("sensitive", "answer_once"):
        if page.get(key):
            yield ContentPart(
                QUESTION, f"{id_}|{key}", f"{where} ({key})", "yes", "how a page behaves"
            )
    if page.get("support"):
        yield from _each(QUESTION, f"{id_}|support", where, page["support"], "when help is offered")
    for question in page["questions"]:
        yield from _question(question)


def _question(q: Said) -> Made:
    id_, where = f"question {q['name']}", f"Question {q['name']}"
    yield from _wording(f"{id_}|text", where, q["text"])
    for key in ("hint", "minimum_label", "maximum_label"):
        yield ContentPart(
            QUESTION, f"{id_}|{key}", f"{where} ({key.replace('_', ' ')})", q.get(key, "")
        )
    shown = _condition(q.get("show_if", ()))
    yield ContentPart(ROUTING, f"{id_}|show_if", f"{where} is shown", shown, "routing")
    for row in q.get("rows", ()):
        yield ContentPart(
            QUESTION, f"{id_}|row {row['variable']}", f"{where}, row {row['variable']}", row["text"]
        )
    for option in q.get("options", ()):
        code = f"{option['code']}" + (f" {option['key']}" if option.get("key") else "")
        yield ContentPart(
            QUESTION, f"{id_}|option {code}", f"{where}, answer {code}", option["label"]
        )
    offered = [f"{m['code']} {m['label']}" for m in q.get("missing", ())]
    yield ContentPart(
        QUESTION, f"{id_}|missing", f"{where}, also offered", "; ".join(offered), "codes"
    )
    for key in ("kind", "required", "minimum", "maximum", "max_length", "apart", "random_order",
                "construct"):  # fmt: skip
        value = _plainly(q.get(key, ""))
        yield ContentPart(
            QUESTION, f"{id_}|{key}", f"{where} ({key.replace('_', ' ')})", value, _HOW
        )
    yield ContentPart(
        QUESTION, f"{id_}|note", f"{where} (note for the codebook)", q.get("note", "")
    )


_HOW = "how a question is asked or kept"


def _wording(id_: str, where: str, said: Said) -> Made:
    yield ContentPart(QUESTION, id_, where, said.get("everybody", ""))
    for branch, text in said.get("by_branch", ()):
        yield ContentPart(QUESTION, f"{id_} {branch}", f"{where}, on the way “{branch}”", text)


def _branches(branches: Sequence[Said]) -> Made:
    for b in branches:
        where = f"Way “{b['name']}”"
        yield ContentPart(
            ROUTING, f"branch {b['name']}|when", where, _condition(b["when"]), "routing"
        )
        named = f"{b['code']} {b['label']}"
        yield ContentPart(
            ROUTING, f"branch {b['name']}|code", f"{where} in a release", named, "routing"
        )


def _condition(condition: Sequence[Any]) -> str:
    shown = [f"{column} is {' or '.join(map(str, codes))}" for column, codes in condition]
    return f"if {' and '.join(shown)}" if shown else "to everybody"


def _support(said: Said) -> Made:
    yield ContentPart(SUPPORT, "support intro", "Help page (introduction)", said["intro"])
    for passage in said["passages"]:
        yield from _passage(SUPPORT, passage, "Help page")
    for place, number in said["emergency"]:
        where = f"Emergency number, {place}"
        yield ContentPart(SUPPORT, f"emergency {place}", where, number, "a help line")
    for line in said["lines"]:
        places = ", ".join(line["countries"]) or "anywhere"
        id_, where = f"line {places} {line['name']}", f"{line['name']} ({places})"
        for key in ("contact", "url", "youth"):
            value = _plainly(line.get(key, ""))
            yield ContentPart(SUPPORT, f"{id_}|{key}", f"{where}, {key}", value, "a help line")
        checked = line["last_checked"] or "not yet"
        yield ContentPart(SUPPORT, f"{id_}|checked", f"{where}, last checked", checked, CHECKED)


def _facts(facts: Mapping[str, str]) -> Made:
    for name, value in facts.items():
        yield ContentPart(FACTS, f"fact {name}", f"Fact “{name}”", value, "a fact of the site")


def _figures(group: str, id_: str, value: Any, kind: str) -> Made:
    """Every figure of something nested, by the way that leads to it."""
    where = id_.replace("_", " ").capitalize()
    for path, text in _leaves(value):
        name = " › ".join(path)
        yield ContentPart(group, f"{id_} {name}", f"{where}: {name}" if name else where, text, kind)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list) and value and isinstance(value[0], dict | list):
        for n, inner in enumerate(value, start=1):
            yield from _leaves(inner, (*path, _called(inner) or str(n)))
    else:
        yield path, _plainly(value)


def _called(value: Any) -> str:
    """What a thing in a list is called, so that a new neighbour does not rename it."""
    if not isinstance(value, dict):
        return ""
    found = next((value[key] for key in ("name", "variable", "label", "code") if key in value), "")
    return str(found)


def _plainly(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_plainly, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
