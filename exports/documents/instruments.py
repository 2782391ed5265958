"""Consent texts and questionnaire as clients read them, by version and language.

The words come from the archived content of each wording that stands in the data, not from the
study folder of today. Facts of the site (names, addresses) are filled in as they are at release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exports.documents import markup
from exports.documents.context import DocumentContext, file_word
from exports.documents.markup import render_page
from forms.routing import joined as listed
from forms.site_facts import fill

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WordingBlock:
    """One piece of a text: ``kind`` is h2, h3, text, items or note."""

    kind: str
    text: str = ""
    items: tuple[str, ...] = ()


def _passages(passages: Iterable[Content], level: str = "h3") -> Iterator[WordingBlock]:
    for passage in passages:
        if passage.get("heading"):
            yield WordingBlock(level, passage["heading"])
        yield WordingBlock("text", passage["text"])


def _statements(consent: Content) -> Iterator[WordingBlock]:
    statements = consent.get("statements", ())
    yield WordingBlock("note", "Each to be ticked; none is ticked beforehand.")
    yield WordingBlock(
        "items", items=tuple("☐ " + s["text"] for s in statements if s.get("required"))
    )
    choices = [s for s in statements if not s.get("required")]
    if choices:
        yield WordingBlock("note", "Free choice, yes or no; a blank counts as no.")
        said = (s["text"] + f" ({s.get('effect')})" * bool(s.get("effect")) for s in choices)
        yield WordingBlock("items", items=tuple(said))


def _chosen(consent: Content, facts: Mapping[str, str]) -> Content:
    """Return the consent without the variants that the site's facts do not choose (only_if)."""

    def shown(part: Any) -> bool:
        hangs = part.get("only_if") if isinstance(part, Mapping) else None
        return hangs is None or facts.get(hangs[0], hangs[1]) == hangs[1]

    return {
        key: list(filter(shown, value)) if isinstance(value, list) else value
        for key, value in consent.items()
    }


def consent_blocks(content: Content, facts: Mapping[str, str]) -> Iterator[WordingBlock]:
    """Yield all that a client reads before and after the questions, in the order of the screens."""
    consent = _chosen(content["consent"], facts)
    texts: Mapping[str, str] = consent["texts"]
    yield WordingBlock("h2", texts["landing_title"])
    yield WordingBlock("text", texts["landing_lead"])
    yield WordingBlock("h2", texts["information_title"])
    yield from _passages(consent.get("key_facts", ()))
    yield from _passages(consent.get("details", ()))
    yield from _passages(consent.get("notice", ()))
    yield WordingBlock("h2", texts["eligibility_title"])
    for item in consent.get("eligibility", ()):
        yield WordingBlock("h3", item["text"])
        yield WordingBlock("items", items=(item["yes"], item["no"]))
    yield WordingBlock("h2", texts["consent_title"])
    yield WordingBlock("text", texts["consent_intro"])
    yield from _statements(consent)
    yield WordingBlock("note", f"Two equal buttons: {texts['agree']} / {texts['decline']}")
    yield WordingBlock("h2", texts["done_title"])
    yield from _passages(consent.get("debrief", ()))


def _labels(content: Content) -> dict[str, dict[int, str]]:
    """Question or column → code → label, to put routing into words."""
    missing = {m["code"]: m["label"] for m in content.get("missing", ())}
    labels = {}
    for page in content["pages"]:
        for question in page.get("questions", ()):
            own = {o["code"]: o["label"] for o in question.get("options", ())}
            labels[question["name"]] = {**missing, **own}
    return labels


def _routing(condition: Sequence[Any], labels: Mapping[str, Mapping[int, str]]) -> str:
    parts = []
    for column, codes in condition:
        # A row of a grid has no labels of its own here: its codes stand alone.
        known = labels.get(column, {})
        said = [f"{c} ({known[c]})" if c in known else str(c) for c in sorted(codes)]
        parts.append(f"{column} is {listed(said, 'or')}")
    return "Asked only if " + " and ".join(parts) + "." if parts else ""


def _worded(wording: Content) -> list[str]:
    """The text, or one line for each branch that reads it differently."""
    by_branch = wording.get("by_branch")
    if by_branch:
        return [f"[{branch}] {text}" for branch, text in by_branch]
    return [wording["everybody"]] if wording.get("everybody") else []


