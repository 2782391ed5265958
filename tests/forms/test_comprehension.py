"""Questions about the information: how a study defines them, and what a loader says of mistakes."""

import pytest

from forms.fingerprint import fingerprints_of_study
from forms.flow import CountUnderstanding, FlowState, step
from forms.form_fields import KeptPost
from forms.load import load_study
from forms.toml_tables import StudyFaults
from tests.conftest import STUDIES

ASKED = """
[[comprehension]]
id = "u_free"
text = "Do you have to take part?"
options = ["Yes", "No"]
right = "No"
passage = "{passage}"
"""


@pytest.fixture
def written(tmp_path):
    """Loads the study ``minimal`` with more in its consent.toml."""

    def load(more):
        folder = tmp_path / "minimal"
        folder.mkdir(exist_ok=True)
        for file in (STUDIES / "minimal").glob("*.toml"):
            (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
        with (folder / "consent.toml").open("a", encoding="utf-8") as file:
            file.write(more)
        return load_study(folder)

    return load


def asked(study):
    return ASKED.format(passage=study.consent.key_facts[0].id)


def test_they_are_in_the_fingerprints_and_in_the_consent_that_was_agreed_to(written, study):
    before, after = study("minimal"), written(asked(study("minimal")))
    assert after.fingerprints.words != before.fingerprints.words
    assert after.fingerprints.consent_version != before.fingerprints.consent_version
    assert after.fingerprints.policy == before.fingerprints.policy


def test_a_study_without_them_keeps_the_fingerprints_it_had(study):
    assert '"comprehension"' not in study("minimal").content
    assert fingerprints_of_study(study("minimal")) == study("minimal").fingerprints


@pytest.mark.parametrize(("old", "new", "said"), [
    ('right = "No"', 'right = "Perhaps"', "'Perhaps' is none of its options"),
    ('["Yes", "No"]', '["No"]', "it has 1; allowed: 2 to 4 answers"),
    ('"u_free"', '"c_read"', "'c_read' stands there twice"),
    ("text =", "words =", "unknown key"),
])  # fmt: skip
def test_a_mistake_is_named(written, study, old, new, said):
    with pytest.raises(StudyFaults) as error:
        written(asked(study("minimal")).replace(old, new))
    assert said in str(error.value)


def test_a_passage_that_is_not_in_the_information_is_named(written):
    with pytest.raises(StudyFaults, match="comprehension u_free, passage: there is no passage 'x'"):
        written(ASKED.format(passage="x"))


@pytest.mark.parametrize(
    ("chosen", "counted"), [("2", True), ("1", False), ("", None), ("9", None)]
)
def test_no_answer_is_a_gate(written, study, chosen, counted):
    there = written(asked(study("minimal")))
    ticks = {s.id: ["1"] for s in there.consent.required_statements}
    posted = KeptPost({**ticks, "u_free": [chosen], "go": ["agree"]})
    result = step(there, FlowState("consent", eligible=True), posted, seed="s")
    assert result.state.screen == "questions"
    assert result.effects[-1] == CountUnderstanding({"u_free": counted})


def test_nothing_of_it_is_in_the_draft(written, study):
    there = written(asked(study("minimal")))
    ticks = {s.id: ["1"] for s in there.consent.required_statements}
    drafts = [
        step(there, FlowState("consent", eligible=True),
             KeptPost({**ticks, "u_free": [chosen], "go": ["agree"]}), seed="s").state.draft
        for chosen in ("", "1", "2")
    ]  # fmt: skip
    assert drafts[0] == drafts[1] == drafts[2]
