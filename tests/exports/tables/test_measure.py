"""What is measured: with the noise that those who were asked can bear, and read back as it was."""

from dataclasses import replace
from fractions import Fraction

import pytest

from exports.columns import fields_of, table_of
from exports.tables.measure import Measured, Measurement, as_csv, measure, read_csv
from exports.tables.menu import Menu, Planned
from exports.tables.methods import Heading
from exports.tables.spent import spent_on
from exports.tables.table_files import files
from forms.load import load_study
from forms.study import TablePolicy
from tests.conftest import FLAGSHIP, STUDIES
from tests.exports.releases import simulated
from tests.exports.tables.neighbours import choices, rows_of

TEARS = load_study(FLAGSHIP)
PEOPLE = 600


@pytest.fixture(scope="module")
def measured():
    rows = table_of(TEARS, simulated(TEARS, PEOPLE), fields_of(TEARS))
    return {one.statistic.name: one for one in measure(TEARS, [rows]).parts}


def test_who_is_asked_a_question_decides_how_much_noise_its_table_has(measured):
    """By the noisy count of them, and in the proportions that a board was shown."""
    routing, asked, everybody = (measured[n] for n in ("routing saw_tears", "int_main", "concern"))
    codes = dict(asked.statistic.condition)["saw_tears"]
    cells = zip(routing.statistic.axes[0].categories, routing.values, strict=False)
    base = sum(value for category, value in cells if set(category.codes) & codes)
    assert 200 < base < 500
    wanted = asked.statistic.planned_variance(base), everybody.statistic.planned_variance(PEOPLE)
    assert asked.variance / everybody.variance == wanted[0] / wanted[1]


MENU = ("calm_1 x before", "before x calm_1", "mean sc_well", "completion", "sc_calm x sc_glad")


def test_whatever_a_menu_names_is_read_back_as_it_was_measured():
    """Pairs beyond the usual ones too: unread, a measurement could be used no more, nor drawn."""
    study = load_study(STUDIES / "scores")
    study = replace(study, policy=replace(study.policy, tables=TablePolicy(menu=MENU)))
    columns = choices([Planned(one, one.planned_variance(1)) for one in Menu(study).statistics])
    rows = rows_of({
        name: [values[at % len(values)] for at in range(3000)] for name, values in columns.items()
    })  # fmt: skip
    found = measure(study, [rows])
    assert [one.statistic.name for one in found.parts] == list(MENU)
    assert read_csv(study, as_csv(found)) == found


def test_all_options_of_a_multiple_choice_are_one_answer():
    """Whoever gives another one may change every option of it."""
    menu = Menu(load_study(STUDIES / "kinds"))
    tables = {one.name: one for one in menu.statistics}
    parts = tuple(
        Measured(tables[name], Fraction(variance), (0,) * len(tables[name].cells))
        for name, variance in (("some__red", 20), ("some__blue", 20), ("one", 15))
    )
    assert spent_on(menu, Measurement(100, parts)).answer == Fraction(1, 10)


def test_what_a_small_batch_cannot_bear_is_still_told_of_the_first_one(measured):
    few = table_of(TEARS, simulated(TEARS, 110), fields_of(TEARS))
    both = [(1, Measurement(PEOPLE, tuple(measured.values()))), (2, measure(TEARS, [few]))]
    page = files(Menu(TEARS), both, Heading("Tears"), "")["tables/tables.html"].decode()
    assert f"asked of {PEOPLE + 110}</p>" in page
    assert f"asked of {PEOPLE}, batch 1 alone</p>" in page
    alone = files(Menu(TEARS), both[:1], Heading("Tears"), "")["tables/tables.html"].decode()
    assert page.count("<h3") >= alone.count("<h3") > 5
    assert "alone</p>" not in alone
