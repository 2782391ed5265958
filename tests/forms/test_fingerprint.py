import unicodedata
from dataclasses import dataclass, is_dataclass, replace
from hashlib import sha256

import pytest

from forms import fingerprint
from forms import study as study_module
from forms.load import load_study
from forms.study import Column, Fingerprints, Row, Study

Q, C, R, S = "questionnaire.toml", "consent.toml", "release.toml", "support.toml"
COMPARE = '[[compare]]\nlabel = "Twice"\nbefore = "before"\nafter = "after"\n'
PARTS = ("words", "policy", "consent_version")


@pytest.fixture
def moved(changed, study):
    """Which parts of a tiny study's fingerprint one change moves."""

    def move(name: str, file: str, old: str, new: str) -> set[str]:
        before = study(name).fingerprints
        after = load_study(changed(name, file, old, new)).fingerprints
        return {part for part in PARTS if getattr(before, part) != getattr(after, part)}

    return move


@pytest.mark.parametrize(
    ("study_name", "file", "old", "new"),
    [
        ("minimal", Q, 'title = "A', '# a remark\ntitle   =   "A'),
        ("minimal", Q, "reading_grade = 8", "reading_grade = 8.0"),
        ("minimal", Q, 'intro = "Think of today."', 'intro = """\nThink of \\\n   today.\n"""'),
        ("minimal", Q, 'options = "good3"', 'options = [[1, "Good"], [2, "Fair"], [3, "Bad"]]'),
        ("minimal", Q, 'kind = "single"', 'kind = "single"\nrequired = false\nhint = ""'),
        ("minimal", Q, 'address = "mood"\nversion = "1"', 'version = "1"\naddress = "mood"'),
        ("branch", Q, "{ been = [2, -99] }", "{ been = [-99, 2] }"),
        (
            "branch",
            Q,
            '{ stayed = "You did not go.", went = "You went." }',
            '{ went = "You went.", stayed = "You did not go." }',
        ),
        ("minimal", S, 'org"\nlast_checked = ""', 'org"\nlast_checked = "2026-01-31"'),
        ("minimal", S, 'emergency_last_checked = ""', 'emergency_last_checked = "2026-01-31"'),
        ("coarse", R, "{ core = 1, insider = 1 }", "{ insider = 1, core = 1 }"),
    ],
)
def test_layout_and_dates_of_checks_move_no_part(moved, study_name, file, old, new):
    assert moved(study_name, file, old, new) == set()


@pytest.mark.parametrize(
    ("study_name", "file", "old", "new", "parts"),
    [
        ("minimal", Q, "How is your mood?", "How was your mood?", {"words"}),
        ("minimal", Q, '"Fair"', '"Middling"', {"words"}),
        ("minimal", Q, '[1, "Good"], [2, "Fair"]', '[2, "Fair"], [1, "Good"]', {"words"}),
        ("minimal", Q, '"Withheld" }', '"Withheld", set_by = "the exporter" }', {"words"}),
        ("minimal", Q, "grade = 8", "grade = 9", {"words"}),
        ("branch", Q, "show_if = { been = [1] }", "show_if = { been = [1, 2] }", {"words"}),
        ("scores", Q, "min_answered = 2", "min_answered = 1", {"words"}),
        ("minimal", C, "You said no", "You said No", {"words"}),
        ("minimal", C, "We are glad", "We were glad", {"words"}),
        ("minimal", C, "A study.", "A short study.", {"words", "consent_version"}),
        ("minimal", C, "You agree to it.", "You agree.", {"words", "consent_version"}),
        ("minimal", C, "Are you 18", "Are you now 18", {"words", "consent_version"}),
        ("minimal", C, "I have read this.", "I read this.", {"words", "consent_version"}),
        ("minimal", C, "I agree and start", "I agree", {"words", "consent_version"}),
        ("minimal", C, "can ask questions", "may ask", {"words"}),
        ("minimal", S, "These lines can help.", "Call us.", {"words"}),
        ("minimal", S, "You can ask the body", "Ask the body", {"words"}),
        ("minimal", S, '"A line"', '"Another line"', {"words"}),
        ("minimal", S, "countries = []", 'countries = ["Ireland"]', {"words"}),
        ("minimal", S, '"123"', '"124"', {"words"}),
        ("minimal", S, "example.org", "example.net", {"words"}),
        ("minimal", S, '"112"', '"113"', {"words"}),
        ("minimal", S, 'name = "A line"', 'name = "A line"\nyouth = true', {"words"}),
        ("minimal", R, "k = 5", "k = 6", {"policy"}),
        ("coarse", R, '"45 or over", [3, 4]', '"45 and over", [3, 4]', {"policy"}),
        ("scores", Q, "[quality]", COMPARE + "[quality]", {"policy"}),
        ("minimal", R, 'none = ["mood"]', 'sensitive = ["mood"]', {"policy"}),
    ],
)
def test_a_changed_word_moves_the_part_it_belongs_to(moved, study_name, file, old, new, parts):
    assert moved(study_name, file, old, new) == parts


