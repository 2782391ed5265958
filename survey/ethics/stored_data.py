"""What is stored and what each tier does to it, in words, from the objects that make the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forms.kinds import columns_of_study
from forms.study import MISSING_RANGE, Column, Study, Tier


@dataclass(frozen=True, slots=True)
class DataLine:
    """One stored column as a board reads it."""

    name: str
    about: str
    values: str
    role: str
    tiers: tuple[tuple[str, str], ...]


def administrative(study: Study) -> tuple[tuple[str, str], ...]:
    """(column, what it is) for the columns that hold no answer."""
    bands = ", ".join(str(bound) for bound in study.duration_bands)
    return (
        ("key", "16 random bytes. Made for this row; nothing else holds it."),
        ("fingerprint", "Which words the client was shown (SHA-256), the same for everybody."),
        ("lang", "Language of the words."),
        ("c_open", "Whether the answers may be part of an open file (1) or not (0)."),
        ("completion", "1 reached the end, 2 stopped early and sent."),
        ("dur_band", f"About how long it took, as a band with bounds at {bands} minutes. No time."),
        ("deletion", "Keyed hash of the client's code, or random bytes; random once frozen."),
        ("batch", "0, or the number of the frozen batch the row belongs to."),
    )  # fmt: skip


def _values(study: Study, column: Column) -> str:
    if column.max_length:
        return f"text of up to {column.max_length} characters"
    labelled = [f"{c} {column.labels[c]}" for c in column.codes if c in column.labels]
    span = f"{column.codes[0]} to {column.codes[-1]}: " if len(labelled) < len(column.codes) else ""
    known: Mapping[int, str] = {m.code: m.label for m in study.missing}
    absent = [f"{c} {known.get(c, '')}".strip() for c in column.missing if c in MISSING_RANGE]
    return span + "; ".join(labelled + absent)


def _in_tier(study: Study, variable: str, tier: Tier) -> str:
    """What this tier does to the variable, in a few words."""
    policy = study.policy
    role, group = policy.roles.get(variable, "none"), policy.groups.get(variable, "")
    if variable in tier.leave_out or role not in tier.kind.roles:
        return "left out"
    if role == "free_text":
        return "only after review"
    level = tier.min_level.get(group, 0)
    if role == "quasi_identifier" and variable in policy.hierarchies:
        top = policy.hierarchies[variable].top
        if level >= top:
            return "withheld"
        return f"level {level} or coarser" if level or group == "core" else "as asked"
    return "as answered"


def _role(study: Study, variable: str) -> str:
    group = study.policy.groups.get(variable)
    role = study.policy.roles.get(variable, "none").replace("_", " ")
    return f"{role} ({group})" if group else role


def data_lines(study: Study) -> Iterator[DataLine]:
    """Every answer column of the row, then every kept-apart text, in the order asked."""
    tiers = tuple(study.policy.tiers.values())
    for column in columns_of_study(study):
        yield DataLine(
            column.name,
            column.label,
            _values(study, column),
            _role(study, column.variable),
            tuple((tier.name, _in_tier(study, column.variable, tier)) for tier in tiers),
        )
    for question in study.questions.values():
        if question.apart:
            yield DataLine(
                question.name,
                question.text.texts()[0],
                f"text of up to {question.max_length} characters, in a table of its own; "
                "no key joins it to the row",
                _role(study, question.name),
                tuple((tier.name, _in_tier(study, question.name, tier)) for tier in tiers),
            )
