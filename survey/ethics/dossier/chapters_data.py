"""The chapters of data: routing, checklist, notes, facts, columns, release policy, help lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forms.flow import CITED
from forms.kinds import columns_of_study
from forms.routing import Route, condition_in_words
from forms.routing import routes_in_words as ways_through
from forms.routing_diagram import picture as drawn
from forms.study import Hierarchy, Study, Tier
from survey.ethics.checklist import answered, grades, missing_elements
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
from survey.ethics.stored_data import administrative, data_lines
from survey.studies.version import StudyVersion

MOST_WAYS = 120  # rows of the table of ways; of more only the number stands there


def routing(version: StudyVersion) -> Iterator[Block]:
    """Yield the picture, the conditions, and every way through with what it asks."""
    study = version.study
    if study.routed:
        yield picture(drawn(study), "The pages in order, and which answers lead to which of them. "
                      "The tables below say the same in words.")  # fmt: skip
    yield heading("What hangs on an answer")
    hanging = list(_hanging(version))
    if not hanging:
        yield prose("Nothing: every client meets every page and every question, in this order.")
    else:
        yield table(("Page or question", "Shown only if"), (2, 5), hanging)
    yield heading("Every way through")
    yield from _ways(version)
    if study.minutes:
        told = "; ".join(f"about {m:g} minutes on the way “{b}”" for b, m in study.minutes.items())
        yield prose(f"Clients are told to expect {told}.")


def _hanging(version: StudyVersion) -> Iterator[tuple[Runs, str]]:
    study = version.study
    for page in study.pages:
        if page.show_if:
            yield [ref(page.title, page.id)], condition_in_words(study, page.show_if)
        for one in page.questions:
            if one.show_if:
                yield [code(one.name)], condition_in_words(study, one.show_if)


def _ways(version: StudyVersion) -> Iterator[Block]:
    study = version.study
    ways = list(ways_through(study))
    yield prose(
        f"{len(study.pages)} pages in all, {len(ways)} "
        f"{'way' if len(ways) == 1 else 'ways'} through. Which pages a client meets depends on "
        "these answers; a grid is one question with an answer a row; minutes are an estimate.",
        leads=True,
    )
    yield table(
        ("Answers that lead there", "Pages", "Questions", "Answers", "Minutes"),
        (17, 2, 3, 3, 3),
        (_way(way) for way in ways[:MOST_WAYS]),
    )
    if len(ways) > MOST_WAYS:
        yield note(f"The first {MOST_WAYS} ways. The file texts.json lists what each shows.")


def _way(way: Route) -> tuple[str, ...]:
    answers = ", ".join(f"{column}={value}" for column, value in way.answers.items())
    numbers = (len(way.pages), way.questions, way.answers_asked)
    return (answers or "every client", *map(str, numbers), f"{way.minutes:.0f}")


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
    yield table(
        ("Part", "Grade", "Words", "Verdict"),
        (4, 1, 1, 2),
        (
            (one.section, "–" if one.grade is None else f"{one.grade:.1f}", str(one.words),
             one.verdict)
            for one in graded
        ),
    )  # fmt: skip


def checklist(version: StudyVersion) -> Iterator[Block]:
    """Yield the elements that boards look for with the passages that say them."""
    study, titles = version.study, _titles(version)
    lines, bare = answered(study), [element.id for element in missing_elements(study)]
    named = {item.id: item.passages for item in study.consent.checklist}
    yield prose(f"{len(lines)} elements that boards look for.")
    yield prose(
        f"{len(bare)} have no passage: {', '.join(bare)}." if bare else "Each has its passage."
    )
    yield table(
        ("Element", "Source", "The text must contain", "Where it is said"),
        (4, 8, 12, 12),
        (
            (
                line.element.id,
                line.element.source,
                line.element.must,
                [
                    coded(line.where),
                    between([ref(titles.get(p, p), p) for p in named.get(line.element.id, ())]),
                ],
            )
            for line in lines
        ),
    )


def _titles(version: StudyVersion) -> dict[str, str]:
    """Return the titles that a board reads in place of ids of passages."""
    consent = version.study.consent
    passages = (
        *consent.key_facts, *consent.details, *consent.notice, *consent.debrief,
        *consent.board_note, *version.study.support.passages,
    )  # fmt: skip
    screens = {SCREEN + s.name: f"screen {s.name}" for s in CITED}
    return screens | {p.id: version.fill(p.heading).rstrip(".?") for p in passages if p.heading}


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
    yield heading("Codes of what is missing", level=3)
    yield pairs((str(m.code), m.label) for m in study.missing)
    yield table(
        ("Column and meaning", "Values", "Role", "In each tier"),
        (10, 12, 5, 7),
        (
            (
                [[code(line.name)], [plain(line.about)]],
                _values(study, line.values),
                line.role,
                [[plain(line)] for line in _in_tiers(line.tiers)],
            )
            for line in data_lines(study)
        ),
    )


def _values(study: Study, values: str) -> list[Runs]:
    """Return the values, and below them the codes of what is missing without their labels."""
    labels = {f"{m.code} {m.label}": str(m.code) for m in study.missing}
    parts = values.split("; ")
    missing = [labels[part] for part in parts if part in labels]
    given = "; ".join(part for part in parts if part not in labels)
    return [[plain(given)], *([[plain("missing: " + ", ".join(missing))]] if missing else [])]


def _in_tiers(tiers: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield tiers that treat a column alike, and how they treat it."""
    for done in dict.fromkeys(does for _, does in tiers):
        yield ", ".join(tier for tier, does in tiers if does == done) + f": {done}"


