"""No two codes of a column have one label: pandas would take them for one category, or refuse."""

from pathlib import Path

import pyreadstat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exports.codebook import codebook_of
from exports.columns import fields_of, kept_in
from exports.documents.scripts import python_r, spss_syntax, stata_do
from exports.files.formats import write_formats
from exports.files.source import distinct_labels, is_text, labels_of
from exports.generalise import least_levels
from forms.load import load_study
from forms.study import LABEL_BYTES
from tests.exports.documents.desk import context, relabelled
from tests.exports.files.hard import entry, write_csv
from tests.pins.conftest import STUDY_FOLDERS

LONG = "ü" * 60
SIGNS = "ab😢ü'\"`$ \t*/\u0301"
LABELS = st.lists(st.text(SIGNS, min_size=1, max_size=90).filter(str.strip), min_size=2, max_size=5)


def labels_in(folder: Path, labels: list[str], suffix: str) -> list[str]:
    """The value labels of one column with these labels, as a reader of the file gets them."""
    codes = {str(code): label for code, label in enumerate(labels)}
    book = [entry("answer", codes=codes)]
    csv = write_csv(folder / "x_data.csv", [(code,) for code in codes], ["answer"])
    written = {path.suffix: path for path in write_formats(csv, book)}
    read = {".sav": pyreadstat.read_sav, ".dta": pyreadstat.read_dta}[suffix]
    about = read(written[suffix], output_format="polars")[1]
    return list(about.variable_value_labels["answer"].values())


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
@given(labels=LABELS)
@example(labels=["Yes", "Yes", "Yes"])
@example(labels=["Yes", "Yes (1)", "Yes"])
@example(labels=["Yes", "Yes "])
@example(labels=[LONG + "first", LONG + "second"])
@example(labels=["x" + LONG + "first", "x" + LONG + "second", "x" + LONG[:-1]])
def test_every_code_has_a_label_of_its_own(tmp_path_factory, suffix, labels):
    found = labels_in(tmp_path_factory.mktemp("labels"), labels, suffix)
    assert len(set(found)) == len(labels)


def test_a_label_that_is_cut_says_which_code_it_is(tmp_path):
    first, second = labels_in(tmp_path, [LONG + "first", LONG + "second"], ".sav")
    assert (first, second) == (LONG, "ü" * 58 + " (1)")


def test_a_label_too_long_for_stata_is_kept_in_a_note(tmp_path):
    csv = write_csv(tmp_path / "x_data.csv", [(1,)], ["answer"])
    [*_, dta] = sorted(write_formats(csv, [entry("answer", label="Ü" * 81, codes={"1": "A"})]))[:1]
    about = pyreadstat.read_dta(dta, output_format="polars")[1]
    assert about.column_labels == ["Ü" * 80]
    assert "Ü" * 81 in dta.read_bytes().decode("utf-8", "replace")


SPS = """\
  1 'a ''b'''
  2 'a ''b'' (2)'
  3 'a "b"'."""
DO = """\
    1 `"a 'b'"' ///
    2 `"a 'b' (2)"' ///
    3 `"a 'b' (3)"',"""
R = """c("a 'b'" = 1, "a 'b' (2)" = 2, "a \\"b\\"" = 3)"""


@pytest.mark.parametrize(
    ("script", "labelled"),
    [(spss_syntax.import_sps, SPS), (stata_do.import_do, DO), (python_r.import_r, R)],
)
def test_scripts_give_every_code_a_label_of_its_own(script, labelled):
    codes = {"1": "a 'b'", "2": "a 'b'", "3": 'a "b"'}
    release = relabelled(context(), "met", codes=codes, missing={})
    assert labelled in script(release).decode()


RELEASED = [
    (name, tier)
    for name, folder in STUDY_FOLDERS.items()
    for tier in sorted({"B", "C"} & load_study(folder).policy.tiers.keys())
]


@pytest.mark.parametrize(("name", "tier"), RELEASED)
def test_no_study_of_ours_needs_a_label_made_up(name, tier):
    study = load_study(STUDY_FOLDERS[name])
    fields = kept_in(fields_of(study), study.policy.tiers[tier])
    least = least_levels(fields, study.policy, study.policy.tiers[tier])
    for said in codebook_of(study, fields, least=least, rows=1, versions={}):
        if not is_text(said):
            assert distinct_labels(labels_of(said), LABEL_BYTES) == labels_of(said)
