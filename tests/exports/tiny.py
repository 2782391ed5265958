"""A study of six questions, built by hand, with something of everything that a release treats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from exports.columns import frame_of
from forms.fingerprint import content
from forms.study import (
    TEXT_KEYS,
    Branch,
    Composite,
    Consent,
    DifferenceScore,
    Fingerprints,
    Hierarchy,
    HierarchyGroup,
    Missing,
    Option,
    Page,
    QualityFlags,
    Question,
    ReleasePolicy,
    Row,
    Scale,
    SmallSamples,
    Study,
    Support,
    Tier,
    Wording,
)

MISSING = tuple(
    Missing(code, name, label)
    for code, name, label in (
        (-99, "prefer_not", "Prefer not to answer"),
        (-98, "dont_know", "Cannot say"),
        (-96, "not_shown", "Not shown"),
        (-95, "left_blank", "Left blank"),
        (-94, "not_reached", "Not reached"),
        (-93, "withheld", "Withheld"),
        (-92, "not_scored", "Not scored"),
    )
)
LIKERT = tuple(Option(code, f"Grade {code}") for code in range(1, 6))


def single(name: str, codes: int, **changes: object) -> Question:
    options = tuple(Option(c, f"{name} {c}") for c in range(1, codes + 1))
    question = Question(
        name, "single", Wording(f"Which {name}?"), options=options, missing=MISSING[:1]
    )
    return replace(question, **changes)  # type: ignore[arg-type]


MOOD = Question(
    "mood", "grid", Wording(by_branch=(("yes", "Back then"), ("no", "These days"))),
    options=LIKERT, missing=MISSING[:2],
    rows=(Row("calm", "I felt calm."), Row("tense", "I felt tense."), Row("glad", "I felt glad.")),
)  # fmt: skip

PAGES = (
    Page("p1", "First", Wording(), (single("met", 2, required=True),)),
    Page(
        "p2",
        "Second",
        Wording(),
        (
            MOOD,
            single("where", 3, show_if=(("met", frozenset({1})),)),
            Question("said", "text", Wording("What was said?"), max_length=40),
            Question("private", "text", Wording("Anything private?"), max_length=40),
        ),
    ),
    Page("p3", "Third", Wording(), (single("age", 4), single("town", 3))),
)


def _tier(name: str, **changes: object) -> Tier:
    tier = Tier(name, f"Tier {name}", "readers", k=3, distinct_l=1, max_violating=0.2)
    return replace(tier, **changes)  # type: ignore[arg-type]


def _level(**groups: set[int]) -> tuple[HierarchyGroup, ...]:
    return tuple(HierarchyGroup(label, frozenset(codes)) for label, codes in groups.items())


HIERARCHIES = (
    Hierarchy("town", ()),
    Hierarchy("age", (_level(young={1, 2}, old={3, 4}),)),
    Hierarchy("where", (_level(inside={1}, outside={2, 3}),)),
)

POLICY = ReleasePolicy(
    roles={
        "met": "none", "calm": "sensitive", "tense": "sensitive", "glad": "sensitive",
        "where": "quasi_identifier", "said": "none", "private": "free_text",
        "age": "quasi_identifier", "town": "quasi_identifier",
    },
    groups={"where": "insider", "age": "core", "town": "core"},
    hierarchies={h.variable: h for h in HIERARCHIES},
    order=tuple(h.variable for h in HIERARCHIES),
    distinct=("calm",),
    distinct_warning=2,
    tiers={
        "A": _tier("A"),
        "B": _tier("B", k=4, needs_open_consent=True, min_level={"core": 1, "insider": 1},
                   leave_out=("said",), min_rows_per_language=5),
        "C": _tier("C"),
    },
    min_new_rows=5,
    small=SmallSamples(min_rows=3, no_key_under=0, few_key_up_to=0),
    caution="The share who met is not a prevalence.",
)  # fmt: skip

CONSENT = Consent(
    version="c1", receipt_code=True, texts=dict.fromkeys(TEXT_KEYS, "Words."), key_facts=(),
    details=(), notice=(), eligibility=(), statements=(), debrief=(), checklist=(), board_note=(),
    optional_facts=frozenset(), board_facts=frozenset(), facts=frozenset(),
)  # fmt: skip

STUDY = Study(
    name="tiny-study", title="A tiny study", address="tiny", version="1", language="en",
    exit_url="https://example.org", reading_grade=8, duration_bands=(3, 6), missing=MISSING,
    branches=(
        Branch(1, "yes", "Met", (("met", frozenset({1})),)),
        Branch(2, "no", "Did not meet", (("met", frozenset({2, -99})),)),
    ),
    pages=PAGES,
    scales=(Scale("mood", "Mood", ("calm", "tense", "glad"), frozenset({"tense"}), 2),),
    composites=(Composite("all", "All moods", ("mood",), 1),),
    differences=(DifferenceScore("rise", "Rise", "glad", "calm"),),
    quality=QualityFlags(straight=("mood",), pair=("calm", "tense"), pair_reverse="tense"),
    minutes={}, consent=CONSENT, policy=POLICY, support=Support("", (), (), ()),
    fingerprints=Fingerprints("w" * 64, "p" * 64, "c" * 64), content="{}",
)  # fmt: skip
STUDY = replace(STUDY, content=content(STUDY))


def row(**changes: int | str) -> Mapping[str, int | str]:
    """One stored row: somebody ordinary, but for ``changes``."""
    ordinary: dict[str, int | str] = {
        "study_version": "1", "consent_version": "c1", "lang": "en", "completion": 1, "c_open": 1,
        "dur_band": 2, "met": 1, "calm": 4, "tense": 2, "glad": 5, "where": 1, "said": -95,
        "private": -95, "age": 1, "town": 1,
    }  # fmt: skip
    return {**ordinary, **changes}


def frame(*rows: Mapping[str, int | str]) -> pl.DataFrame:
    """Stored rows as a release takes them."""
    return frame_of(STUDY, {name: [r[name] for r in rows] for name in rows[0]})


def study_with(policy: Mapping[str, object] | None = None, **tier_c: object) -> Study:
    """The tiny study with another policy, or another tier C."""
    tiers = {**POLICY.tiers, "C": replace(POLICY.tiers["C"], **tier_c)}  # type: ignore[arg-type]
    return replace(STUDY, policy=replace(POLICY, tiers=tiers, **(policy or {})))  # type: ignore[arg-type]
