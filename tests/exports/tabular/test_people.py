"""Tables in which people have several rows, rows are blank, and answers are missing."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.anonymise.privacy_models import number_rows, privacy_checks_of
from exports.anonymise.problem import Infeasible
from exports.anonymise.solve import solve
from exports.errors import ExportRefused
from exports.tabular.hierarchy import problem_of, released
from exports.tabular.run import anonymise, claim_of, proven, read_sources
from tests.exports.anonymise.plain import commonest, entropy_l
from tests.exports.tabular.desk import Desk

NAMES = ("name", "sex", "age", "answer", "note")


def report_of(desk, out="out"):
    return json.loads((desk.folder / out / "report.json").read_text("utf-8"))


def visits(people, each=3):
    """Rows of so many people of one age, so often each."""
    return [
        (f"P{who}", "fm"[who % 2], str(21 + who % 4), f"v{at}", str(at))
        for who in range(people)
        for at in range(each)
    ]


# Identifiers that repeat.


def test_an_identifier_that_repeats_is_refused_with_rows_and_people(desk):
    desk.rows(visits(4, each=5))
    said = desk.refusal()
    assert "The values of the identifier name repeat: 20 rows, 4 people." in said
    assert "give the role person in [roles] to name" in said


@pytest.mark.parametrize("other", ["p1", " P1", "P1\u00a0", "Ｐ1"])
def test_a_value_written_in_another_way_is_the_same(desk, other):
    rows = [list(row) for row in visits(8, each=1)]
    rows[0][0] = other
    desk.rows(rows)
    assert "repeat: 8 rows, 7 people" in desk.refusal()


def test_a_number_of_rows_beside_it_does_not_hide_that_a_patient_repeats(desk):
    desk.rows([(str(at), *row) for at, row in enumerate(visits(4))], ("row", *NAMES))
    desk.change('["name"]', '["row", "name"]')
    assert "the identifier name repeat: 12 rows, 4 people" in desk.refusal()


def test_blank_identifiers_are_no_one_person(desk):
    desk.rows([("" if at % 2 else row[0], *row[1:]) for at, row in enumerate(visits(8, each=1))])
    assert len(desk.run()) == 8


# The roles.


def person(desk, role="person"):
    desk.change('identifier = ["name"]', f'{role} = ["name"]')


def test_a_class_holds_k_different_people(desk):
    desk.rows(visits(4, each=5))
    person(desk)
    desk.change("k = 2", "k = 3")
    assert "name" not in desk.run()[0]
    report = report_of(desk)
    assert (report["counted"], report["k_value"]) == ("people", 4)
    assert (report["records_in"], report["records_out"], report["rows_in"]) == (4, 4, 20)
    assert any("20 rows of 4 people" in note for note in report["notes"])
    assert any("Several rows of one person" in c["label"] for c in report["cautions"])


def test_fewer_people_than_k_are_refused_however_many_their_rows(desk):
    desk.rows(visits(2, each=5))
    person(desk)
    desk.change("k = 2", "k = 5")
    assert "k = 5 people alike cannot be had from 2 people (10 rows)" in desk.refusal()


def test_a_class_holds_k_different_households_of_people_who_keep_their_values(desk):
    homes = [(f"H{home}", sex, "21", "yes", str(home)) for home in range(3) for sex in "fm"]
    desk.rows(homes)
    person(desk, "household")
    desk.change("k = 2", "k = 3")
    assert sorted(row["sex"] for row in desk.run()) == ["f"] * 3 + ["m"] * 3
    assert (report_of(desk)["counted"], report_of(desk)["k_value"]) == ("households", 3)
    assert "3 households" in (desk.out / "report.html").read_text("utf-8")


def test_a_person_of_two_households_makes_them_one(desk):
    rows = [("1", "A"), ("1", "B"), ("2", "B"), ("3", "C")]
    desk.rows([(*ids, "f", "21", "yes", "0") for ids in rows], ("who", "home", *NAMES[1:]))
    desk.change('identifier = ["name"]', 'person = ["who"]\nhousehold = ["home"]')
    desk.run()
    assert report_of(desk)["k_value"] == 2


def test_an_identifier_may_repeat_inside_a_household_and_not_across(desk):
    rows = [("A", "street 1"), ("A", "street 1"), ("B", "street 2"), ("C", "")]
    names = ("home", "address", *NAMES[1:])
    desk.change('identifier = ["name"]', 'household = ["home"]\nidentifier = ["address"]')
    desk.rows([(*ids, "f", "21", "yes", "0") for ids in rows], names)
    desk.run()
    desk.rows([(*ids, "f", "21", "yes", "0") for ids in [*rows, ("C", "Street 2")]], names)
    with pytest.raises(ExportRefused, match="identifier address repeat: 4 rows, 2 people"):
        desk.run("other")


def test_whose_rows_are_must_be_known(desk):
    desk.rows([("", "f", "21", "yes", "0"), *visits(4)])
    person(desk)
    assert "name is blank in 1 of 13 rows, and k counts people" in desk.refusal()


def test_two_columns_of_persons_are_refused(desk):
    desk.change('identifier = ["name"]', 'person = ["name", "note"]')
    desk.change('plain = ["note"]', "plain = []")
    assert "person names 2 columns" in desk.refusal()


def test_the_limit_bounds_the_people_who_lose_rows(desk):
    """Ten people of three visits; one of them is of another age and sex at each."""
    rows = [(f"P{who}", "f", "21", "yes", "0") for who in range(9) for _ in range(3)]
    desk.rows([*rows, *(("X", "m", str(age), "no", "0") for age in (22, 28, 34))])
    person(desk)
    desk.change("k = 2", 'k = 9\nsuppression_limit = 0.1\nmode = "one-coding"')
    assert len(desk.run()) == 27
    report = report_of(desk)
    assert (report["records_suppressed"], report["measured"]["rows_left_out"]) == (1, 1)
    desk.change("= 0.1", "= 0.09")
    with pytest.raises(ExportRefused, match="Nothing was released"):
        desk.run("second")


def test_the_order_of_rows_and_the_names_of_people_change_no_byte(desk):
    rows = [row for who in range(5) for row in visits(who + 1, each=2)[-2:]]
    rows += [("P9", "f", "21", "v0", "0"), ("P8", "f", "21", "v0", "0")]
    person(desk)
    desk.rows(rows)
    desk.run("one")
    desk.rows(rows[::-1])
    desk.run("two")
    for name in ("data.csv", "report.json", "report.html"):
        assert (desk.folder / "one" / name).read_bytes() == (
            desk.folder / "two" / name
        ).read_bytes()


def test_presence_counts_people_and_not_households(desk):
    desk.write("all.csv", "name,sex,age\nP1,f,21\nP1,f,21\nP2,f,22\n")
    desk.rows(visits(4))
    person(desk, "household")
    desk.change("k = 2", "k = 2\npresence = [0.0, 1.0]")
    desk.policy.write_text(
        desk.policy.read_text("utf-8") + '[population]\ndata = "all.csv"\n', "utf-8"
    )
    assert "presence counts people" in desk.refusal()
    desk.change("household =", "person =")
    assert "all.csv has several rows of a person in name" in desk.refusal()


def test_blank_rows_of_a_population_are_no_people(desk):
    desk.change("k = 2", "k = 2\npresence = [0.0, 0.6]")
    people = "".join(f"{sex},{age}\n" for sex, age in [("f", 21)] * 8 + [("m", 31)] * 8)
    desk.policy.write_text(
        desk.policy.read_text("utf-8") + '[population]\ndata = "all.csv"\n', "utf-8"
    )
    desk.rows(
        [(str(at), "f" if at < 4 else "m", "21" if at < 4 else "31", "yes", "0") for at in range(8)]
    )
    shares = []
    for blank in ("", ",\n" * 30):
        desk.write("all.csv", "sex,age\n" + people + blank)
        desk.run(f"out{len(blank)}")
        shares.append(report_of(desk, f"out{len(blank)}")["presence"])
    assert shares == [[0.5, 0.5]] * 2


# Blank rows.


@pytest.mark.parametrize("blank", ["", " ", "\u00a0", "\t\u3000", "\u200b"])
def test_blank_rows_are_left_out_and_told(desk, blank):
    desk.rows([*visits(8, each=1), *[(blank,) * 5] * 3])
    assert len(desk.run()) == 8
    report = report_of(desk)
    assert report["records_in"] == 8
    assert "3 rows are blank or hold only identifiers, and were left out." in report["input"]


def test_a_row_with_an_identifier_alone_is_left_out_too(desk):
    desk.rows([*visits(8, each=1), ("P99", "", "", "", "")])
    assert len(desk.run()) == 8
    assert "1 row is blank or holds only identifiers, and was left out." in report_of(desk)["input"]


def test_a_table_of_blank_rows_is_refused(desk):
    desk.rows([("",) * 5] * 3)
    assert "no rows" in desk.refusal()


def test_empty_cases_of_spss_are_left_out(desk, tmp_path):
    columns = {name: [row[at] for row in visits(8, each=1)] for at, name in enumerate(NAMES)}
    columns["age"] = [float(age) for age in columns["age"]]
    for name in NAMES:
        columns[name] += [float("nan") if name == "age" else ""] * 4
    desk.data = tmp_path / "data.sav"
    pyreadstat.write_sav(pl.DataFrame(columns), str(desk.data))
    anonymise(desk.data, desk.policy, desk.out)
    assert report_of(desk)["records_in"] == 8


# Missing answers.


def sexes(answers):
    """Three women and three men with these answers."""
    return [(f"P{at}", "fm"[at // 3], "21", answer, str(at)) for at, answer in enumerate(answers)]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["HIV", "HIV", ""], ""),
        (["HIV", "HIV", "\u00a0"], ""),
        (["HIV", "NA", "don't know"], 'missing = ["NA", "Don\'t know "]'),
        (["HIV", "na", "99.0"], 'missing = ["NA", 99]'),
        (["HIV", "HIV", "NA"], '[missing]\nanswer = ["NA"]'),
    ],
)
def test_what_is_missing_is_no_value_for_l(desk, cells, says):
    desk.rows(sexes([*cells, "a", "b", "c"]))
    if says.startswith("["):
        desk.policy.write_text(desk.policy.read_text("utf-8") + says + "\n", "utf-8")
    else:
        desk.change("[privacy]", f"{says}\n[privacy]")
    desk.change("k = 2", "k = 3\nl = 2")
    assert {row["sex"] for row in desk.run()} == {"*"}
    report = report_of(desk)
    assert (report["l"], report["measured"]["diversity"]["answer"]["distinct"]) == (4, 4)
    assert any(" missing" in note and "of answer" in note for note in report["notes"])


def test_a_class_in_which_nobody_answered_tells_no_value(desk):
    desk.rows(sexes(["", "", "", "a", "b", "c"]))
    desk.change("k = 2", "k = 3\nl = 2")
    assert {row["sex"] for row in desk.run()} == {"f", "m"}
    report = report_of(desk)
    assert (report["l"], report["measured"]["diversity"]["answer"]["without"]) == (3, 1)
    said = {one["name"]: one["sentence"] for one in report["meaning"]}
    assert said["l"].endswith("In 1 group nobody has a value.")
    desk.rows(sexes(["", "", "a", "a", "b", "c"]))
    assert {row["sex"] for row in desk.run("second")} == {"*"}


def test_what_spss_calls_missing_is_no_value(desk, tmp_path):
    columns = {name: [row[at] for row in sexes("aaabcd")] for at, name in enumerate(NAMES)}
    columns["age"] = [21.0] * 6
    columns["answer"] = [1.0, 1.0, 99.0, 1.0, 2.0, 3.0]
    desk.data = tmp_path / "data.sav"
    pyreadstat.write_sav(pl.DataFrame(columns), str(desk.data), missing_ranges={"answer": [99]})
    desk.change("k = 2", "k = 3\nl = 2")
    anonymise(desk.data, desk.policy, desk.out)
    report = report_of(desk)
    assert (report["k_value"], report["l"]) == (6, 3)
    assert any("1 cell of answer is missing (99)" in note for note in report["notes"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[privacy]", 'missing = "NA"\n[privacy]', "missing must be a list of cells"),
        ("[privacy]", "missing = [true]\n[privacy]", "missing must be a list of cells"),
        ("[roles]", "[missing]\nsex = [9]\n[roles]", "[missing] has sex, which is no sensitive"),
        ("[roles]", "[missing]\nanswer = 9\n[roles]", "missing.answer must be a list of cells"),
        ("k = 2", 'k = 2\nmissing = ["NA"]', "missing stands above [privacy]"),
        (
            "[privacy]",
            'missing = ["yes"]\n[privacy]\nl = 2',
            "cannot be had from answer, which has",
        ),
    ],
)
def test_a_wrong_list_of_missing_cells_is_told(desk, old, new, said):
    desk.change(old, new)
    assert said in desk.refusal()


# Whatever the table: engine, verifier and plain counting agree.


ANY = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "4", "5"]),
        st.sampled_from(["A", "B", "C", "D"]),
        st.sampled_from(["f", "m"]),
        st.sampled_from(["21", "22", "27", "34"]),
        st.sampled_from(["flu", "cold", "HIV", "NA", ""]),
        st.just("0"),
    ),
    min_size=2,
    max_size=14,
)
ROLES = st.sampled_from(
    [("person", "identifier"), ("identifier", "household"), ("person", "household")]
)


@settings(deadline=None, max_examples=120)
@given(
    rows=ANY,
    roles=ROLES,
    k=st.integers(2, 3),
    l_=st.integers(1, 2),
    mode=st.sampled_from(["local", "one-coding"]),
)
def test_engine_verifier_and_plain_counting_agree(tmp_path_factory, rows, roles, k, l_, mode):
    desk = Desk(tmp_path_factory.mktemp("any"))
    desk.rows(rows, ("who", "home", *NAMES[1:]))
    desk.change('identifier = ["name"]', f'{roles[0]} = ["who"]\n{roles[1]} = ["home"]')
    desk.change("[privacy]", 'missing = ["NA"]\n[privacy]')
    desk.change("k = 2", f'k = {k}\nl = {l_}\nmode = "{mode}"\nsuppression_limit = 0.2')
    try:
        policy, sources = read_sources(desk.data, desk.policy)
        problem = problem_of(policy, sources)
        outcome = solve(problem, mode)
    except (ExportRefused, Infeasible):
        return
    table, places = released(sources, outcome)
    if not table.height:
        return
    path = Path(desk.folder / "written.csv")
    table.write_csv(path)
    found = proven(path, claim_of(policy, sources), sources, places)
    assert (found.classes.k, found.l, found.entropy_l) == pytest.approx(
        counted(table, sources.ids[places], roles)
    )
    kept = np.flatnonzero(~outcome.suppressed)
    classes, count = number_rows(outcome.nodes[kept].T, kept.size)
    tally, _ = privacy_checks_of(problem).tally_of_people(kept, classes, count)
    assert tally[:, 1].min() == found.classes.k


def counted(table, ids, roles):
    """k, l and entropy l of the rows, each person or household counted once."""
    names = [
        name for name, role in zip(("who", "home"), roles, strict=True) if role != "identifier"
    ]
    units = [{(name, row[name]) for name in names} for row in ids.to_dicts()]
    for _ in units:
        units = [set().union(*(other for other in units if other & own)) for own in units]
    classes = defaultdict(list)
    for row, unit in zip(table.to_dicts(), units, strict=True):
        classes[row["sex"], row["age"]].append((tuple(sorted(unit)), row["answer"]))
    told = [{(u, v) for u, v in rows if v not in (None, "NA")} for rows in classes.values()]
    number = {unit: at for at, unit in enumerate(sorted({tuple(sorted(unit)) for unit in units}))}
    value = {answer: at for at, answer in enumerate(sorted({a for own in told for _, a in own}))}
    pairs = [sorted((number[u], value[v]) for u, v in own) for own in told if own]
    return (
        min(len({unit for unit, _ in rows}) for rows in classes.values()),
        min((commonest(own) for own in pairs), default=None),
        min((entropy_l([v for _, v in own]) for own in pairs), default=None),
    )
