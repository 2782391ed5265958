"""The chapters of data: routing, checklist, notes, facts, columns, release policy, help lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forms.flow import CITED
from forms.kinds import columns_of_study
from forms.routing import condition_by_question
from forms.routing import routes_in_words as ways_through
from forms.routing_diagram import picture as drawn
from forms.stop_signs import rule_in_words
from forms.study import Study, Tier
from forms.tiers import INSIDER
from survey.ethics.checklist import Judged, answered, grades, spots
from survey.ethics.dossier.blocks import (
    Block,
    Runs,
    between,
    code,
    coded,
    heading,
    items,
    note,
    pairs,
    passage,
    picture,
    plain,
    prose,
    ref,
    table,
)
from survey.ethics.dossier.chapters_text import SCREEN
from survey.ethics.stored_data import (
    WHAT_TIERS_DO,
    administrative,
    data_lines,
    response_sets,
)
from survey.studies.help_page import CHECK_DAYS
from survey.studies.version import StudyVersion

MOST_WAYS = 120  # rows of the table of ways; of more only the number stands there


def routing(version: StudyVersion) -> Iterator[Block]:
    """Yield the picture, the conditions, and every way through with what it asks."""
    study = version.study
    if study.routed:
        yield picture(drawn(study), "The pages in order, and which answers lead to which of them. "
                      "The tables below say the same in words.")  # fmt: skip
    yield heading("What hangs on an answer")
    hanging: list[tuple[Runs, str]] = []
    for page in study.pages:
        if page.show_if:
            condition = condition_by_question(study, page.show_if)
            hanging.append(([ref(page.title, page.id)], condition))
        shown = [q for q in page.questions if q.show_if]
        hanging += [([code(q.name)], condition_by_question(study, q.show_if)) for q in shown]
    if not hanging:
        yield prose("Nothing: every client meets every page and every question, in this order.")
    else:
        yield table(("Page or question", "Shown only if"), (2, 5), hanging)
    yield heading("Every way through")
    yield from _ways(study)
    if study.minutes:
        labels = {branch.name: branch.label for branch in study.branches}
        told = "; ".join(
            f"about {m:g} minutes on the way “{labels.get(b, b)}”" for b, m in study.minutes.items()
        )
        yield prose(f"Clients are told to expect {told}.")


def _ways(study: Study) -> Iterator[Block]:
    ways = list(ways_through(study))
    rows = []
    for way in ways[:MOST_WAYS]:
        answers = ", ".join(f"{column}={value}" for column, value in way.answers.items())
        numbers = map(str, (len(way.pages), way.questions, way.answers_asked))
        rows.append((answers or "every client", *numbers, f"{way.minutes:.0f}"))
    yield prose(
        f"{len(study.pages)} pages in all, {len(ways)} "
        f"{'way' if len(ways) == 1 else 'ways'} through. Which pages a client meets depends on "
        "these answers; a grid is one question with an answer a row; minutes are an estimate.",
        leads=True,
    )
    head = ("Answers that lead there", "Pages", "Questions", "Answers", "Minutes")
    yield table(head, (17, 2, 3, 3, 3), rows)
    if len(ways) > MOST_WAYS:
        yield note(f"The first {MOST_WAYS} ways. The file texts.json lists what each shows.")


def reading(version: StudyVersion) -> Iterator[Block]:
    """Yield the reading grades; nothing for a language without a formula."""
    graded = grades(version.study)
    if not graded:
        return
    yield heading("Reading grades")
    yield prose(
        "Flesch-Kincaid, US school grade; a {fact} counts as two words. The ceiling set for this "
        f"study is {version.study.reading_grade:g}.",
        leads=True,
    )
    rows = (
        (g.section, "–" if g.grade is None else f"{g.grade:.1f}", str(g.words), g.verdict)
        for g in graded
    )
    yield table(("Part", "Grade", "Words", "Verdict"), (4, 1, 1, 2), rows)


def checklist(version: StudyVersion, judged: Judged) -> Iterator[Block]:
    """Yield the elements that boards look for, the passages that say them, and the verdicts."""
    study, consent = version.study, version.study.consent
    passages = (
        *consent.key_facts, *consent.details, *consent.notice, *consent.debrief,
        *consent.leaflet, *consent.board_note, *study.support.passages,
    )  # fmt: skip
    titles = {SCREEN + s.name: f"screen {s.name}" for s in CITED}
    titles |= {p.id: version.fill(p.heading).rstrip(".?") for p in passages if p.heading}
    lines = answered(study, version.facts, judged.slots)
    bare = [line.element.id for line in lines if line.fault]
    known = spots(study)  # without the variants that this site does not show
    named = {c.id: [p for p in c.passages if p in known] for c in consent.checklist}
    yield prose(f"{len(lines)} elements that boards look for.")
    yield prose(
        f"{len(bare)} are satisfied by no passage: {', '.join(bare)}."
        if bare
        else "Each has its passage."
    )
    rows = []
    for line in lines:
        one = line.element
        links = between([ref(titles.get(p, p), p) for p in named.get(one.id, ())])
        rows.append((one.id, one.source, one.must, [coded(version.fill(line.where)), links]))
    head = ("Element", "Source", "The text must contain", "Where it is said")
    yield table(head, (4, 8, 12, 12), rows)
    if judged.verdicts:
        yield heading("Verdicts of the board on this version")
        said = ("Element", "Verdict", "Reason", "By", "Day")
        yield table(said, (4, 6, 16, 6, 5), judged.verdicts)


def board_notes(version: StudyVersion) -> Iterator[Block]:
    """Yield the notes for the board alone."""
    for one in version.study.consent.board_note:
        if one.heading:
            yield heading(one.heading, anchor=one.id)
        yield passage(one.text, version, anchor="" if one.heading else one.id)


def site_facts(version: StudyVersion) -> Iterator[Block]:
    """Yield every fact that the study names, with this site's value."""
    consent = version.study.consent
    named = sorted(consent.facts | consent.optional_facts | consent.board_facts)
    required = consent.facts - consent.optional_facts - consent.board_facts

    def value(name: str) -> Runs:
        given = version.facts.get(name, "")
        if given:
            return [plain(given)]
        return [("gap", "not given yet")] if name in required else [plain("none")]

    yield prose(
        "What differs from site to site, as it stands in the words of this dossier. Where a fact "
        "is not given yet, the words show its name in square brackets."
    )
    yield pairs((name, value(name)) for name in named)


