"""What anonymise says of columns that it does not protect."""

import json

import pytest

TELLS = "Nothing was released, for the written file failed: "


def said(desk) -> dict[str, str]:
    """Name of a figure or caution → its sentence in the report."""
    desk.run()
    report = json.loads((desk.folder / "out" / "report.json").read_bytes())
    return {one["name"]: one["sentence"] for one in (*report["meaning"], *report["cautions"])}


def with_note(desk, values, heading="note"):
    """The desk's eight people with other notes under another heading."""
    from tests.exports.tabular.desk import NAMES, POLICY, ROWS

    desk.rows([(*row[:4], str(v)) for row, v in zip(ROWS, values, strict=True)],
              (*NAMES[:4], heading))  # fmt: skip
    policy = POLICY.replace("k = 2", "k = 4").replace('plain = ["note"]', f'plain = ["{heading}"]')
    desk.write("policy.toml", policy)


BORN = (*(2000 - at for at in range(4)), *(1990 - at for at in range(4)))


def test_a_birth_date_beside_an_age_is_refused_by_name(desk):
    with_note(desk, [f"{year}-03-{at + 10}" for at, year in enumerate(BORN)], "born")
    refusal = desk.refusal()
    assert refusal.startswith(TELLS + "born tells age of all 8 rows. Mark such a column as")
    assert "[known]" in refusal


def test_the_policy_may_say_who_knows_a_column_anyway(desk):
    with_note(desk, [f"{year}-03-{at + 10}" for at, year in enumerate(BORN)], "born")
    policy = desk.policy.read_text() + '\n[known]\nborn = "the clinic, which holds the list"\n'
    desk.write("policy.toml", policy)
    told = said(desk)["cells_given_away"]
    assert "born tells age of all 8 rows" in told
    page = (desk.folder / "out" / "report.html").read_text()
    assert "The policy names born as known: the clinic, which holds the list" in page


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ('[known]\nanswr = "all"', "which is no plain or sensitive column. Did you mean answer?"),
        ('[known]\nsex = "all"', "[known] has sex, which is no plain or sensitive column."),
        ("[known]\nnote = true", "known.note must say who knows it"),
    ],
)
def test_a_known_column_is_no_key_and_somebody_knows_it(desk, table, fault):
    desk.write("policy.toml", desk.policy.read_text() + "\n" + table)
    assert fault in desk.refusal()


ORDER = "The rows are sorted by what they hold"


@pytest.mark.parametrize("heading", ["age_stamp", "stamp"])
def test_a_time_stamp_is_said_to_tell_the_order_of_arrival(desk, heading):
    minutes = (31, 4, 59, 22, 40, 13, 8, 50)
    with_note(desk, [f"2024-01-01T10:{minute:02}" for minute in minutes], heading)
    assert said(desk)["sorted_by_content"].startswith(
        f"{ORDER}; but {heading} holds a time or a running number"
    )


def test_a_running_number_tells_the_order_and_is_no_order_of_the_input(desk):
    """Numbers 1 to 8 in the first column, by which the rows are sorted."""
    from tests.exports.tabular.desk import POLICY, ROWS

    numbers = (3, 8, 1, 6, 2, 7, 4, 5)
    desk.rows([(str(n), *row[1:4], f"x{n}") for n, row in zip(numbers, ROWS, strict=True)])
    desk.write(
        "policy.toml",
        POLICY.replace('identifier = ["name"]', 'identifier = ["note"]')
        .replace('plain = ["note"]', 'plain = ["name"]')
        .replace("k = 2", "k = 4"),
    )
    told = said(desk)
    assert told["sorted_by_content"].startswith(f"{ORDER}; but name holds a time or a running")
    assert "order_correlation" not in told


def test_other_rows_are_sorted_by_content_and_nothing_more_is_said(desk):
    assert said(desk)["sorted_by_content"] == (
        f"{ORDER}: their order says nothing about when they arrived."
    )
