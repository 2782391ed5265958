"""Files that would nest, grow or run without end when they are read are refused in a sentence."""

import zipfile
from itertools import pairwise

import pytest

from survey.cli.main import main
from tests.approving import copied
from tests.conftest import STUDIES

LAUGHS = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise("abcdefghi")
)
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BOMBS = {
    "arrays": "a = " + "[" * 100_000,
    "tables": "a = " + "{a=" * 5_000 + "1" + "}" * 5_000,
    "keys": ".".join(["a"] * 50_000) + " = 1",
    "headers": "[" + ".".join(["a"] * 50_000) + "]",
    "digits": "a = " + "9" * 100_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("file", ["questionnaire.toml", "consent.toml", "release.toml"])
def test_a_study_file_that_is_one_is_a_fault(runner, tmp_path, file, bomb):
    folder = copied(STUDIES / "minimal", tmp_path / "minimal")
    (folder / file).write_text(f"{bomb}\n")
    done = runner.invoke(main, ["study", "check", str(folder)], catch_exceptions=False)
    assert (done.exit_code, f"{file}: is not valid TOML" in done.stdout + done.stderr) == (1, True)


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_policy_that_is_one_is_refused(runner, tmp_path, bomb):
    (tmp_path / "policy.toml").write_text(f"{bomb}\n")
    (tmp_path / "data.csv").write_text("x,y\n1,2\n")
    words = ["anonymise", tmp_path / "data.csv", "--policy", tmp_path / "policy.toml"]
    words += ["--out", tmp_path / "out"]
    done = runner.invoke(main, [*map(str, words)], catch_exceptions=False)
    assert (done.exit_code, "policy.toml is not valid TOML" in done.stderr) == (1, True)


def workbook(path, sheet):
    """The least that Excel's readers take, with ``sheet`` as its only sheet."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"/>',
        "xl/workbook.xml": f'<workbook xmlns="{NAMESPACE}" xmlns:r="{office}"><sheets>'
        '<sheet name="one" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, text)
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as file:
            for piece in sheet:
                file.write(piece)
    return path


def begun(runner, tmp_path, book):
    words = ["anonymise", str(book), "--start", str(tmp_path / "policy.toml")]
    return runner.invoke(main, words, catch_exceptions=False)


def test_a_workbook_whose_entities_grow_without_end_shows_none_of_them(runner, tmp_path):
    cell = (
        f'{LAUGHS}]><worksheet xmlns="{NAMESPACE}"><sheetData><row r="1"><c r="A1" t="str"><v>&i;'
    )
    sheet = [f"{cell}</v></c></row></sheetData></worksheet>".encode()]
    done = begun(runner, tmp_path, workbook(tmp_path / "a.xlsx", sheet))
    assert (done.exit_code, "haha" in done.stdout + done.stderr) == (1, False)


def test_a_workbook_that_unpacks_to_more_than_memory_holds_is_refused(
    runner, tmp_path, monkeypatch
):
    monkeypatch.setattr("exports.tabular.spreadsheet.MOST_UNPACKED", 2**20)
    book = workbook(tmp_path / "a.xlsx", [b" " * 2**18] * 8)
    assert book.stat().st_size < 2**14
    done = begun(runner, tmp_path, book)
    assert (done.exit_code, "Save the sheet as CSV." in done.stderr) == (1, True)
