"""Verdict on a file: its faults, its cautions, and the findings in plain sentences.

A fault forbids the release, and nothing is one unless the claim promised otherwise. A caution says
what the numbers do not protect. A sentence says what was counted and calls no file safe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from exports.attacks import DRAWS
from exports.verify.equivalence_classes import HISTORICAL, OPEN_DATA, Risk
from exports.verify.findings import Findings
from exports.verify.inference import InferableCells
from exports.verify.reading import Claim


@dataclass(frozen=True, slots=True)
class FigureInWords:
    """One figure: a short label, its value as text, its meaning in a sentence.

    ``name`` is its key in ``Findings.figures()`` where there is one.
    """

    name: str
    label: str
    value: str
    sentence: str


def share_of(share: float) -> str:
    """Return a share as a percentage that is 0 or 100 for none or all alone."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.999 < share < 1:
        return "over 99.9 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def _many(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


_ONE = {"people": "person", "households": "household", "rows": "row"}


def _counted(number: int, claim: Claim) -> str:
    """Return how many of what the claim counts."""
    return f"{number:,} {_ONE[claim.unit] if number == 1 else claim.unit}"


def _of_classes(found: Findings, claim: Claim) -> Iterator[FigureInWords]:
    classes = found.classes
    rows = claim.unit == "rows"
    said = (
        "The smallest group of people who look alike in this file has"
        f" {_many(classes.k, 'member') if rows else 'rows of ' + _counted(classes.k, claim)}; at"
        f" least {claim.k:,} were promised. To look alike is to have the same values in the key"
        f" columns: {', '.join(claim.core) or 'there are none'}."
    )
    yield FigureInWords("k_value", "Smallest group (k)", f"{classes.k:,}", said)
    if not rows:
        who = ""
        if claim.one_person:
            repeats = " and rows of somebody who says so are nobody's" * bool(
                claim.one_person.nobody
            )
            who = (
                f" Rows that agree in all answers beside the key columns, {claim.one_person.least}"
                f" or more, are taken for one person's{',' * bool(repeats)}{repeats}."
            )
        said = (
            f"The {_many(found.shape.rows, 'row')} are those of {_counted(classes.people, claim)};"
            f" each is counted once in a group.{who} By rows, the smallest group has"
            f" {classes.k_rows:,}."
        )
        label = f"{claim.unit.capitalize()} in the file"
        yield FigureInWords("people", label, f"{classes.people:,}", said)
    if classes.k_exact != classes.k:
        label = "Smallest group, kinds of missing taken apart"
        said = (
            "The figure above takes every kind of missing or withheld answer for the same. To"
            " somebody who could tell for what reason an answer is missing, the smallest group has"
            f" {_many(classes.k_exact, 'member')}."
        )
        yield FigureInWords("k_exact", label, f"{classes.k_exact:,}", said)
    if classes.k_complete is not None and claim.core:
        label = "Smallest group of rows with a value in every key column"
        said = (
            "Somebody who takes it that a person answered everything and was shown in full looks at"
            " the rows with a value in every key column: the smallest group of these has"
            f" {_many(classes.k_complete, 'member')}."
        )
        yield FigureInWords("k_complete", label, f"{classes.k_complete:,}", said)
    said = f"The {_many(found.shape.rows, 'row')} fall into {classes.count:,} such groups."
    yield FigureInWords("classes", "Groups", f"{classes.count:,}", said)
    said = f"{_counted(classes.unique, claim).capitalize()} in this file look like no other."
    yield FigureInWords("unique_after", "Alone in this file", f"{classes.unique:,}", said)
    if len(classes.batches) > 1:
        sizes = ", ".join(f"{rows:,} (smallest group {k:,})" for rows, k in classes.batches)
        many = f"{len(classes.batches):,}"
        said = (
            f"The rows were released in {many} batches, each protected without the others: {sizes}."
        )
        yield FigureInWords("batches", "Batches", many, said)


