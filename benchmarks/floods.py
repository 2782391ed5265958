"""What the data-quality flags find of answers made by programs: writes results-floods.md.

    python -m benchmarks.floods [--people 500] [--out FILE]

People answer by the flagship's own recipe; of all answers 94 % are made by programs of one kind.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.process import ROOT
from benchmarks.report import table
from exports.columns import fields_of, frame_of, table_of
from forms.load import load_study
from forms.simulation import Recipe, load_recipe
from forms.study import Study
from survey.synthetic.simulate import SimulatedResponse, simulate

FLAGSHIP = ROOT / "studies" / "therapist-tears"
OUT = ROOT / "benchmarks" / "results-floods.md"
FABRICATED = 0.94
PEOPLE = 500
SIZES = (300, 1080)  # of the sample whose result is turned
SEEDS = (1, 2, 3)
QUICKEST = 1  # dur_band
WIDE = 3  # dq_pair from which two items that mirror each other contradict

Row = Mapping[str, Any]


def kinds(recipe: Recipe) -> dict[str, Callable[[int, int, Study], list[SimulatedResponse]]]:
    """Programs by what they do: (how many, seed, study) → their answers."""

    def quick(made: list[SimulatedResponse]) -> list[SimulatedResponse]:
        return [replace(one, dur_band=QUICKEST) for one in made]

    plain = Recipe()
    shares = replace(plain.shares, stopped=0.0, text=0.0)
    chance = replace(plain, shares=shares)
    column = replace(plain, shares=replace(shares, careless=1.0))
    agent = as_wanted(recipe)
    return {
        "clicks at random, at once": lambda n, seed, study: quick(made(study, n, seed, chance)),
        "clicks at random, takes its time": lambda n, seed, study: made(study, n, seed, chance),
        "one column of buttons, at once": lambda n, seed, study: quick(
            made(study, n, seed, column)
        ),
        "an agent that answers as people do": lambda n, seed, study: made(study, n, seed, agent),
    }


def as_wanted(recipe: Recipe) -> Recipe:
    """Return the recipe of people with the headline turned round, and nobody careless."""
    latents = {
        name: replace(one, parts={k: -v if k == "view" else v for k, v in one.parts.items()})
        for name, one in recipe.latents.items()
    }
    return replace(recipe, latents=latents, shares=replace(recipe.shares, careless=0.0))


def made(study: Study, count: int, seed: int, recipe: Recipe) -> list[SimulatedResponse]:
    """So many answers by a recipe."""
    return list(simulate(study, count=count, seed=seed, recipe=recipe))


def released(study: Study, answers: Sequence[SimulatedResponse]) -> Sequence[Row]:
    """The answers as a release would show them with nothing recoded, flags and scores included."""
    first = {"study_version": "1", "consent_version": "1"}
    stored = [
        {**p.values, **first, "lang": p.lang, "c_open": p.c_open, "completion": p.completion,
         "dur_band": p.dur_band}
        for p in answers
    ]  # fmt: skip
    frame = frame_of(study, {name: [row[name] for row in stored] for name in stored[0]})
    shown = table_of(study, frame, fields_of(study))
    return shown.with_columns(pl.all().cast(pl.String).fill_null("")).to_dicts()


FLAGS: Mapping[str, Callable[[Row], bool]] = {
    "`dur_band` 1": lambda row: row["dur_band"] == "1",
    "`dq_straight` 1": lambda row: row["dq_straight"] == "1",
    f"`dq_pair` {WIDE} or more": lambda row: int(row["dq_pair"]) >= WIDE,
    "`dur_band` 1 with `dq_straight` 1": lambda row: (
        row["dur_band"] == "1" and row["dq_straight"] == "1"
    ),
    "any of the first three": lambda row: (
        row["dur_band"] == "1" or row["dq_straight"] == "1" or int(row["dq_pair"]) >= WIDE
    ),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a flag finds: of the flagged, those fabricated; of the fabricated, those flagged."""

    precision: float | None
    recall: float
    accused: float  # of the people, those flagged


def found(flag: Callable[[Row], bool], people: Sequence[Row], programs: Sequence[Row]) -> Found:
    """How well ``flag`` tells the one from the other."""
    wrong, right = sum(map(flag, people)), sum(map(flag, programs))
    flagged = wrong + right
    return Found(right / flagged if flagged else None, right / len(programs), wrong / len(people))


# The headline: the slope of sc_int_connect on sc_view_total, as the study's own analysis fits it.


