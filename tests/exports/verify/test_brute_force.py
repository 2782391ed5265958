"""The vectorised measures against the definitions, spelt out row by row."""

from collections import Counter, defaultdict
from math import exp, log
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.verify.findings import Findings
from exports.verify.reading import Claim
from exports.verify.verify import verify
from tests.exports.verify.written import Row, write

LEAVES = ("1", "2", "3", "4", "-99", "-95")
COVERS = {"low": frozenset("12"), "high": frozenset("34"), "odd": frozenset("13")}
MISSING = frozenset({"-99", "-95", "-93"})
CELLS = (*LEAVES, *COVERS, "-93")
KEY = ("a", "b", "c")

people = st.fixed_dictionaries(dict.fromkeys(KEY, st.sampled_from(LEAVES)))
shown = st.fixed_dictionaries(
    {**dict.fromkeys(KEY, st.sampled_from(CELLS)), "s": st.sampled_from("pqrst")}
)
CLAIM = Claim(
    KEY,
    k=1,
    sensitive=("s",),
    covers=dict.fromkeys(KEY, COVERS),
    missing=dict.fromkeys(KEY, MISSING),
    suppressed=dict.fromkeys(KEY, "-93"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("brute")


def found_in(folder: Path, rows: list[Row], claim: Claim, **more: object) -> Findings:
    return verify(write(folder / "table.csv", rows), claim, **more)  # type: ignore[arg-type]


def category(cell: str) -> str:
    return "missing" if cell in MISSING else cell


def classes(rows: list[Row]) -> list[list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[tuple(category(row[name]) for name in KEY)].append(row)
    return list(found.values())


def stands_for(cell: str, true: str) -> bool:
    return cell in (true, "-93") or true in COVERS.get(cell, ())


def fits(row: Row, person: Row) -> bool:
    """Who gave no answer, nobody outside knows: a missing cell may be anybody's."""
    return all(row[name] in MISSING or stands_for(row[name], person[name]) for name in KEY)


@given(st.lists(shown, min_size=1, max_size=30))
def test_classes_are_the_rows_alike_in_every_category(folder, rows):
    found = found_in(folder, rows, CLAIM).classes
    sizes = Counter(map(len, classes(rows)))
    exact = Counter(tuple(row[n] for n in KEY) for row in rows)
    assert (found.sizes, found.k_exact) == (dict(sorted(sizes.items())), min(exact.values()))


@given(st.lists(shown, min_size=1, max_size=12), st.lists(people, min_size=12, max_size=20))
def test_coverage_counts_everybody_who_fits_in_both_directions(folder, rows, truth):
    places = list(range(len(rows)))
    found = found_in(folder, rows, CLAIM, truth=pl.DataFrame(truth), truth_rows=places).compared
    k_coverage = min(sum(fits(row, truth[at]) for row in rows) for at in places)
    covers = min(sum(fits(row, person) for person in truth) for row in rows)
    assert found
    assert (found.k_coverage, found.k_coverage_reverse) == (k_coverage, covers)


@given(st.lists(shown, min_size=1, max_size=12), st.lists(people, min_size=12, max_size=20))
def test_untrue_cells_are_those_that_do_not_stand_for_the_truth(folder, rows, truth):
    places = list(range(len(rows)))[::-1]
    found = found_in(folder, rows, CLAIM, truth=pl.DataFrame(truth), truth_rows=places).compared
    pairs = [(row, truth[at]) for row, at in zip(rows, places, strict=True)]
    wrong = {n: sum(not stands_for(row[n], true[n]) for row, true in pairs) for n in KEY}
    assert found
    assert found.untrue == {name: count for name, count in wrong.items() if count}


def entropy(group: list[Row]) -> float:
    shares = [n / len(group) for n in Counter(row["s"] for row in group).values()]
    return exp(-sum(share * log(share) for share in shares))


@given(st.lists(shown, min_size=1, max_size=30))
def test_diversity_is_that_of_the_poorest_class(folder, rows):
    found = found_in(folder, rows, CLAIM)
    assert found.l == min(len({row["s"] for row in group}) for group in classes(rows))
    assert found.entropy_l == pytest.approx(min(map(entropy, classes(rows))))


def moved(group: list[Row], rows: list[Row], values: str, *, ordered: bool) -> float:
    gaps = [
        sum(row["s"] == value for row in group) / len(group)
        - sum(row["s"] == value for row in rows) / len(rows)
        for value in values
    ]
    if not ordered:
        return sum(map(abs, gaps)) / 2
    return sum(abs(sum(gaps[: at + 1])) for at in range(len(gaps))) / max(len(values) - 1, 1)


@given(st.lists(shown, min_size=1, max_size=30), st.booleans())
def test_closeness_is_the_earth_movers_distance_of_the_farthest_class(folder, rows, ordered):
    order = {"s": tuple("pqrst")} if ordered else {}
    claim = Claim(KEY, 1, sensitive=("s",), ordered=order, missing=CLAIM.missing)
    values = "".join(sorted({row["s"] for row in rows}))
    farthest = max(moved(group, rows, values, ordered=ordered) for group in classes(rows))
    assert found_in(folder, rows, claim).t == pytest.approx(farthest)


@given(st.lists(shown, min_size=1, max_size=20), st.lists(people, min_size=1, max_size=30))
def test_a_population_bounds_the_journalist(folder, rows, population):
    found = found_in(folder, rows, CLAIM, population=pl.DataFrame(population)).journalist
    people = [
        max(len(group), sum(fits(group[0], person) for person in population))
        for group in classes(rows)
    ]
    assert found
    assert found.highest == max(1 / many for many in people)


@given(
    st.lists(shown, min_size=1, max_size=12),
    st.lists(people, min_size=12, max_size=20),
    st.lists(people, min_size=1, max_size=30),
)
def test_presence_is_the_share_of_those_who_fit_a_class_that_are_in_the_data(
    folder, rows, truth, population
):
    places = list(range(len(rows)))
    tables = {"truth": pl.DataFrame(truth), "population": pl.DataFrame(population)}
    found = found_in(folder, rows, CLAIM, truth_rows=places, **tables)
    shares = []
    for row in rows:
        here, everybody = (
            sum(fits(row, person) for person in some) for some in (truth, population)
        )
        shares.append(here / max(everybody, here, 1))
    assert found.presence == pytest.approx((min(shares), max(shares)))
