"""What attacks reach on a released file, on the same rows without protection, and on strangers."""

import random
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import polars as pl
import pytest

from exports.report import ORDINARY
from exports.segment_attacks import NOT_DRAWN, SIMULATED, attack_segment, attacks_told
from exports.segment_file import read_back, recode_segment, source_of, write_segment
from exports.verify.attack_results import (
    DISCLOSIVE,
    GUESSED,
    INFERENCE,
    LINKABILITY,
    OF_ONE_LEFT,
    ONE_LEFT,
    REPLICATED,
    SINGLING_OUT,
    added,
    wilson,
)
from exports.verify.downcoding import READER, downcoded
from exports.verify.matching import INSIDER, OUTSIDER, TOLD
from exports.verify.reading import Claim, coded
from forms.load import load_study
from survey.releases.control_group import simulated_people
from tests.conftest import FLAGSHIP
from tests.exports.releases import made, report_of, simulated
from tests.exports.tiny import row

STUDY = load_study(FLAGSHIP)
COUNT = 400


class Attacked:
    """A file of the flagship in a tier, the attacks on it, and on other files of the same rows."""

    def __init__(self, tier, source, folder, drawn=None):
        self.tier, self.source, self.path = tier, source, folder / f"{tier.name}.csv"
        self.part = recode_segment(STUDY, source, tier, drawn=drawn)
        write_segment(self.part, self.path)
        self.strangers = simulated_people(STUDY, FLAGSHIP, ORDINARY, like=source.stored)
        self.real = self.on(self.path)

    def on(self, path):
        """What each attack reaches on a file of these rows, by (test, adversary, target)."""
        found = attack_segment(
            self.part, path, self.source, tier=self.tier, study=STUDY, strangers=self.strangers
        )
        return {one.what: one for one in added(found)}

    def instead(self, change):
        """The same on another file: ``change`` makes its columns out of the answers."""
        shown = [f.name for f in self.part.fields]
        path = self.path.with_suffix(".weakened.csv")
        change(self.source.stored[self.part.source].select(shown)).write_csv(path)
        return self.on(path)


@cache
def files():
    folder = Path(mkdtemp())
    people = source_of(STUDY, simulated(STUDY, COUNT), ORDINARY)
    c = Attacked(STUDY.policy.tiers["C"], people, folder)
    rows = read_back(STUDY, c.path, c.tier, ORDINARY, stored=people.table[c.part.source])
    lots = random.Random(1)
    drawn = pl.Series([lots.random() < 0.8 for _ in range(COUNT)])
    return {"C": c, "B": Attacked(STUDY.policy.tiers["B"], rows, folder, drawn)}


@cache
def as_answered(tier):
    return files()[tier].instead(lambda answers: answers)


@cache
def mixed(tier):
    """Each column in an order of its own: rows of nobody, with the counts of the file."""
    return files()[tier].instead(
        lambda answers: answers.with_columns(
            pl.col(name).shuffle(seed=at) for at, name in enumerate(answers.columns)
        )
    )


def share(one):
    return one.right / one.tries


def of_control(one):
    return one.control_right / one.control_tries


BY_CORE = [
    (SINGLING_OUT, OUTSIDER, ""),
    (LINKABILITY, OUTSIDER, ""),
    (INFERENCE, OUTSIDER, "int_main"),
]


@pytest.mark.parametrize("tier", ["B", "C"])
@pytest.mark.parametrize("attack", BY_CORE)
def test_core_variables_tell_of_people_in_the_file_hardly_more_than_of_others(tier, attack):
    real, weak = files()[tier].real[attack], as_answered(tier)[attack]
    assert share(real) - of_control(real) < 0.15
    # Of strangers, too, one row looks like theirs now and then: no more often than of members.
    assert share(weak) > max(share(real) + 0.2, of_control(weak))


@pytest.mark.parametrize("attack", [(SINGLING_OUT, INSIDER, ""), (LINKABILITY, INSIDER, "")])
def test_who_was_in_the_room_finds_nobody_in_the_open_file_and_nearly_all_in_the_restricted(attack):
    opened, restricted = files()["B"].real[attack], files()["C"].real[attack]
    assert (share(opened), of_control(opened)) == (0, 0)
    assert share(restricted) > 0.9
    assert of_control(restricted) < 0.05


@pytest.mark.parametrize("tier", ["B", "C"])
@pytest.mark.parametrize("test", [SINGLING_OUT, LINKABILITY])
def test_ten_answers_find_a_person_unless_rows_are_nobodys(tier, test):
    real, none = files()[tier].real[test, TOLD, ""], mixed(tier)[test, TOLD, ""]
    assert share(real) - of_control(real) > 0.8
    assert share(none) < 0.05


@pytest.mark.parametrize("test", [REPLICATED, DISCLOSIVE])
@pytest.mark.parametrize("tier", ["B", "C"])
def test_no_unique_person_and_no_answer_of_a_class_is_left_to_who_knows_the_core(tier, test):
    target = "int_main" if test == DISCLOSIVE else ""
    assert files()[tier].real[test, OUTSIDER, target].right == 0
    assert share(as_answered(tier)[test, OUTSIDER, target]) > 0.1


