"""Plain HTML pages that print, need no script and no other file, and escape what they are given.

Every function takes text or ``Markup`` made here and gives ``Markup``; ``page`` joins the parts
into the bytes of one file. Text is escaped on the way in, so a client's or a study's words can
never become markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

Part = Markup | str

_PAGE = Markup("""\
<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
{header}
{main}
{footer}</body>
</html>
""")
_EMPHASIS = re.compile(r"\*([^*\n]+)\*")
_PARAGRAPHS = re.compile(r"\n\s*\n")
_NOT_IN_ANCHORS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart: ``share`` of the longest possible bar (0-1), ``figure`` in words.

    ``share`` None draws no bar (a hidden cell); ``quiet`` is for what is not an answer.
    """

    label: str
    share: float | None
    figure: str
    quiet: bool = False


@cache
def _css() -> Markup:
    return Markup(Path(__file__).with_name("page.css").read_text("utf-8"))  # noqa: S704 - our file


def _joined(parts: Iterable[Part], between: str = "\n") -> Markup:
    return Markup(between).join(p for p in parts if p)  # noqa: S704 - the glue is ours


def anchor(text: str) -> str:
    """What a link within the page points at: lower case letters, digits, hyphens."""
    return _NOT_IN_ANCHORS.sub("-", text.lower()).strip("-")


def paragraph(text: Part, *, kind: str = "") -> Markup:
    """One paragraph; ``kind`` is lead, small, note, mark or caution."""
    if not text:
        return Markup()
    if kind:
        return Markup('<p class="{}">{}</p>').format(kind, text)
    return Markup("<p>{}</p>").format(text)


def emphasised(text: str) -> Markup:
    """A line of a study's words; what stands between asterisks is emphasised."""
    return Markup(_EMPHASIS.sub(r"<em>\1</em>", str(escape(text))))  # noqa: S704 - escaped here


def prose(text: str) -> Markup:
    """Paragraphs of a study's words that are parted by empty lines."""
    return _joined(paragraph(emphasised(p.strip())) for p in _PARAGRAPHS.split(text))


def code(text: str) -> Markup:
    """A name or value as programs write it."""
    return Markup("<code>{}</code>").format(text)


def link(text: Part, target: str) -> Markup:
    """A link to a place on the page, a file of the release or an https address.

    Raises ValueError for any other address, so that no study text can smuggle in a script.
    """
    if ":" in target.split("/")[0] and not target.startswith("https:"):
        raise ValueError(f"a page of a release cannot link to {target}")
    return Markup('<a href="{}">{}</a>').format(target, text)


def bullets(items: Iterable[Part]) -> Markup:
    """A list; nothing at all for no items."""
    lines = [Markup("<li>{}</li>").format(item) for item in items]
    return Markup("<ul>\n{}\n</ul>").format(_joined(lines)) if lines else Markup()


def quote(text: str) -> Markup:
    """Words as somebody read them."""
    return Markup("<blockquote>{}</blockquote>").format(prose(text)) if text else Markup()


def section(heading: Part, *parts: Part, level: int = 2, id_: str = "") -> Markup:
    """A part of the page under a heading that links can point at (``id_``, else the heading)."""
    inner = _joined(parts)
    name = id_ or anchor(str(heading))
    opened = Markup('<section aria-labelledby="{0}">\n<h{1} id="{0}">{2}</h{1}>\n')
    return opened.format(name, level, heading) + inner + Markup("\n</section>")


def card(heading: Part, *parts: Part, level: int = 3, id_: str = "") -> Markup:
    """A section on a card of its own, for one of many things alike."""
    inner = _joined(parts)
    name = id_ or anchor(str(heading))
    opened = Markup('<section class="card" aria-labelledby="{0}">\n<h{1} id="{0}">{2}</h{1}>\n')
    return opened.format(name, level, heading) + inner + Markup("\n</section>")


