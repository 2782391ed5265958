"""Tier A as files: tidy CSV, one page to read, and the method in plain words for boards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exports.documents.markup import DistributionBar, render_page
from exports.output_files import csv_text
from exports.tables.one_way import Mean, OneWay
from exports.tables.plan import Tables, together
from exports.tables.published import (
    HIDDEN,
    Figure,
    Span,
    crossed_figures,
    empty,
    figures_of,
    means_of,
    unread,
)
from exports.tables.two_way import TwoWay
from exports.tables.variables import ERROR, OPEN, SMALLEST, SMALLEST_BASE, STEP, Category


@dataclass(frozen=True, slots=True)
class Heading:
    """Title, marks (pilot, synthetic) and caution on top of everything that people read."""

    title: str
    mark: str = ""
    caution: str = ""


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


def methods(parts: Sequence[Tables], heading: Heading) -> str:
    """The method as Markdown, with what is true of these tables."""
    return _TEXT.format(
        title=heading.title,
        mark=f" ({heading.mark})" if heading.mark else "",
        caution=f"{heading.caution}\n\n" if heading.caution else "",
        rows=_rows(parts),
        hidden=_hidden(parts),
        proof=_proof(parts),
        smallest=SMALLEST,
        step=STEP,
        error=ERROR,
        base=SMALLEST_BASE,
        open=OPEN,
    )


def _words(figure: Figure) -> str:
    if figure.count is None:
        return HIDDEN
    share = "" if figure.percent is None else f" · {figure.percent:.0f} %"
    return f"{figure.count}{share}"


def _bars(table: OneWay, parts: int) -> list[DistributionBar]:
    found = list(figures_of(table, parts))
    most = max((f.count or 0 for _, f in found), default=0) or 1
    return [
        DistributionBar(
            category.label,
            None if figure.count is None else figure.count / most,
            _words(figure),
            quiet=category.missing,
        )
        for category, figure in found
    ]


def _two(table: TwoWay, parts: int) -> dict[str, Any]:
    """The table stood on its side: who somebody is has few and short answers, and heads columns."""
    words = [_words(figure) for *_, figure in crossed_figures(table, parts)]
    width = len(table.column.categories)
    heads = ("Rest" if down.rest else down.label for down in table.row.categories)
    return {
        "caption": f"{table.column.label} ({table.column.name}) by {table.row.label}"
        f" ({table.row.name})",
        "head": ("Per cent of the column", *heads),
        "rows": [(c.label, *words[at::width]) for at, c in enumerate(table.column.categories)],
    }


SIDES = ", those who agreed to an open file counted apart from those who did not"


def _lead(batches: Sequence[Tables]) -> str:
    whole = together(batches)
    many = f" in {len(batches)} batches" if len(batches) > 1 else ""
    sides = SIDES if any(batch.parts > 1 for batch in batches) else ""
    exact = f"Every count is at most {ERROR * whole.parts} from the true one."
    return f"About {whole.rows} people{many}{sides}. {exact}"


def page_of(batches: Sequence[Tables], heading: Heading) -> bytes:
    """Return the page of the tables of all batches, added up."""
    tables = together(batches)
    means, spans = means_of(tables)
    single = [(t.variable, _bars(t, tables.parts)) for t in tables.one_way if not empty(t)]
    pairs = [_two(t, tables.parts) for t in tables.two_way if not empty(t)]
    sections = {
        "One question at a time": single,
        "Two questions at a time": pairs,
        "Means": means or spans,
    }
    return render_page(
        "tables.html",
        title=f"{heading.title}: tables",
        lead=_lead(batches),
        mark=heading.mark,
        caution=heading.caution,
        smallest=SMALLEST,
        step=STEP,
        base=SMALLEST_BASE,
        unread=unread(tables),
        headings=[name for name, shown in sections.items() if shown],
        single=single,
        pairs=pairs,
        means=[
            (m.label, m.name, HIDDEN if m.value is None else f"{m.value:g}", f"± {m.step / 2:g}")
            for m in means
        ],
        spans=[
            (s.label, s.name, HIDDEN if s.middle is None else f"{s.middle:.2f}",
             "{:.2f} to {:.2f}".format(*s.told))
            for s in spans
        ],
    )  # fmt: skip


FOLDER = "tables"
TOGETHER = "all"
_FIGURE = ("count", "lowest", "highest", "base", "percent", "note")
ONE_WAY = ("batch", "table", "label", "code", "category", *_FIGURE)
TWO_WAY = (
    "batch", "table", "row_variable", "row_code", "row_category", "column_variable", "column_code",
    "column_category", *_FIGURE,
)  # fmt: skip
FROM_COUNTS = "middle of what the published counts leave possible"
FROM_ITEMS = f"{FROM_COUNTS}; the mean of its parts' means, not of people's scores"
MEANS = ("batch", "score", "label", "mean", "lowest", "highest", "note")

Line = Sequence[object]
Batch = tuple[str, Tables]


def _code(category: Category) -> object:
    """The code as a number wherever it is one."""
    return category.low if category.code == str(category.low) else category.code


def _cells(figure: Figure) -> Line:
    if figure.count is None:
        return (HIDDEN, "", "", "", "", figure.note)
    optional = (figure.base, figure.percent)
    told = ("" if value is None else value for value in optional)
    return (figure.count, figure.lowest, figure.highest, *told, figure.note)


def _one_way(batches: Sequence[Batch]) -> Iterator[Line]:
    for batch, tables in batches:
        for table in tables.one_way:
            about = (batch, table.variable.name, table.variable.label)
            for category, figure in figures_of(table, tables.parts):
                yield (*about, _code(category), category.label, *_cells(figure))


def _two_way(batches: Sequence[Batch]) -> Iterator[Line]:
    for batch, tables in batches:
        for table in tables.two_way:
            row, column = table.row.name, table.column.name
            for down, across, figure in crossed_figures(table, tables.parts):
                side = (row, _code(down), down.label, column, _code(across), across.label)
                yield (batch, f"{row} by {column}", *side, *_cells(figure))


def _mean(mean: Mean) -> Line:
    if mean.value is None:
        return (HIDDEN, "", "", "too few people: one of them could be seen in it")
    half = mean.step / 2
    return (mean.value, round(mean.value - half, 6), round(mean.value + half, 6), "")


def _span(span: Span) -> Line:
    note = FROM_ITEMS if span.parts else FROM_COUNTS
    return (HIDDEN if span.middle is None else span.middle, *span.told, note)


def _means(batches: Sequence[Batch]) -> Iterator[Line]:
    for batch, tables in batches:
        means, spans = means_of(tables)
        for mean in means:
            yield (batch, mean.name, mean.label, *_mean(mean))
        for span in spans:
            yield (batch, span.name, span.label, *_span(span))


def _named(parts: Sequence[Tables]) -> list[Batch]:
    """Each batch by its number; several also all together."""
    single = [(str(number), part) for number, part in enumerate(parts, start=1)]
    return [*single, (TOGETHER, together(parts))] if len(parts) > 1 else single


def _counted(batches: Sequence[Batch]) -> dict[str, bytes]:
    return {
        "one-way.csv": csv_text([ONE_WAY, *_one_way(batches)]).encode(),
        "two-way.csv": csv_text([TWO_WAY, *_two_way(batches)]).encode(),
    }


def counts(tables: Tables) -> bytes:
    """All that was counted of one batch, as it is published: nothing of it may ever differ again.

    What is worked out from it or says how it was made may be worded better one day.
    """
    return b"".join(_counted(_named([tables])).values())


def files(parts: Sequence[Tables], heading: Heading) -> dict[str, bytes]:
    """Path → bytes of everything that tier A tells, from the tables of each frozen batch.

    The tables of a batch that was released before must be handed over as they were made then.
    """
    batches = _named(parts)
    written = _counted(batches)
    if means := list(_means(batches)):
        written["means.csv"] = csv_text([MEANS, *means]).encode()
    written["tables.html"] = page_of(parts, heading)
    written["METHODS.md"] = methods(parts, heading).encode()
    return {f"{FOLDER}/{name}": content for name, content in written.items()}
