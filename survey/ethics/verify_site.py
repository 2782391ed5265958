"""Whether a running site shows what a dossier says, seen from outside: every text of the walk.

It goes as one client as far as the check page and leaves: the button that sends is never pressed,
since beyond consent only forms that say which questions they ask are posted. So an invitation that
it is given is not spent. Every other way
through is walked on the board's pages, which store nothing.

What differs between the screens of a dossier and the pages of a site, text by text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from survey.errors import Refusal
from survey.ethics.dossier.reader import Dossier
from survey.ethics.dossier.visible_text import Fields, VisibleText, press, see
from survey.studies.fingerprints import FINGERPRINT_LABELS
from survey.studies.version import BY_INVITATION
from survey.synthetic.http_client import HttpVisitor, PageForm, PageResponse, read_form

CLIENT, BOARD = "client’s page", "board’s walk"
WEIGHED = 20  # texts that one which is missing is likened to; a wholly other page has hundreds
ALIKE = 0.5  # share from which on two texts are told as one that was changed
HELP = frozenset(["support", "thanks"])

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One text that is not the same: where, and both; an empty one is not there at all."""

    where: str
    dossier: str
    site: str

    def __str__(self) -> str:
        nothing = "(nothing)"
        return (
            f"{self.where}\n  dossier: {self.dossier or nothing}\n  site:    {self.site or nothing}"
        )


