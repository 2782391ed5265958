"""The chapters on what is stored and what may leave: columns, tiers, release policy, help lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forms.columns import of_study
from forms.study import Hierarchy, Study, Tier
from survey.board.dossier.blocks import (
    Block,
    Runs,
    code,
    heading,
    items,
    note,
    pairs,
    plain,
    prose,
    table,
)
from survey.board.storedata import administrative, data_lines
from survey.served.shelf import Offer


def stored(offer: Offer) -> Iterator[Block]:
    """Every stored column: meaning, values, role, and what each tier does to it."""
    study = offer.study
    others = administrative(study)
    yield prose(
        f"One row for each client who pressed send: {len(of_study(study))} columns of answers and "
        f"{len(others)} others. Made from the same definitions as the table.",
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
    """The values, and below them the codes of what is missing without their labels."""
    labels = {f"{m.code} {m.label}": str(m.code) for m in study.missing}
    parts = values.split("; ")
    missing = [labels[part] for part in parts if part in labels]
    given = "; ".join(part for part in parts if part not in labels)
    return [[plain(given)], *([[plain("missing: " + ", ".join(missing))]] if missing else [])]


def _in_tiers(tiers: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What is done, and in which tiers: alike ones together."""
    for done in dict.fromkeys(does for _, does in tiers):
        yield ", ".join(tier for tier, does in tiers if does == done) + f": {done}"


def policy(offer: Offer) -> Iterator[Block]:
    """The release policy: tiers, floors, and how each value coarsens."""
    policy = offer.study.policy
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
            ("Diversity reported", ", ".join(policy.distinct) or "none"),
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
    yield f"at least {tier.k} people alike in every class"
    if tier.distinct_l > 1:
        yield f"at least {tier.distinct_l} values of each sensitive variable of the policy"
    yield f"at most {tier.max_violating:.0%} of the rows withheld in their whole core key"
    for group, level in tier.min_level.items():
        yield f"{group} quasi-identifiers at level {level} or coarser"
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


def help_lines(offer: Offer) -> Iterator[Block]:
    """Every help line with the day on which a person last checked it."""
    support = offer.study.support
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
