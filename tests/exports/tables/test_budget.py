"""What a cost means, as published figures and an independent library have it."""

from fractions import Fraction

import opendp.prelude as opendp
import pytest

from exports.tables import budget

opendp.enable_features("contrib")


@pytest.mark.parametrize(
    ("rho", "exact", "bound", "right", "any_noise"),
    [
        (Fraction(1, 8), 2.3, 2.4, 59.9, 62.5),
        (Fraction(1, 4), 3.3, 3.5, 63.8, 67.7),
        (Fraction(1, 2), 4.9, 5.2, 69.1, 75.0),
        (Fraction(1), 7.3, 7.8, 76.0, 85.4),
        (Fraction(2), 11.0, 11.7, 84.1, 100.0),
    ],
)
def test_a_cost_means_what_was_published_of_it(rho, exact, bound, right, any_noise):
    meant = (
        budget.epsilon(rho), budget.epsilon_bound(rho),
        budget.right_of_100(rho), budget.bound_of_100(rho),
    )  # fmt: skip
    assert tuple(round(x, 1) for x in meant) == (exact, bound, right, any_noise)


def test_the_census_of_2020_is_counted_as_it_counted_itself():
    """17.14 was published of rho 2.56, by a bound that is looser still by 0.02."""
    assert round(budget.epsilon_bound(2.56, 1e-10), 2) == 17.16


def test_right_of_100_is_what_somebody_reaches_who_sees_the_noise():
    """Two rows apart in two cells of noise 2: the likelier one is right as often as is said."""
    assert budget.cost_of_counts(4) == Fraction(1, 4)
    assert budget.right_of_100(0) == 50
    assert budget.cost_of_sum(3, Fraction(9, 2)) == 1


@pytest.mark.parametrize("sigma", [Fraction(1, 2), Fraction(3), Fraction(25, 2)])
def test_noise_costs_what_an_independent_library_says(sigma):
    """A table: one cell less by one, another one more; and a sum."""
    counts = opendp.vector_domain(opendp.atom_domain(T="i64")), opendp.l2_distance(T=float)
    table = opendp.m.make_gaussian(*counts, scale=float(sigma))
    assert table.map(2**0.5) == pytest.approx(float(budget.cost_of_counts(sigma**2)))
    number = opendp.atom_domain(T="i64"), opendp.absolute_distance(T="i64")
    total = opendp.m.make_gaussian(*number, scale=float(sigma))
    assert total.map(7) == pytest.approx(float(budget.cost_of_sum(7, sigma**2)))


@pytest.mark.parametrize("rho", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("delta", [1e-6, 1e-10])
def test_epsilon_of_any_noise_is_what_an_independent_library_says(rho, delta):
    number = opendp.atom_domain(T="i64"), opendp.absolute_distance(T="i64")
    measured = opendp.m.make_gaussian(*number, scale=(0.5 / rho) ** 0.5)
    profile = opendp.c.make_zCDP_to_approxDP(measured).map(1)
    assert budget.epsilon_bound(rho, delta) == pytest.approx(profile.epsilon(delta), abs=0.002)
    assert budget.epsilon(rho, delta) < budget.epsilon_bound(rho, delta)
