"""H1: the prior view of the therapist predicts how the tears are read.

    python h1.py FOLDER

FOLDER is a release (tier C; in tier B some covariates are withheld). Needs nothing but Python.

Two primary tests, Holm-corrected: sc_view_total -> sc_int_connect and sc_view_total ->
sc_int_strain. Ordinary least squares with HC3 errors (MacKinnon & White 1985), adjusted for the
covariates below. Intervals are 95 %, from the normal distribution: with fewer than about 100 rows
they are too narrow.

Choices that a preregistration has to confirm:
- Rows: the branch that saw tears, both scores present, and not excluded by the data-quality rule
  (dq_use 2 or 3, first_time 2, or dur_band 1 together with dq_straight 1).
- Covariates are categories. All kinds of missing are one category of their own, and so are answers
  that fewer than RARE rows gave; where even that category is rarer, its rows are left out. A column
  that is withheld from everybody drops out. (The plan's multiple imputation is not done here.)
- ``latent`` is the standardised slope divided by the square root of both scores' Cronbach's alpha:
  an estimate of the link between what the scores stand for, its interval taking both alphas as
  known.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist, pvariance
from typing import Any

PREDICTOR = "sc_view_total"
OUTCOMES = ("sc_int_connect", "sc_int_strain")
COVARIATES = ("ep_intensity", "ep_fit", "ep_phase", "ep_own_tears", "th_gender", "gender")
SEEN = "1"
RARE = 10
FEWEST = 30  # rows; the model has up to some 20 columns
Z95 = NormalDist().inv_cdf(0.975)

Row = Mapping[str, str]
Matrix = list[list[float]]


@dataclass(frozen=True)
class Result:
    """One test: slope in points of the outcome for a point of the predictor, and its interval.

    ``p`` is two-sided and not corrected; ``latent`` is the disattenuated standardised slope.
    """

    outcome: str
    rows: int
    slope: float
    error: float
    low: float
    high: float
    p: float
    latent: float
    latent_low: float
    latent_high: float


def is_missing(cell: str) -> bool:
    """Whether a cell holds a missing code, or nothing."""
    return cell == "" or -99 <= float(cell) <= -90


def is_careless(row: Row) -> bool:
    """The study's suggested exclusion: not to be used, answered before, or rushed and straight."""
    rushed = row["dur_band"] == "1" and row["dq_straight"] == "1"
    return row["dq_use"] in ("2", "3") or row["first_time"] == "2" or rushed


def usable(rows: Sequence[Row], outcome: str) -> list[Row]:
    """Rows that enter the test of ``outcome``."""
    return [
        row
        for row in rows
        if row["branch"] == SEEN
        and not is_careless(row)
        and not is_missing(row[PREDICTOR])
        and not is_missing(row[outcome])
    ]


def categories(rows: Sequence[Row], name: str) -> list[str]:
    """Each row's category of a covariate; missing and rare answers are called ``other``."""
    cells = ["other" if is_missing(row[name]) else row[name] for row in rows]
    counts = Counter(cells)
    return [cell if counts[cell] >= RARE else "other" for cell in cells]


def without_rare(rows: list[Row], names: Sequence[str]) -> list[Row]:
    """Rows that stand in no category of under RARE rows, however often that has to be looked at."""
    while True:
        keep = [True] * len(rows)
        for name in names:
            cells = categories(rows, name)
            few = {cell for cell, n in Counter(cells).items() if n < RARE}
            keep = [kept and cell not in few for kept, cell in zip(keep, cells, strict=True)]
        if all(keep):
            return rows
        rows = [row for row, kept in zip(rows, keep, strict=True) if kept]


def design(rows: Sequence[Row], names: Sequence[str]) -> Matrix:
    """Constant, predictor, and one 0/1 column for each category but a covariate's commonest."""
    columns: list[list[float]] = [[1.0] * len(rows), [float(row[PREDICTOR]) for row in rows]]
    for name in names:
        cells = categories(rows, name)
        _, *others = [cell for cell, _ in Counter(sorted(cells)).most_common()]
        columns += [[float(cell == other) for cell in cells] for other in others]
    return [list(line) for line in zip(*columns, strict=True)]


def inverse(matrix: Matrix) -> Matrix:
    """Gauss-Jordan with pivoting. Raises ValueError for columns that cannot be told apart."""
    size = len(matrix)
    work = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for at in range(size):
        pivot = max(range(at, size), key=lambda i: abs(work[i][at]))
        if abs(work[pivot][at]) < 1e-9:
            raise ValueError("two covariates say the same: leave one out")
        work[at], work[pivot] = work[pivot], work[at]
        work[at] = [value / work[at][at] for value in work[at]]
        for i in range(size):
            if i != at:
                factor = work[i][at]
                work[i] = [a - factor * b for a, b in zip(work[i], work[at], strict=True)]
    return [row[size:] for row in work]


