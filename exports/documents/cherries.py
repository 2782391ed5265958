"""documentation/cherries.md: the reporting checklist for web surveys, prefilled with shown counts.

CHERRIES: Eysenbach, G. (2004), Journal of Medical Internet Research 6(3), e34. Items that an
anonymous collection cannot know say so; items that only the researchers know are left to them.

Counts are shown by the 10-5 rule (docs/decisions/0009, tier A): under 10 hidden, zeros too, every
other one rounded to 5. The number of rows is known, so a hidden count lies between bounds that a
reader can work out; where those come too close together, the smallest shown count is hidden as
well. The rounded counts decide, so that the choice itself tells next to nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from exports.documents import markup
from exports.documents.context import DocumentContext
from forms.kinds import columns_of_question
from forms.routing import condition_in_words
from forms.study import LEFT_BLANK, NOT_REACHED, NOT_SHOWN, Page

FLOW_LEAST = 10
FLOW_STEP = 5
# A hidden count must be able to have at least so many different values for the reader.
OPEN_VALUES = 5
MOST_BANDS = 10
UNDER, HELD_BACK = f"under {FLOW_LEAST}", "not shown"


@dataclass(frozen=True, slots=True)
class Count:
    """A count as it is shown: rounded, or None with the words that stand for it."""

    rounded: int | None
    words: str


def _round(n: int) -> int:
    """To the nearest 5, never under 10."""
    return max(FLOW_LEAST, FLOW_STEP * round(n / FLOW_STEP))


def _bounds(n: int, *, hidden: bool, rows: int) -> tuple[int, int]:
    """Return what a reader knows of one count before adding anything up."""
    if n < FLOW_LEAST:
        return 0, FLOW_LEAST - 1
    if hidden:
        return FLOW_LEAST, rows
    middle = _round(n)
    return max(FLOW_LEAST, middle - FLOW_STEP // 2), middle + FLOW_STEP // 2


def _too_close(cells: Mapping[str, int], small: frozenset[str], hidden: frozenset[str]) -> bool:
    """Return whether the total narrows some ``small`` count to fewer than five values."""
    rows = sum(cells.values())
    known = [_bounds(n, hidden=c in hidden, rows=rows) for c, n in cells.items()]
    low, high = sum(b[0] for b in known), sum(b[1] for b in known)
    least, most = max(0, rows - high + FLOW_LEAST - 1), min(FLOW_LEAST - 1, rows - low)
    return bool(small) and most - least + 1 < OPEN_VALUES


def _held_back(cells: Mapping[str, int], small: frozenset[str]) -> frozenset[str]:
    """Return the smallest shown counts, as many as must be hidden for the small ones to be."""
    held: frozenset[str] = frozenset()
    rest = sorted((c for c, n in cells.items() if n >= FLOW_LEAST), key=lambda c: _round(cells[c]))
    for cell in rest:
        if not _too_close(cells, small, held):
            break
        held |= {cell}
    return held


def shown(cells: Mapping[str, int], *, unsaid: Collection[str] = ()) -> dict[str, Count]:
    """Cell → its count as it may be shown. ``cells`` must add up to the rows of the file.

    Where one of ``unsaid`` is small, it is left out without a word.
    """
    small = frozenset(c for c, n in cells.items() if n < FLOW_LEAST and c not in unsaid)
    held = _held_back(cells, small)
    counts = {}
    for cell, n in cells.items():
        if n >= FLOW_LEAST:
            words = HELD_BACK if cell in held else f"about {_round(n)}"
            counts[cell] = Count(None if cell in held else _round(n), words)
        elif cell in small:
            counts[cell] = Count(None, UNDER)
    return counts


def pooled(cells: Mapping[str, int], among: frozenset[str], name: str) -> dict[str, int]:
    """``cells`` with those of ``among`` that are small added up under ``name``."""
    small = {c for c in among if 0 <= cells.get(c, 0) < FLOW_LEAST}
    kept = {c: n for c, n in cells.items() if c not in small}
    return {**kept, name: sum(cells.get(c, 0) for c in small)} if small else kept


def binned(cells: Mapping[str, int], low: float, high: float, *, whole: bool) -> dict[str, int]:
    """Numbers counted in equal bands between ``low`` and ``high``, named by their bounds.

    ``whole`` numbers of a short range get a band each; otherwise there are at most ten.
    """
    edges = _edges(low, high, whole=whole)
    counts = {_band(edges, at, whole=whole): 0 for at in range(len(edges) - 1)}
    names = tuple(counts)
    for cell, n in cells.items():
        # What lies outside goes to the nearest band: the outermost edges are not looked at.
        counts[names[bisect_right(edges[1:-1], float(cell))]] += n
    return counts


def _edges(low: float, high: float, *, whole: bool) -> list[float]:
    """Bounds of the bands; whole numbers of a short range get one each."""
    span = high - low + whole
    if whole and span <= MOST_BANDS + 1:
        return [low + at for at in range(int(span) + 1)]
    width = -(-span // MOST_BANDS) if whole else span / MOST_BANDS
    count = int(-(-span // width)) if whole else MOST_BANDS
    return [low + at * width for at in range(count)] + [high + whole]


def _band(edges: list[float], at: int, *, whole: bool) -> str:
    low, high = edges[at], edges[at + 1]
    if whole:
        return f"{low:g}" if high - low <= 1 else f"{low:g} to {high - 1:g}"
    last = at == len(edges) - 2
    return f"{low:.3g} to {high:.3g}" if last else f"{low:.3g} to under {high:.3g}"


TO_WRITE = "*To be written by the researchers.*"
NOT_KNOWN = "Not known: this would need a cookie across visits or an internet address."
NOT_COUNTED = "Not counted in this release."

INTRO = """\
Filled in by the platform where it knows without identifying anybody, from the study's own texts, \
and left open where only the researchers know. Counts of collection are totals without time, \
released in steps; a page that is loaded again counts again."""
CONSENT = """\
Information, eligibility and itemised consent before the first question; texts in \
documentation/consent-*."""
PROTECTION = """\
No internet address, device, name, contact, time or order is stored; unfinished answers are \
encrypted and vanish. Every stored column stands in the codebook."""

