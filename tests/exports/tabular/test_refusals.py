"""Every bad input: one sentence that says what, where and what to do; nothing is written."""

import pytest

from exports.errors import ExportRefused
from tests.exports.tabular.desk import AGE, ROWS


def told(desk):
    """The refusal, which must be one line."""
    said = desk.refusal()
    assert "\n" not in said
    return said


# The policy.


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("k = 2", "k = 1", "k = 1 must be a whole number from 2"),
        ("k = 2", "k = true", "k = True must be a whole number from 2"),
        ("k = 2", 'k = "2"', 'k = "2" must be a whole number'),
        ("k = 2", "l = 2", "[privacy] must say k"),
        ("k = 2", "k = 2\nkk = 3", "unknown key in [privacy]: kk"),
        ("k = 2", "k = 2\nsupression_limit = 0", "Did you mean suppression_limit?"),
        ("k = 2", "k = 2\nsuppression_limit = 5", "suppression_limit = 5 must be a share"),
        ("k = 2", "k = 2\nsuppression_limit = nan", "must be a share from 0 to 1"),
        ("k = 2", "k = 2\nt = -0.1", "t = -0.1 must be a number from 0 to 1"),
        ("k = 2", "k = 2\nl = { answer = 0 }", "l.answer = 0 must be a whole number from 1"),
        (
            "k = 2",
            "k = 2\nt = { Answer = 0.1 }",
            "t names Answer, which is no sensitive column. Did",
        ),
        ("k = 2", "k = 2\nk = { answer = 2 }", "is not valid TOML"),
        ("k = 2", "k = { answer = 2 }", "must be a whole number from 2"),
        ("k = 2", 'k = 2\nmode = "global"', 'mode = "global" must be "local" or "one-coding"'),
        ("k = 2", "k = 2\nseed = 1.5", "seed = 1.5 must be a whole number"),
        ("k = 2", "k = 2\npresence = [0.5, 0.1]", "presence = [0.5, 0.1] must be two shares"),
        ("k = 2", "k = 2\npresence = [0.1, 0.5]", "presence needs the population"),
        ("k = 2", "k 2", "is not valid TOML: "),
        ("[privacy]", "[Privacy]", "unknown table Privacy. Did you mean privacy?"),
        ("[roles]", "[role]", "Did you mean roles?"),
        ("plain =", "plan =", "unknown role in [roles]: plan. Did you mean plain?"),
        ('plain = ["note"]', 'plain = "note"', "plain must be a list of column names"),
        ('plain = ["note"]', 'plain = ["note", "age"]', "age is in plain and quasi_identifier"),
        ('plain = ["note"]', 'plain = ["note", "note"]', "note is in plain twice"),
        ('plain = ["note"]', 'plain = ["Note"]', "plain names Note, which the data lack. Did"),
        ('plain = ["note"]', "plain = []", "no role for note."),
        ('["sex", "age"]', "[]", "quasi_identifier names no column"),
        ('age = "trees/age.csv"', "", "[hierarchies] names no file or rule for age"),
        (
            'age = "trees/age.csv"',
            'Age = "trees/age.csv"',
            "no quasi-identifier. Did you mean age?",
        ),
        ('age = "trees/age.csv"', "age = 5", "hierarchies.age must be a file name"),
        ("trees/age.csv", "trees/none.csv", "trees/none.csv: there is no such file"),
        ("trees/age.csv", "trees", "trees is a folder, not a file"),
        ("k = 2", "k = 2\nl = 3", "l = 3 distinct values cannot be had from answer"),
        ("k = 2", "k = 9", "k = 9 rows alike cannot be had from 8 rows"),
    ],
)
def test_a_wrong_policy_is_told(desk, old, new, said):
    desk.change(old, new)
    assert said in told(desk)


def test_a_syntax_fault_names_its_line(desk):
    desk.change("k = 2", "k = ")
    assert "line 3" in told(desk)


def test_several_unmarked_columns_are_all_named(desk):
    desk.change('identifier = ["name"]', "")
    desk.change('plain = ["note"]', "")
    assert "no role for name, note" in told(desk)


@pytest.mark.parametrize("key", ["l = 2", "t = 0.2", "entropy_l = 1.5"])
def test_a_condition_on_sensitive_columns_wants_one(desk, key):
    desk.change("k = 2", f"k = 2\n{key}")
    desk.change('sensitive = ["answer"]\nplain = ["note"]', 'plain = ["note", "answer"]')
    assert "no column is sensitive" in told(desk)


def test_a_policy_that_is_missing_is_told(desk):
    desk.policy.unlink()
    assert "policy.toml: there is no such file" in told(desk)


def test_a_policy_in_another_encoding_is_told(desk):
    desk.write("policy.toml", b"[privacy]\nk = 2 # \xe9\n")
    assert "is not UTF-8: byte" in told(desk)


