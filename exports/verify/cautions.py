"""What the numbers of a file do not protect against."""

from __future__ import annotations

from collections.abc import Iterator

from exports.verify.claim import Claim
from exports.verify.findings import Findings
from exports.verify.words import Said, share_of


def cautions(findings: Findings, claim: Claim) -> tuple[Said, ...]:
    """What these numbers do not protect against, with the file's own figures where it has any."""
    return tuple(_cautions(findings, claim))


def _cautions(found: Findings, claim: Claim) -> Iterator[Said]:
    yield Said(
        "limit_same_answer",
        "Groups that agree",
        "",
        "A group whose members all gave the same sensitive answer tells that answer of everybody in"
        " it, however large the group is.",
    )
    yield Said(
        "limit_reversal",
        "Undoing in part",
        "",
        "Values were made no coarser than necessary. Somebody who knows how that is done can"
        " sometimes work backwards and narrow down some of them (Cohen 2021, Attacks on"
        " deidentification's defenses); the size of the smallest group does not rule that out.",
    )
    yield Said(
        "limit_other_data",
        "Other data",
        "",
        "The numbers hold for this file alone. Joined with other data about the same people, or"
        " with another file from the same answers, groups can become smaller.",
    )
    yield _insiders(found, claim)
    yield from _answers(found)
    yield Said(
        "limit_not_at_random",
        "Withheld is not random",
        "",
        "Cells are withheld and rows left out where people are rare. What is missing differs from"
        " what is there, and results for rare groups suffer most.",
    )


def _insiders(found: Findings, claim: Claim) -> Said:
    sentence = (
        "The groups are counted by what an outsider may know. Somebody who was there, or whom the"
        " person told about their answers, knows more and may recognise them"
    )
    share = share_of(found.share(found.likeness.alone_insider_and_core))
    figure = f" ({share} of the rows, by the columns named for it)" if claim.insider else ""
    return Said("limit_insiders", "People who know more", "", f"{sentence}{figure}.")


def _answers(found: Findings) -> Iterator[Said]:
    if found.answers is None:
        return
    share, many = share_of(found.share(found.answers.alone)), len(found.answers.columns)
    answers = "1 answer" if many == 1 else f"{many} answers"
    yield Said(
        "answers_known",
        "Rows alone in a few known answers",
        share,
        f"Somebody who has learnt {answers} of a person ({', '.join(found.answers.columns)}) would"
        f" find that {share} of the rows in this file are the only ones with theirs. No protection"
        " of the key columns changes that.",
    )