TOO_FEW = "Not told: too few."
# A release, unlike the researchers' own page of figures, stands beside the rows it counts.
BESIDE_ROWS = """\
Totals as they stood when this release was made. They move only after 20 more page loads and 10 \
more completions, are rounded down to 5, and none under 10 is told. How many reached the end, or \
deleted their answers later, is no total here: taken together with the exact number of rows it \
would show what single people did. The column completion says how each answer in a file ended."""

# Tally → how a reader should call it.
TOTALS: Mapping[str, str] = {
    "landing": "Page loads of the first page",
    "info": "Page loads of the information",
    "screened_out": "Screened out before consent",
    "not_now": "Not a good moment, before consent",
    "declined": "Declined to take part",
    "consented": "Agreed to take part, once in a session",
    "completed": "Reached the end and sent",
    "sent": "Answers sent and frozen, complete or not, in whatever tier",
    "stopped_sent": "Stopped early and sent",
    "stopped_deleted": "Stopped early and deleted",
    "withdrawn": "Deleted later by code",
    "support": "Page loads of the support page",
    "quick_exit": "Left by the quick exit",
}


def _share(context: DocumentContext, part: str, whole: str, note: str) -> str:
    """One tally as a share of another, rounded like the tallies themselves."""
    if not {part, whole} <= context.tallies.keys():
        return NOT_COUNTED
    first, second = context.tallies[part], context.tallies[whole]
    # A share needs both totals: one that is too small to tell is 0 here.
    if not first or not second:
        return TOO_FEW
    share = min(first / second, 1)
    return f"About {share:.0%} ({part} {first:,} of {whole} {second:,}). {note}"


def _or_open(context: DocumentContext, fact: str) -> str:
    return context.facts.get(fact) or TO_WRITE


def _design(context: DocumentContext) -> list[tuple[str, str]]:
    frame = f"Sampling frame: {context.deposit.sampling_text or TO_WRITE}"
    digests = "; ".join(f"{v}: SHA-256 {d}" for v, d in context.report.get("consents", {}).items())
    return [
        (
            "Survey design",
            " ".join(filter(None, ("Open sample by link, self-selected.", context.sample, frame))),
        ),
        ("IRB approval", context.approval or TO_WRITE),
        ("Informed consent", f"{CONSENT} {digests}"),
        ("Data protection", PROTECTION),
        ("Development and testing", TO_WRITE),
        ("Plan", _or_open(context, "prereg_url")),
    ]


def _recruitment(context: DocumentContext) -> list[tuple[str, str]]:
    return [
        ("Open or closed survey", "See the study's invitations; by link unless codes were given."),
        ("Contact mode", TO_WRITE),
        ("Advertising", f"{TO_WRITE} Attach the texts."),
        ("Web or e-mail", "Web."),
        ("Context", TO_WRITE),
        ("Mandatory or voluntary", "Voluntary."),
        ("Incentives", _or_open(context, "incentive_text")),
        ("Time and date", f"Fieldwork period: {_fieldwork(context)} Rows hold no time."),
    ]


def _fieldwork(context: DocumentContext) -> str:
    period = context.deposit.period
    return f"{' to '.join(period)}." if period else TO_WRITE