def test_a_composed_and_a_decomposed_letter_are_the_same_content(changed, study):
    composed = load_study(changed("minimal", Q, "Think of", "Thé of"))
    decomposed = load_study(changed("minimal", Q, "Thé", unicodedata.normalize("NFD", "Thé")))
    assert composed.fingerprints == decomposed.fingerprints


def test_windows_line_ends_are_the_same_content(changed, study):
    folder = changed("minimal", Q, "", "")
    for file in (Q, C, R):
        (folder / file).write_bytes((folder / file).read_bytes().replace(b"\n", b"\r\n"))
    assert load_study(folder).fingerprints == study("minimal").fingerprints


def test_a_fingerprint_is_the_same_on_any_machine(study):
    # Worked out once and written down: a change of this line is a change for every approval.
    assert study("minimal").fingerprints.words == (
        "7c6bc713f72b9a3539e9d4dd97e5a15c7f619b35e42a68501b527bf87e39435d"
    )


def test_the_archived_content_is_what_the_fingerprint_of_the_words_covers(study):
    archived = study("minimal").content
    assert sha256(archived.encode()).hexdigest() == study("minimal").fingerprints.words
    assert '"text":{"everybody":"How is your mood?"}' in archived


def test_the_folders_name_is_no_part_of_the_content(changed, study):
    folder = changed("minimal", Q, "", "")
    renamed = load_study(folder.rename(folder.with_name("other")))
    assert renamed.fingerprints == study("minimal").fingerprints


def test_sets_and_mappings_have_no_order_and_sequences_have():
    assert fingerprint.canonical({"b": {3, 1}, "a": (2, 1)}) == '{"a":[2,1],"b":[1,3]}'
    assert fingerprint.canonical((1, 2)) != fingerprint.canonical((2, 1))


def test_numbers_that_json_cannot_hold_are_refused():
    with pytest.raises(ValueError, match="not JSON"):
        fingerprint.canonical(float("nan"))


def test_what_has_no_canonical_form_is_refused():
    with pytest.raises(TypeError, match="object"):
        fingerprint.canonical(object())


@dataclass(frozen=True)
class Sentence:
    """``Row`` as it could be written one day: other attributes, another default."""

    stored_as: str
    wording: str
    construct: str = "warmth"


def test_renamed_attributes_and_changed_defaults_move_no_fingerprint(monkeypatch):
    named = {"variable": "stored_as", "text": "wording"}
    monkeypatch.setitem(fingerprint.WIRE, Sentence, fingerprint.WIRE[Row])
    monkeypatch.setitem(fingerprint.RENAMED, Sentence, named)
    monkeypatch.setitem(fingerprint.ATTRIBUTES, Sentence, fingerprint.attributes(Sentence))
    for construct in ("", "warmth"):
        row, sentence = Row("calm", "I felt calm.", construct), Sentence("calm", "I felt calm.")
        assert fingerprint.digest(replace(sentence, construct=construct)) == fingerprint.digest(row)


def test_an_attribute_without_a_wire_name_is_refused(monkeypatch):
    monkeypatch.setitem(fingerprint.WIRE, Sentence, fingerprint.WIRE[Row])
    with pytest.raises(TypeError, match="Sentence and its wire names differ: stored_as, text"):
        fingerprint.attributes(Sentence)


def test_every_class_that_a_study_is_made_of_has_wire_names():
    made = {
        held
        for held in vars(study_module).values()
        if is_dataclass(held) and held.__module__ == study_module.__name__
    }
    assert made - {Column, Fingerprints, Study} == fingerprint.WIRE.keys()


def test_the_format_stands_beside_the_fingerprints(study):
    assert study("minimal").fingerprints.format == fingerprint.FORMAT_VERSION == 2


def test_what_keeps_its_first_value_is_not_hashed(study):
    question = study("minimal").questions["mood"]
    assert "note" not in fingerprint.canonical(question)
    assert "small" not in fingerprint.canonical(study("minimal").policy)


def test_only_facts_that_the_study_names_count(study):
    minimal = study("minimal")
    given = {"institution": "A clinic"}
    assert fingerprint.fingerprint_of_facts(minimal, given) == fingerprint.fingerprint_of_facts(
        minimal, given | {"funder": "Nobody", "conflict_text": ""}
    )


def test_a_changed_fact_moves_the_fingerprint_of_the_facts(study):
    minimal = study("minimal")
    facts = [{"institution": name} for name in ("A clinic", "A Clinic")]
    assert len({fingerprint.fingerprint_of_facts(minimal, given) for given in facts}) == 2
