"""The worked examples of the papers that the definitions come from."""

from math import exp, log
from pathlib import Path

import pytest

from exports.verify.findings import Findings
from exports.verify.reading import Claim
from exports.verify.verify import verify
from tests.exports.verify.written import text

SWEENEY = """\
race,birth,sex,zip,problem
Black,1965,m,0214*,short breath
Black,1965,m,0214*,chest pain
Black,1965,f,0213*,hypertension
Black,1965,f,0213*,hypertension
Black,1964,f,0213*,obesity
Black,1964,f,0213*,chest pain
White,1964,m,0213*,chest pain
White,1964,m,0213*,obesity
White,1964,m,0213*,short breath
White,1967,m,0213*,chest pain
White,1967,m,0213*,chest pain
"""

FOUR_ANONYMOUS = """\
zip,age,nationality,condition
130**,<30,*,heart
130**,<30,*,heart
130**,<30,*,viral
130**,<30,*,viral
1485*,>=40,*,cancer
1485*,>=40,*,heart
1485*,>=40,*,viral
1485*,>=40,*,viral
130**,3*,*,cancer
130**,3*,*,cancer
130**,3*,*,cancer
130**,3*,*,cancer
"""

THREE_DIVERSE = """\
zip,age,nationality,condition
1305*,<=40,*,heart
1305*,<=40,*,viral
1305*,<=40,*,cancer
1305*,<=40,*,cancer
1485*,>40,*,cancer
1485*,>40,*,heart
1485*,>40,*,viral
1485*,>40,*,viral
1306*,<=40,*,heart
1306*,<=40,*,viral
1306*,<=40,*,cancer
1306*,<=40,*,cancer
"""


def looked_at(folder: Path, content: str, *core: str, sensitive: str, **more: object) -> Findings:
    claim = Claim(core, k=2, sensitive=(sensitive,), **more)  # type: ignore[arg-type]
    return verify(text(folder / "table.csv", content), claim)


def test_the_table_of_sweeney_2002_is_two_anonymous(tmp_path):
    found = looked_at(tmp_path, SWEENEY, "race", "birth", "sex", "zip", sensitive="problem")
    assert (found.classes.k, found.classes.count) == (2, 5)


def test_a_four_anonymous_group_may_agree_as_in_machanavajjhala_2007(tmp_path):
    found = looked_at(tmp_path, FOUR_ANONYMOUS, "zip", "age", "nationality", sensitive="condition")
    assert (found.classes.k, found.l, found.entropy_l) == (4, 1, 1.0)


def test_the_three_diverse_table_of_machanavajjhala_2007_has_three_values_a_group(tmp_path):
    found = looked_at(tmp_path, THREE_DIVERSE, "zip", "age", "nationality", sensitive="condition")
    assert found.l == 3
    assert found.entropy_l == pytest.approx(exp(1.5 * log(2)))  # a half and two quarters


SALARIES = tuple(f"{thousand}K" for thousand in range(3, 12))
# Li et al. 2007: table 3 (three classes by similar pay) and table 5.
SIMILAR = {"a": (3, 4, 5), "b": (6, 11, 8), "c": (7, 9, 10)}
CLOSE = {"a": (3, 5, 9), "b": (6, 11, 8), "c": (4, 7, 10)}


@pytest.mark.parametrize(("classes", "t"), [(SIMILAR, 0.375), (CLOSE, 1 / 6)])
def test_salaries_are_as_far_from_the_table_as_in_li_2007(classes, t, tmp_path):
    lines = [f"{name},{pay}K" for name, pays in classes.items() for pay in pays]
    content = "\n".join(["zip,pay", *lines])
    found = looked_at(tmp_path, content, "zip", sensitive="pay", ordered={"pay": SALARIES})
    assert found.t == pytest.approx(t)


def test_diseases_without_order_are_half_their_differences_apart(tmp_path):
    content = "zip,disease\n1,a\n1,a\n2,b\n2,c\n"
    found = looked_at(tmp_path, content, "zip", sensitive="disease")
    assert found.t == pytest.approx((0.5 + 0.25 + 0.25) / 2)


def test_risks_are_those_of_el_emam(tmp_path):
    """Classes of 4, 8 and 12 rows: the highest risk is 1/4, the average 3 classes in 24 rows."""
    content = "zip,x\n" + "1,a\n" * 4 + "2,a\n" * 8 + "3,a\n" * 12
    risk = looked_at(tmp_path, content, "zip", sensitive="x").prosecutor
    assert risk
    assert (risk.highest, risk.average) == (0.25, 3 / 24)
    assert (risk.above_open_data, risk.above_historical) == (12 / 24, 4 / 24)


def test_five_alike_meet_the_historical_threshold_and_twelve_the_open_one(tmp_path):
    for rows, above in ((5, (1.0, 0.0)), (12, (0.0, 0.0)), (11, (1.0, 0.0))):
        content = "zip,x\n" + "1,a\n" * rows
        risk = looked_at(tmp_path, content, "zip", sensitive="x").prosecutor
        assert risk
        assert (risk.above_open_data, risk.above_historical) == above
