"""Files that are tables, and files that are not."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.verify.reading import Claim, MalformedFile, read_table
from exports.verify.verdict import faults
from exports.verify.verify import verify

BROKEN = {
    b"": "the file is empty",
    b"a,b\r\n1,2\r\n3\r\n": "line 3 has 1 cell where the header has 2",
    b"a,b\n1,2,3\n": "line 2 has 3 cells",
    b"a,b\n1,2\n\n3,4\n": "line 3 is empty",
    b'a,b\n1,2\n"3,4\n': "line 3 opens a quote that nothing closes",
    b'a,b\n1,2 "or" 3\n': "line 2 has a quote inside a cell",
    b'a,b\n"1"0,2\n': "line 2 has a quote inside a cell",
    b'a,b\n"x\ny",1\n2,\xff\n': "line 4 is not UTF-8 text",
    b"a\xff,b\n": "line 1 is not UTF-8 text",
    b"a,b\n1,\x00\n": "line 2 holds a null byte",
    b"a,b\n1,2\r3,4\n": "line 2 holds a carriage return in the middle",
    b"a,a\n1,2\n": "two columns have the name a",
    b"a,\n1,2\n": "column 2 has no name",
}


def cells(path: Path, block: int = 1 << 20) -> dict[str, list[str]]:
    table = read_table(path, block=block)
    return {name: [c.cells[code] for code in c.codes.tolist()] for name, c in table.items()}


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("content", "why"), BROKEN.items(), ids=list(BROKEN.values()))
def test_what_is_no_table_is_refused_with_its_place(content, why, tmp_path):
    with pytest.raises(MalformedFile, match=why):
        read_table(saved(tmp_path, content), block=4)


def test_a_broken_file_is_a_fault_and_no_crash(tmp_path):
    claim = Claim(("a",), k=1)
    found = verify(saved(tmp_path, b"a,b\n1\n"), claim)
    assert faults(found, claim) == (
        "the file is not a sound CSV: line 2 has 1 cell where the header has 2",
    )


def test_a_file_that_is_not_there_is_a_fault_and_no_crash(tmp_path):
    assert "No such file" in verify(tmp_path / "none.csv", Claim(("a",), k=1)).broken


def test_a_file_parted_by_semicolons_lacks_its_columns(tmp_path):
    claim = Claim(("a", "b"), k=1)
    found = verify(saved(tmp_path, b"a;b\n1;2\n"), claim)
    assert faults(found, claim) == ("the file lacks the columns a, b",)


def test_a_file_with_a_header_alone_has_no_rows(tmp_path):
    claim = Claim(("a",), k=1)
    assert faults(verify(saved(tmp_path, b"a\n"), claim), claim) == ("the file has no rows",)


def test_cells_are_texts_as_written(tmp_path):
    path = saved(tmp_path, b'\xef\xbb\xbfa,b\r\n\'=1+1,01\r\n, null\r\n"",NA\r\n#x,1.0')
    assert cells(path) == {"a": ["'=1+1", "", "", "#x"], "b": ["01", " null", "NA", "1.0"]}


lines = st.lists(
    st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0"))] * 2), max_size=12
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reading")


@given(lines, st.sampled_from(("\n", "\r\n")), st.integers(3, 60))
def test_whatever_a_csv_writer_writes_is_read_back_in_blocks_of_any_size(folder, lines, end, block):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *lines])
    read = cells(saved(folder, out.getvalue().encode()), block)
    assert list(zip(*read.values(), strict=True)) == lines
