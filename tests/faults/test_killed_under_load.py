"""Processes killed at random moments while people answer: the short form of ``tests.faults``."""

from survey.crypto import make_key
from tests.faults.killing import Forked, kill_at_random

KILLS = 20


def test_twenty_kills_lose_double_and_halve_no_answer_and_it_comes_back_by_itself(tmp_path):
    make_key(tmp_path / "server.key")
    outcome = kill_at_random(tmp_path, KILLS, Forked(tmp_path))
    assert (outcome.lost, outcome.doubled, outcome.half, outcome.strangers) == (0, 0, 0, 0)
    assert outcome.sound
    assert outcome.confirmed > KILLS / 2
