"""Versions of a study taken apart: every text, code, condition and figure with a name of its own.

Two versions are compared part by part, so what keeps its name and changes its words shows as a
change, and what changes its place shows as moved. A version comes from a folder or an archive.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any, cast

from forms.fingerprint import plain
from survey.storage.studies import Approval
from survey.studies.approvals import ArchivedVersionInvalid, load_archived, whole
from survey.studies.fingerprints import VersionFingerprints
from survey.studies.version import StudyVersion, fingerprints_of

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VersionContent:
    """A version: ``words`` is its fingerprint, ``document`` the canonical content it stands for.

    Where only the words were archived, ``policy``, ``support`` and ``facts`` are None.
    """

    words: str
    document: Json
    policy: Json | None = None
    support: Json | None = None
    facts: Mapping[str, str] | None = None
    fingerprints: VersionFingerprints | None = None

    @property
    def id(self) -> str:
        """Short and unique: of all three fingerprints, or of the words alone."""
        return (whole(self.fingerprints) if self.fingerprints else self.words)[:16]

    @property
    def name(self) -> str:
        """The version's own name."""
        return str(self.document.get("version", ""))

    @property
    def language(self) -> str:
        """Language of the words."""
        return str(self.document.get("language", "en"))


def content_of_version(version: StudyVersion) -> VersionContent:
    """Return the whole content of ``version``."""
    study = version.study
    return VersionContent(
        words=study.fingerprints.words,
        document=json.loads(study.content),
        policy=cast("Json", plain(study.policy)),
        support=cast("Json", plain(study.support)),
        facts=dict(version.facts),
        fingerprints=fingerprints_of(version),
    )


