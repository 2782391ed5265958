from exports.documents.all_documents import documents
from exports.documents.motivated_intruder import BLANK, motivated_intruder
from exports.verify.attack_results import SINGLING_OUT, AttackResult
from exports.verify.matching import OUTSIDER, TRIED
from tests.exports.documents.desk import context

ATTACKS = {
    "control_group": "people who were not drawn",
    "tried": {SINGLING_OUT: TRIED[SINGLING_OUT]},
    "tests": [AttackResult(SINGLING_OUT, OUTSIDER, "", 3, 100, 1, 100).figures()],
}


def form(**changes):
    return motivated_intruder(context(**changes)).decode()


def line(text, start):
    [found] = [one for one in text.splitlines() if one.startswith(f"| {start}")]
    return found


def test_what_the_report_measured_is_filled_in():
    text = form(attacks=ATTACKS, k={"asked": 5, "reached": 7})
    assert line(text, "singling out") == (
        "| singling out | knows the core variables | 100 | 3 % [1; 8.5] | 1 % [0.2; 5.5] "
        "| 2 % [-2.9; 7.5] |"
    )
    assert "The control group is people who were not drawn." in text
    assert "| Rows alike in the core variables | 7 at least; 5 promised |" in text


def test_what_a_person_does_is_left_blank():
    text = form(attacks=ATTACKS)
    for start in ("Date of the test", "Tried by", "Next review", "Decided by, and when"):
        assert line(text, start).endswith(f"| {BLANK} |")


def test_what_may_be_tried_names_what_the_file_shows():
    assert "age, town." in line(form(), "Somebody of whom these are known:")
    assert "where." in line(form(), "Somebody of whom these are known besides")


def test_a_release_of_texts_has_no_such_form():
    name = "documentation/motivated-intruder.md"
    assert name in documents(context())
    assert name not in documents(context(holds="texts"))


def test_a_release_that_was_not_attacked_says_nothing_of_attacks():
    assert "## What the program measured" not in form()
    assert "## What the program measured" in form(attacks=ATTACKS)