def stored(version: StudyVersion) -> Iterator[Block]:
    """Yield every stored column: meaning, values, role, and its form in each tier."""
    study = version.study
    others = administrative(study)
    yield prose(
        "One row for each client who pressed send: "
        f"{len(columns_of_study(study))} columns of answers and {len(others)} others. "
        "Made from the same definitions as the table.",
        "Not stored: any time or date, any address or device, any name, any order of arrival, the "
        f"eligibility answers, the {len(study.consent.required_statements)} required statements (a "
        "row cannot exist without them), and anything at all of a client who did not send.",
    )
    yield heading("Columns that hold no answer")
    yield pairs(others)
    yield heading("Answers")
    yield prose(
        "Roles: a quasi-identifier could help somebody recognise a person (core: what an outsider "
        "may know; insider: what somebody who was there knows); sensitive answers are protected "
        "because of what they say; free text never travels with other answers."
    )
    yield heading("Words in the columns of tiers", level=3)
    yield pairs(WHAT_TIERS_DO.items())
    yield heading("Codes of what is missing", level=3)
    yield pairs((str(m.code), m.label) for m in study.missing)
    if sets := response_sets(study):
        yield heading("Sets of answers that several columns share", level=3)
        yield pairs(sets.items())
    rows = []
    for line in data_lines(study):
        values = [[plain(line.responses or line.values)]]
        if line.missing:
            values.append([plain("missing: " + ", ".join(map(str, line.missing)))])
        does = [does for _, does in line.tiers]
        rows.append(([[code(line.name)], [plain(line.about)]], values, line.role, *does))
    tiers = tuple(study.policy.tiers)
    yield heading("Every column", level=3)
    head = ("Column and meaning", "Values", "Role", *tiers)
    yield table(head, (10, 9, 5, *(3 for _ in tiers)), rows)


