"""Blocks and runs of text that the dossier is set from; they know neither page nor typeface.

A run is (kind, text) or (kind, text, target); a paragraph is a list of runs. Study text enters only
as data, so nothing in it can be taken for a command of the typesetter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import forms.prose
from survey.studies.version import StudyVersion

Run = tuple[str, ...]
Runs = list[Run]
Block = dict[str, Any]

_UNFILLED = re.compile(r"(\[[a-z][a-z0-9_]*\])")  # a fact that the site has not given yet
_CODE = re.compile(r"`([^`]+)`")
_VIEW = re.compile(r'viewBox="([^"]+)"')
_BOX = re.compile(r'<rect[^>]*? y="([\d.]+)"[^>]*? height="([\d.]+)"')
TALLEST = 1100.0  # pixels of a drawing that fit on one page
LONG = 16  # rows of a question that may go over a page's end


def plain(text: str) -> Run:
    """Return text as it is."""
    return "text", text


def code(text: str) -> Run:
    """Return a run that is a name or number of the machine's."""
    return "code", text


def ref(text: str, target: str) -> Run:
    """Return a link to a passage of this document, with its page."""
    return "ref", text, target


def runs(text: str) -> Runs:
    """Return ``text`` with its emphasis and its missing facts as runs of their own."""
    found: Runs = []
    for piece, emphasised in forms.prose.runs(text):
        parts = [piece] if emphasised else _UNFILLED.split(piece)
        kind = "em" if emphasised else "text"
        found += [("gap" if n % 2 else kind, part) for n, part in enumerate(parts) if part]
    return found


def coded(text: str) -> Runs:
    """Return ``text`` with names where it has backticks."""
    parts = _CODE.split(text)
    return [code(part) if n % 2 else plain(part) for n, part in enumerate(parts) if part]


def between(runs_: Sequence[Run], mark: str = ", ") -> Runs:
    """Return the runs with ``mark`` between them."""
    return [piece for run in runs_ for piece in (plain(mark), run)][1:]


def paragraphs(text: str, version: StudyVersion) -> list[Runs]:
    """Return the paragraphs of a study's text with the site's facts."""
    return [runs(" ".join(p.split())) for p in forms.prose.paragraphs(version.fill(text))]


def heading(text: str, *, level: int = 2, anchor: str = "") -> Block:
    """Return a heading; level 1 is a chapter's own."""
    return {"is": "heading", "text": text, "level": level, "anchor": anchor}


def prose(*lines: str | Runs, leads: bool = False) -> Block:
    """Return paragraphs of the dossier's own, kept with what follows where they lead to it."""
    own = [_as_runs(line) for line in lines]
    return {"is": "prose", "paragraphs": own, "anchor": "", "leads": leads}


def passage(text: str, version: StudyVersion, *, anchor: str = "") -> Block:
    """Return paragraphs of the study's."""
    own = paragraphs(text, version)
    return {"is": "prose", "paragraphs": own, "anchor": anchor, "leads": False}


def note(*lines: str | Runs, leads: bool = False) -> Block:
    """Return a small remark on a text; one that ``leads`` stays with what follows."""
    return {"is": "note", "paragraphs": [_as_runs(line) for line in lines], "leads": leads}


def offered(*lines: str | Runs) -> Block:
    """Return the answers that a question offers."""
    return {"is": "offered", "paragraphs": [_as_runs(line) for line in lines]}


def said(label: str, text: str, version: StudyVersion) -> Block:
    """Return one sentence of the study's with a label beside it."""
    return {"is": "said", "label": label, "paragraphs": paragraphs(text, version)}


def items(entries: Iterable[tuple[str, Runs]], *, numbered: bool = False) -> Block:
    """Return a list of (anchor, runs)."""
    return {
        "is": "items",
        "numbered": numbered,
        "items": [{"anchor": anchor, "runs": line} for anchor, line in entries],
    }


def pairs(entries: Iterable[tuple[str, str | Runs]]) -> Block:
    """Return terms with their explanations."""
    return {"is": "pairs", "rows": [[term, _as_runs(line)] for term, line in entries]}


def table(head: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Any]]) -> Block:
    """Return a table; ``widths`` are shares, a cell is text, runs, or paragraphs of runs."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    return {"is": "table", "head": list(head), "widths": list(widths), "rows": cells}


def picture(svg: str, alt: str) -> Block:
    """Return a drawing, and the sentence for readers who do not see it."""
    wide, high = (float(side) for side in _VIEW.search(svg)[1].split()[2:])  # type: ignore[index]
    boxes = [(float(y), float(y) + float(tall)) for y, tall in _BOX.findall(svg)]
    cuts = [0.0]  # heights at which it goes on over the page, never through a box
    while high - cuts[-1] > TALLEST:
        limit = cuts[-1] + TALLEST
        tops = [top - 8 for top, end in boxes if top <= limit < end]
        cuts.append(max(min(tops, default=limit), cuts[-1] + TALLEST / 2))
    return {"is": "picture", "svg": svg, "alt": alt, "wide": wide, "cuts": [*cuts, high]}


def question(*, anchor: str, head: Runs, body: Sequence[Block]) -> Block:
    """Return a question with its name and kind. Only a long one may be parted."""
    long = sum(len(block.get("items", ())) for block in body) > LONG
    return {"is": "question", "anchor": anchor, "head": head, "body": list(body), "long": long}


def _as_runs(line: str | Runs) -> Runs:
    return [plain(line)] if isinstance(line, str) else line


def _cell(cell: Any) -> list[Runs]:
    if isinstance(cell, str):
        return [[plain(cell)]]
    return cell if cell and isinstance(cell[0], list) else [cell]


def anchors(blocks: Iterable[Block]) -> Iterable[str]:
    """Yield every place in these blocks that a link may lead to."""
    for block in blocks:
        yield block.get("anchor", "")
        yield from (item["anchor"] for item in block.get("items", ()))
        yield from anchors(block.get("body", ()))
