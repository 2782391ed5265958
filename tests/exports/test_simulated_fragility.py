"""How few answers hypotheses will rest on, by simulation."""

from dataclasses import replace
from itertools import product

from exports.fragility import LEAST_ROWS, MEASURED
from exports.simulated_fragility import expected
from exports.tables.margins import SIZES
from forms.study import Hypothesis
from tests.exports.releases import frame
from tests.exports.tiny import STUDY, row

H = Hypothesis("h1", "calm", "glad", "positive")


def study_with(*hypotheses):
    return replace(STUDY, policy=replace(STUDY.policy, hypotheses=hypotheses))


def clients(*pairs, times=100):
    return frame(STUDY, [row(calm=x, glad=y) for x, y in pairs * times])


RELATED = clients((1, 2), (2, 1), (3, 3), (4, 5), (5, 4))


def test_the_more_answers_the_more_a_hypothesis_rests_on():
    found = [at for at in expected(study_with(H), RELATED)[H] if at]
    assert [at.supported for at in found] == [1.0] * len(SIZES)
    for key in product(MEASURED, ("sign", "verdict")):
        counts = [at.counts[key] or 0 for at in found]
        assert counts == sorted(counts)
        assert 0 < counts[0] < counts[-1]


def test_the_same_clients_give_the_same_counts():
    assert expected(study_with(H), RELATED) == expected(study_with(H), RELATED)


def test_what_is_not_so_is_hardly_ever_supported():
    unrelated = clients((1, 1), (1, 5), (5, 1), (5, 5))
    for at in expected(study_with(H), unrelated)[H]:
        # One of forty by chance: p is two-sided, and one side counts.
        assert at
        assert at.supported <= 0.2


def test_missing_codes_are_no_answers():
    few = clients((1, 2), (2, 1), (5, 5), *[(-99, 5)] * 60, times=20)
    small, *_, large = expected(study_with(H), few, (LEAST_ROWS, 2000))[H]
    assert small is None
    assert large
    assert large.supported == 1.0


def test_a_score_is_worked_out_from_what_clients_answered():
    score = Hypothesis("h2", "sc_mood", "glad", "positive")
    [at] = expected(study_with(score), RELATED, (300,))[score]
    assert at
    assert at.supported == 1.0
