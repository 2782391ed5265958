"""The written table before the verifier, which shares no code with what made it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from exports.anonymise.problem import Ints
from exports.refused import Refused
from exports.tabular.coding import Sources, values_of
from exports.tabular.hierarchy import Hierarchy
from exports.tabular.policy import Policy
from exports.tabular.soundness import ROOT
from exports.verify.claim import Claim
from exports.verify.faults import faults
from exports.verify.findings import Findings
from exports.verify.verify import verify


def proven(path: Path, claim: Claim, sources: Sources, rows: Ints) -> Findings:
    """What the verifier measured on the file. Raises Refused if any promise is broken.

    ``rows`` has shape (rows written,): the position of each in the table.
    """
    people, table = sources.population, sources.table
    found = verify(path, claim, truth=table, truth_rows=rows, population=people)
    if broken := faults(found, claim):
        raise Refused("Nothing was released, for the written file failed: " + "; ".join(broken))
    return found


def claim_of(policy: Policy, sources: Sources) -> Claim:
    """What the policy promises of the file."""
    return Claim(
        core=policy.quasi_identifiers,
        k=policy.k,
        sensitive=policy.sensitive,
        columns=tuple(sources.table.columns),
        distinct_l=policy.l,
        entropy_l=policy.entropy_l,
        t=policy.t,
        presence=policy.presence,
        limit=policy.suppression_limit,
        ordered=_orders(policy, sources),
        covers={tree.column: _covers(tree) for tree in sources.trees},
        suppressed={tree.column: ROOT for tree in sources.trees},
    )


def _orders(policy: Policy, sources: Sources) -> dict[str, tuple[str, ...]]:
    """The values of each ordered sensitive column, lowest first."""
    return {name: values_of(policy, sources.table[name]) for name in policy.ordered}


def _covers(tree: Hierarchy) -> dict[str, frozenset[str]]:
    """Label → the values below it, for labels that are groups; the root is known without."""
    below: dict[str, set[str]] = defaultdict(set)
    for leaf, nodes in zip(tree.leaves, tree.up.tolist(), strict=True):
        for node in nodes:
            below[tree.labels[node]].add(leaf)
    return {
        label: frozenset(leaves)
        for label, leaves in below.items()
        if label != ROOT and leaves != {label}
    }
