import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.columns import fields_of, kept_in, table_of
from exports.measure import measure
from exports.refused import Refused
from exports.suppress import Protected, protect
from exports.write import data_csv
from tests.exports.tiny import STUDY, row, study_with

CORE = ("age", "town", "lang", "study_version", "consent_version")


def protected(rows, study=STUDY, tier="C", seed=0) -> Protected:
    fields = kept_in(fields_of(study), study.policy.tiers[tier])
    table = table_of(study, rows, fields)
    return protect(table, fields, study.policy, study.policy.tiers[tier], start={}, seed=seed)


def smallest(done: Protected) -> int:
    fields = kept_in(fields_of(STUDY), STUDY.policy.tiers["C"])
    return measure(data_csv(done.table, fields), core=CORE, insider=(), distinct=()).smallest_class


def test_rows_that_are_alike_are_left_as_they_are():
    done = protected([row()] * 3)
    assert (done.levels["age"], done.levels["town"], done.touched) == (0, 0, 0)


def test_columns_coarsen_in_the_policys_order():
    towns_differ = [row(age=a, town=t) for a in (1, 3) for t in (1, 2, 3)] * 2
    assert (protected(towns_differ).levels["town"], protected(towns_differ).levels["age"]) == (1, 0)


def test_a_step_that_proves_needless_is_taken_back():
    ages_differ = [row(age=a, town=t) for a in (1, 2, 3, 4) for t in (1, 2)] * 2
    done = protected(ages_differ)
    assert (done.levels["town"], done.levels["age"]) == (1, 0)


def test_a_rare_row_loses_single_cells_and_the_others_nothing():
    done = protected([row()] * 10 + [row(town=2)] * 10 + [row(town=3, age=-99)])
    assert (done.touched, smallest(done)) == (3, 3)  # itself, and two that keep it company


def test_a_class_of_withheld_cells_counts_like_any_other():
    done = protected([row()] * 20 + [row(age=4, town=2)])
    assert (done.table["age"].to_list().count(-93), smallest(done)) == (3, 3)


def test_a_missing_answer_keeps_its_own_code_where_cells_are_withheld():
    done = protected([row()] * 17 + [row(age=-99, town=2), row(age=-95, town=3), row(age=-99)])
    assert sorted(done.table["age"].to_list())[:3] == [-99, -99, -95]


def test_a_rare_language_is_withheld():
    done = protected([row()] * 20 + [row(lang="el")] * 2)
    assert done.table["lang"].to_list().count("el") == 0


def test_language_goes_for_everybody_where_a_tier_asks_for_more_rows_of_each():
    rows = [row()] * 20 + [row(lang="el")] * 4
    assert set(protected(rows, tier="B").table["lang"]) == {"-93"}


def test_insider_columns_stand_at_the_tiers_level():
    done = protected([row(where=w) for w in (1, 2, 3)] * 4, tier="B")
    assert sorted(set(done.table["where"])) == [101, 102]


def test_fewer_rows_than_k_are_refused_with_both_figures():
    with pytest.raises(Refused, match="needs at least 3 rows alike; there are 2"):
        protected([row()] * 2)


def test_a_key_that_would_have_to_go_altogether_is_refused_with_figures():
    different = [row(age=a, town=t) for a, t in ((1, 1), (3, 2), (3, 3), (-99, 2))]
    with pytest.raises(Refused, match=r"cannot reach k = 3 in 4 rows.*allows 0 \(20.0%\)"):
        protected(different)


def test_a_policy_that_allows_no_single_cell_gets_none():
    done = protected([row()] * 10 + [row(age=4)], study_with(max_violating=0.0))
    assert (done.touched, done.levels["age"]) == (0, 2)


codes = st.sampled_from([1, 2, 3, 4, -99, -95])
people = st.builds(
    lambda age, town, lang, calm: row(age=age, town=town, lang=lang, calm=calm),
    codes, st.sampled_from([1, 2, 3, -99]), st.sampled_from(["en", "en", "en", "el"]), codes.filter(
        lambda c: c != -95
    ),
)  # fmt: skip


@given(st.lists(people, min_size=1, max_size=60), st.integers(0, 3))
def test_every_class_has_k_rows_or_the_release_is_refused(rows, seed):
    try:
        done = protected(rows, seed=seed)
    except Refused:
        return
    assert smallest(done) >= 3
    assert done.touched <= 0.2 * len(rows)
