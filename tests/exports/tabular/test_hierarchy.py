import pytest

from exports.tabular.hierarchy import TableHierarchy, read_hierarchy, taxonomy_of


@pytest.fixture
def tree(tmp_path):
    def read(text: str) -> TableHierarchy:
        path = tmp_path / "tree.csv"
        path.write_text(text, encoding="utf-8")
        return read_hierarchy(path, "column")

    return read


def losses(hierarchy, *values):
    """What each label loses where these values occur in the table."""
    occurs = hierarchy.values.is_in(values).to_numpy()
    return dict(zip(hierarchy.labels, taxonomy_of(hierarchy, occurs).loss.tolist(), strict=True))


def test_a_group_of_words_loses_its_share_of_the_values_that_occur(tree):
    found = losses(tree("a,x,*\nb,x,*\nc,y,*\nd,y,*\ne,y,*\n"), "a", "b", "c", "d")
    assert [found[label] for label in "axy*"] == [0, 1 / 3, 1 / 3, 1]


def test_a_group_of_numbers_loses_its_share_of_the_range_that_occurs(tree):
    found = losses(
        tree("10,10-19,*\n14,10-19,*\n19,10-19,*\n20,20+,*\n30,20+,*\n"), "10", "14", "30"
    )
    assert [found[label] for label in ("10", "10-19", "20+", "*")] == [0, 0.2, 0, 1]


def test_codes_of_codes_are_words(tree):
    assert not tree("1234,123,12,*\n1235,123,12,*\n").numeric


def test_a_missing_cell_has_a_place_of_its_own_below_the_top(tree):
    found = tree("a,x,*\nb,x,*\n")
    missing = found.up[found.values.to_list().index("")]
    assert found.decode(missing).to_list() == ["", "", "*"]


def test_a_file_may_give_missing_cells_another_place(tree):
    found = tree("a,x,*\nb,y,*\n,y,*\n")
    assert found.decode(found.up[found.values.to_list().index("")])[1] == "y"


def test_a_value_may_be_a_group_already(tree):
    found = tree("20,20-24,*\n21,20-24,*\n20-24,20-24,*\n")
    coarse = found.up[found.values.to_list().index("20-24")]
    assert coarse[0] == coarse[1] == found.up[0, 1]


def test_a_group_of_one_value_may_have_its_name(tree):
    assert losses(tree("a,A,*\nb,b,*\nc,c,*\n"), "a", "b")["A"] == 0


@pytest.mark.parametrize(
    ("value", "group"),
    [("2020-01-05", "2020-01"), ("2020-01-05", "2020"), ("1234", "12**"), ("50-59", "50+")],
)
def test_a_group_that_can_be_seen_to_hold_its_values_may_be_one(tree, value, group):
    found = tree(f"{value},{group},*\n{group},{group},*\n")
    assert found.up[0, 1] == found.up[1, 0]


def test_a_label_that_all_lines_end_in_is_the_top(tree):
    found = tree("47677,4767*,*****\n47678,4767*,*****\n47602,4760*,*****\n")
    assert found.top == "*****"
    assert found.decode(found.up[0]).to_list() == ["47677", "4767*", "*"]


def test_groups_one_inside_the_other_may_share_a_label(tree):
    found = tree("a,other,other,*\nb,other,other,*\nc,c,other,*\n")
    assert losses(found, "a", "b", "c")["other"] == 1
