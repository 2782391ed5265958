"""METHODS.md: how the figures were made, in plain words and for reviewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from exports.tables.budget import DELTA, Budget, epsilon, epsilon_bound
from exports.tables.estimate import Estimates
from exports.tables.spent import Spent, left_of

NOT_COVERED: tuple[str, ...] = (
    "how many took part, in all and in each batch",
    "what other files about the same people tell: the rows of tiers B and C, the texts of tier D",
    "papers, whose figures come from the restricted file",
    "totals of the collection (documentation/cherries.md)",
    "whether collection was paused by its stop rule",
    "what holds of a whole group: that everybody gave the same answer is told of each of them",
)


@dataclass(frozen=True, slots=True)
class Heading:
    """Title, marks (pilot, synthetic) and caution on top of everything that people read."""

    title: str
    mark: str = ""
    caution: str = ""


def promise(spent: Sequence[Spent]) -> str:
    """Return what clients and boards are told, with the figures of these batches."""
    most = max(spent, key=lambda one: one.people)
    answer = max(one.right_answer for one in spent)
    return (
        "Every figure here was changed a little by chance, on purpose, once. So it is hard to work "
        "out from these figures what one person answered, even for somebody who knows what "
        "everybody else answered. How hard: whoever had to choose between two complete "
        f"sets of answers for one person would choose right at most {most.right:.0f} times in 100; "
        "by tossing a coin, 50. For the answer to one question, on which no other question hangs, "
        f"at most {answer:.0f}."
    )


_TEXT = """\
# How these figures were made{mark}

{caution}{title}: {rows}.

## In plain words

{promise}

The one answer is the one of which most was measured, among those on which no other question hangs.
An answer that decides what somebody is asked next can be as easy to tell as a whole set of answers.
Both figures are worked out from what was measured (`budget.csv`).

± says how far the added chance may have moved a figure: 19 times in 20 what was true of these
people lies between `low` and `high`. It comes on top of the chance error that any sample has. For
an answer that about half of those asked gave it is at most about as large; for a rare answer and
within the rows of a table of two questions it is larger. A difference smaller than both together
may be nothing but chance. In the table with the most noise, counts under {detectable} cannot be
told from nought. Rare answers come out a little too high, because no figure is let go under
nought; the raw measurement beside it (`measured.csv`) has no such fault.

## What this does not cover

{not_covered}

{again}

## For reviewers

- **Guarantee.** rho-zCDP (Bun & Steinke 2016) with rho = {rho} for each person of a batch, of
  {budget} allowed in a release. Neighbours differ in one person's answers, replaced by any others
  that the questionnaire allows; the number of people is public. That is epsilon = {epsilon:.1f}
  at delta = {delta:g} (Gaussian noise; Balle & Wang 2018), {epsilon_bound:.1f} by the conversion
  for any zCDP mechanism (Canonne, Kamath & Steinke 2020). {left} of the {lifetime} of a lifetime
  is left. "Right of 100" is Phi(sqrt(rho / 2)): exact for continuous Gaussian noise, and for the
  discrete one from a standard deviation of 3 on the same to what is printed.
- **Noise.** One draw a cell from the discrete Gaussian, exactly, in whole numbers, from the
  system's random source (Canonne, Kamath & Steinke 2020). No seed is kept. A table costs 1 /
  variance; a score is a vector of the sum of (score - middle) in thousandths and the weighted
  number of those without a score, at range² / (2 variance).
- **What was counted.** All answers of the batch as they were frozen. Categories, menu and the
  rule for the noise were fixed in the approved policy before any answer was counted; a category
  that nobody chose is listed. Which statistics the budget bore follows from the number of people
  and the noisy sizes of the parts of the questionnaire (`routing …` in `measured.csv`), no other
  answer.
- **After the noise** nothing but the measurement and the number of people was looked at. All
  tables of a batch are made consistent at once, by weighted least squares: they agree in how many
  were asked what, and a table of two questions with the tables of each. Then each is projected on
  what is not negative and adds up to its base (tables of two questions on their totals as well;
  Dykstra 1983), and made whole numbers by largest remainders. A score's mean comes from its own
  measurement.