def _of_suppression(found: Findings, claim: Claim) -> Iterator[FigureInWords]:
    blank, cells = found.classes.suppressed_rows, sum(found.suppressed.values())
    columns = ", ".join(f"{name} {count:,}" for name, count in found.suppressed.items())
    label, what = "Cells withheld", "withheld to protect people"
    if any(code in claim.missing.get(name, ()) for name, code in claim.suppressed.items()):
        label = "Cells without a value"
        what = "without a value in the key columns, withheld to protect people or not answered"
    were = "was" if cells == 1 else "were"
    said = f"{_many(cells, 'cell')} {were} {what}" + f": {columns}" * bool(columns)
    yield FigureInWords("cells_withheld", label, f"{cells:,}", f"{said}.")
    if blank:
        said = (
            f"{_many(blank, 'row').capitalize()} with nothing in any key column: counted as a group"
            " apart, never as members of all groups."
        )
        yield FigureInWords("suppressed_rows", "Rows without any key value", f"{blank:,}", said)


LEAST_VARIED = 5  # columns whose variety is told in words; the others vary more


def _of_diversity(found: Findings, claim: Claim) -> Iterator[FigureInWords]:
    least = sorted(found.diversity.items(), key=lambda at: (at[1].distinct, at[1].entropy))
    for name, worst in least[:LEAST_VARIED]:
        alone = worst.distinct == 1
        values = "1 value" if alone else f"{worst.distinct:,} different values"
        tail = " Whoever knows that somebody belongs to such a group knows the value."
        without = f" In {_many(worst.without, 'group')} nobody has a value." * bool(worst.without)
        several = claim.unit != "rows" and claim.one_person is None
        fewest = (
            f"; a value is counted once for each of the {claim.unit}, and these are the fewest that"
            " may be needed to name one of everybody"
        )
        said = (
            f"In the group with the least variety, {values} of {name} occur{'s' * alone}, missing"
            f" ones apart{fewest * several}; weighed by how often they occur, that"
            f" is worth {worst.entropy:.1f} equally frequent ones.{tail * alone}{without}"
        )
        label = f"Least variety of {name} in a group (l)"
        yield FigureInWords("l", label, f"{worst.distinct:,}", said)
        many = _counted(worst.rows_alike, claim)
        verb = "stands" if worst.rows_alike == 1 else "stand"
        said = f"{many} {verb} in groups in which everybody who has a value of {name} has the same."
        label = f"In groups that agree in {name}"
        yield FigureInWords("rows_alike", label, f"{worst.rows_alike:,}", said)
        said = (
            "On a scale from 0 (the group is a picture of the whole file) to 1 (nothing in"
            f" common), the most unusual group differs by {worst.distance:.2f} in {name}."
        )
        label = f"Largest difference of a group from the whole file in {name} (t)"
        yield FigureInWords("t", label, f"{worst.distance:.2f}", said)


_POSSESSIVE = {
    "rows": "one person's", "people": "meant by one row", "households": "meant by one row"
}  # fmt: skip


def _of_truth(found: Findings, claim: Claim) -> Iterator[FigureInWords]:
    if found.compared is None:
        return
    beside = found.compared
    at_least = "" if beside.exact else "at least "
    of = "" if claim.unit == "rows" else "rows of "
    said = (
        f"Whoever knows somebody's true values in the key columns finds {at_least}{of}"
        f"{_counted(beside.k_coverage, claim)} that could be theirs, even where groups overlap."
    )
    value = f"{at_least}{beside.k_coverage:,}"
    label = f"{claim.unit.capitalize()} that could be {_POSSESSIVE[claim.unit]}"
    yield FigureInWords("k_coverage", label, value, said)
    value = f"{at_least}{beside.k_coverage_reverse:,}"
    everybody = "households" if claim.unit == "households" else "people"
    said = f"Every row in this file fits {value} of the {everybody} who answered."
    label = f"{everybody.capitalize()} one row could be"
    yield FigureInWords("k_coverage_reverse", label, value, said)
    value = f"{beside.unique_before:,}"
    said = (
        f"Before protection, {value} of {beside.rows_true:,} {everybody} were the only ones with"
        " their values in the key columns among those who answered."
    )
    yield FigureInWords("unique_before", "Alone before protection", value, said)
    rows = claim.unit == "rows"
    said = (
        f"{_counted(beside.left_out, claim).capitalize()} of {beside.rows_true:,} could not be"
        f" protected and {'were left out' if rows else 'lost rows, or all of theirs'};"
        f" {share_of(claim.limit)} would have been allowed."
    )
    label = "Rows left out" if rows else f"{claim.unit.capitalize()} who lost rows"
    yield FigureInWords("rows_left_out", label, f"{beside.left_out:,}", said)
    wrong = sum(beside.untrue.values())
    said = (
        "Every cell that was compared stands for the true value of its row, exactly or as part of a"
        " wider group."
    )
    said = f"{wrong:,} cells cannot stand for the true value." if wrong else said
    yield FigureInWords("cells_untrue", "Untrue cells", f"{wrong:,}", said)


