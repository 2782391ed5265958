"""Alpha, omega and item-rest correlations, against values by hand, by a book and by R."""

import csv
import json
import shutil
import subprocess
from itertools import product

import numpy as np
import pytest

from exports.reliability import LEAST_COMPLETE, alpha, covariance_of, item_rest, omega
from exports.verify.reading import read_table
from tests.exports.releases import book_of, made
from tests.exports.tiny import row

# A perfect factor with loadings 1, 2, 3 and unique variances 1, 1, 2.
ONE_FACTOR = np.array([[2.0, 2, 3], [2, 5, 6], [3, 6, 11]])


# Loadings .5, .5 and 1 on one factor, unique variances 1/4, 1/4 and 2/3, in all of 24 patterns.
PATTERNS = [
    row(calm=1 + factor + one, tense=5 - factor - two, glad=1 + 2 * factor + three)
    for factor, one, two, three in product((0, 1), (0, 1), (0, 1), (0, 1, 2))
]


def entries(*names):
    return [{"variable": name, "missing": {"-99": ""}} for name in names]


def written(path, lines):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows(lines)
    return read_table(path)


def test_alpha_is_what_the_formula_gives_by_hand():
    assert alpha(ONE_FACTOR) == pytest.approx(3 / 2 * (1 - (2 + 5 + 11) / 40))


def test_omega_of_one_perfect_factor_is_known():
    assert omega(ONE_FACTOR) == pytest.approx((1 + 2 + 3) ** 2 / ((1 + 2 + 3) ** 2 + 1 + 1 + 2))


def test_omega_is_alpha_where_all_items_measure_alike():
    alike = np.full((4, 4), 0.5) + np.eye(4)
    assert omega(alike) == pytest.approx(alpha(alike))


def test_an_item_is_correlated_with_the_sum_of_the_others():
    # Item 1: (2 + 3) / sqrt(2 * (5 + 11 + 2 * 6))
    assert item_rest(ONE_FACTOR)[0] == pytest.approx(5 / np.sqrt(2 * 28))


@pytest.mark.parametrize(
    "covariance",
    [
        np.array([[1.0, 0.5], [0.5, 1.0]]),  # two items: not identified
        np.array([[1.0, 0.8, 0.8], [0.8, 1.0, 0.3], [0.8, 0.3, 1.0]]),  # Heywood: 0.64 / 0.3 > 1
        np.diag([1.0, 1.0, 1.0]),  # nothing in common
        np.zeros((3, 3)),
    ],
)
def test_omega_says_nothing_where_one_factor_does_not_fit(covariance):
    assert omega(covariance) is None


def test_a_constant_item_has_no_correlation():
    assert item_rest(np.array([[0.0, 0], [0, 1]])) == (None, None)


def test_rows_that_lack_an_answer_are_left_out_and_reversed_items_turned(tmp_path):
    lines = [("a", "b"), ("1", "5"), ("2", "3"), ("-99", "1"), ("4", ""), ("3", "1")]
    table = written(tmp_path / "x.csv", lines)
    rows, covariance = covariance_of(table, entries("a", "b"), ["b"])
    assert rows == 3
    assert covariance == pytest.approx(np.array([[1.0, 2.0], [2.0, 4.0]]))


@pytest.mark.parametrize("items", [2, 12], ids=["by patterns", "by rows"])
def test_covariances_are_those_of_the_complete_rows(tmp_path, items):
    answers = np.random.default_rng(1).choice(
        [-99, 1, 2, 3, 4], p=[0.04, *[0.24] * 4], size=(400, items)
    )
    names = [f"q{at}" for at in range(items)]
    table = written(tmp_path / "x.csv", [names, *answers.tolist()])
    rows, covariance = covariance_of(table, entries(*names), [])
    complete = answers[(answers != -99).all(axis=1)]
    assert rows == len(complete) < 400
    assert covariance == pytest.approx(np.cov(complete, rowvar=False))


def test_the_codebook_of_a_release_tells_them_of_each_scale(tmp_path):
    folder = made(tmp_path / "out", PATTERNS * 3)
    entry = book_of(folder)["sc_mood"]
    # The sum of the three has the variance 4 + 7/6, the items 1/2, 1/2 and 5/3.
    whole = 4 + 7 / 6
    assert entry["reliability"] == {
        "rows": 72,
        "alpha": round(3 / 2 * (1 - (8 / 3) / whole), 3),
        "omega": round(4 / whole, 3),
    }
    assert list(entry["item_rest"]) == ["calm", "tense", "glad"]
    page = (folder / "documentation" / "codebook.html").read_text("utf-8")
    assert "Cronbach’s alpha 0.73; McDonald’s omega 0.77; item-rest calm 0." in page


def test_few_complete_rows_tell_nothing(tmp_path):
    rows = (PATTERNS * 2)[: LEAST_COMPLETE - 1] + [row(calm=-99)] * 9
    entry = book_of(made(tmp_path / "out", rows))["sc_mood"]
    assert (entry["reliability"], entry["item_rest"]) == ({}, {})


def test_a_difference_is_no_scale(tmp_path):
    assert book_of(made(tmp_path / "out", PATTERNS * 3))["sc_rise"]["reliability"] == {}


IN_R = """
x <- attitude
S <- cov(x); k <- ncol(x)
a <- k / (k - 1) * (1 - sum(diag(S)) / sum(S))
rest <- sapply(seq_len(k), function(i) cor(x[[i]], rowSums(x[-i])))
off <- function(l) sum((S - outer(l, l))[lower.tri(S)]^2)
fit <- optim(sqrt(diag(S)) * 0.7, off, method = "BFGS",
             control = list(reltol = 1e-15, maxit = 5000))
l <- fit$par
w <- sum(l)^2 / (sum(l)^2 + sum(diag(S) - l^2))
cat(sprintf("[%.6f, %.6f, [%s], [%s]]", a, w, toString(sprintf("%.6f", rest)),
            toString(sprintf("[%s]", apply(S, 1, function(r) toString(sprintf("%.12f", r)))))))
"""


def test_r_gives_the_same_on_a_data_set_of_its_own():
    """R's ``attitude`` (Chatterjee & Price 1977), whose alpha the manual of psych gives as .84."""
    if not shutil.which("Rscript"):
        pytest.skip("no Rscript: install r-base-core")
    ran = subprocess.run(
        ["Rscript", "--vanilla", "-e", IN_R], check=True, capture_output=True, text=True
    )
    a, w, rest, covariance = json.loads(ran.stdout)
    assert alpha(np.array(covariance)) == pytest.approx(a, abs=1e-6)
    assert round(a, 2) == 0.84
    assert omega(np.array(covariance)) == pytest.approx(w, abs=1e-4)
    assert item_rest(np.array(covariance)) == pytest.approx(rest, abs=1e-6)
