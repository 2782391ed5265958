"""People with several rows: each figure of the verifier beside plain counting."""

from collections import Counter, defaultdict
from math import exp, log

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.verify.people import NOBODY, people_in
from exports.verify.reading import Claim
from exports.verify.verdict import cautions, faults, figures_in_words
from exports.verify.verify import verify
from tests.exports.anonymise.plain import commonest
from tests.exports.verify.written import write

ROW = st.fixed_dictionaries(
    {
        "town": st.sampled_from(["a", "b", "*"]),
        "ill": st.sampled_from(["flu", "cold", "99", ""]),
        "id": st.sampled_from(["p1", "P1 ", "p2", "p3", "p4"]),
    }
)
CLAIM = Claim(
    ("town",),
    k=2,
    sensitive=("ill",),
    columns=("town", "ill"),
    missing={"ill": frozenset({"", "99"})},
    suppressed={"town": "*"},
    unit="people",
)


def looked_at(folder, rows, truth=None, claim=CLAIM):
    """The findings of these rows, the true town of each being its own unless it says nothing."""
    shown = [{name: row[name] for name in ("town", "ill")} for row in rows]
    truth = truth or [{**row, "town": "a" if row["town"] == "*" else row["town"]} for row in rows]
    frame = pl.DataFrame(truth)
    return verify(
        write(folder / "data.csv", shown),
        claim,
        truth=frame.drop("id"),
        truth_rows=range(len(rows)),
        ids=frame.select("id"),
    )


def who(row):
    return row["id"].strip().lower()


@settings(deadline=None, max_examples=200)
@given(rows=st.lists(ROW, min_size=1, max_size=12))
def test_every_figure_counts_each_person_once(tmp_path_factory, rows):
    found = looked_at(tmp_path_factory.mktemp("people"), rows)
    classes = defaultdict(list)
    for row in rows:
        classes[row["town"]].append(row)
    people = {town: {who(row) for row in members} for town, members in classes.items()}
    assert found.classes.k == min(len(own) for own in people.values())
    assert found.classes.k_rows == min(len(members) for members in classes.values())
    assert found.classes.people == len({who(row) for row in rows})
    assert found.classes.unique == sum(len(own) == 1 for own in people.values())
    assert found.prosecutor.highest == 1 / found.classes.k
    # In a file without any value there is nothing to measure.
    if any(told(members) for members in classes.values()):
        known = [told(members) for members in classes.values() if told(members)]
        assert found.l == min(commonest(pairs) for pairs in known)
        assert found.entropy_l == pytest.approx(min(spread(pairs) for pairs in known))
        assert found.diversity["ill"].without == len(classes) - len(known)
    places = defaultdict(list)
    for row in rows:
        places[who(row)].append(row["town"])
    alike = Counter(tuple(sorted(towns)) for towns in places.values())
    assert found.classes.k_all_rows == min(alike.values())
    fit = {town: {who(row) for row in rows if row["town"] in (town, "*")} for town in ("a", "b")}
    true = {"a" if row["town"] == "*" else row["town"] for row in rows}
    assert found.compared.k_coverage == min(len(fit[town]) for town in true)


def told(rows):
    """Who has which value, each pair once."""
    return sorted({(who(row), row["ill"]) for row in rows if row["ill"] not in ("", "99")})


def spread(pairs):
    counts = Counter(value for _, value in pairs).values()
    return exp(-sum(c / len(pairs) * log(c / len(pairs)) for c in counts)) if pairs else 0.0


def rows_of(*cells):
    return [{"town": town, "ill": ill, "id": who} for town, ill, who in cells]


def test_ten_rows_of_two_people_are_two(tmp_path):
    rows = rows_of(*[("a", "flu", "Ada"), ("a", "cold", "Bob")] * 5)
    claim = Claim(("town",), k=5, columns=("town", "ill"), unit="people")
    found = looked_at(tmp_path, rows, claim=claim)
    assert "the smallest group of rows alike in the key has 2 of 2 people, not 5" in faults(
        found, claim
    )
    said = {one.name: one.sentence for one in figures_in_words(found, claim)}
    assert "rows of 2 people; at least 5 were promised" in said["k_value"]
    assert "10 rows are those of 2 people" in said["people"]
    assert "By rows, the smallest group has 10" in said["people"]


def test_who_can_be_told_by_all_their_rows_is_said(tmp_path):
    """Each town has two people, and each person another pair of towns."""
    rows = rows_of(
        ("a", "flu", "1"), ("b", "flu", "1"), ("a", "flu", "2"), ("*", "flu", "2"),
        ("b", "flu", "3"), ("*", "flu", "3"),
    )  # fmt: skip
    found = looked_at(tmp_path, rows)
    assert (found.classes.k, found.classes.k_all_rows) == (2, 1)
    said = {one.name: one.sentence for one in cautions(found, CLAIM)}
    assert said["limit_several_rows"].endswith("taken together, there are 1 at least.")


def test_a_value_that_everybody_has_had_is_told_of_everybody(tmp_path):
    rows = rows_of(("a", "HIV", "1"), ("a", "flu", "1"), ("a", "cold", "1"), ("a", "HIV", "2"))
    assert looked_at(tmp_path, rows).l == 1


def test_a_person_who_lost_a_row_counts_as_left_out(tmp_path):
    rows = rows_of(("a", "flu", "1"), ("a", "flu", "2"))
    truth = rows_of(("a", "flu", "1"), ("a", "flu", "2"), ("b", "flu", "2"), ("b", "flu", "1 "))
    found = looked_at(tmp_path, rows, truth)
    assert (found.compared.rows_true, found.compared.left_out) == (2, 2)
    assert "2 of 2 people lost rows, more than 0 %" in faults(found, CLAIM)


def test_variants_of_an_identifier_and_links_between_two_are_one_person():
    ids = pl.DataFrame(
        {
            "person": ["Ann", " ann", "A\u00a0NN", "ｂｏｂ", "bob", "cy", None],
            "house": ["1", "2", "3", "4", "5", "1", None],
        }
    )
    found = people_in(ids).tolist()
    assert found[0] == found[1] == found[2] == found[5]
    assert found[3] == found[4] != found[0]
    assert found[6] == NOBODY