def _above(risk: Risk) -> str:
    return (
        f" {share_of(risk.above_open_data)} of the rows lie above {OPEN_DATA:g}, the usual limit"
        f" for open data; {share_of(risk.above_historical)} above {HISTORICAL:g}."
    )


def _of_risk(found: Findings, _: Claim) -> Iterator[FigureInWords]:
    known, public = found.prosecutor, found.journalist
    if known is None or public is None or found.marketer is None:
        return
    # A risk of 1 is certain and not about.
    worst = f"about 1 in {round(1 / known.highest):,}" if known.highest < 1 else "1 in 1"
    label = "Risk for somebody known to be in the file (prosecutor)"
    said = (
        "Somebody who knows that a person is in this file and knows their key values finds the"
        f" right row with a chance of {worst} at worst, and {share_of(known.average)} on"
        f" average.{_above(known)}"
    )
    yield FigureInWords("prosecutor", label, share_of(known.highest), said)
    highest = share_of(public.highest)
    basis = (
        f"{highest} at worst, counted among the population.{_above(public)}"
        if found.population
        else "no more than the figure above. There is no table of the population to count in, so"
        " the file stands for it."
    )
    said = f"Somebody who does not know whether a person is in this file has a chance of {basis}"
    label = "Risk for anybody in the population (journalist)"
    yield FigureInWords("journalist", label, highest, said)
    share = share_of(found.marketer)
    said = (
        f"Somebody who matches every row by its key values is right for {share} of them on average,"
        " and cannot tell for which."
    )
    label = "Right guesses of somebody who guesses all (marketer)"
    yield FigureInWords("marketer", label, share, said)


def _of_insiders(found: Findings, claim: Claim) -> Iterator[FigureInWords]:
    if not claim.insider:
        return
    both, unique = found.classes.unique_insider_and_core, found.classes.unique_insider
    share = share_of(found.share(both))
    said = (
        "Somebody who was there (a therapist, a partner) knows more than an outsider. Knowing"
        f" {', '.join(claim.insider)} and the key columns, they could single out"
        f" {_many(both, 'row')} ({share} of this file); without the key columns"
        f" {_many(unique, 'row')} ({share_of(found.share(unique))})."
    )
    label = "Rows that somebody who was there could single out"
    yield FigureInWords("unique_insider_and_core", label, share, said)


def _of_order(found: Findings, _: Claim) -> Iterator[FigureInWords]:
    if found.sorted_by_content:
        said = "The rows are sorted by what they hold"
        if times := found.tell_arrival:
            said += (
                f"; but {_listed(times)} {_verb(times, 'hold')} a time or a running number, by"
                " which anybody can put them in the order in which they may have arrived."
            )
        else:
            said += ": their order says nothing about when they arrived."
        yield FigureInWords("sorted_by_content", "Order of rows", "by content", said)
    elif found.order_correlation is not None:
        value = f"{found.order_correlation:.2f}"
        said = (
            "On a scale from -1 to 1, the order of the rows goes with the order of the input by"
            f" {value}; 0 is no connection."
        )
        yield FigureInWords("order_correlation", "Order of rows", value, said)


def _of_leaks(found: Findings, claim: Claim) -> Iterator[FigureInWords]:
    if not found.suppressed and not found.inferable:
        return
    told = "; ".join(_telling(found, claim, known=True))
    cells = f"{sum(one.cells for one in found.inferable):,}"
    said = f"{cells} withheld or coarsened cells could be worked out, or narrowed down, from others"
    label = "Hidden cells that other columns give away"
    said += f": {told}. The policy names who knows these columns." if told else "."
    yield FigureInWords("cells_given_away", label, cells, said)


