"""The observer of the benchmark tells what differs, and guesses where nothing does."""

import pytest

from benchmarks.lengths.attack import Told, told
from benchmarks.lengths.relay import DOWN, UP, Connection, Direction, Exchanges
from benchmarks.lengths.walker import filled


def test_lengths_that_differ_are_told():
    seen = [((100, 5), "a"), ((200, 5), "b")]
    found = told(seen, [((101, 5), "a"), ((190, 6), "b")])
    assert (found.right, found.tries, found.guessed) == (2, 2, 1)


def test_where_all_are_alike_the_observer_does_no_better_than_the_best_guess():
    seen = [((7,), "a")] * 3 + [((7,), "b")]
    found = told(seen, [((7,), "a"), ((7,), "b")])
    assert found.right == found.guessed == 1


def test_the_interval_is_wilson_s():
    assert Told(155, 155, 91).in_words() == "100.0 % [97.6; 100.0]"


def test_the_relay_counts_the_content_of_each_exchange_wherever_records_are_cut():
    record = b"\x17\x03\x03\x00\x21" + bytes(33)
    seen = Exchanges()
    connection = Connection(seen)
    up, down = Direction(UP, connection), Direction(DOWN, connection)
    down.saw(record)
    for byte in b"\x16\x03\x03\x00\x02ab" + record * 3:
        up.saw(bytes([byte]))
    down.saw(record)
    up.saw(record)
    assert seen.seen == [[2 * (33 - 17), 33 - 17], [33 - 17, 0]]


@pytest.mark.parametrize("size", [0, 1, 500, 2000])
def test_a_form_is_filled_up_as_script_fills_it(size):
    sent = filled([("pad", "000"), ("word", "x" * size)], 1024)
    assert sum(len(n) + len(v) + 2 for n, v in sent) % 1024 == 1