# Hierarchies.


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("f,*\n", 'sex: "m" (4 rows) has no place in'),
        ("value,level 1\nf,*\nm,*\n", 'line 1 ends in "level 1": the last level must be "*"'),
        ("f,*\nm,x\n", 'line 2 ends in "x"'),
        ("f,*\nm,x,*\n", "line 2: 3 cells where the first line has 2"),
        ("f,*\nm,*\nf,*\n", 'line 3: "f" already stands on line 1'),
        ("f,,*\nm,,*\n", "line 1: level 1 is empty"),
        (
            "f,x,p,*\nm,x,q,*\n",
            'levels do not nest: "x" lies in "p" on line 1 and in "q" on line 2',
        ),
        ("f,g,g,*\nm,m,f,*\n", '"f" means two groups'),
        ("f,x,f,*\nm,m,m,*\n", "line 1: a label comes back above another one"),
        (b"f,*\nm\xfd,*\n", "is in doubt: byte 6 (line 2) is 0xFD. Save it as UTF-8 (in Excel:"),
        ('f,*\n"m,*\n', "not readable as CSV"),
        (" f,*\n m,*\n", 'sex: "f", "m" (8 rows) has no place'),
    ],
)
def test_a_wrong_hierarchy_is_told(desk, content, said):
    desk.write("trees/sex.csv", content)
    assert said in told(desk)


@pytest.mark.parametrize(
    ("value", "label"),
    [("20", "15-19"), ("20", ">20"), ("20", "<20"), ("20", "[15,20["), ("20", "21+"), ("20", "25")],
)
def test_a_number_outside_its_own_band_is_told(desk, value, label):
    lines = [f'{value},"{label}",*', *(f"{n},25-39,*" for n in range(21, 40) if f"{n}" != label)]
    lines += ["25,25,*"] * (label == "25")
    desk.write("trees/age.csv", "\n".join(lines))
    assert f"line 1: {value} does not lie in {label}" in told(desk)


@pytest.mark.parametrize(
    "content",
    [
        "f,f,*\nm,f,*\n",
        "f,F,*\nm,F,*\n",
        'f," f ",*\nm," f ",*\n',
        "f,g,*\nx,g,*\nm,F,*\n",
        "f,f,f,*\nm,g,f,*\n",
        "f,f,*\nm,m,*\n,f,*\n",
        "f,p,*\nm,1.0,*\n1,1,*\n",
        "f,0-9,*\nm,m,*\n0-9,0-9,*\n",
    ],
)
def test_a_group_named_like_a_value_that_is_not_all_of_it_is_told(desk, content):
    desk.write("trees/sex.csv", content)
    assert "which is a value of its own. Call the group something else." in told(desk)


def test_a_range_in_the_data_outside_its_group_is_told(desk):
    desk.write("trees/age.csv", AGE + "15-24,20-24,20-29,*\n")
    assert "15-24 does not lie in 20-24" in told(desk)


def test_a_hierarchy_shifted_by_one_is_told_with_how_often(desk):
    shifted = AGE.replace("20,20-24", "20,15-19").replace("25,25-29", "25,20-24")
    desk.write("trees/age.csv", shifted)
    assert "(and so on 1 more line)" in told(desk)


def test_a_value_that_is_a_group_already_gets_the_right_advice(desk):
    desk.rows([("P", "f", "20-24", "yes", "1"), *ROWS])
    assert "starts with itself" in told(desk)


def test_a_word_that_is_a_group_already_gets_the_right_advice(desk):
    desk.write("trees/sex.csv", "f,p,*\nm,p,*\n")
    desk.rows([("P", "p", "21", "yes", "1"), *ROWS])
    assert "give each a line, and the groups other names" in told(desk)


def test_a_value_with_a_space_gets_the_right_advice(desk):
    desk.rows([("P", " f", "21", "yes", "1"), *ROWS])
    assert 'sex: " f" (1 row) has no place' in (said := told(desk))
    assert "spaces" in said


def test_no_more_than_three_values_are_quoted(desk):
    desk.rows([(f"P{at}", f"type {at}\n", "21", "yes", "1") for at in range(9)])
    with pytest.raises(ExportRefused) as refused:
        desk.run()
    assert str(refused.value).count('"type ') == 3