def weakly_coarsened(values, table):
    """What downcoding reaches where a rare value alone was coarsened, and no other with it."""
    claim = Claim(core=("age",), k=2, covers={"age": {"101": frozenset(values)}},
                  suppressed={"age": "-93"}, missing={"age": frozenset({"-93"})})  # fmt: skip
    columns = {name: coded(pl.Series(cells)) for name, cells in table.items()}
    found = downcoded({"age": columns["written"]}, claim, {"age": columns["true"]})
    return {one.test: one for one in found}


def test_downcoding_finds_a_value_that_was_coarsened_alone():
    table = {"written": ["1"] * 6 + ["101"] * 3, "true": ["1"] * 6 + ["2"] * 3}
    found = weakly_coarsened({"1", "2"}, table)
    assert (found[GUESSED].right, found[GUESSED].tries, found[GUESSED].control_right) == (3, 3, 0)
    assert (found[ONE_LEFT].right, found[ONE_LEFT].tries) == (3, 3)
    assert share(found[OF_ONE_LEFT]) == 1


def test_downcoding_finds_nothing_where_the_others_were_coarsened_too():
    table = {"written": ["101"] * 9, "true": ["1"] * 6 + ["2"] * 3}
    found = weakly_coarsened({"1", "2"}, table)
    assert found[GUESSED].right == found[GUESSED].control_right
    assert found[ONE_LEFT].right == 0
    assert OF_ONE_LEFT not in found


def test_downcoding_reckons_with_what_was_withheld():
    table = {"written": ["1"] * 6 + ["3"] * 5 + ["-93"] * 4,
             "true": ["1"] * 6 + ["3"] * 5 + ["2", "2", "2", "-99"]}  # fmt: skip
    found = weakly_coarsened({"1", "2"}, table)
    # Of somebody who gave no answer there is none to be found.
    assert (found[ONE_LEFT].right, found[ONE_LEFT].tries) == (3, 3)


@pytest.mark.parametrize("tier", ["B", "C"])
def test_downcoding_a_release_gains_little_over_the_shares_of_the_file(tier):
    guess = files()[tier].real[GUESSED, READER, ""]
    assert guess.tries > 100
    assert abs(share(guess) - of_control(guess)) < 0.05
    one = files()[tier].real[ONE_LEFT, READER, ""]
    assert share(one) < 0.06


def test_the_open_file_is_held_against_those_who_agreed_and_were_not_drawn():
    b = files()["B"]
    one = b.real[SINGLING_OUT, OUTSIDER, ""]
    assert one.control_tries == len(b.part.not_drawn) > 0
    assert not set(b.part.not_drawn) & set(b.part.source)
    assert b.source.table["c_open"][b.part.not_drawn].unique().to_list() == [1]
    assert attacks_told(b.tier, []) == {}


def test_a_release_says_how_far_each_attack_came_and_who_was_the_control_group(tmp_path):
    rows = [row(age=age, calm=calm) for age in (1, 3) for calm in (1, 5)] * 5
    out = made(tmp_path / "out", rows)
    found = report_of(out)["attacks"]
    assert found["control_group"] == SIMULATED
    [one] = [t for t in found["tests"] if (t["test"], t["adversary"]) == (SINGLING_OUT, OUTSIDER)]
    assert (one["right"], one["tries"], one["share"]) == (0, 20, 0)
    assert "control" not in one  # nobody simulated any
    page = (out / "documentation" / "report.html").read_text("utf-8")
    assert "0 % [0; 16.1]" in page
    assert found["tried"][REPLICATED] in page


def test_of_a_control_group_of_a_few_people_nothing_is_told(tmp_path):
    rows = [row(age=age, calm=calm) for age in (1, 3) for calm in (1, 5)] * 5
    out = made(tmp_path / "out", rows, tier="B", lots=lambda place: place % 5 > 0)
    found = report_of(out)
    assert sum(found["rows_left_out"].values()) == 4
    assert found["attacks"]["control_group"] == NOT_DRAWN
    assert not any("control" in one for one in found["attacks"]["tests"])


def test_batches_are_added_up():
    one = {"test": SINGLING_OUT, "adversary": OUTSIDER, "target": "", "right": 1, "tries": 4,
           "control_right": 0, "control_tries": 4}  # fmt: skip
    [both] = added([one, {**one, "right": 2, "control_right": 1}])
    figures = both.figures()
    assert (figures["right"], figures["tries"], figures["control"]["right"]) == (3, 8, 1)
    assert figures["advantage"]["share"] == 0.25


@pytest.mark.parametrize(
    ("right", "tries", "interval"),
    [(0, 10, (0.0, 0.2775)), (81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605))],
)
def test_intervals_are_those_of_the_literature(right, tries, interval):
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    assert wilson(right, tries) == pytest.approx(interval, abs=1e-4)


def test_the_difference_of_two_shares_has_the_interval_of_the_literature():
    # Newcombe 1998, Statistics in Medicine 17, table II, method 10: 56 of 70 less 48 of 80.
    [one] = added([{"test": SINGLING_OUT, "adversary": OUTSIDER, "right": 56, "tries": 70,
                    "control_right": 48, "control_tries": 80}])  # fmt: skip
    assert one.figures()["advantage"]["interval"] == pytest.approx([0.0524, 0.3339], abs=2e-4)