def content_of_archive(words: str, content: str) -> VersionContent:
    """Return the version whose words and routing are archived as ``content`` (canonical JSON)."""
    document = json.loads(content)
    return VersionContent(words=words, document=document, support=document.get("support"))


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version, and in words whether it is proposed, served, approved or archived."""

    content: VersionContent
    statuses: tuple[str, ...]
    approved: bool = False

    @property
    def name(self) -> str:
        """The version with its statuses, for a list to choose from."""
        return f"{self.content.name} ({self.content.id[:8]}…), {'; '.join(self.statuses)}"


def known_versions(
    *,
    proposed: StudyVersion | None,
    served: StudyVersion,
    approvals: Iterable[Approval],
    archived: Mapping[str, str],
    data: Path,
    whole: bool = True,
) -> tuple[KnownVersion, ...]:
    """Return every version, the newest first; ``archived`` maps words (hex) to content.

    Without ``proposed`` the folder's is left out; not ``whole``: without facts for the board alone.
    """
    found: dict[str, KnownVersion] = {}

    def add(content: VersionContent, status: str, *, approved: bool = False) -> None:
        known = found.get(content.id, KnownVersion(content, ()))
        found[content.id] = replace(
            known, statuses=(*known.statuses, status), approved=known.approved or approved
        )

    if proposed is not None:
        add(content_of_version(proposed), "in the study folder now")
    if proposed is None or fingerprints_of(served) != fingerprints_of(proposed):
        add(content_of_version(served), "served now")
    for approval in reversed(list(approvals)):
        if content := _approved(data, approval, archived, whole=whole):
            revoked = ", revoked" if approval.revoked else ""
            status = f"approved {approval.approved_on}, {approval.reference}{revoked}"
            add(content, status, approved=True)
    listed = {one.content.words for one in found.values()}
    for words, document in archived.items():
        if words not in listed:
            add(content_of_archive(words, document), "offered here once, words only")
    return tuple(found.values())


@lru_cache(maxsize=64)
def _archived(
    data: Path, study: str, fingerprints: VersionFingerprints, *, whole: bool
) -> VersionContent:
    """Return an archived version, read once: it never changes. Raises ArchivedVersionInvalid."""
    version = load_archived(data, study, fingerprints)
    return content_of_version(version if whole else version.public)


def _approved(
    data: Path, of: Approval, archived: Mapping[str, str], *, whole: bool
) -> VersionContent | None:
    """Return what was signed: whole where it was archived, else its words, else nothing."""
    words = of.fingerprints.words
    try:
        return _archived(data, of.study, of.fingerprints, whole=whole)
    except ArchivedVersionInvalid:
        if words not in archived:
            return None
        return replace(content_of_archive(words, archived[words]), fingerprints=of.fingerprints)


def version_before(versions: tuple[KnownVersion, ...], now: KnownVersion) -> KnownVersion | None:
    """Return what ``now`` is compared with first: approved last, else served, else any."""
    others = [one for one in versions if one.content.id != now.content.id]
    return min(others, key=lambda one: not one.approved, default=None)


PROSE = ""  # the kind of a part that is running text; any other kind is the reason it gives
NAME_ONLY, CHECKED = "name of the version", "date of a check"
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
    "leaflet": "Leaflet",
    "board_note": "Notes for the board",
}
BUTTONS = ("agree", "decline")
Parts = Iterator["ContentPart"]


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


def parts_of(version: VersionContent) -> dict[str, ContentPart]:
    """Return every part by its id; what an archive of words alone does not hold is left out."""
    words = version.document
    parts = chain(
        _study(words),
        _consent(words["consent"]),
        *(_page(page) for page in words["pages"]),
        *(_branch(branch) for branch in words.get("branches", ())),
        _figures(POLICY, "release policy", version.policy or {}, "release policy"),
        _support(version.support) if version.support else (),
        (
            ContentPart(FACTS, f"fact {name}", f"Fact “{name}”", value, "a fact of the site")
            for name, value in (version.facts or {}).items()
        ),
    )
    # What is empty and what is absent are the same to a reader, so neither is a part.
    return {part.id: part for part in parts if part.text}


def groups_of(version: VersionContent) -> frozenset[str]:
    """Return the groups that this version can be compared in."""
    archived = {POLICY: version.policy, SUPPORT: version.support, FACTS: version.facts}
    return frozenset(group for group in GROUPS if archived.get(group, ()) is not None)


def _study(words: Json) -> Parts:
    part = partial(ContentPart, STUDY)
    yield part("title", "Title of the study", words["title"])
    yield part("version", "Version", words["version"], NAME_ONLY)
    for key, where in (
        ("address", "Address of the study"),
        ("language", "Language"),
        ("exit", "Where “Leave now” leads"),
        ("reading_grade", "Reading grade allowed"),
        ("duration_bands", "Bands of duration, in minutes"),
        ("minutes", "Minutes told to clients"),
    ):
        yield part(key, where, _plainly(words.get(key, "")), "a setting of the study")
    for key in ("missing", "scales", "composites", "differences", "quality"):
        yield from _figures(STUDY, key, words.get(key) or {}, "codes and scoring")


def _consent(consent: Json) -> Parts:
    part = partial(ContentPart, CONSENT)
    yield part("consent version", "Version of the consent", consent["version"], NAME_ONLY)
    codes = "yes" if consent["receipt_code"] else "no"
    yield part("receipt_code", "Deletion code offered", codes, "whether codes are given")
    for key, text in consent["texts"].items():
        kind = "a button of consent" if key in BUTTONS else PROSE
        yield part(f"text {key}", f"Sentence “{key.replace('_', ' ')}”", text, kind)
    for section, name in PASSAGES.items():
        for passage in consent.get(section, ()):
            yield from _passage(CONSENT, passage, name)
    for section, id_, where, kind in (
        ("eligibility", "eligibility", "Before you start:", "who may take part"),
        ("comprehension", "comprehension", "Question before consent", "a question before consent"),
        ("statements", "statement", "Consent statement", "a consent statement"),
        ("checklist", "checklist", "Checklist", "the board’s checklist"),
    ):
        for one in consent.get(section, ()):
            yield from _each(CONSENT, f"{id_} {one['id']}", f"{where} {one['id']}", one, kind)
    for key in ("optional_facts", "board_facts"):
        where = key.replace("_", " ").capitalize()
        yield part(key, where, _plainly(consent.get(key, ())), "which facts may be empty")


def _passage(group: str, passage: Json, name: str) -> Parts:
    id_, heading = f"passage {passage['id']}", passage["heading"]
    where = f"{name}: {heading or passage['id']}"
    yield ContentPart(group, f"{id_}|heading", f"{where} (heading)", heading)
    yield ContentPart(group, f"{id_}|text", where, passage["text"])
    only_if = _only_if(passage.get("only_if"))
    yield ContentPart(group, f"{id_}|only_if", f"{where} is shown", only_if, "for which sites")


def _only_if(given: Sequence[str] | None) -> str:
    return f"where {given[0]} is “{given[1]}”" if given else ""


def _each(group: str, id_: str, where: str, values: Json, kind: str) -> Parts:
    """Yield a part for each value under one id."""
    for key, value in values.items():
        if key == "only_if":
            yield ContentPart(group, f"{id_}|only_if", f"{where} is shown", _only_if(value), kind)
        elif key != "id":
            place = where if key == "text" else f"{where} ({key})"
            yield ContentPart(group, f"{id_}|{key}", place, _plainly(value), kind)


def _page(page: Json) -> Parts:
    where, id_ = f"Page “{page['title']}”", f"page {page['id']}"
    yield ContentPart(QUESTION, f"{id_}|title", f"{where} (title)", page["title"])
    yield from _wording(f"{id_}|intro", f"{where} (introduction)", page["intro"])
    yield _shown_if(id_, where, page)
    for key in ("sensitive", "answer_once"):
        if page.get(key):
            kind = "how a page behaves"
            yield ContentPart(QUESTION, f"{id_}|{key}", f"{where} ({key})", "yes", kind)
    if page.get("support"):
        yield from _each(QUESTION, f"{id_}|support", where, page["support"], "when help is offered")
    for question in page["questions"]:
        yield from _question(question)


def _shown_if(id_: str, where: str, thing: Json) -> ContentPart:
    text = _condition(thing.get("show_if", ()))
    return ContentPart(ROUTING, f"{id_}|show_if", f"{where} is shown", text, "routing")


def _question(q: Json) -> Parts:
    part = partial(ContentPart, QUESTION)
    id_, where = f"question {q['name']}", f"Question {q['name']}"
    yield from _wording(f"{id_}|text", where, q["text"])
    for key in ("hint", "minimum_label", "maximum_label"):
        yield part(f"{id_}|{key}", f"{where} ({key.replace('_', ' ')})", q.get(key, ""))
    yield _shown_if(id_, where, q)
    for row in q.get("rows", ()):
        name = f"row {row['variable']}"
        yield part(f"{id_}|{name}", f"{where}, {name}", row["text"])
    for option in q.get("options", ()):
        code = f"{option['code']}" + (f" {option['key']}" if option.get("key") else "")
        yield part(f"{id_}|option {code}", f"{where}, answer {code}", option["label"])
    missing = "; ".join(f"{m['code']} {m['label']}" for m in q.get("missing", ()))
    yield part(f"{id_}|missing", f"{where}, also offered", missing, "codes")
    for key in ("kind", "required", "minimum", "maximum", "max_length", "apart", "random_order",
                "construct"):  # fmt: skip
        place, value = f"{where} ({key.replace('_', ' ')})", _plainly(q.get(key, ""))
        yield part(f"{id_}|{key}", place, value, "how a question is asked or kept")
    yield part(f"{id_}|note", f"{where} (note for the codebook)", q.get("note", ""))


def _wording(id_: str, where: str, wording: Json) -> Parts:
    yield ContentPart(QUESTION, id_, where, wording.get("everybody", ""))
    for branch, text in wording.get("by_branch", ()):
        yield ContentPart(QUESTION, f"{id_} {branch}", f"{where}, on the way “{branch}”", text)


def _branch(b: Json) -> Parts:
    part, id_, where = partial(ContentPart, ROUTING), f"branch {b['name']}", f"Way “{b['name']}”"
    yield part(f"{id_}|when", where, _condition(b["when"]), "routing")
    yield part(f"{id_}|code", f"{where} in a release", f"{b['code']} {b['label']}", "routing")


def _condition(condition: Sequence[Any]) -> str:
    shown = [f"{column} is {' or '.join(map(str, codes))}" for column, codes in condition]
    return f"if {' and '.join(shown)}" if shown else "to everybody"


def _support(support: Json) -> Parts:
    part = partial(ContentPart, SUPPORT)
    yield part("support intro", "Help page (introduction)", support["intro"])
    for passage in support["passages"]:
        yield from _passage(SUPPORT, passage, "Help page")
    for place, number in support["emergency"]:
        yield part(f"emergency {place}", f"Emergency number, {place}", number, "a help line")
        held = _plainly(support.get("emergency_for", {}).get(place, ()))
        yield part(f"emergency {place}|for", f"Emergency number, {place}, for", held, "a help line")
    compared = support.get("emergency_last_checked", "") or "not yet"
    yield part("emergency checked", "Emergency numbers, last checked", compared, CHECKED)
    for line in support["lines"]:
        places = ", ".join(line["countries"]) or "anywhere"
        id_, where = f"line {places} {line['name']}", f"{line['name']} ({places})"
        for key in ("contact", "url", "youth", "hours", "cost", "languages"):
            value = _plainly(line.get(key, ""))
            yield part(f"{id_}|{key}", f"{where}, {key}", value, "a help line")
        checked = line.get("last_checked", "") or "not yet"
        yield part(f"{id_}|checked", f"{where}, last checked", checked, CHECKED)


def _figures(group: str, id_: str, value: Any, kind: str) -> Parts:
    """Yield every figure of something nested, by the way that leads to it."""
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
            named = inner if isinstance(inner, dict) else {}
            # A name of its own before its number, which a new neighbour would change.
            keys = (k for k in ("name", "variable", "label", "code") if k in named)
            yield from _leaves(inner, (*path, str(named.get(next(keys, ""), "")) or str(n)))
    else:
        yield path, _plainly(value)


def _plainly(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_plainly, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
