"""A written number is held against the true one by the rule that was promised."""

from decimal import Decimal

import pytest

from exports.verify.coded_numbers import NumberCoding

RULE = NumberCoding(Decimal(1000), Decimal(0), Decimal(200_500), frozenset({"-99"}))


@pytest.mark.parametrize(
    ("true", "written"),
    [
        ("31499", "31000"),
        ("31500", "32000"),
        ("31500.0", "31000"),  # Either way of a half is as near.
        ("9900000", "200500"),
        ("200500", "200500"),
        ("200499.9", "200000"),
        ("-5", "0"),
        ("31499,5", "31000"),
        ("-99", "-99"),
        ("", ""),
    ],
)
def test_what_the_rule_makes_of_a_number_is_allowed(true, written):
    assert RULE.allows(true, written)


@pytest.mark.parametrize(
    ("true", "written"),
    [
        ("31499", "31499"),
        ("31499", "32000"),
        ("31499", ""),
        ("31499", "200500"),
        ("", "0"),
        ("9900000", "9900000"),
        ("9900000", "201000"),
        ("-5", "-5"),
        ("-99", "0"),
        ("31499", "31k"),
    ],
)
def test_anything_else_is_not(true, written):
    assert not RULE.allows(true, written)


def test_without_a_step_a_number_between_the_bounds_is_itself():
    rule = NumberCoding(top=Decimal(10))
    assert (rule.allows("4.50", "4.5"), rule.allows("4.5", "5")) == (True, False)
