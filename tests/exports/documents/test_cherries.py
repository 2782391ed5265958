from exports.documents.cherries import cherries
from exports.documents.context import DocumentContext
from tests.exports.documents.desk import FLAGSHIP, context


def text(release: DocumentContext) -> str:
    return cherries(release).decode()


def test_rates_come_from_the_tallies_that_were_handed_in():
    said = text(context(tallies={"consented": 200, "completed": 150}))
    assert "About 75% (completed 150 of consented 200)" in said


def test_what_was_not_counted_is_said_so():
    assert "| Completion rate | Not counted in this release. |" in text(context())


def test_what_cannot_be_known_is_said_so():
    assert "| Unique site visitor | Not known" in text(context())


def test_what_only_the_researchers_know_is_left_to_them():
    assert "| Development and testing | *To be written by the researchers.* |" in text(context())


def test_the_board_s_approval_comes_from_the_site():
    facts = {"ethics_board": "Board of Example", "ethics_ref": "2026/17"}
    assert "| IRB approval | Board of Example, 2026/17 |" in text(context(facts=facts))


def test_pages_items_and_routing_come_from_the_study():
    said = text(context(study=FLAGSHIP, codebook=()))
    assert "| 2 | How your therapist was with you | 13 | all |" in said


def test_a_share_of_a_few_is_not_told():
    assert "Left blank" not in text(context())


def test_a_total_that_is_too_small_is_no_nought():
    said = text(context(tallies={"landing": 1200, "declined": 0}))
    assert "| Page loads of the first page | about 1,200 |" in said
    assert "| Declined to take part | Not told: too few. |" in said


def test_beside_rows_the_completion_rate_counts_what_was_sent():
    said = text(context(tallies={"consented": 200, "sent": 150}))
    assert "About 75% (sent 150 of consented 200)" in said


def test_a_rate_of_too_few_is_told_as_such():
    assert "| Completion rate | Not told: too few. |" in text(
        context(tallies={"consented": 0, "sent": 150})
    )
