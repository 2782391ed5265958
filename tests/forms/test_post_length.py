"""How long the forms of a study are when they are sent."""

import pytest

from forms.form_fields import fixed_width, plain_value
from forms.post_length import CHARACTER, POST_STEP, blank_length, filling, post_length


@pytest.mark.parametrize("value", ["0", "1", "12", "1000", "-95", "", "yes", "no"])
def test_a_value_of_fixed_width_is_read_as_what_it_was(value):
    assert len(fixed_width(value)) == 4
    assert plain_value(fixed_width(value)) == value


@pytest.mark.parametrize("sent", ["-", "--", "a-b", "1.0", "-----", "no--no"])
def test_what_no_page_holds_is_left_as_it_came(sent):
    assert plain_value(sent) == sent


def test_every_page_with_what_fills_it_up_is_as_long_as_the_longest(study):
    scores = study("therapist-tears")
    lengths = {blank_length(p.questions) + filling(scores, p.questions) for p in scores.pages}
    assert len(lengths) == 1


@pytest.mark.parametrize("name", ["minimal", "kinds", "therapist-tears"])
def test_the_one_length_of_a_study_s_forms_holds_its_longest_text(study, name):
    ours = study(name)
    longest = max((q.max_length for q in ours.questions.values()), default=0)
    assert post_length(ours) % POST_STEP == 0
    assert post_length(ours) > CHARACTER * longest