def _line(cells: Sequence[Part], numbers: frozenset[int]) -> Markup:
    """A row of a table; its first cell names it."""
    made = []
    for at, cell in enumerate(cells):
        kind = Markup(' class="n"') if at in numbers else ""
        tag = Markup("<td{}>{}</td>") if at else Markup('<th scope="row"{}>{}</th>')
        made.append(tag.format(kind, cell))
    return Markup("<tr>{}</tr>").format(Markup().join(made))


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[Part]],
    *,
    caption: str,
    numbers: Iterable[int] = (),
) -> Markup:
    """A table that scrolls by itself on a phone; ``numbers`` are the columns set flush right."""
    right = frozenset(numbers)
    flush = Markup(' class="n"')
    heads = Markup().join(
        Markup('<th scope="col"{}>{}</th>').format(flush if at in right else "", cell)
        for at, cell in enumerate(head)
    )
    return Markup(
        '<div class="scroll" role="region" tabindex="0" aria-label="{0}">\n<table>\n'
        "<caption>{0}</caption>\n<thead><tr>{1}</tr></thead>\n"
        "<tbody>\n{2}\n</tbody>\n</table>\n</div>"
    ).format(caption, heads, _joined(_line(row, right) for row in rows))


def definitions(pairs: Iterable[tuple[str, Part]]) -> Markup:
    """Terms and what is said of each; a pair with nothing to say is left out."""
    line = Markup("<div><dt>{}</dt><dd>{}</dd></div>")
    lines = [line.format(term, said) for term, said in pairs if said]
    return Markup("<dl>\n{}\n</dl>").format(_joined(lines)) if lines else Markup()


def figures(items: Iterable[tuple[str, str, str]]) -> Markup:
    """The numbers to see at a glance: (value, what it is, a sentence about it)."""
    line = Markup("<li><b>{}</b><strong>{}</strong><span>{}</span></li>")
    lines = [line.format(value, label, sentence) for value, label, sentence in items]
    return Markup('<ul class="figures">\n{}\n</ul>').format(_joined(lines)) if lines else Markup()


def _bar(bar: Bar) -> Markup:
    kind = " ".join(["quiet"] * bar.quiet + ["none"] * (not bar.share))
    width = f"{max(0.0, min(1.0, bar.share or 0)):.1%}"
    drawn = Markup('<i style="width:{}" aria-hidden="true"></i>').format(width)
    return Markup('<li class="{}"><span>{}</span>{}<span class="n">{}</span></li>').format(
        kind, bar.label, drawn, bar.figure
    )


def bars(items: Iterable[Bar], *, caption: str = "") -> Markup:
    """Horizontal bars, each with its figure in words, so that nothing hangs on the drawing."""
    lines = [_bar(item) for item in items]
    if not lines:
        return Markup()
    said = Markup("<figcaption>{}</figcaption>\n").format(caption) if caption else ""
    return Markup('<figure>\n{}<ul class="bars">\n{}\n</ul>\n</figure>').format(
        said, _joined(lines)
    )


def contents(entries: Iterable[tuple[str, str]], *, label: str = "On this page") -> Markup:
    """Links within the page: (words, id)."""
    lines = [Markup("<li>{}</li>").format(link(words, "#" + id_)) for words, id_ in entries]
    return Markup('<nav aria-label="{}">\n<ul>\n{}\n</ul>\n</nav>').format(label, _joined(lines))


def page(
    title: str,
    *parts: Part,
    mark: str = "",
    lead: Part = "",
    caution: str = "",
    footer: Part = "",
    lang: str = "en",
) -> bytes:
    """One file: ``mark`` (pilot, synthetic) above everything, then title, lead, caution, parts."""
    head = Markup("<header>\n{}\n</header>").format(
        _joined(
            (
                paragraph(mark, kind="mark"),
                Markup("<h1>{}</h1>").format(title),
                paragraph(lead, kind="lead"),
                paragraph(caution, kind="caution"),
            )
        )
    )
    main = Markup("<main>\n{}\n</main>").format(_joined(parts))
    foot = Markup("<footer>{}</footer>\n").format(footer) if footer else ""
    named = f"{mark.split(':')[0]} - {title}" if mark else title
    whole = _PAGE.format(lang=lang, title=named, css=_css(), header=head, main=main, footer=foot)
    return str(whole).encode()
