"""What members found of the checklist, and how the approval was given, stand in the dossier."""

from dataclasses import replace

from survey.ethics.checklist import Judged
from survey.ethics.dossier.dossier_files import document, dossier_pdf
from tests.survey.ethics.dossier.conftest import SIGNED
from tests.survey.ethics.dossier.test_document import texts

VERDICT = ("US-15", "not applicable", "Nothing unforeseen can happen.", "Ada", "2026-01-02")


def test_the_dossier_says_the_verdicts_with_reason_and_name(open_app):
    app = open_app("minimal")
    with app.test_request_context():
        version = app.extensions["lacrima"].catalogue.folders["minimal"].latest
        made = document(version, SIGNED, Judged(verdicts=(VERDICT,)))
        assert dossier_pdf(made).startswith(b"%PDF")
    assert set(texts(made)) >= set(VERDICT)


def test_the_dossier_says_that_an_approval_was_noted_from_a_letter(said):
    noted = replace(SIGNED, basis="noted by the operator from a letter", letter="a" * 64)
    document = said("minimal", noted)
    assert document["status"].endswith("; noted by the operator from a letter")
    assert {"Not in clinics.", "a" * 64} <= set(texts(document))