def policy(version: StudyVersion) -> Iterator[Block]:
    """Yield the release policy: tiers, floors, and how each value coarsens."""
    policy = version.study.policy
    yield prose(policy.caution) if policy.caution else prose("What may leave, and in which shape.")
    yield heading("Tiers")
    tiers = (
        (f"{t.name}  {t.label}", t.audience, [[plain(line)] for line in _tier_lines(t)])
        for t in policy.tiers.values()
    )
    yield table(("Tier", "For whom", "What holds in the file"), (4, 5, 9), tiers)
    yield heading("Floors")
    small, spread = policy.small, "none"
    if policy.distinct:
        warned = f"a warning below {policy.distinct_warning} values"
        spread = f"{', '.join(policy.distinct)}; {warned}"
    yield pairs(
        [
            ("New rows for a release", f"at least {policy.min_new_rows}"),
            (
                "Answers in a day",
                f"about {policy.daily_limit}" if policy.daily_limit else "no limit",
            ),
            ("No release at all", f"under {small.min_rows} rows"),
            ("No quasi-identifier", f"under {small.no_key_under} rows"),
            ("Few quasi-identifiers", f"{small.few_key}, up to {small.few_key_up_to} rows"),
            ("Diversity reported", spread),
            ("First to be coarsened", ", ".join(policy.order) or "none"),
            ("Population", policy.population or "not named"),
        ]
    )
    yield heading("When collection pauses")
    yield prose(rule_in_words(version.study))
    if policy.hierarchies:
        yield heading("How values coarsen")
        yield note(
            "Level 0 is the answer as asked; after the last level the value is withheld.",
            leads=True,
        )
        rows: list[tuple[Any, str, str]] = []
        for h in policy.hierarchies.values():
            for number, groups in enumerate(h.levels, start=1):
                covers = [f"{g.label} ({', '.join(map(str, sorted(g.codes)))})" for g in groups]
                name = [code(h.variable)] if number == 1 else ""
                rows.append((name, str(number), "; ".join(covers)))
        yield table(("Variable", "Level", "Values and the codes they cover"), (4, 1, 10), rows)


def _tier_lines(tier: Tier) -> Iterator[str]:
    if tier.kind.holds == "rows":
        yield f"at least {tier.k} people alike in every class"
        if tier.distinct_l > 1:
            yield f"at least {tier.distinct_l} values of each sensitive variable in every class"
        yield f"at most {tier.max_violating:.0%} of the rows withheld in their whole core key"
        for group, level in tier.min_level.items():
            if group in tier.kind.groups:
                yield f"{group} quasi-identifiers at level {level} or coarser"
        if INSIDER not in tier.kind.groups:
            yield "no insider quasi-identifier"
        yield tier.insiders
    else:
        yield tier.promise
    if tier.leave_out:
        yield "left out: " + ", ".join(tier.leave_out)
    if tier.needs_open_consent:
        yield tier.taken
    if tier.min_rows_per_language:
        yield f"a language only with at least {tier.min_rows_per_language} rows"


def help_lines(version: StudyVersion) -> Iterator[Block]:
    """Yield every help line as it is signed: without the day of its last check."""
    support = version.study.support
    yield prose(
        f"{len(support.lines)} lines. They lie in the fingerprint of the words, but for the day on "
        "which a person last tried each, which the site tells. A contact that turns out to be "
        "wrong is corrected at once; the board’s pages show the old and the new one until the "
        f"correction is signed. A line that nobody has tried for {CHECK_DAYS} days is not shown to "
        "clients.",
        leads=True,
    )
    rows = (
        (
            ", ".join(line.countries) or "anywhere",
            line.name + " (for young people)" * line.youth,
            [
                [plain(line.contact)],
                *([[code(line.url)]] if line.url else []),
                *([[plain(line.known)]] if line.known else []),
            ],
        )
        for line in support.lines
    )
    yield table(("Where", "Line", "Contact"), (4, 5, 7), rows)
    if support.emergency:
        yield heading("Emergency numbers")
        for place, number in support.emergency:
            held = ", ".join(support.emergency_for.get(place, ()))
            yield items([("", [plain(f"{place}{f' ({held})' if held else ''}: {number}")])])
