import shutil
from pathlib import Path

import pytest

from forms.kinds import KINDS
from forms.load import load_study
from forms.study import Option, Wording
from forms.toml_tables import StudyFaults
from tests.conftest import folder_of


@pytest.mark.parametrize("name", ["minimal", "branch", "kinds", "scores", "coarse", "once"])
def test_every_tiny_study_loads_under_its_folders_name(study, name):
    assert study(name).name == name


def test_a_named_option_set_is_the_same_as_options_written_in_place(study):
    assert study("minimal").questions["mood"].options[0] == Option(1, "Good")


def test_texts_by_branch_stand_in_the_order_of_the_branches(study):
    intro = study("branch").pages[2].intro
    assert intro == Wording(by_branch=(("went", "You went."), ("stayed", "You did not go.")))


def test_one_tiny_study_asks_a_question_of_every_kind(study):
    assert {question.kind for question in study("kinds").questions.values()} == {*KINDS}


def test_every_kind_keeps_the_keys_of_its_kind(study):
    asked = study("kinds").questions
    assert asked["some"].options[1].key == "blue"
    assert (asked["line"].maximum, asked["line"].maximum_label) == (100, "Very much")
    assert asked["views"].rows[1].construct == "Room"
    assert asked["views"].random_order
    assert (asked["story"].max_length, asked["story"].apart) == (600, True)


def test_missing_codes_are_offered_in_the_order_written(study):
    offered = study("kinds").questions["views"].missing
    assert [m.code for m in offered] == [-98, -97, -99]


def test_a_page_can_open_support_and_lock_its_text(study):
    first, now = study("once").pages
    assert first.answer_once
    assert now.support.at_least == 7


def test_scores_keep_the_order_of_the_file(study):
    scored = study("scores")
    assert [s.name for s in scored.scales] == ["calm", "glad"]
    assert scored.scales[0].reverse == {"calm_2"}
    assert scored.quality.pair_reverse == "calm_2"


def test_hierarchies_give_the_order_of_generalising_and_their_top_level(study):
    policy = study("coarse").policy
    assert policy.order == ("moved", "age", "visits")
    assert [policy.hierarchies[name].top for name in policy.order] == [1, 3, 2]


def test_facts_are_those_the_words_ask_for(study):
    assert study("minimal").consent.facts == {"institution", "conflict_text", "clinician_contact"}


def test_a_study_without_eligibility_questions_has_none(changed):
    start = "[[eligibility]]"
    text = (Path(__file__).parents[1] / "studies/minimal/consent.toml").read_text("utf-8")
    table = text[text.index(start) : text.index("[[statement]]")]
    assert load_study(changed("minimal", "consent.toml", table, "")).consent.eligibility == ()


def test_a_byte_order_mark_and_windows_line_ends_are_read_over(changed):
    folder = changed("minimal", "support.toml", "intro", "intro")
    file = folder / "support.toml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert load_study(folder).support.intro == "These lines can help."


def test_a_broken_study_gives_no_object_and_all_its_faults_at_once(changed):
    changed("minimal", "questionnaire.toml", '"single"', '"singel"')
    changed("minimal", "release.toml", "k = 5", "k = 4")
    folder = changed("minimal", "support.toml", '"https://example.org"', '"example.org"')
    with pytest.raises(StudyFaults) as found:
        load_study(folder)
    assert [f.file for f in found.value.faults] == [
        "questionnaire.toml",
        "release.toml",
        "support.toml",
    ]


def test_the_message_of_the_exception_has_one_line_a_fault(changed):
    changed("minimal", "questionnaire.toml", "version =", "verzion =")
    with pytest.raises(StudyFaults) as found:
        load_study(changed("minimal", "release.toml", "k = 5", "k = 4"))
    assert len(str(found.value).splitlines()) == len(found.value.faults) == 3


def test_a_text_that_nobody_reads_stays_in_what_was_signed_before(tmp_path):
    folder = tmp_path / "kinds"
    shutil.copytree(folder_of("kinds"), folder)
    file = folder / "questionnaire.toml"
    file.write_text(file.read_text().replace("max_length = 20\napart = true", "max_length = 20"))
    with pytest.raises(StudyFaults, match="nobody would read"):
        load_study(folder)
    assert not load_study(folder, signed=True).questions["word"].apart
