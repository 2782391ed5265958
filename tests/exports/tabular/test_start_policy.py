"""A first policy runs as it stands, shows nobody, and spoils nothing that is there."""

import csv
import random
import stat
import tomllib

import polars as pl
import pyreadstat
import pytest

from exports.errors import ExportRefused
from exports.tabular.run import anonymise
from exports.tabular.start_policy import start
from tests.exports.tabular.strangers import CASES, FULL_NAMES, ROWS, TEXTS


@pytest.fixture
def begin(tmp_path):
    """Writes a table and has a policy begun for it; gives the policy's path."""

    def run(columns, name="policy.toml"):
        data = tmp_path / "data.csv"
        with data.open("w", encoding="utf-8", newline="") as file:
            rows = zip(*columns.values(), strict=True)
            csv.writer(file).writerows([list(columns), *rows])
        start(data, tmp_path / name)
        return tmp_path / name

    return run


def known(rows=ROWS):
    """Columns that many people share."""
    draw = random.Random(3)
    return {
        "sex": [draw.choice("fm") for _ in range(rows)],
        "age": [str(draw.randrange(18, 70)) for _ in range(rows)],
        "region": [draw.choice(["north", "south", "east"]) for _ in range(rows)],
        "income": [str(draw.randrange(10, 60) * 100) for _ in range(rows)],
        "q[1]": [draw.choice("12345") for _ in range(rows)],
    }


def written(folder):
    """Every file that was begun, the table apart."""
    return [p for p in folder.rglob("*") if p.is_file() and p.name != "data.csv"]


def test_the_policy_runs_as_it_stands(begin, tmp_path):
    policy = begin(known())
    report = anonymise(tmp_path / "data.csv", policy, tmp_path / "out")
    assert report["k_value"] >= 5
    assert report["columns"].keys() == known().keys()


@pytest.mark.parametrize("name", ["adult", "bfi"])
def test_policies_for_public_tables_run_as_they_stand(shared_data, tmp_path, name):
    data = shared_data / name / "data.csv"
    start(data, tmp_path / "policy.toml")
    assert anonymise(data, tmp_path / "policy.toml", tmp_path / "out")["k_value"] >= 5


def test_no_value_of_what_stays_behind_is_written_anywhere(begin, tmp_path):
    columns = known()
    strange = {f"{name} {at}": cells[-ROWS:] for at, (name, cells) in enumerate(CASES)}
    strange |= {
        "x": (FULL_NAMES * 2)[:ROWS],
        "occupation": (TEXTS * ROWS)[:ROWS],
        "comment": [f"canary {at}" for at in range(ROWS)],
        "name": [f"Zyx{at}" for at in range(ROWS)],
    }
    policy = begin(columns | strange)
    texts = [path.read_text("utf-8") for path in written(tmp_path)]
    secret = {cell for cells in strange.values() for cell in cells if len(cell) > 3}
    assert {cell for cell in secret if any(cell in text for text in texts)} == set()
    roles = tomllib.loads(policy.read_text())["roles"]
    left = {n for role in ("quasi_identifier", "sensitive", "plain") for n in roles.get(role, [])}
    assert left == columns.keys()


def test_files_are_for_their_owner_alone(begin, tmp_path):
    policy = begin(known(), "new/policy.toml")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in written(tmp_path)}
    folders = (policy.parent, policy.parent / "policy-hierarchies")
    assert (modes, {stat.S_IMODE(f.stat().st_mode) for f in folders}) == ({0o600}, {0o700})


def test_every_list_says_why_its_columns_are_there(begin):
    lines = begin(known()).read_text().splitlines()
    lists = [at for at, line in enumerate(lines) if line.endswith("= [")]
    assert all(lines[at - 1].startswith("# ") for at in lists)
    assert all(lines[at + 1].startswith("    # ") for at in lists)