def _answers(question: Content) -> tuple[str, ...]:
    if "maximum" in question:
        ends = [question.get(k, "") for k in ("minimum_label", "maximum_label")]
        said = f"{question.get('minimum', 0)} to {question['maximum']}"
        return (said + (f" ({ends[0]} – {ends[1]})" if any(ends) else ""),)
    if "max_length" in question:
        return (f"Own words, up to {question['max_length']} characters",)
    return tuple(f"{o['code']} = {o['label']}" for o in question.get("options", ()))


def _question(question: Content, labels: Mapping[str, Mapping[int, str]]) -> Iterator[WordingBlock]:
    first, *rest = _worded(question.get("text", {})) or [question["name"]]
    yield WordingBlock("h3", first)
    yield from (WordingBlock("h3", text) for text in rest)
    said = [question.get("hint", ""), _routing(question.get("show_if", ()), labels)]
    said += ["Several may be ticked."] * (question["kind"] == "multiple")
    said += ["The rows stand in an order drawn anew for each client."] * bool(
        question.get("random_order")
    )
    yield from (WordingBlock("note", text) for text in said if text)
    rows = question.get("rows", ())
    if rows:
        yield WordingBlock("items", items=tuple(f"{r['text']} [{r['variable']}]" for r in rows))
    else:
        yield WordingBlock("note", f"Variable {question['name']}")
    missing = tuple(f"{m['code']} = {m['label']}" for m in question.get("missing", ()))
    yield WordingBlock("items", items=(*_answers(question), *missing))


def questionnaire_blocks(content: Content) -> Iterator[WordingBlock]:
    """Every page with its questions, answers and routing; codes are as stored."""
    labels = _labels(content)
    for number, page in enumerate(content["pages"], start=1):
        yield WordingBlock("h2", f"Page {number}: {page['title']}")
        routing = _routing(page.get("show_if", ()), labels)
        yield from [WordingBlock("note", routing)] * bool(routing)
        yield from (WordingBlock("text", text) for text in _worded(page.get("intro", {})))
        for question in page.get("questions", ()):
            yield from _question(question, labels)


def _filled(
    blocks: Iterable[WordingBlock], facts: Mapping[str, str], lang: str
) -> Iterator[WordingBlock]:
    """The blocks with the site's facts; what an empty optional fact leaves blank is dropped."""
    for block in blocks:
        text = fill(block.text, facts, lang) if block.text else ""
        items = tuple(filled for item in block.items if (filled := fill(item, facts, lang)))
        if text or items:
            yield WordingBlock(block.kind, text, items)


def _as_markdown(block: WordingBlock) -> str:
    if block.kind == "items":
        return markup.bullets(markup.plain(item) for item in block.items)
    before = {"h2": "## ", "h3": "### ", "note": "> "}.get(block.kind, "")
    return before + markup.plain(block.text)


def _files(
    context: DocumentContext, lang: str, blocks: Iterable[WordingBlock], *,
    path: str, title: str, what: str, version: str, part: str,
) -> dict[str, bytes]:  # fmt: skip
    """Return one text as Markdown and as a page, by path."""
    digest = context.report.get(part, {}).get(version, "")
    proof = f" SHA-256 of the text: {digest}." if digest else ""
    about = f"{context.study.title}. {what} as shown, version {version}, language {lang}.{proof}"
    filled = tuple(_filled(blocks, context.facts, lang))
    mark = f"**{context.mark}.**" * bool(context.mark)
    name = f"{path}-{file_word(version)}-{file_word(lang)}"
    return {
        f"{name}.md": markup.document([f"# {title}", mark, about, *map(_as_markdown, filled)]),
        f"{name}.html": render_page(
            "wording.html", title=title, lead=about, mark=context.mark, lang=lang, blocks=filled
        ),
    }


def wordings(context: DocumentContext) -> dict[str, bytes]:
    """Path → text of every questionnaire and consent that stands behind the data."""
    files: dict[str, bytes] = {}
    for archived in context.archived:
        files |= _files(
            context, archived.language, questionnaire_blocks(archived.content),
            path="materials/questionnaire", title="Questionnaire",
            what="Questions", version=archived.version, part="words",
        )  # fmt: skip
        files |= _files(
            context, archived.language, consent_blocks(archived.content, context.facts),
            path="documentation/consent", title="Information and consent",
            what="Consent texts", version=archived.consent, part="consents",
        )  # fmt: skip
    return files