def policy(version: StudyVersion) -> Iterator[Block]:
    """Yield the release policy: tiers, floors, and how each value coarsens."""
    policy = version.study.policy
    yield prose(policy.caution) if policy.caution else prose("What may leave, and in which shape.")
    yield heading("Tiers")
    yield table(
        ("Tier", "For whom", "What holds in the file"),
        (4, 5, 9),
        (
            (f"{t.name}  {t.label}", t.audience, [[plain(line)] for line in _tier_lines(t)])
            for t in policy.tiers.values()
        ),
    )
    yield heading("Floors")
    small = policy.small
    yield pairs(
        [
            ("New rows for a release", f"at least {policy.min_new_rows}"),
            ("No release at all", f"under {small.min_rows} rows"),
            ("No quasi-identifier", f"under {small.no_key_under} rows"),
            ("Few quasi-identifiers", f"{small.few_key}, up to {small.few_key_up_to} rows"),
            (
                "Diversity reported",
                f"{', '.join(policy.distinct)}; a warning below {policy.distinct_warning} values"
                if policy.distinct
                else "none",
            ),
            ("First to be coarsened", ", ".join(policy.order) or "none"),
        ]
    )
    if policy.hierarchies:
        yield heading("How values coarsen")
        yield note(
            "Level 0 is the answer as asked; after the last level the value is withheld.",
            leads=True,
        )
        yield table(
            ("Variable", "Level", "Values and the codes they cover"),
            (4, 1, 10),
            (row for h in policy.hierarchies.values() for row in _levels(h)),
        )


def _tier_lines(tier: Tier) -> Iterator[str]:
    if tier.kind.holds == "rows":
        yield f"at least {tier.k} people alike in every class"
        if tier.distinct_l > 1:
            yield f"at least {tier.distinct_l} values of each sensitive variable of the policy"
        yield f"at most {tier.max_violating:.0%} of the rows withheld in their whole core key"
        for group, level in tier.min_level.items():
            yield f"{group} quasi-identifiers at level {level} or coarser"
    else:
        yield tier.promise
    if tier.leave_out:
        yield "left out: " + ", ".join(tier.leave_out)
    if tier.needs_open_consent:
        yield "only with the consent c_open"
    if tier.min_rows_per_language:
        yield f"a language only with at least {tier.min_rows_per_language} rows"


def _levels(hierarchy: Hierarchy) -> Iterator[tuple[object, str, str]]:
    for number, groups in enumerate(hierarchy.levels, start=1):
        told = "; ".join(f"{g.label} ({', '.join(map(str, sorted(g.codes)))})" for g in groups)
        yield [code(hierarchy.variable)] if number == 1 else "", str(number), told


def help_lines(version: StudyVersion) -> Iterator[Block]:
    """Yield every help line with the day on which a person last checked it."""
    support = version.study.support
    unchecked = len(support.never_checked)
    yield prose(
        f"{len(support.lines)} lines. "
        + (
            f"{unchecked} of them have never been checked by a person; the study cannot open "
            "before they are."
            if unchecked
            else "All have been checked by a person."
        ),
        "Help lines stand outside every fingerprint: a wrong number is corrected at once, and the "
        "correction is listed for the board. This is how they stood when the dossier was made.",
        leads=True,
    )
    yield table(
        ("Where", "Line", "Contact", "Checked"),
        (4, 5, 7, 3),
        (
            (
                ", ".join(line.countries) or "anywhere",
                line.name + (" (for young people)" if line.youth else ""),
                [[plain(line.contact)], *([[code(line.url)]] if line.url else [])],
                line.last_checked or "not yet checked",
            )
            for line in support.lines
        ),
    )
    if support.emergency:
        yield heading("Emergency numbers")
        yield items(("", [plain(f"{place}: {number}")]) for place, number in support.emergency)