def test_labels_of_codes_are_told_beside_their_hierarchy(tmp_path):
    table = pl.DataFrame({"sex": [1, 2] * 10, "x": [0, 1, 2, 3] * 5})
    labels: dict[str, dict[int | float, str]] = {
        "sex": {1: "woman\nor girl", 2: "man"},
        "x": {0: "no"},
    }
    pyreadstat.write_sav(table, str(tmp_path / "data.sav"), variable_value_labels=labels)
    start(tmp_path / "data.sav", tmp_path / "policy.toml")
    said = (tmp_path / "policy.toml").read_text()
    assert '# "1" is "woman\\nor girl", "2" is "man"\nsex = ' in said
    assert '"no"' not in said


def test_the_order_of_rows_changes_no_byte(begin, tmp_path):
    first = begin(known(), "a.toml").read_text()
    rows = list(zip(*known().values(), strict=True))
    random.Random(5).shuffle(rows)
    shuffled = dict(zip(known(), zip(*rows, strict=True), strict=True))
    assert begin(shuffled, "b.toml").read_text() == first.replace("a-hier", "b-hier")


@pytest.mark.parametrize("taken", ["policy.toml", "policy-hierarchies"])
def test_what_is_there_is_never_written_over(begin, tmp_path, taken):
    (tmp_path / taken).mkdir()
    with pytest.raises(ExportRefused, match=f"{taken} is there already"):
        begin(known())
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["data.csv", taken])


def test_a_table_too_small_for_any_policy_is_refused(begin, tmp_path):
    with pytest.raises(ExportRefused, match="has 4 rows: k = 5 rows alike cannot be had"):
        begin(known(4))
    assert written(tmp_path) == []


@pytest.mark.parametrize("cell", ["anna@example.org", "1980-01-31", "+49 151 2345678", "61.5"])
def test_a_table_without_a_header_shows_nobody(begin, tmp_path, cell):
    with pytest.raises(ExportRefused, match="the first line must name the columns") as refused:
        begin(known() | {cell: [f"{at}.5" for at in range(ROWS)]})
    assert (cell in str(refused.value), written(tmp_path)) == (False, [])


def test_somebodys_rows_are_counted_as_one_person(begin, tmp_path):
    columns = {"visit": [str(at % 4) for at in range(ROWS)], **known()}
    columns["patient_id"] = [f"A{at // 4}" for at in range(ROWS)]
    columns["name"] = [f"Zyx{at // 4}" for at in range(ROWS)]
    policy = begin(columns)
    roles = tomllib.loads(policy.read_text())["roles"]
    assert (roles["person"], roles["identifier"]) == (["patient_id"], ["name"])
    report = anonymise(tmp_path / "data.csv", policy, tmp_path / "out")
    assert (report["counted"], report["records_in"]) == ("people", ROWS // 4)


def test_numbers_alike_by_chance_are_nobodys(begin):
    amounts = [str(10_000 + at * 31) for at in range(ROWS - 1)]
    roles = tomllib.loads(begin(known() | {"x": [*amounts, amounts[0]]}).read_text())["roles"]
    assert (roles.get("person"), roles["left_out"]) == (None, ["x"])


def test_columns_of_any_name_are_named_right(begin, tmp_path):
    odd = ['a "b"', "c\nd", "e = [*]", "f#g", "h\\i", "sex/1", "sex 1", "sex\t1", "Σ"]
    columns = {name: known()["sex"] for name in odd} | {"age": known()["age"]}
    report = anonymise(tmp_path / "data.csv", begin(columns), tmp_path / "out")
    assert list(report["columns"]) == list(columns)


def test_no_answer_is_no_value_for_l(begin, tmp_path):
    columns = known() | {"diagnosis": ["n/a", "-99", "F32", "F41"] * (ROWS // 4)}
    policy = begin(columns)
    assert tomllib.loads(policy.read_text())["missing"] == ["-99", "n/a"]


def test_a_table_of_answers_alone_says_that_a_choice_is_left(begin, tmp_path):
    policy = begin({"q1": known()["q[1]"]})
    with pytest.raises(ExportRefused, match="quasi_identifier names no column"):
        anonymise(tmp_path / "data.csv", policy, tmp_path / "out")


def test_a_column_without_any_value_is_told(begin):
    assert 'without a role: "later"' in begin(known() | {"later": [""] * ROWS}).read_text()
