"""Routing in words, for boards and codebooks."""

from __future__ import annotations

from collections.abc import Sequence

from forms.columns import of_study
from forms.study import Condition, Study


def joined(words: Sequence[str], last: str) -> str:
    """ "a, b or c"."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def condition_in_words(study: Study, condition: Condition) -> str:
    """A routing condition as a sentence part; empty when it always holds."""
    labels = {c.name: c.labels for c in of_study(study)}
    missing = {code: m.label for code, m in study.missing_by_code.items()}

    def one(column: str, codes: frozenset[int]) -> str:
        known = {**missing, **labels.get(column, {})}
        return f"{column} is " + joined(
            [f"{c} ({known.get(c, 'no label')})" for c in sorted(codes)], "or"
        )

    return " and ".join(one(column, codes) for column, codes in condition)
