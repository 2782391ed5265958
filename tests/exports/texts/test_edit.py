import pytest

from exports.texts.redaction import NoSuchMark, RedactionDraft

TEXT = "my therapist Anna cried in Leeds and anna laughed"


def test_chosen_marks_are_replaced_and_counted():
    draft = RedactionDraft(TEXT).without([1, 2])
    assert draft.words == "my therapist [name] cried in [place] and anna laughed"
    assert draft.replaced == {"name": 1, "place": 1}


def test_a_mark_can_be_replaced_by_another_kind():
    assert "in [organisation]" in RedactionDraft(TEXT).without([2], "organisation").words


def test_words_are_replaced_wherever_they_stand_whatever_their_capitals():
    draft = RedactionDraft(TEXT).without_words("ANNA", "name")
    assert (draft.words.count("[name]"), draft.replaced) == (2, {"name": 2})


def test_a_story_without_a_kind_is_a_detail():
    assert RedactionDraft("I am the one with the stick").without_words("with the stick").words == (
        "I am the one [detail]"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.without([9]),
        lambda d: d.without([0]),
        lambda d: d.without([1], "colour"),
        lambda d: d.without_words("nobody"),
        lambda d: d.without_words(""),
    ],
)
def test_what_cannot_be_replaced_is_told(change):
    with pytest.raises(NoSuchMark):
        change(RedactionDraft(TEXT))


def test_replacing_twice_adds_up():
    draft = RedactionDraft(TEXT).without([1]).without([1, 2])
    assert draft.replaced == {"name": 2, "place": 1}
