"""What the dossier is set from: plain blocks and runs that know neither page nor typeface.

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
    """Text as it is."""
    return "text", text


def code(text: str) -> Run:
    """A name or number of the machine's."""
    return "code", text


def ref(text: str, target: str) -> Run:
    """A link to a passage of this document, with its page."""
    return "ref", text, target


def runs(text: str) -> Runs:
    """``text`` with its emphasis and its missing facts told apart."""
    found: Runs = []
    for piece, emphasised in forms.prose.runs(text):
        parts = [piece] if emphasised else _UNFILLED.split(piece)
        kind = "em" if emphasised else "text"
        found += [("gap" if n % 2 else kind, part) for n, part in enumerate(parts) if part]
    return found


def coded(text: str) -> Runs:
    """``text`` with what stands between backticks as names."""
    parts = _CODE.split(text)
    return [code(part) if n % 2 else plain(part) for n, part in enumerate(parts) if part]


def between(runs_: Sequence[Run], mark: str = ", ") -> Runs:
    """The runs with ``mark`` between them."""
    return [piece for run in runs_ for piece in (plain(mark), run)][1:]


def paragraphs(text: str, version: StudyVersion) -> list[Runs]:
    """The paragraphs of a study's text with the site's facts."""
    return [runs(" ".join(p.split())) for p in forms.prose.paragraphs(version.fill(text))]


def heading(text: str, *, level: int = 2, anchor: str = "") -> Block:
    """A heading; level 1 is a chapter's own."""
    return {"is": "heading", "text": text, "level": level, "anchor": anchor}


def prose(*lines: str | Runs, leads: bool = False) -> Block:
    """Paragraphs of the dossier's own; kept with what follows where they lead to it."""
    said = [_as_runs(line) for line in lines]
    return {"is": "prose", "paragraphs": said, "anchor": "", "leads": leads}


def passage(text: str, version: StudyVersion, *, anchor: str = "") -> Block:
    """Paragraphs of the study's."""
    said = paragraphs(text, version)
    return {"is": "prose", "paragraphs": said, "anchor": anchor, "leads": False}


def note(*lines: str | Runs, leads: bool = False) -> Block:
    """What the dossier says about a text, small; one that ``leads`` stays with what follows."""
    return {"is": "note", "paragraphs": [_as_runs(line) for line in lines], "leads": leads}


def offered(*lines: str | Runs) -> Block:
    """What a question offers to choose from."""
    return {"is": "offered", "paragraphs": [_as_runs(line) for line in lines]}


def said(label: str, text: str, version: StudyVersion) -> Block:
    """One sentence of the study's, and beside it what it is."""
    return {"is": "said", "label": label, "paragraphs": paragraphs(text, version)}


def items(entries: Iterable[tuple[str, Runs]], *, numbered: bool = False) -> Block:
    """A list of (anchor, runs)."""
    return {
        "is": "items",
        "numbered": numbered,
        "items": [{"anchor": anchor, "runs": line} for anchor, line in entries],
    }


def pairs(entries: Iterable[tuple[str, str | Runs]]) -> Block:
    """Terms and what they are."""
    return {"is": "pairs", "rows": [[term, _as_runs(line)] for term, line in entries]}


def table(head: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Any]]) -> Block:
    """A table; ``widths`` are shares. A cell is text, runs, or a list of paragraphs of runs."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    return {"is": "table", "head": list(head), "widths": list(widths), "rows": cells}


def picture(svg: str, alt: str) -> Block:
    """A drawing, and the sentence for whoever does not see it."""
    wide, high = (float(side) for side in _VIEW.search(svg)[1].split()[2:])  # type: ignore[index]
    return {"is": "picture", "svg": svg, "alt": alt, "wide": wide, "cuts": _cuts(svg, high)}


def _cuts(svg: str, high: float) -> list[float]:
    """Heights at which the drawing goes on over the page: beside every box, not through one."""
    boxes = [(float(y), float(y) + float(tall)) for y, tall in _BOX.findall(svg)]
    cuts = [0.0]
    while high - cuts[-1] > TALLEST:
        limit = cuts[-1] + TALLEST
        tops = [top - 8 for top, end in boxes if top <= limit < end]
        cuts.append(max(min(tops, default=limit), cuts[-1] + TALLEST / 2))
    return [*cuts, high]


def question(*, anchor: str, head: Runs, body: Sequence[Block]) -> Block:
    """One question: its name and kind, then what stands in it. Only a long one may be parted."""
    long = sum(len(block.get("items", ())) for block in body) > LONG
    return {"is": "question", "anchor": anchor, "head": head, "body": list(body), "long": long}


def _as_runs(line: str | Runs) -> Runs:
    return [plain(line)] if isinstance(line, str) else line


def _cell(cell: Any) -> list[Runs]:
    if isinstance(cell, str):
        return [[plain(cell)]]
    return cell if cell and isinstance(cell[0], list) else [cell]


def anchors(blocks: Iterable[Block]) -> Iterable[str]:
    """Every place in these blocks that a link may lead to."""
    for block in blocks:
        yield block.get("anchor", "")
        yield from (item["anchor"] for item in block.get("items", ()))
        yield from anchors(block.get("body", ()))