def dot(left: Sequence[float], right: Sequence[float]) -> float:
    """Sum of products."""
    return sum(a * b for a, b in zip(left, right, strict=True))


def ols_hc3(x: Matrix, y: Sequence[float], at: int) -> tuple[float, float]:
    """Coefficient ``at`` and its HC3 standard error."""
    columns = list(zip(*x, strict=True))
    bread = inverse([[dot(a, b) for b in columns] for a in columns])
    moments = [dot(column, y) for column in columns]
    beta = [dot(row, moments) for row in bread]
    variance = 0.0
    for line, value in zip(x, y, strict=True):
        pulled = [dot(row, line) for row in bread]
        leverage = dot(line, pulled)
        residual = (value - dot(line, beta)) / (1 - leverage)
        variance += (residual * pulled[at]) ** 2
    return beta[at], math.sqrt(variance)


def items_of(codebook: Mapping[str, Mapping[str, Any]], score: str) -> list[tuple[str, bool]]:
    """(item, reversed) of a score; those of its parts when it is a mean of scores."""
    entry = codebook[score]
    found: list[tuple[str, bool]] = []
    for item in entry["items"]:
        nested = item in codebook and codebook[item]["part"] == "score"
        found += items_of(codebook, item) if nested else [(item, item in entry["reversed"])]
    return found


def alpha(rows: Sequence[Row], items: Sequence[tuple[str, bool]]) -> float:
    """Cronbach's alpha over the rows with an answer to every item; all items are coded 1 to 5."""
    full = [row for row in rows if not any(is_missing(row[name]) for name, _ in items)]
    scored = [[6 - float(row[n]) if back else float(row[n]) for n, back in items] for row in full]
    within: float = sum(pvariance(column) for column in zip(*scored, strict=True))
    total: float = pvariance([sum(line) for line in scored])
    return len(items) / (len(items) - 1) * (1 - within / total)


class TooFew(Exception):
    """There are not enough rows for the model; the message says how many there are."""


def fit(rows: Sequence[Row], codebook: Mapping[str, Mapping[str, Any]], outcome: str) -> Result:
    """Test ``outcome`` on the lines of a data file; ``codebook`` maps variable → its entry.

    Raises TooFew with fewer than FEWEST usable rows.
    """
    names = [name for name in COVARIATES if rows and name in rows[0]]
    used = without_rare(usable(rows, outcome), names)
    if len(used) < FEWEST:
        raise TooFew(f"{outcome}: {len(used)} rows can be used; the model needs {FEWEST}.")
    x, y = design(used, names), [float(row[outcome]) for row in used]
    slope, error = ols_hc3(x, y, 1)
    spreads = math.sqrt(pvariance([line[1] for line in x]) / pvariance(y))
    reliable = alpha(used, items_of(codebook, PREDICTOR)) * alpha(used, items_of(codebook, outcome))
    latent = spreads / math.sqrt(reliable)
    low, high = slope - Z95 * error, slope + Z95 * error
    p = math.erfc(abs(slope / error) / math.sqrt(2))
    return Result(
        outcome, len(used), slope, error, low, high, p, slope * latent, low * latent, high * latent
    )


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's corrected p-values, in the order given."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    corrected, highest = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[i]))
        corrected[i] = highest
    return corrected


def load(folder: Path) -> tuple[list[Row], dict[str, Mapping[str, Any]]]:
    """(lines of the data file, codebook entries by variable) of a release."""
    data = next((folder / "data").glob("*_data.csv"))
    with data.open(encoding="utf-8", newline="") as file:
        rows: list[Row] = list(csv.DictReader(file))
    book = json.loads((folder / "documentation" / "codebook.json").read_text(encoding="utf-8"))
    return rows, {entry["variable"]: entry for entry in book["variables"]}


def report(results: Sequence[Result]) -> str:
    """The two tests as a table."""
    lines = ["outcome          rows   slope  [95 % interval]   p (Holm)   latent  [95 % interval]"]
    corrected = holm([r.p for r in results])
    for r, p in zip(results, corrected, strict=True):
        lines.append(
            f"{r.outcome:<15} {r.rows:>5}  {r.slope:>6.3f}  [{r.low:.3f}, {r.high:.3f}]  "
            f"{p:>9.2g}   {r.latent:>6.3f}  [{r.latent_low:.3f}, {r.latent_high:.3f}]"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the tests for the release in the folder named."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write("usage: python h1.py FOLDER  (a release of microdata)\n")
        return 2
    rows, codebook = load(Path(arguments[0]))
    try:
        sys.stdout.write(report([fit(rows, codebook, outcome) for outcome in OUTCOMES]) + "\n")
    except TooFew as few:
        sys.stderr.write(f"{few}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
