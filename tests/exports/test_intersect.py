import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from exports.disclosure import ReleasedFile, smallest_group

HOLDS = {"a": {"a"}, "b": {"b"}, "c": {"c"}, "ab": {"a", "b"}, "*": {"a", "b", "c"}}
CELLS = {"a": ["a", "ab", "*"], "b": ["b", "ab", "*"], "c": ["c", "*"]}


def covers(_: str, wide: object, narrow: object) -> bool:
    return HOLDS[str(narrow)] <= HOLDS[str(wide)]


def view(people: list[int], cells: list[str]) -> ReleasedFile:
    return ReleasedFile(pl.Series(people, dtype=pl.UInt32), pl.DataFrame({"key": cells}))


def crowd(*views: ReleasedFile) -> int:
    return smallest_group(views, ["key"], covers)


def test_one_release_hides_people_in_their_class():
    assert crowd(view([0, 1, 2, 3, 4], ["ab", "ab", "ab", "c", "c"])) == 2


def test_a_coarser_copy_of_a_release_reveals_nothing_more():
    fine = view([0, 1, 2, 3, 4], ["ab", "ab", "ab", "c", "c"])
    assert crowd(fine, view([0, 1, 2, 3, 4], ["*", "*", "ab", "*", "*"])) == 2


def test_two_recodings_of_the_same_people_single_somebody_out():
    first = view([0, 1, 2, 3], ["ab", "ab", "c", "c"])
    assert crowd(first, view([0, 1, 2, 3], ["a", "*", "*", "c"])) == 1


def test_who_is_not_in_a_release_still_hides_those_who_are():
    fine = view([0, 1, 2], ["ab", "ab", "ab"])
    assert crowd(fine, view([0], ["*"])) == 3


def test_a_row_that_says_nothing_is_no_company():
    assert crowd(view([0, 1, 2, 3], ["a", "*", "*", "*"])) == 1


@st.composite
def releases(draw):
    truth = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=7))
    views = []
    for _ in range(draw(st.integers(1, 3))):
        there = draw(st.lists(st.booleans(), min_size=len(truth), max_size=len(truth)))
        people = [p for p, here in enumerate(there) if here]
        views.append((people, [draw(st.sampled_from(CELLS[truth[p]])) for p in people]))
    return truth, views


@given(releases())
def test_an_attacker_who_knows_the_truth_finds_nobody_in_a_smaller_crowd(case):
    truth, views = case
    shown = [dict(zip(*v, strict=True)) for v in views]
    there = {p for v in shown for p in v}
    if there:
        attacked = [
            sum(all(truth[p] in HOLDS[v[q]] for v in shown if q in v) for q in there) for p in there
        ]
        assert 1 <= crowd(*(view(*v) for v in views)) <= min(attacked)
