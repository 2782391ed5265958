"""How few answers a hypothesis rests on: planted data, and all possibilities tried one by one."""

from dataclasses import replace
from itertools import combinations, combinations_with_replacement, product

import numpy as np
import pytest

from exports.fragility import (
    NOT_SHOWN_AS_ANSWERED,
    TOO_FEW,
    AnswerPairs,
    fewest_left_out,
    fewest_made_up,
    fragility,
    is_negative,
    is_supported,
    least_r,
    sums_of,
)
from forms.study import Hypothesis
from tests.exports.releases import data_in, made, report_of
from tests.exports.tiny import STUDY, row

ENDS = (1.0, 5.0)
GRID = [(float(x), float(y)) for x, y in product(range(1, 6), repeat=2)]


def given(points, times=1):
    found = sorted(set(points))
    x, y = np.array(found).T
    rows = np.array([float(points.count(one)) for one in found]) * times
    return AnswerPairs(x, y, rows, ENDS, ENDS)


def sums(points):
    x, y = np.array(points, dtype=float).T
    return sums_of(x, y, np.ones(len(x))).sum(axis=0)


@pytest.mark.parametrize(("free", "r"), [(10, 0.5760), (20, 0.4227), (30, 0.3494), (100, 0.1946)])
def test_the_least_correlation_is_that_of_printed_tables(free, r):
    assert least_r(np.array(free + 2.0)) == pytest.approx(r, abs=2e-4)


# Twenty people at either end: forty made-up ones balance them, one more turns the sign.
ENDS_ONLY = [(1.0, 1.0)] * 20 + [(5.0, 5.0)] * 20


def test_answers_at_both_ends_are_outweighed_by_one_more_than_they_are():
    assert fragility(given(ENDS_ONLY), positive=True)["made_up"]["sign"] == 41


def test_without_one_of_two_ends_nothing_is_left_to_be_supported():
    found = fragility(given(ENDS_ONLY), positive=True)
    assert found["left_out"] == {"sign": None, "verdict": 20}
    assert (found["rows"], found["r"], found["supported"]) == (40, 1.0, True)


def test_a_negative_hypothesis_is_the_mirror_of_a_positive_one():
    mirrored = [(x, 6 - y) for x, y in ENDS_ONLY]
    one, other = (
        fragility(given(ENDS_ONLY), positive=True),
        fragility(given(mirrored), positive=False),
    )
    assert other == {**one, "r": -1.0}


def test_what_is_not_supported_is_turned_by_answers_for_it():
    found = fragility(given(ENDS_ONLY), positive=False)
    assert not found["supported"]
    # The slope is positive, so that its sign turns first, and support needs more.
    assert found["made_up"]["sign"] == 41
    assert found["made_up"]["verdict"] > 41


SAMPLES = [
    [(round(x), round(min(max(x / 2 + y, 1), 5))) for x, y in zip(*draw, strict=True)]
    for seed in range(6)
    for draw in [np.random.default_rng(seed).uniform(1, 4, (2, 18))]
]


@pytest.mark.parametrize("points", SAMPLES)
def test_no_fewer_made_up_answers_turn_the_sign_than_those_found(points):
    points = [(float(x), float(y)) for x, y in points]
    if is_negative(sums(points)):
        points = [(x, 6 - y) for x, y in points]
    found = fewest_made_up(given(points), is_negative)
    tried = (
        many
        for many in range(1, 4)
        for added in combinations_with_replacement(GRID, many)
        if is_negative(sums([*points, *added]))
    )
    least = next(tried, None)
    assert found is not None
    assert found == least if least else found > 3


@pytest.mark.parametrize("points", SAMPLES)
def test_those_left_out_are_enough_and_no_fewer_than_the_least(points):
    points = [(float(x), float(y)) for x, y in points]
    if is_negative(sums(points)):
        points = [(x, 6 - y) for x, y in points]
    found = fewest_left_out(given(points), is_negative, on_sign=True)
    turned = {
        many
        for many in range(1, 6)
        for kept in combinations(points, len(points) - many)
        if is_negative(sums(kept))
    }
    if turned:
        assert found in (min(turned), min(turned) + 1)
    else:
        assert found is None or found > 5


def test_a_planted_outlier_is_found():
    points = [(1.0, 3.0), (2.0, 3.0), (2.0, 2.0), (1.0, 2.0)] * 10 + [(5.0, 5.0)] * 2
    found = fragility(given(points), positive=True)
    assert found["supported"]
    # Without either of the two nothing is left of the slope; one alone still is enough for p < .05.
    assert found["left_out"]["verdict"] == 2


def test_the_numbers_rise_with_the_rows():
    points = [(1, 2), (2, 2), (3, 3), (4, 3), (5, 4), (2, 4), (4, 2), (3, 1), (5, 5), (1, 3)]
    found = [fragility(given(points, times), positive=True) for times in (4, 8, 16, 32)]
    for done, turned in product(("made_up", "left_out"), ("sign", "verdict")):
        counts = [one[done][turned] for one in found]
        assert counts == sorted(counts)
        assert counts[0] < counts[-1]


def test_the_made_up_answers_told_are_enough_to_turn_the_verdict():
    points = [(float(1 + at % 5), float(1 + (at % 5 + at % 3) // 2)) for at in range(60)]
    assert is_supported(sums(points))
    many = fragility(given(points), positive=True)["made_up"]["verdict"]
    assert many < 60
    ways = ([(1.0, 5.0)] * at + [(5.0, 1.0)] * (many - at) for at in range(many + 1))
    assert any(not is_supported(sums([*points, *added])) for added in ways)


def study_with(*hypotheses):
    return replace(STUDY, policy=replace(STUDY.policy, hypotheses=hypotheses))


H = Hypothesis("h1", "calm", "glad", "positive")


@pytest.mark.parametrize("tier", ["B", "C"])
def test_a_report_measures_the_written_file(tmp_path, tier):
    rows = [
        row(calm=1 + at % 5, glad=1 + (at + at // 9) % 5 if at % 7 else -99) for at in range(60)
    ]
    folder = made(tmp_path / "out", rows, tier=tier, study=study_with(H))
    lines = [
        (float(one["calm"]), float(one["glad"])) for one in data_in(folder) if one["glad"] != "-99"
    ]
    expected = fragility(given(lines), positive=True)
    [found] = report_of(folder)["fragility"]
    assert found == {
        "hypothesis": "h1", "predictor": "calm", "outcome": "glad", "sign": "positive", **expected
    }  # fmt: skip
    page = (folder / "documentation" / "report.html").read_text("utf-8")
    assert "h1: calm → glad, positive" in page


def test_a_key_variable_and_few_rows_are_not_measured(tmp_path):
    by_key = Hypothesis("h2", "age", "glad", "positive")
    folder = made(tmp_path / "out", [row()] * 20, study=study_with(H, by_key))
    said = [one["not_measured"] for one in report_of(folder)["fragility"]]
    assert said == [TOO_FEW, NOT_SHOWN_AS_ANSWERED]
    page = (folder / "documentation" / "report.html").read_text("utf-8")
    assert f"h2 is not measured: {NOT_SHOWN_AS_ANSWERED}." in page