def _telling(found: Findings, claim: Claim, *, known: bool) -> Iterator[str]:
    """Yield what each source tells, of those that the claim names as known or of all others."""
    by_source: dict[tuple[str, ...], list[InferableCells]] = {}
    for one in found.inferable:
        if known == (not set(claim.known).isdisjoint(one.source)):
            by_source.setdefault(one.source, []).append(one)
    rows = found.shape.rows
    for source, told in by_source.items():
        many = (f"{one.cells:,} of" if one.cells < rows else "all" for one in told)
        each = (f"{one.column} of {n} {rows:,}" for n, one in zip(many, told, strict=True))
        together = " together" * (len(source) > 1)
        yield f"{_listed(source)}{together} {_verb(source, 'tell')} {', '.join(each)} rows"


def unknown_sources(found: Findings, claim: Claim) -> tuple[str, ...]:
    """Return what columns tell of hidden cells that the claim does not name as known."""
    return tuple(_telling(found, claim, known=False))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " and " * (len(names) > 1) + names[-1]


def _verb(names: Sequence[str], verb: str) -> str:
    return verb if len(names) > 1 else f"{verb}s"


_PARTS: tuple[Callable[[Findings, Claim], Iterator[FigureInWords]], ...] = (
    _of_classes, _of_suppression, _of_diversity, _of_truth, _of_risk, _of_insiders, _of_order,
    _of_leaks,
)  # fmt: skip


def figures_in_words(findings: Findings, claim: Claim) -> tuple[FigureInWords, ...]:
    """Return every figure in a sentence, the most asked-for first; none if the file is no table."""
    if findings.broken or not findings.shape.rows:
        return ()
    return tuple(said for part in _PARTS for said in part(findings, claim))


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
                f"{where}the smallest group of rows alike in the key has {smallest} of"
                f" {found.classes.people} {claim.unit}, not {claim.k}"
                if claim.unit != "rows"
                else f"{where}the smallest group of rows alike in the key has {smallest} of {rows}"
                f" rows, not {claim.k}"
            )
    if found.classes.k >= claim.k > found.classes.k_exact:
        yield (
            "read as it stands, the smallest group of rows alike in the key has"
            f" {_count(found.classes.k_exact, 'row')}, not {claim.k}"
        )
    if found.classes.k_complete is not None and found.classes.k_complete < claim.k:
        yield (
            "among the rows with a value in every key column, the smallest group alike in the key"
            f" has {_count(found.classes.k_complete, 'row')}, not {claim.k}"
        )
    if found.classes.k_stratum is not None and found.classes.k_stratum < claim.k:
        yield (
            "among rows that other columns do not tell apart, the smallest group alike in the key"
            f" has {_count(found.classes.k_stratum, 'row')}, not {claim.k}"
        )
    if claim.segments and sum(claim.segments) != found.shape.rows:
        yield f"the batches hold {sum(claim.segments)} rows and the file {found.shape.rows}"


def _diversity(found: Findings, claim: Claim) -> Iterator[str]:
    for name, worst in found.diversity.items():
        distinct_l, entropy_l, t = claim.of_column(name)
        if worst.distinct < distinct_l:
            yield (
                f"a group has {_count(worst.distinct, 'different value')} of {name},"
                f" not {distinct_l}"
            )
        if worst.entropy < entropy_l - SLACK:
            yield f"entropy l of {name} is {worst.entropy:.3f} in a group, not {entropy_l:g}"
        if t is not None and worst.distance > t + SLACK:
            yield f"{name} is {worst.distance:.3f} from the whole file in a group, not {t:g}"


def _presence(found: Findings, claim: Claim) -> Iterator[str]:
    if claim.presence is None:
        return
    if found.presence is None:
        yield "presence was promised, and there was no population or no truth to measure it with"
        return
    (low, high), (lowest, highest) = claim.presence, found.presence
    if lowest < low - SLACK or highest > high + SLACK:
        yield (
            f"from {lowest:.3f} to {highest:.3f} of the people who fit a group are in the data,"
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
            f"{beside.left_out} of {beside.rows_true} {claim.unit}"
            f" {'were left out' if claim.unit == 'rows' else 'lost rows'},"
            f" more than {100 * claim.limit:g} %"
        )
    for name, cells in beside.untrue.items():
        yield f"{name} holds {_count(cells, 'cell')} that cannot stand for the true value"
    if beside.k_coverage < claim.k:
        yield f"somebody is covered by {_counted(beside.k_coverage, claim)} only, not {claim.k}"
    if beside.k_coverage_reverse < claim.k:
        fits = _count(beside.k_coverage_reverse, "true record")
        fits = fits if claim.unit == "rows" else _counted(beside.k_coverage_reverse, claim)
        yield f"a row fits {fits} only, not {claim.k}"


