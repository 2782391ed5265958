from typing import Any

from exports.documents.protection import report_page
from tests.exports.documents.desk import context


def text(**changes: Any) -> str:
    return report_page(context(**changes)).decode()


def test_the_first_figures_stand_out_and_the_rest_make_a_table():
    found = [(f"Figure {n}", str(n), f"Sentence {n}.") for n in range(8)]
    page = text(findings=found)
    assert "<b>5</b><strong>Figure 5</strong>" in page
    assert '<th scope="row">Figure 7</th>' in page


def test_rows_are_counted_by_treatment():
    page = text()
    assert '<th scope="row"><code>age</code></th>' in page
    assert '<th scope="col" class="n">Level 1</th>' in page


def test_what_the_report_does_not_say_is_left_out():
    page = text(report={"tier": {"name": "C", "label": "x", "audience": "y"}})
    assert "Corrections" not in page
    assert "None" not in page


def test_the_person_and_the_agreement_are_named():
    page = text(recipient={"name": "Ada Example", "agreement": "DUA 7", "date": None})
    assert "Given to name: Ada Example, agreement: DUA 7." in page


def test_the_information_lost_is_told():
    assert "0.0500 on a scale from 0" in text(ncp=0.05)