def _administration(context: DocumentContext) -> list[tuple[str, str]]:
    study = context.study
    grids = sum(q.random_order for q in study.questions.values())
    routed = sum(bool(p.show_if) for p in study.pages)
    routed += sum(bool(q.show_if) for q in study.questions.values())
    items = sum(_items(page) for page in study.pages)
    required = ", ".join(q.name for q in study.questions.values() if q.required)
    visible = f"Required, with a visible way not to say: {required}." if required else ""
    return [
        ("Randomisation", f"Rows within {grids} grids, anew for each client; blocks fixed."),
        ("Adaptive questioning", f"{routed} pages or questions hang on an answer: table below."),
        ("Number of items and pages", f"{items} items on {len(study.pages)} pages: table below."),
        ("Completeness check", f"None enforced. {visible} {_blank(context)}".strip()),
        ("Review step", "Back on every page, and a page to check answers before sending."),
    ]


def _blank(context: DocumentContext) -> str:
    """Share of shown cells that were left blank, over all answers in the file."""
    blank = asked = 0
    for entry in context.codebook:
        cells = context.counts.get(entry["variable"], {})
        if entry["part"] == "answer":
            blank += cells.get(str(LEFT_BLANK), 0)
            hidden = sum(cells.get(str(code), 0) for code in (NOT_SHOWN, NOT_REACHED))
            asked += sum(cells.values()) - hidden
    # A share of fewer blanks would tell a count that the 10-5 rule hides.
    told = asked and blank >= FLOW_LEAST
    return f"Left blank: {blank / asked:.1%} of the cells asked." if told else ""


SENT = """\
Sent means whole or in part: the column completion tells them apart. A lower bound: answers \
deleted later, or sent since the last freeze, are not among those sent."""


def _rates(context: DocumentContext) -> list[tuple[str, str]]:
    view = _share(context, "info", "landing", "True only if the landing page is the site.")
    reloads = "A lower bound: reloads and bots swell the base."
    whole = _share(context, "completed", "consented", "Both are counted once in a session.")
    sent = _share(context, "sent", "consented", SENT)
    return [
        ("Unique site visitor", NOT_KNOWN),
        ("View rate", f"{NOT_KNOWN} Page loads instead: {view}"),
        ("Participation rate", _share(context, "consented", "info", reloads)),
        ("Completion rate", sent if "sent" in context.tallies else whole),
    ]


def _analysis(context: DocumentContext) -> list[tuple[str, str]]:
    incomplete = "Complete answers, and incomplete ones that were deliberately sent (completion)."
    return [
        ("Incomplete questionnaires", incomplete),
        ("Atypical timestamps", f"No times; bands of duration: {_durations(context)}"),
        ("Statistical correction", _weights(context)),
    ]


def _weights(context: DocumentContext) -> str:
    return f"Weights: {context.deposit.weights}." if context.deposit.weights else TO_WRITE


def _durations(context: DocumentContext) -> str:
    cells = context.counts.get("dur_band", {})
    entry: Mapping[str, Any] = next(
        (e for e in context.codebook if e["variable"] == "dur_band"), {"codes": {}}
    )
    if not cells or not entry["codes"]:
        return "not in this release."
    # Bands in which there was no answer too: leaving them out would tell that they are empty.
    counts = shown({**dict.fromkeys(entry["codes"], 0), **cells})
    return "; ".join(f"{entry['codes'].get(c, c)}: {n.words}" for c, n in counts.items()) + "."


def _items(page: Page) -> int:
    """Items of a page: a multiple choice is one, a grid one a row, a kept-apart text one."""
    return sum(
        len({c.variable for c in columns_of_question(question)}) or 1 for question in page.questions
    )


def _pages(context: DocumentContext) -> str:
    study = context.study
    rows = [
        (str(n), page.title, str(_items(page)), condition_in_words(study, page.show_if) or "all")
        for n, page in enumerate(study.pages, start=1)
    ]
    return markup.table(["page", "title", "items", "shown if"], rows)


def _totals(context: DocumentContext) -> str:
    rows = [
        (words, f"about {context.tallies[event]:,}" if context.tallies[event] else TOO_FEW)
        for event, words in TOTALS.items()
        if event in context.tallies
    ]
    if not rows:
        return NOT_COUNTED
    table = markup.table(["what", "total"], rows)
    return table if "completed" in context.tallies else f"{BESIDE_ROWS}\n\n{table}"


def cherries(context: DocumentContext) -> bytes:
    """The checklist as Markdown."""
    parts = {
        "Design and ethics": _design(context),
        "Recruitment": _recruitment(context),
        "Administration": _administration(context),
        "Response rates": _rates(context),
        "Multiple entries": [
            ("Cookies", "None against repeats; one for the visit, gone with it."),
            ("IP check", "None, on purpose."),
            ("Log file analysis", "None: access logs are off or without addresses."),
            ("Registration", "None."),
        ],
        "Analysis": _analysis(context),
    }
    tables = [markup.section(k, markup.table(["item", "answer"], v)) for k, v in parts.items()]
    return markup.document(
        [
            "# CHERRIES checklist",
            f"**{context.mark}.**" * bool(context.mark),
            INTRO,
            *tables,
            markup.section("Beyond the checklist", _totals(context)),
            markup.section("Pages and routing", _pages(context)),
        ]
    )