@dataclass
class Report:
    """What was compared: differences, each once, and what could not be seen."""

    differences: dict[Difference, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    screens: int = 0
    ways: int = 0

    def add(self, where: str, dossier: str, site: str) -> None:
        """Note one text that differs."""
        self.differences[Difference(where, dossier, site)] = None


def where_of(screen: Json, whose: str) -> str:
    """The screen and on whose pages, as a person is told."""
    apart = "; help lines may be corrected at any time" if screen["id"] in HELP else ""
    return f"{screen['name']} [{screen['id']}], {whose}{apart}"


def compare(screen: Json, seen: VisibleText, whose: str, dossier: Dossier, report: Report) -> None:
    """Every line of one screen, both ways."""
    report.screens += 1
    where = where_of(screen, whose)
    if screen["title"] != seen.title:
        report.add(f"{where}, title", screen["title"], seen.title)
    lines = screen.get("preview", screen["lines"]) if whose == BOARD else screen["lines"]
    ours: Counter[str] = Counter(lines)
    theirs: Counter[str] = Counter(seen.lines)
    missing = _in_order(lines, ours - theirs)
    extra = _in_order(seen.lines, theirs - ours)
    if screen["asks"]:
        extra = [line for line in extra if line not in dossier.may_also_say]
    if screen["id"] == "landing":
        extra = [line for line in extra if line.replace(" .", ".") != BY_INVITATION]
    for one, other in _paired(missing, extra):
        report.add(where, one, other)
    if not (missing or extra or screen["any_order"]):
        met = [line for line in seen.lines if line in ours]
        moved = next((pair for pair in zip(lines, met, strict=False) if pair[0] != pair[1]), None)
        if moved is not None:
            report.add(f"{where}, order", *moved)


def _in_order(lines: Sequence[str], left: Counter[str]) -> list[str]:
    """Those of ``lines`` that are left over, in their order."""
    left = Counter(left)
    found = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
            found.append(line)
    return found


def _paired(missing: list[str], extra: list[str]) -> Iterator[tuple[str, str]]:
    """What is not there beside what is there instead: the most alike together."""
    rest = list(extra)
    for line in missing:
        likeness = [SequenceMatcher(None, line, other).ratio() for other in rest[:WEIGHED]]
        best = max(range(len(rest)), key=likeness.__getitem__, default=None)
        if best is not None and likeness[best] > ALIKE:
            yield line, rest.pop(best)
        else:
            yield line, ""
    yield from (("", line) for line in rest)


MOST_STEPS = 400
# Screens that open by their address; on the way the others follow.
OPEN = ("landing", "information", "support", "withdraw", "stop", "declined", "thanks", "later")
ASKED_FIRST = ("eligibility", "consent")
INVITATION = "/i/"
UNINVITED = (
    "Only an invitation opens this study, so a client’s own questions could not be walked: what "
    "comes before them and the board’s pages were compared. --invitation CODE goes in with an "
    "unspent code, and does not spend it."
)
_PRINT = re.compile(r"\b[0-9a-f]{64}\b")


def verify(
    url: str, dossier: Dossier, told: Callable[[int], None] = lambda _: None, invitation: str = ""
) -> Report:
    """Compare the site at ``url`` with ``dossier``; ``told`` hears how many ways are walked.

    ``invitation`` is an unspent code, for a study that opens to nobody else. Raises Refusal when
    the site cannot be reached, does not have the study, or does not take the code.
    """
    report = Report()
    visitor = HttpVisitor(url)
    try:
        _fingerprints(visitor, dossier, report)
        if _still(visitor, dossier, report):
            _as_client(visitor, dossier, report, invitation)
        _asides(visitor, dossier, report)
        for number, way in enumerate(dossier.ways, start=1):
            _on_board(visitor, dossier, way, report)
            told(number)
    finally:
        visitor.close()
    return report


def _fingerprints(visitor: HttpVisitor, dossier: Dossier, report: Report) -> None:
    overview = visitor.ask(f"/ethics/{dossier.name}/")
    if overview.status != 200:
        raise Refusal(f"{visitor.origin} shows no study {dossier.name} to boards.")
    _compare_prints("overview", overview.html, dossier, report)
    certificate = visitor.ask(f"/ethics/{dossier.name}/certificate")
    if certificate.status == 200:
        _compare_prints("certificate", certificate.html, dossier, report)
    else:
        report.notes.append("This site has no certificate page.")


def _compare_prints(page: str, html: str, dossier: Dossier, report: Report) -> None:
    shown = dict.fromkeys(_PRINT.findall(html))
    for label, fingerprint in zip(FINGERPRINT_LABELS, dossier.fingerprints, strict=True):
        if fingerprint not in shown:
            others = [p for p in shown if p not in dossier.fingerprints]
            where = f"{page}: fingerprint of {label.lower()}"
            report.add(where, fingerprint, ", ".join(others))


def _still(visitor: HttpVisitor, dossier: Dossier, report: Report) -> bool:
    """Compare the client's screens that need no answer; False while the study takes nobody."""
    for name in OPEN:
        screen = dossier.screens[name]
        page = visitor.ask(_client(dossier, "" if name == "landing" else name))
        seen = see(page.html)
        if name == "landing" and page.status == 200 and seen.title.startswith("Closed"):
            report.notes.append(
                "The study takes nobody just now, so a client’s own pages could not be walked: "
                "only the board’s were compared."
            )
            return False
        if page.status != 200:
            report.add(where_of(screen, CLIENT), "the screen", f"answers {page.status}")
            continue
        compare(screen, seen, CLIENT, dossier, report)
    return True


def _client(dossier: Dossier, rest: str) -> str:
    return f"/s/{dossier.address}/{rest}"


def _as_client(visitor: HttpVisitor, dossier: Dossier, report: Report, code: str) -> None:
    """One client on the longest way to the check page, who then leaves."""
    try:
        page: PageResponse | None = visitor.ask(_client(dossier, ASKED_FIRST[0]))
        if page is not None and page.path == INVITATION:
            if not code:
                report.notes.append(UNINVITED)
                return
            _enter(visitor, page, code)
            page = visitor.ask(_client(dossier, ASKED_FIRST[0]))
        for name in ASKED_FIRST:
            if name not in dossier.screens or page is None:
                continue
            seen = see(page.html)
            if page.status != 200 or seen.title != dossier.screens[name]["title"]:
                report.add(
                    where_of(dossier.screens[name], CLIENT), "the screen", _called(page, seen)
                )
                return
            compare(dossier.screens[name], seen, CLIENT, dossier, report)
            form = read_form(page.html)
            page = visitor.ask(form.action or page.path, press(form, {}))
        way = max(dossier.ways, key=lambda one: len(one["screens"]))
        _follow(_client_steps(visitor, page, way), way, CLIENT, dossier, report)
    finally:
        left = visitor.ask(_client(dossier, "leave"))
        if not left.away:
            report.add("Leave now", "leads away from the site", f"answers {left.status}")


def _enter(visitor: HttpVisitor, page: PageResponse, code: str) -> None:
    """Type the code on the page that asks for it. Raises Refusal where it opens nothing."""
    fields: Fields = [*read_form(page.html).hidden.items(), ("invitation", code)]
    if visitor.ask(INVITATION, fields).path == INVITATION:
        raise Refusal(
            "The site does not take this invitation: it was spent or taken back, has a slip in "
            "it, or was made for another site."
        )


def _called(page: PageResponse, seen: VisibleText) -> str:
    return f"“{seen.title}”" if page.status == 200 else f"answers {page.status}"


def _client_steps(visitor: HttpVisitor, page: PageResponse | None, way: Json) -> Iterator[str]:
    """Pages on a client's way, the check page last. Only forms that ask questions are posted."""
    for _ in range(MOST_STEPS):
        if page is None or page.status != 200:
            return
        yield page.html
        form = read_form(page.html)
        if not (_asks(form) or _offers_to_go_on(form)):
            return
        page = visitor.ask(form.action or page.path, press(form, way["fill"]))


def _asks(form: PageForm) -> bool:
    """Whether this is a form of questions, which says what it asks."""
    return "shown" in form.hidden


def _offers_to_go_on(form: PageForm) -> bool:
    """The help page after a high answer: its first button leads on, and sends nothing."""
    return form.buttons[:1] == [("go", "on")]


def _flow(dossier: Dossier) -> str:
    return f"/ethics/{dossier.name}/flow"


def _to_questions(visitor: HttpVisitor, dossier: Dossier, report: Report) -> PageResponse:
    """The first page of questions on the board's walk, what comes before compared."""
    page = visitor.ask(_flow(dossier))
    names = [n for n in ("landing", "information", *ASKED_FIRST) if n in dossier.screens]
    for name, after in zip(names, [*names[1:], ""], strict=True):
        compare(dossier.screens[name], see(page.html), BOARD, dossier, report)
        form = read_form(page.html)
        turn = [*form.hidden.items(), ("go", after)]
        page = visitor.ask(_flow(dossier), press(form, {}) if name in ASKED_FIRST else turn)
    return page


def _on_board(visitor: HttpVisitor, dossier: Dossier, way: Json, report: Report) -> None:
    """One whole way on the board's pages, to the thank-you page."""
    page = _to_questions(visitor, dossier, report)
    _follow(_board_steps(visitor, page, dossier, way), way, BOARD, dossier, report)
    report.ways += 1


def _board_steps(
    visitor: HttpVisitor, page: PageResponse, dossier: Dossier, way: Json
) -> Iterator[str]:
    for _ in range(len(way["screens"]) + 20):
        yield page.html
        form = read_form(page.html)
        if not _asks(form) and not form.buttons:
            return
        page = visitor.ask(_flow(dossier), press(form, way["fill"]))


def _asides(visitor: HttpVisitor, dossier: Dossier, report: Report) -> None:
    """Stop, and what follows on deleting, from the first question of the board's walk."""
    page = _to_questions(visitor, dossier, report)
    for go, name in (("stop", "way:stop"), ("delete", "way:stopped")):
        fields: Fields = [*read_form(page.html).hidden.items(), ("go", go)]
        page = visitor.ask(_flow(dossier), fields)
        compare(dossier.screens[name], see(page.html), BOARD, dossier, report)


def _follow(pages: Iterable[str], way: Json, whose: str, dossier: Dossier, report: Report) -> None:
    """Compare page after page with the screens of a way; one that is missing is found again."""
    expected = [dossier.screens[name] for name in way["screens"]]
    at, before = 0, "consent"
    for html in pages:
        seen = see(html)
        place = next((n for n in range(at, len(expected)) if _is(expected[n], seen)), None)
        if place is None:
            report.add(f"Routing after {before}, {whose}", _name(expected, at), _shown(seen))
            known = next((s for s in dossier.screens.values() if _is(s, seen)), None)
            if known is not None:
                compare(known, seen, whose, dossier, report)
            continue
        if place > at:
            report.add(f"Routing after {before}, {whose}", _name(expected, at), _shown(seen))
        compare(expected[place], seen, whose, dossier, report)
        at, before = place + 1, expected[place]["id"]
    last = len(expected) - (1 if whose == CLIENT else 0)  # a client's walk ends before sending
    if at < last:
        report.add(f"Routing after {before}, {whose}", _name(expected, at), "")


def _is(screen: Json, seen: VisibleText) -> bool:
    return bool(screen["asks"] == seen.asks and screen["title"] == seen.title)


def _name(expected: Sequence[Json], at: int) -> str:
    return expected[at]["id"] if at < len(expected) else "the end of the walk"


def _shown(seen: VisibleText) -> str:
    return f"a page that asks {seen.asks}" if seen.asks else f"“{seen.title}”"
