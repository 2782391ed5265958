"""How the tables were made, in words for readers and boards."""

from __future__ import annotations

from collections.abc import Sequence

from exports.tables.build import Tables
from exports.tables.rule import ERROR, OPEN, SMALLEST, SMALLEST_BASE, STEP

_TEXT = """\
# How these tables were made{mark}

{caution}{title}: {rows}. {hidden} of all counts are hidden.

## The rule

- No count under {smallest} people is shown, nought included: "nobody" tells something about
  everybody.
- Counts are rounded to the nearest {step}: a shown count is at most {error} from the true one, and
  10 stands for 10 to 12. Rounded counts need not add up to their total.
- Percentages are worked out from the rounded counts on rounded bases of {base} people or more. The
  base is those who answered, as far as counts of missing answers are shown; else the note says so.
- Missing answers are categories of their own. "Left blank" and "not reached" are one category, and
  a missing code that nobody has is not listed.

## What else is hidden, and why

A small count could be worked out by subtracting the others from their total. So some larger counts
are hidden as well. The question for each count under {smallest} is: which values must somebody
think possible who knows every figure in all of these tables, the number of people, and every total
that is shown, exactly and not only as rounded? **The lowest and the highest of these values are
always at least {open} apart**, so that both values under {smallest} and values of {smallest} or
more are possible. (Where the totals alone leave less than that open, no table narrows it further.)

- *Tables of one question.* The hidden counts of a table are two or more and stand for {smallest}
  people or more together; each can then be anything from 0 to their sum. Where the routing of the
  questionnaire makes part of a total known (how many were asked the next question), this holds
  within each part. One more hidden count is enough: a missing answer if there is one, else the
  answer next to a small one. Its size plays no part, so the choice says nothing about it.
- *Tables of two questions.* A table with known totals is a network, and the lowest and highest
  values of a count are greatest flows in it: whole numbers, exact, no estimates (Gusfield 1988; Cox
  1995). Which further counts to hide is found by branch and bound (Fischetti and Salazar 2001): the
  fewest, and of these the ones where the totals make one expect the fewest people. {proof}
- *Between tables.* Tables of two questions share totals, and each total is one published figure
  wherever it stands. Beyond that, counts in one table can be narrowed by others only where tables
  form a ring (a by b, b by c, c by a). No ring is published, and routing counts as a table here.
- *Scores.* A mean is rounded to a fortieth of its scale (0.1 on a scale from 1 to 5), and shown
  only where the largest change that one person can make is under half of that. How many had a score
  is not told. Where figures are sums of two groups of people or of batches, it is not told either.
- *Means from counts.* Of every item of a score, and of a score that has no mean of the kind above,
  the lowest and highest mean are told that fit the published counts of single questions: a shown
  count lies within its rounding, a hidden one is anything that is left. The middle of the two is
  given where they are no more than a quarter of the scale apart. A score's is the mean of its
  items' means, which is not quite the mean of people's scores where some left items blank. Nothing
  but published counts goes in, so these means tell nothing that the counts do not.

## More than one batch

Answers are tabulated once, in frozen batches. Earlier tables are never made anew with more people
in them, because the difference would be a table of the newcomers alone. Each batch follows the rule
by itself; figures for all batches are sums of the published ones, hidden where any part is hidden,
and at most {error} from the true figure for each batch.

## What this does not do

- It does not protect large counts: that nearly everybody chose one answer tells it of all of them,
  as any true statistic does.
- Which further counts a table of two questions must hide depends on the small ones. Somebody who
  runs the search backwards, trying every table that could have led to these figures, may rule out
  some values inside the stated range.
- Means are not part of the exact proof: a mean and the counts of the answers behind it say a little
  more together than apart.
- It does not count what somebody knows about single people from elsewhere, nor other files about
  the same people. Row files of the same answers must be weighed together with these tables.

## Sources

- Hundepool, Domingo-Ferrer, Franconi, Giessing, Schulte Nordholt, Spicer, de Wolf (2012).
  Statistical Disclosure Control. Wiley. Chapter 4: primary and secondary suppression, audit.
- Willenborg, de Waal (2001). Elements of Statistical Disclosure Control. Springer.
- Fischetti, Salazar (2001). Solving the cell suppression problem on tabular data with linear
  constraints. Management Science 47(7), 1008-1027. Protection levels and the cuts of the search.
- Gusfield (1988). A graph theoretic approach to statistical data security. SIAM Journal on
  Computing 17(3), 552-571. Cox (1995). Network models for complementary cell suppression. Journal
  of the American Statistical Association 90(432), 1453-1462.
- Dobra, Fienberg (2000). Bounds for cell entries in contingency tables given marginal totals and
  decomposable graphs. PNAS 97(22), 11885-11892. Why no ring of tables is published.
"""


def _rows(parts: Sequence[Tables]) -> str:
    sizes = [str(part.rows) for part in parts]
    if len(sizes) == 1:
        return f"about {sizes[0]} people"
    return f"{len(sizes)} batches of about {', '.join(sizes[:-1])} and {sizes[-1]} people"


def _proof(parts: Sequence[Tables]) -> str:
    names = {f"{t.row.name} by {t.column.name}" for part in parts for t in part.unproven}
    if not names:
        return "It was proven for every table here that no other choice hides fewer."
    return (
        "The search was ended early, and perhaps hides more than it had to, but nothing less than "
        f"promised, in: {', '.join(sorted(names))}."
    )


def _hidden(parts: Sequence[Tables]) -> str:
    cells = [cell for part in parts for cell in part.cells()]
    share = sum(cell is None for cell in cells) / len(cells) if cells else 0
    return f"{share:.0%}"


def methods(parts: Sequence[Tables], *, title: str, mark: str = "", caution: str = "") -> str:
    """The method as Markdown, with what is true of these tables."""
    return _TEXT.format(
        title=title,
        mark=f" ({mark})" if mark else "",
        caution=f"{caution}\n\n" if caution else "",
        rows=_rows(parts),
        hidden=_hidden(parts),
        proof=_proof(parts),
        smallest=SMALLEST,
        step=STEP,
        error=ERROR,
        base=SMALLEST_BASE,
        open=OPEN,
    )
