"""Columns may have any names, those that the program's own columns have while it works as well."""

import pytest

from tests.exports.tabular.desk import NAMES, ROWS

WORDS = (
    "count", "len", "row", "rows", "index", "literal", "stratum", "nth", "kind", "before", "after",
    "value", "number", "class", "people",
)  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("column", NAMES)
def test_a_column_of_any_name_is_protected_alike(desk, column, word):
    expected = [{word if n == column else n: cell for n, cell in row.items()} for row in desk.run()]
    desk.rows(ROWS, tuple(word if name == column else name for name in NAMES))
    desk.change(f'"{column}"', f'"{word}"')
    if f"\n{column} = " in desk.policy.read_text():
        desk.change(f"\n{column} = ", f"\n{word} = ")
    assert desk.run("again") == expected