def analysis() -> Any:
    """The flagship's analysis script as a module."""
    spec = importlib.util.spec_from_file_location("h1", FLAGSHIP / "analysis" / "h1.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["h1"] = module
    spec.loader.exec_module(module)
    return module


def slope(h1: Any, rows: Sequence[Row]) -> float:
    """The headline figure of these rows, with the study's own exclusions."""
    names = [name for name in h1.COVARIATES if name in rows[0]]
    used = h1.without_rare(h1.usable(rows, "sc_int_connect"), names)
    x = np.array(h1.design(used, names))
    y = np.array([float(row["sc_int_connect"]) for row in used])
    return float(np.linalg.lstsq(x, y, rcond=None)[0][1])


def turned_by(h1: Any, people: Sequence[Row], programs: Sequence[Row]) -> int | None:
    """The fewest of ``programs``, added in order, with which the slope's sign turns."""
    if slope(h1, [*people, *programs]) > 0:
        return None
    low, high = 0, len(programs)
    while high - low > 1:
        middle = (low + high) // 2
        if slope(h1, [*people, *programs[:middle]]) > 0:
            low = middle
        else:
            high = middle
    return high


def extreme(people: Sequence[Row], count: int) -> Sequence[Row]:
    """Answers at both ends: the best view with no connection, the worst with the most."""
    seen = [row for row in people if row["branch"] == "1"]
    draw = random.Random(1)
    ends = (("5.000", "1.000"), ("1.000", "5.000"))
    return [
        {**draw.choice(seen), "sc_view_total": ends[n % 2][0], "sc_int_connect": ends[n % 2][1]}
        for n in range(count)
    ]


def flag_rows(study: Study, recipe: Recipe, count: int) -> Iterator[tuple[str, ...]]:
    """One line of the table for each kind of program and each flag; medians over the seeds."""
    number = round(count * FABRICATED / (1 - FABRICATED))
    everybody = [released(study, made(study, count, seed, recipe)) for seed in SEEDS]
    for kind, make in kinds(recipe).items():
        floods = [released(study, make(number, 100 + seed, study)) for seed in SEEDS]
        for name, flag in FLAGS.items():
            results = [found(flag, p, f) for p, f in zip(everybody, floods, strict=True)]
            precise = [r.precision for r in results if r.precision is not None]
            yield (
                kind,
                name,
                f"{statistics.median(precise):.0%}" if precise else "–",
                f"{statistics.median(r.recall for r in results):.1%}",
                f"{statistics.median(r.accused for r in results):.1%}",
            )


def fragility_rows(study: Study, recipe: Recipe) -> Iterator[tuple[str, ...]]:
    """One line for each number of people: the slope, and how many answers turn its sign."""
    h1 = analysis()
    for size in SIZES:
        slopes, agents, ends = [], [], []
        for seed in SEEDS:
            people = released(study, made(study, size, seed, recipe))
            programs = released(study, made(study, 3 * size, 100 + seed, as_wanted(recipe)))
            slopes.append(slope(h1, people))
            agents.append(turned_by(h1, people, programs))
            ends.append(turned_by(h1, people, extreme(people, size)))
        yield (
            f"{size:,}",
            f"{statistics.median(slopes):.2f}",
            _number(agents, 3 * size),
            _number(ends, size),
        )


def _number(counts: Sequence[int | None], most: int) -> str:
    known = [c for c in counts if c is not None]
    return f"{statistics.median(known):,.0f}" if len(known) == len(counts) else f"over {most:,}"


ABOUT = """\
# Floods of answers made by programs

Written by `python -m benchmarks.floods`: {people:,} simulated people of the flagship and
{programs:,} answers made by programs ({share:.0%} of all), medians of {floods} floods. Of these
people {careless:.0%} are careless. Precision is the share of the flagged that were fabricated:
where nearly all answers are, it is high for any flag, for a coin {share:.0%}. So read it beside the
share of people flagged. Who saw no tears is shown no grid and no pair: there the flags hold a
missing code, and find nothing.
"""
TURNED = """\
## How many turn a result

The headline of the flagship (the slope of `sc_int_connect` on `sc_view_total`, with the study's own
exclusions), and the fewest fabricated answers added to it with which its sign turns: an agent that
answers as people do with that one link turned round, and answers at both ends of both scales.
"""


def page(count: int) -> str:
    """The page with both tables."""
    study = load_study(FLAGSHIP)
    recipe = load_recipe(study, FLAGSHIP)
    about = ABOUT.format(
        people=count,
        programs=round(count * FABRICATED / (1 - FABRICATED)),
        share=FABRICATED,
        floods=len(SEEDS),
        careless=recipe.shares.careless,
    )
    heads = ("program", "flag", "precision", "recall", "people flagged")
    turned = ("people", "slope", "agent", "both ends of the scales")
    flags = table(heads, flag_rows(study, recipe, count))
    return "\n".join([about, *flags, TURNED, *table(turned, fragility_rows(study, recipe))])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    asked.out.write_text(page(asked.people), "utf-8")
    print(f"Wrote {asked.out}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
