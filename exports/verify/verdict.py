"""Faults for which a file may not be released, and cautions on what its numbers do not protect.

Nothing is a fault unless the claim promised otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exports.verify.claim import Claim
from exports.verify.findings import Findings
from exports.verify.wording import FigureInWords, share_of

# Sums of shares end in a last binary digit that means nothing.
SLACK = 1e-9


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _columns(found: Findings, _: Claim) -> Iterator[str]:
    shape = found.shape
    if shape.absent:
        yield "the file lacks the columns " + ", ".join(shape.absent)
    if shape.unknown:
        yield "the file has columns that nobody promised: " + ", ".join(shape.unknown)
    if not shape.in_order:
        yield "the columns are not in the order promised"
    if not shape.rows:
        yield "the file has no rows"


def _classes(found: Findings, claim: Claim) -> Iterator[str]:
    for number, (rows, smallest) in enumerate(found.classes.batches, start=1):
        if smallest < claim.k:
            where = f"in batch {number} " if len(found.classes.batches) > 1 else ""
            yield (
                f"{where}the smallest group of rows alike in the key has {smallest} of {rows} rows,"
                f" not {claim.k}"
            )
    if claim.segments and sum(claim.segments) != found.shape.rows:
        yield f"the batches hold {sum(claim.segments)} rows and the file {found.shape.rows}"


def _diversity(found: Findings, claim: Claim) -> Iterator[str]:
    for name, worst in found.diversity.items():
        if worst.distinct < claim.distinct_l:
            yield (
                f"a group has {_count(worst.distinct, 'different value')} of {name},"
                f" not {claim.distinct_l}"
            )
        if worst.entropy < claim.entropy_l - SLACK:
            yield f"entropy l of {name} is {worst.entropy:.3f} in a group, not {claim.entropy_l:g}"
        if claim.t is not None and worst.distance > claim.t + SLACK:
            yield f"{name} is {worst.distance:.3f} from the whole file in a group, not {claim.t:g}"


def _presence(found: Findings, claim: Claim) -> Iterator[str]:
    if claim.presence is None:
        return
    if found.presence is None:
        yield "presence was promised, and there was no population to measure it with"
        return
    (low, high), (lowest, highest) = claim.presence, found.presence
    if lowest < low - SLACK or highest > high + SLACK:
        yield (
            f"from {lowest:.3f} to {highest:.3f} of the people under a group are in the file,"
            f" not from {low:g} to {high:g}"
        )


def _compared(found: Findings, claim: Claim) -> Iterator[str]:
    beside = found.compared
    if beside is None:
        return
    if beside.unpaired:
        yield f"{_count(beside.unpaired, 'row')} cannot be paired with true rows"
    if beside.repeated:
        verb = "stands" if beside.repeated == 1 else "stand"
        rows = _count(beside.repeated, "row")
        yield f"{rows} {verb} for a person who is in the file already"
    if beside.left_out > claim.limit * beside.rows_true + SLACK:
        yield (
            f"{beside.left_out} of {beside.rows_true} rows were left out,"
            f" more than {100 * claim.limit:g} %"
        )

    for name, cells in beside.untrue.items():
        yield f"{name} holds {_count(cells, 'cell')} that cannot stand for the true value"
    if beside.k_coverage < claim.k:
        yield f"somebody is covered by {_count(beside.k_coverage, 'row')} only, not {claim.k}"
    if beside.k_coverage_reverse < claim.k:
        yield f"a row fits {_count(beside.k_coverage_reverse, 'true record')} only, not {claim.k}"


def _codebook(found: Findings, _: Claim) -> Iterator[str]:
    for name, cells in found.unexplained.items():
        yield f"{name} holds {_count(cells, 'cell')} that the codebook does not explain"
    for name, cell in found.wrong_bands:
        yield f"{name} has the band {cell} stand for a number outside it"


def _leaks(found: Findings, _: Claim) -> Iterator[str]:
    for one in found.inferable:
        cells = _count(one.cells, "withheld cell")
        yield f"{cells} of {one.column} can be worked out from {', '.join(one.source)}"
    if found.order_follows_input:
        yield (
            "the order of the rows follows that of the input"
            f" (rank correlation {found.order_correlation:.2f})"
        )


_CHECKS: tuple[Callable[[Findings, Claim], Iterator[str]], ...] = (
    _columns, _classes, _diversity, _presence, _compared, _codebook, _leaks,
)  # fmt: skip


def faults(findings: Findings, claim: Claim) -> tuple[str, ...]:
    """Return why this file may not be released, a sentence with figures each; empty if it may.

    No sentence holds a cell of a person: bands named are those of the hierarchy.
    """
    if findings.broken:
        return (f"the file is not a sound CSV: {findings.broken}",)
    if findings.shape.absent or not findings.shape.rows:
        return tuple(_columns(findings, claim))
    return tuple(fault for check in _CHECKS for fault in check(findings, claim))


# Limits of every file, whatever its figures.
_LIMITS = (
    FigureInWords(
        "limit_same_answer",
        "Groups that agree",
        "",
        "A group whose members all gave the same sensitive answer tells that answer of everybody in"
        " it, however large the group is.",
    ),
    FigureInWords(
        "limit_reversal",
        "Undoing in part",
        "",
        "Values were made no coarser than necessary. Somebody who knows how that is done can"
        " sometimes work backwards and narrow down some of them (Cohen 2021, Attacks on"
        " deidentification's defenses); the size of the smallest group does not rule that out.",
    ),
    FigureInWords(
        "limit_other_data",
        "Other data",
        "",
        "The numbers hold for this file alone. Joined with other data about the same people, or"
        " with another file from the same answers, groups can become smaller.",
    ),
)
_NOT_AT_RANDOM = FigureInWords(
    "limit_not_at_random",
    "Withheld is not random",
    "",
    "Cells are withheld and rows left out where people are rare. What is missing differs from"
    " what is there, and results for rare groups suffer most.",
)


def cautions(findings: Findings, claim: Claim) -> tuple[FigureInWords, ...]:
    """Return what these numbers do not protect against, with figures where the file has any."""
    share = share_of(findings.share(findings.classes.unique_insider_and_core))
    figure = f" ({share} of the rows, by the columns named for it)" if claim.insider else ""
    insiders = FigureInWords(
        "limit_insiders",
        "People who know more",
        "",
        "The groups are counted by what an outsider may know. Somebody who was there, or whom the"
        f" person told about their answers, knows more and may recognise them{figure}.",
    )
    if (known := findings.answers) is None:
        return (*_LIMITS, insiders, _NOT_AT_RANDOM)
    share = share_of(findings.share(known.unique))
    many = "1 answer" if len(known.columns) == 1 else f"{len(known.columns)} answers"
    answers = FigureInWords(
        "answers_known",
        "Rows alone in a few known answers",
        share,
        f"Somebody who has learnt {many} of a person ({', '.join(known.columns)}) would find that"
        f" {share} of the rows in this file are the only ones with theirs. No protection of the key"
        " columns changes that.",
    )
    return (*_LIMITS, insiders, answers, _NOT_AT_RANDOM)