- **Intervals** are 95 % for the noise alone, around the measurement before it was projected; per
  cents and means by their linear terms. Sampling error is not in them{sampled}.
- **Inference.** Take `measured.csv`: unbiased, with the variance of every value. Counts here
  differ from those of the restricted file and of papers made from it; that is intended.

## More than one batch

Everybody is in one batch, and each batch was measured once, with a budget of its own. Figures for
all batches (`all`) are the sums of what was measured in every one of them, and their variances
add up. What was measured in some alone is told of each of these.

## Files

- `measured.csv`: what was measured, before anything else was done; `people` is how many there
  are. A score's `sum` is of (score - middle) in thousandths, its `none` the weighted number
  without one.
- `one-way.csv`, `two-way.csv`: counts with bounds. `base` is about how many were asked; `percent`
  is of the base, in tables of two questions of the row; `missing` marks those without a valid
  answer.
- `means.csv`: means with bounds, over about `base` people, on a scale from `range_low` to
  `range_high`.
- `budget.csv`: rho by statistic, in all, and what is left, also as "right of 100".

## Sources

- Canonne, Kamath, Steinke (2020). The Discrete Gaussian for Differential Privacy. arXiv
  2004.00010.
- Bun, Steinke (2016). Concentrated Differential Privacy. TCC 2016.
- Balle, Wang (2018). Improving the Gaussian Mechanism for Differential Privacy. ICML 2018.
- Abowd et al. (2022). The 2020 Census Disclosure Avoidance System TopDown Algorithm. HDSR. The
  same noise, neighbours and order: measure, least squares, whole numbers.
- Hay, Rastogi, Miklau, Suciu (2010). Boosting the accuracy of differentially private histograms
  through consistency. VLDB 2010.
- Dykstra (1983). An algorithm for restricted least squares regression. JASA 78(384).
"""
ONCE = (
    "These figures were drawn once. A later release shows the very same ones: drawn again, chance "
    "would average out."
)
SIMULATED_PILOT = (
    "These are simulated answers to a pilot, which hide nobody: each release of them is drawn "
    "anew, so a second one shows other figures. Of people, a batch is drawn once, and a second "
    "release shows the same figures."
)
SIMULATED = (
    "These are simulated answers. As with people's, the figures were drawn once, and a second "
    "release shows the same ones."
)


def drawn_again(*, pilot: bool, synthetic: bool, people: bool) -> str:
    """Return what a second release shows; ``people`` says whether any answer is a person's."""
    if pilot and not people:
        return SIMULATED_PILOT
    return SIMULATED if synthetic and not people else ONCE


def _rows(sizes: Sequence[int]) -> str:
    if len(sizes) == 1:
        return f"{sizes[0]} people"
    return f"{len(sizes)} batches of {', '.join(map(str, sizes[:-1]))} and {sizes[-1]} people"


def detectable(figures: Estimates) -> int:
    """Return the count under which nothing can be told from nought, in the noisiest table."""
    return max(
        (ceil(2 * sqrt(float(t.spread.diagonal().max()))) for t in figures.tables), default=0
    )


def methods(
    sizes: Sequence[int],
    figures: Estimates,
    spent: Sequence[Spent],
    budget: Budget,
    heading: Heading,
    again: str,
) -> str:
    """Return the method as Markdown, with what is true of these figures."""
    most = max(spent, key=lambda one: one.people)
    return _TEXT.format(
        title=heading.title,
        mark=f" ({heading.mark})" if heading.mark else "",
        caution=f"{heading.caution}\n\n" if heading.caution else "",
        rows=_rows(sizes),
        promise=promise(spent),
        detectable=detectable(figures),
        not_covered="\n".join(f"- {each}" for each in NOT_COVERED),
        again=again,
        rho=f"{float(most.people):.3g}",
        budget=f"{float(budget.release):g}",
        lifetime=f"{float(budget.lifetime):g}",
        left=f"{float(left_of(budget, most.people)):.3g}",
        epsilon=epsilon(most.people),
        epsilon_bound=epsilon_bound(most.people),
        delta=DELTA,
        sampled="; how the sample came about is said above" if heading.caution else "",
    )
