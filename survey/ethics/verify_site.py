"""Comparison of a running site with a dossier, text by text, as seen from outside.

It goes as one client as far as the check page and leaves: the button that sends is never pressed,
since beyond consent only forms that say which questions they ask are posted. So an invitation that
it is given is not spent. Every other way through is walked on the board's pages, which store
nothing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from forms.flow import SCREENS
from forms.platform_texts import BY_INVITATION, FROZEN_AGAIN, FROZEN_ONCE
from survey.errors import Refusal
from survey.ethics.dossier.reader import Dossier
from survey.ethics.verify_papers import check_certificate
from survey.page_text import (
    Fields,
    PageForm,
    VisibleText,
    comparable_text,
    main_button_fields,
    read_form,
)
from survey.storage.record import START, Head, next_hash, read_head
from survey.studies.fingerprints import FINGERPRINT_LABELS
from survey.synthetic.http_client import HttpVisitor, PageResponse

CLIENT, BOARD = "client’s page", "board’s walk"
RECORD = "The record of the staff’s acts"
WEIGHED = 20  # texts that one which is missing is likened to; a wholly other page has hundreds
ALIKE = 0.5  # share from which on two texts are reported as one that was changed
HELP = frozenset(["support", "thanks"])
MOST_STEPS = 400  # more than any way has: a walk that goes on is going in circles
# Screens that open by their address; on the way the others follow.
OPEN = ("landing", "information", "support", "withdraw", "stop", "declined", "thanks", "later")
ASKED_FIRST = ("eligibility", "consent")
INVITATION = "/i/"
CLOSED = SCREENS["closed"].title
UNINVITED = (
    "Only an invitation opens this study, so a client’s own questions could not be walked: what "
    "comes before them and the board’s pages were compared. --invitation CODE goes in with an "
    "unspent code, and does not spend it."
)
_DAY = r"(?:\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}-\d{2}-\d{2})"
_FROZEN = re.compile(
    "|".join(_DAY.join(map(re.escape, told.split("{day}"))) for told in (FROZEN_ONCE, FROZEN_AGAIN))
)
_FINGERPRINT = re.compile(r"\b[0-9a-f]{64}\b")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One text that differs: where, and both; an empty one is not there at all."""

    where: str
    dossier: str
    site: str

    def __str__(self) -> str:
        dossier, site = (text or "(nothing)" for text in (self.dossier, self.site))
        return f"{self.where}\n  dossier: {dossier}\n  site:    {site}"