def _codebook(found: Findings, claim: Claim) -> Iterator[str]:
    for name, cells in found.unexplained.items():
        yield f"{name} holds {_count(cells, 'cell')} that the codebook does not explain"
    for name, cell in found.wrong_bands:
        yield f"{name} has the band {cell} stand for a number outside it"
    for name, cells in found.wrong_lifted.items():
        source = claim.lifted[name].source
        yield f"{name} holds {_count(cells, 'cell')} that {source} does not give at its level"


def _leaks(found: Findings, claim: Claim) -> Iterator[str]:
    yield from unknown_sources(found, claim)
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
    # Of such a file nothing else was measured.
    if findings.shape.absent or not findings.shape.rows:
        return tuple(_columns(findings, claim))
    return tuple(fault for check in _CHECKS for fault in check(findings, claim))


# Limits of every file, whatever its figures: they have a sentence and no value.
_SAME_ANSWER = (
    "A group whose members all gave the same sensitive answer tells that answer of everybody in it,"
    " however large the group is."
)
_REVERSAL = (
    "Values were made no coarser than necessary. Somebody who knows how that is done can sometimes"
    " work backwards and narrow down some of them (Cohen 2021, Attacks on deidentification's"
    " defenses); the size of the smallest group does not rule that out."
)
_OTHER_DATA = (
    "The numbers hold for this file alone. Joined with other data about the same people, or with"
    " another file from the same answers, groups can become smaller."
)
_LIMITS = (
    FigureInWords("limit_same_answer", "Groups that agree", "", _SAME_ANSWER),
    FigureInWords("limit_reversal", "Undoing in part", "", _REVERSAL),
    FigureInWords("limit_other_data", "Other data", "", _OTHER_DATA),
)
_RARE = (
    "Cells are withheld and rows left out where people are rare. What is missing differs from what"
    " is there, and results for rare groups suffer most."
)
_NOT_AT_RANDOM = FigureInWords("limit_not_at_random", "Withheld is not random", "", _RARE)


def _of_several_rows(found: Findings, claim: Claim) -> tuple[FigureInWords, ...]:
    """Return what is not promised where somebody has several rows."""
    if claim.unit == "rows" or claim.one_person:
        return ()
    one, alike = _ONE[claim.unit], found.classes.k_all_rows
    said = (
        f"The groups hold for one row at a time. Somebody who knows several rows of one {one}, and"
        " can tell which rows of this file belong together (by a column that stays the same, or by"
        f" how many they are), may be left with fewer: of the {claim.unit} whose rows fall into the"
        f" same groups, all of their rows taken together, there are {alike:,} at least."
    )
    return (FigureInWords("limit_several_rows", f"Several rows of one {one}", "", said),)


def cautions(findings: Findings, claim: Claim) -> tuple[FigureInWords, ...]:
    """Return what these numbers do not protect against, with figures where the file has any."""
    limits = (*_LIMITS, *_of_several_rows(findings, claim))
    share = share_of(findings.share(findings.classes.unique_insider_and_core))
    figure = f" ({share} of the rows, by the columns named for it)" if claim.insider else ""
    said = (
        "The groups are counted by what an outsider may know. Somebody who was there, or whom the"
        f" person told about their answers, knows more and may recognise them{figure}."
    )
    insiders = FigureInWords("limit_insiders", "People who know more", "", said)
    if (known := findings.answers) is None:
        return (*limits, insiders, _NOT_AT_RANDOM)
    shares = {many: share_of(alone) for many, alone in known.alone.items()}
    share = shares[max(shares)]
    each = ", ".join(f"with {many} answers {alone}" for many, alone in shares.items())
    said = (
        "Somebody who has been told answers that a person gave outside the key columns would find"
        f" that so many of the rows are the only ones with theirs: {each}. The answers were drawn"
        f" at random from those that each row shows as given (all, where it shows fewer), {DRAWS}"
        f" times for each of {known.rows:,} rows. No protection of the key columns changes that."
    )
    answers = FigureInWords("answers_known", "Rows alone in a few known answers", share, said)
    return (*limits, insiders, answers, _NOT_AT_RANDOM)
