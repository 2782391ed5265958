"""How many answers lie, at least, in what is released or read, and between two things told."""

from __future__ import annotations

from forms.study import Study

LEAST_NEW = 20  # rows; and twice the largest k, and the policy's min_new_rows
# Answers, or the policy's min_new_rows where that is more (docs/design.md, Releases).
LEAST_BETWEEN = 50


def least_new_rows(study: Study) -> int:
    """Return how many rows a further segment needs: it has to be anonymous alone.

    So many have to lie frozen together before any text of theirs is read, too.
    """
    ks = [tier.k for tier in study.policy.tiers.values() if tier.kind.holds == "rows"]
    return max(2 * max(ks, default=0), LEAST_NEW, study.policy.min_new_rows)


def least_apart(study: Study) -> int:
    """Return by how many people two disclosures must differ; no pilot's own policy is approved."""
    return max(LEAST_BETWEEN, study.policy.min_new_rows)