@dataclass
class Report:
    """The differences found, each once, what could not be seen, what signatures are worth."""

    differences: dict[Difference, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    screens: int = 0
    ways: int = 0

    def add(self, where: str, dossier: str, site: str) -> None:
        """Note one text that differs."""
        self.differences[Difference(where, dossier, site)] = None


def verify(
    url: str,
    dossier: Dossier,
    progress: Callable[[int], None] = lambda _: None,
    invitation: str = "",
    since: str = "",
    known: Mapping[str, str] | None = None,
) -> Report:
    """Compare the site at ``url`` with ``dossier``; ``progress`` hears how many ways are walked.

    ``invitation`` is an unspent code, for a study that opens to nobody else; ``since`` a head of
    the record that was noted before; ``known`` are fingerprints of members' keys. Raises Refusal
    when the site cannot be reached, does not have the study, or does not take the code.
    """
    visitor = HttpVisitor(url)
    comparison = _SiteComparison(visitor, dossier)
    try:
        comparison.fingerprints()
        comparison.record(since)
        comparison.signatures(known)
        if comparison.open_screens():
            comparison.client_way(invitation)
        comparison.stopping()
        for number, way in enumerate(dossier.ways, start=1):
            comparison.board_way(way)
            progress(number)
    finally:
        visitor.close()
    return comparison.report


@dataclass
class _SiteComparison:
    """One visitor to the site, the dossier that is compared, and the report so far."""

    visitor: HttpVisitor
    dossier: Dossier
    report: Report = field(default_factory=Report)

    def fingerprints(self) -> None:
        """Compare the fingerprints that the overview and the certificate show."""
        address = f"/ethics/{self.dossier.name}/"
        for page, path in (("overview", address), ("certificate", f"{address}certificate")):
            found = self.visitor.ask(path)
            if found.status != 200 and page == "overview":
                raise Refusal(
                    f"{self.visitor.origin} shows no study {self.dossier.name} to boards."
                )
            if found.status != 200:
                self.report.notes.append("This site has no certificate page.")
                continue
            shown = dict.fromkeys(_FINGERPRINT.findall(found.html))
            others = ", ".join(one for one in shown if one not in self.dossier.fingerprints)
            for label, one in zip(FINGERPRINT_LABELS, self.dossier.fingerprints, strict=True):
                if one not in shown:
                    self.report.add(f"{page}: fingerprint of {label.lower()}", one, others)
            if page == "certificate" and self.dossier.platform not in ("", *shown):
                where = f"{page}: fingerprint of the platform’s sentences"
                self.report.add(where, self.dossier.platform, others)

    def open_screens(self) -> bool:
        """Compare the screens that need no answer; return False while the study is closed."""
        for name in OPEN:
            screen = self.dossier.screens[name]
            response = self._ask_client("" if name == "landing" else name)
            page = comparable_text(response.html)
            if name == "landing" and response.status == 200 and page.title.startswith(CLOSED):
                self.report.notes.append(
                    "The study takes nobody just now, so a client’s own pages could not be walked: "
                    "only the board’s were compared."
                )
                return False
            if response.status != 200:
                answer = f"answers {response.status}"
                self.report.add(_place(screen, CLIENT), "the screen", answer)
            else:
                self.compare(screen, page, CLIENT)
        return True

    def client_way(self, code: str) -> None:
        """Walk the longest way as one client to the check page, then leave."""
        try:
            response = self._ask_client(ASKED_FIRST[0])
            if response.path == INVITATION:
                if not code:
                    self.report.notes.append(UNINVITED)
                    return
                self._enter(response, code)
                response = self._ask_client(ASKED_FIRST[0])
            for screen in filter(None, map(self.dossier.screens.get, ASKED_FIRST)):
                page = comparable_text(response.html)
                if response.status != 200 or page.title != screen["title"]:
                    status = response.status
                    site = f"“{page.title}”" if status == 200 else f"answers {status}"
                    self.report.add(_place(screen, CLIENT), "the screen", site)
                    return
                self.compare(screen, page, CLIENT)
                form = read_form(response.html)
                response = self.visitor.ask(
                    form.action or response.path, main_button_fields(form, {})
                )
            way = max(self.dossier.ways, key=lambda one: len(one["screens"]))
            self._follow(self._client_pages(response, way), way, CLIENT)
        finally:  # wherever the walk broke off, so that no draft of it is left on the site
            left = self._ask_client("leave")
            if not left.away:
                self.report.add("Leave now", "leads away from the site", f"answers {left.status}")

    def record(self, since: str) -> None:
        """Add what the certificate says of its record, and compare that with a head noted before.

        Raises Refusal for a text that is no head.
        """
        address = f"/ethics/{self.dossier.name}"
        try:
            position, digits = read_head(since) if since else (0, "")
            found = json.loads(self.visitor.ask(f"{address}/certificate.json").html)["record"]
            present = Head(int(found["position"]), str(found["head"]))
        except ValueError as error:
            if since:
                raise Refusal(str(error)) from None
            return
        except (TypeError, KeyError):  # an older site
            if since:
                self.report.add(RECORD, since, "")
            return
        self.report.notes.append(f"Head of the record now: {present}. Note it, with the day.")
        if not found["whole"]:
            self.report.add(RECORD, "whole", "not whole, as the site itself says")
        if since and not self._continues(position, digits, present):
            self.report.add(RECORD, f"continues {since}", str(present))

    def signatures(self, known: Mapping[str, str] | None) -> None:
        """Check the signatures of the approval that the site's certificate shows now."""
        address = f"/ethics/{self.dossier.name}/certificate.json"
        try:
            told = check_certificate(json.loads(self.visitor.ask(address).html), known)
        except (ValueError, Refusal):  # an older site
            return
        self.report.signed += [f"Certificate of the site: {line}" for line in told.lines]
        if not told.sound:
            self.report.add("certificate: signatures", "as signed", told.lines[-1])

    def _continues(self, position: int, digits: str, present: Head) -> bool:
        """Return whether the site can show that the noted head leads to the present one."""
        if present.noted_as(position, digits):
            return True
        # The whole of the noted hash is worked out from the first line on: 16 digits are no head.
        hashed, at = START, 0
        while at < present.position:
            page = self.visitor.ask(f"/ethics/{self.dossier.name}/record.json?after={at}").html
            lines: list[str] = json.loads(page)["lines"]
            for line in lines:
                hashed, at = next_hash(hashed, line), at + 1
                if at == position and not hashed.startswith(digits):
                    return False
                if at == present.position:
                    break
            if not lines:
                return False
        return at >= position and hashed == present.hash

    def _ask_client(self, rest: str) -> PageResponse:
        return self.visitor.ask(f"/s/{self.dossier.address}/{rest}")

    def _enter(self, page: PageResponse, code: str) -> None:
        """Type the code on the page that asks for it. Raises Refusal where it opens nothing."""
        fields: Fields = [*read_form(page.html).hidden.items(), ("invitation", code)]
        if self.visitor.ask(INVITATION, fields).path == INVITATION:
            raise Refusal(
                "The site does not take this invitation: it was spent or taken back, has a slip in "
                "it, or was made for another site."
            )

    def _client_pages(self, page: PageResponse, way: Json) -> Iterator[str]:
        """Yield the client's pages, the check page last. Only forms that ask are posted."""
        for _ in range(MOST_STEPS):
            if page.status != 200:
                return
            yield page.html
            form = read_form(page.html)
            # After a high answer the help page's first button leads on, and sends nothing.
            if not (_asks(form) or form.buttons[:1] == [("go", "on")]):
                return
            page = self.visitor.ask(form.action or page.path, main_button_fields(form, way["fill"]))

    def _ask_board(self, fields: Fields | None = None) -> PageResponse:
        return self.visitor.ask(f"/ethics/{self.dossier.name}/flow", fields)

    def _first_questions(self) -> PageResponse:
        """Return the first page of questions on the board's walk after comparing the others."""
        page, screens = self._ask_board(), self.dossier.screens
        names = [n for n in ("landing", "information", *ASKED_FIRST) if n in screens]
        for name, after in zip(names, [*names[1:], ""], strict=True):
            self.compare(screens[name], comparable_text(page.html), BOARD)
            form = read_form(page.html)
            onward = [*form.hidden.items(), ("go", after)]
            page = self._ask_board(main_button_fields(form, {}) if name in ASKED_FIRST else onward)
        return page

    def board_way(self, way: Json) -> None:
        """Walk one whole way on the board's pages, to the thank-you page."""
        self._follow(self._board_pages(self._first_questions(), way), way, BOARD)
        self.report.ways += 1

    def _board_pages(self, page: PageResponse, way: Json) -> Iterator[str]:
        for _ in range(len(way["screens"]) + 20):
            yield page.html
            form = read_form(page.html)
            if not _asks(form) and not form.buttons:
                return
            page = self._ask_board(main_button_fields(form, way["fill"]))

    # On the board's pages alone: there Stop and Delete store nothing and count nobody.
    def stopping(self) -> None:
        """Compare Stop, and what follows on deleting, from the board's first question."""
        page = self._first_questions()
        for go, name in (("stop", "way:stop"), ("delete", "way:stopped")):
            page = self._ask_board([*read_form(page.html).hidden.items(), ("go", go)])
            self.compare(self.dossier.screens[name], comparable_text(page.html), BOARD)

    def _follow(self, pages: Iterable[str], way: Json, whose: str) -> None:
        """Compare page after page with a way's screens; one that is missing is found again."""
        expected = [self.dossier.screens[name] for name in way["screens"]]
        at, before = 0, "consent"

        def report_route(site: str) -> None:
            awaited = expected[at]["id"] if at < len(expected) else "the end of the walk"
            self.report.add(f"Routing after {before}, {whose}", awaited, site)

        for html in pages:
            page = comparable_text(html)
            place = next((n for n in range(at, len(expected)) if _is(expected[n], page)), None)
            if place is None or place > at:
                report_route(f"a page that asks {page.asks}" if page.asks else f"“{page.title}”")
            if place is None:
                screen = next((s for s in self.dossier.screens.values() if _is(s, page)), None)
                if screen is not None:
                    self.compare(screen, page, whose)
                continue
            self.compare(expected[place], page, whose)
            at, before = place + 1, expected[place]["id"]
        if at < len(expected) - (whose == CLIENT):  # a client's walk ends before sending
            report_route("")

    def compare(self, screen: Json, page: VisibleText, whose: str) -> None:
        """Compare every line of one screen, both ways."""
        self.report.screens += 1
        where = _place(screen, whose)
        if screen["title"] != page.title:
            self.report.add(f"{where}, title", screen["title"], page.title)
        lines = screen.get("preview", screen["lines"]) if whose == BOARD else screen["lines"]
        ours, theirs = Counter[str](lines), Counter(page.lines)
        missing = _in_order(lines, ours - theirs)
        extra = _in_order(page.lines, theirs - ours)
        if screen["asks"]:
            extra = [line for line in extra if line not in self.dossier.may_also_say]
        if screen["id"] == "landing":
            extra = [line for line in extra if line.replace(" .", ".") != BY_INVITATION]
        if screen["id"] == "withdraw":  # the one sentence there that tells what happened
            extra = [line for line in extra if not _FROZEN.fullmatch(line)]
        for one, other in _paired(missing, extra):
            self.report.add(where, one, other)
        if not (missing or extra or screen["any_order"]):
            found = (line for line in page.lines if line in ours)
            moved = [pair for pair in zip(lines, found, strict=False) if pair[0] != pair[1]]
            if moved:
                self.report.add(f"{where}, order", *moved[0])


def _place(screen: Json, whose: str) -> str:
    """Return the screen and on whose pages, as the report names it."""
    apart = "; a contact may be corrected before it is signed" if screen["id"] in HELP else ""
    return f"{screen['name']} [{screen['id']}], {whose}{apart}"


def _asks(form: PageForm) -> bool:
    """Return whether this is a form of questions, which says what it asks."""
    return "shown" in form.hidden


def _is(screen: Json, page: VisibleText) -> bool:
    return bool(screen["asks"] == page.asks and screen["title"] == page.title)


def _in_order(lines: Sequence[str], left: Counter[str]) -> list[str]:
    """Return those of ``lines`` that are left over, in their order."""
    found = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
            found.append(line)
    return found


def _paired(missing: list[str], extra: list[str]) -> Iterator[tuple[str, str]]:
    """Yield what is not there beside what is there instead: the most alike together."""
    rest = list(extra)
    for line in missing:
        likeness = [SequenceMatcher(None, line, other).ratio() for other in rest[:WEIGHED]]
        best = max(range(len(likeness)), key=likeness.__getitem__, default=None)
        alike = best is not None and likeness[best] > ALIKE
        yield line, rest.pop(best) if best is not None and alike else ""
    yield from (("", line) for line in rest)
