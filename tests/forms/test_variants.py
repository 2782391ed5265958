"""Passages and statements that hang on a fact of the site: exactly one variant is shown."""

import pytest

from forms.fingerprint import fingerprint_of_facts
from forms.site_facts import facts_for, load_site, missing_facts
from forms.toml_tables import StudyFaults
from forms.variants import shown_at

C = "consent.toml"
BASES = ("consent", "public task")


@pytest.fixture
def flagship(study):
    return study("therapist-tears")


@pytest.fixture
def site(tmp_path):
    def write(text):
        (tmp_path / "site.toml").write_text(text, "utf-8")
        return load_site(tmp_path / "site.toml")

    return write


def ids(study):
    consent = study.consent
    return [p.id for p in (*consent.notice, *consent.statements)]


@pytest.mark.parametrize(
    ("basis", "shown", "hidden"),
    [
        ("consent", {"notice-basis-consent", "c_health"}, {"notice-basis-task", "c_ethics"}),
        ("public task", {"notice-basis-task", "c_ethics"}, {"notice-basis-consent", "c_health"}),
    ],
)
def test_exactly_one_legal_basis_is_shown_and_signed(flagship, basis, shown, hidden):
    found = set(ids(shown_at(flagship, {"legal_basis": basis})))
    assert (shown - found, hidden & found) == (set(), set())


@pytest.mark.parametrize("basis", BASES)
def test_five_agreements_are_asked_whichever_basis(flagship, basis):
    consent = shown_at(flagship, {"legal_basis": basis}).consent
    assert len(consent.required_statements) == 5
    assert consent.texts["consent_intro"].count("The first five are needed") == 1


def test_with_a_public_task_the_tick_says_what_kind_of_consent_it_is(flagship):
    said = {
        s.id: s.text for s in shown_at(flagship, {"legal_basis": "public task"}).consent.statements
    }
    assert said["c_ethics"].startswith("I agree to take part, as research ethics asks.")


def test_the_basis_lies_in_the_fingerprint_of_the_site_not_of_the_words(flagship):
    one, other = (shown_at(flagship, {"legal_basis": basis}) for basis in BASES)
    prints = [fingerprint_of_facts(flagship, {"legal_basis": basis}) for basis in BASES]
    assert one.fingerprints == other.fingerprints
    assert prints[0] != prints[1]


def test_a_fact_that_only_the_other_variant_names_is_not_asked(flagship):
    assert "public_task_law" not in missing_facts(
        shown_at(flagship, {"legal_basis": "consent"}), {"legal_basis": "consent"}
    )
    assert "public_task_law" in missing_facts(
        shown_at(flagship, {"legal_basis": "public task"}), {"legal_basis": "public task"}
    )


def test_without_the_fact_the_study_cannot_open_and_each_variant_is_marked(flagship):
    shown = shown_at(flagship, {})
    assert "legal_basis" in missing_facts(shown, {})
    marked = [p.text for p in shown.consent.statements if p.text.startswith("[legal_basis: ")]
    assert len(marked) == 2


def test_a_value_that_the_words_do_not_have_is_a_fault_of_the_site_file(site, flagship):
    given = site('[study.therapist-tears]\nlegal_basis = "contract"')
    with pytest.raises(StudyFaults) as faults:
        facts_for(given, flagship)
    assert str(faults.value) == (
        "site.toml, study therapist-tears, legal_basis: 'contract' is none of its values; "
        "allowed: 'consent', 'public task'"
    )


CHOICE = """text = "I have read this."
only_if = { law = "a" }"""


@pytest.mark.parametrize(
    ("only_if", "line"),
    [
        ('"law"', "statement c_read, only_if: is not one fact with one value"),
        ('{ law = "a", place = "b" }', "statement c_read, only_if: is not one fact with one"),
        ("{ law = 1 }", "statement c_read, only_if: is not one fact with one value; allowed: {"),
        ('{ "Law" = "a" }', "statement c_read, only_if: is not one fact with one value"),
        ('{ law = "a" }', "only_if: law has the one value 'a', so a site has no choice"),
        ('{ conflict_text = "a" }', "optional_facts: conflict_text chooses what is shown"),
        ('{ clinician_contact = "a" }', "board_facts: clinician_contact chooses what is shown"),
    ],
)
def test_a_variant_that_chooses_nothing_is_named(changed, faults, only_if, line):
    said = f'text = "I have read this."\nonly_if = {only_if}'
    found = faults(changed("minimal", C, 'text = "I have read this."', said))
    assert any(line in fault for fault in found), found


def test_a_value_under_which_nobody_would_agree_to_anything_is_named(changed, faults):
    changed("minimal", C, 'text = "I have read this."', CHOICE)
    other = '[[debrief]]\nid = "debrief-law"\ntext = "Yes."\nonly_if = { law = "b" }\n\n[[debrief]]'
    (fault,) = faults(changed("minimal", C, "[[debrief]]", other))
    assert fault.startswith("consent.toml, statement, only_if: with law = 'b' none is required")