# Data.


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty: its first line must name the columns"),
        ("name,sex,age,answer,note\n", "no rows"),
        ("name,sex,age,answer,note\nP,f,21,yes,1\n", "1 row"),
        ("name;sex,age\nP;f,21\n", "by commas or semicolons. Say which: --separator"),
        (
            '"",name,sex\n"1",P,f\n',
            "column 1 has no name in the header. Give it one. If R or",
        ),
        ("name,sex\n1,P,f\n", "3 cells where the header names 2 columns. If R or pandas"),
        ("name\nP,f,1\n", "line 2: 3 cells where the header names 1 column."),
        ('name;"sex, age"\nP;1\n', 'has: name, "sex, age". Read as semicolon-separated: data.csv.'),
        ("name,sex\nP\0,f\n", "line 2: a null byte"),
        ("name,sex,age,answer,age\nP,f,21,yes,1\n", "more than one column is called age"),
        ("name,sex,age,answer,\nP,f,21,yes,1\n", "column 5 has no name"),
        ("name,sex,age,answer,note\nP,f,21,yes\n", "line 2: 4 cells where the header names 5"),
        ("name,sex,age,answer,note\nP,f,21,yes,1,2\n", "line 2: 6 cells where the header names 5"),
        (
            b"name,sex,age,answer,note\nP\xfd,f,21,yes,1\n",
            "code page is in doubt: byte 27 (line 2) is 0xFD. Name it, for example --encoding",
        ),
        ("name\nx\n", "quasi_identifier names sex, which the data lack"),
        ("P,f,21,yes,1\nQ,m,22,no,2\n", "no column of those it names (name, …). Their first line"),
        ("1,1,2,2,3,3,4,4\n", "more than one column is called 1, 2, 3, …."),
    ],
)
def test_a_wrong_table_is_told(desk, content, said):
    desk.write("data.csv", content)
    assert said in told(desk)


def test_quasi_identifiers_without_any_value_are_told(desk):
    desk.rows([(row[0], "", "", *row[3:]) for row in ROWS])
    assert "Every cell of every quasi-identifier is missing" in told(desk)


def test_l_of_a_column_without_any_value_is_told(desk):
    desk.change("k = 2", "k = 2\nl = 2")
    desk.rows([(*row[:3], "", row[4]) for row in ROWS])
    assert "l is asked for, but no column is sensitive" in told(desk)


def test_a_folder_for_a_table_is_told(desk):
    desk.data = desk.folder
    assert "is a folder, not a file" in told(desk)


def test_a_missing_table_is_told(desk):
    desk.data.unlink()
    assert "data.csv: there is no such file" in told(desk)


@pytest.mark.parametrize("ending", ["xlsx", "sav", "dta", "parquet"])
def test_a_file_that_is_not_what_its_name_says_is_told(desk, ending):
    desk.data = desk.write(f"data.{ending}", "no such format\n")
    assert f"data.{ending}" in told(desk)


@pytest.mark.parametrize(
    ("beginning", "ending"), [(b"PK\3\4", "xlsx"), (b"$FL2", "sav"), (b"PAR1", "parquet")]
)
def test_a_table_under_a_wrong_ending_is_told(desk, beginning, ending):
    desk.write("data.csv", beginning + bytes(200))
    assert f"data.csv is not what its name says, but looks like .{ending}: rename" in told(desk)


def test_values_left_out_of_an_order_are_told(desk):
    desk.write("policy.toml", desk.policy.read_text() + '[ordered]\nanswer = ["no"]\n')
    assert 'leaves out "yes"' in told(desk)


def test_a_comma_that_may_set_off_thousands_is_told(desk):
    desk.rows([(*row[:3], f"{at},234", row[4]) for at, row in enumerate(ROWS)])
    desk.write("policy.toml", desk.policy.read_text() + '[ordered]\nanswer = "numbers"\n')
    assert "may set off thousands" in told(desk)


def test_words_are_not_ordered_by_number(desk):
    desk.write("policy.toml", desk.policy.read_text() + '[ordered]\nanswer = "numbers"\n')
    assert 'holds "no", "yes"' in told(desk)


def test_an_order_of_a_column_that_is_not_sensitive_is_told(desk):
    desk.write("policy.toml", desk.policy.read_text() + '[ordered]\nage = "numbers"\n')
    assert "is no sensitive column" in told(desk)


@pytest.mark.parametrize("content", [b"sex;age,x\nf;21,1\n", b"sex,age\n\xfd,21\n"])
def test_no_option_is_named_for_a_population_in_doubt(desk, content):
    desk.write("all.csv", content)
    desk.change("k = 2", "k = 2\npresence = [0.0, 0.5]")
    desk.write("policy.toml", desk.policy.read_text() + '[population]\ndata = "all.csv"\n')
    said = told(desk)
    assert ". Save it " in said
    assert "--" not in said


# The folder to write.


def test_a_folder_with_something_in_it_is_left_alone(desk):
    desk.write("out/mine.txt", "mine")
    assert "is not empty" in told(desk)


def test_a_file_in_the_place_of_the_folder_is_left_alone(desk):
    desk.write("out", "mine")
    assert "is a file" in told(desk)


def test_demands_beyond_the_limit_are_refused_by_how_much(desk):
    desk.rows([(*row[:3], f"only {at}", row[4]) for at, row in enumerate(ROWS)])
    desk.change("k = 2", "k = 2\nt = 0.0")
    assert told(desk).startswith("Nothing was released: ")
