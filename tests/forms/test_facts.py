import pytest

from forms.authors import Author, authors_of
from forms.site_facts import EXAMPLE, SiteFacts, facts_for, fill, load_site, missing_facts
from forms.toml_tables import StudyFaults
from survey.studies.version import read_version
from tests.conftest import FLAGSHIP

SITE = """
[site]
institution = "A clinic"
funder = "unused here"

[study.minimal]
institution = "A ward"
limit = 1200
"""


@pytest.fixture
def site(tmp_path):
    def write(text: str) -> SiteFacts:
        (tmp_path / "site.toml").write_text(text, "utf-8")
        return load_site(tmp_path / "site.toml")

    return write


def test_nothing_made_up_for_the_demo_is_taken_for_a_real_site():
    example = load_site(FLAGSHIP / EXAMPLE)
    assert read_version(FLAGSHIP, example, pilot=True).example
    with pytest.raises(StudyFaults, match="institution: is the made-up one"):
        read_version(FLAGSHIP, example, pilot=False)


def test_a_studys_own_fact_wins_over_the_sites(site, study):
    assert facts_for(site(SITE), study("minimal"))["institution"] == "A ward"


def test_a_fact_for_another_study_is_not_taken(site, study):
    assert facts_for(site(SITE), study("kinds"))["institution"] == "A clinic"


def test_facts_that_a_study_does_not_name_are_left_out(site, study):
    assert "funder" not in facts_for(site(SITE), study("minimal"))


def test_the_limit_is_a_number_by_study(site):
    assert site(SITE).limits == {"minimal": 1200}


def test_a_study_is_by_invitation_where_the_site_says_so(site):
    assert site("[study.minimal]\ninvited = true\n[study.kinds]\nlimit = 9").invited == {"minimal"}


def test_an_installation_without_a_site_file_has_no_facts(tmp_path, study):
    facts = facts_for(load_site(tmp_path / "site.toml"), study("minimal"))
    assert missing_facts(study("minimal"), facts) == ("institution",)


@pytest.mark.parametrize("given", ["", '[site]\ninstitution = " "'])
def test_a_required_fact_that_is_empty_is_missing(site, study, given):
    assert missing_facts(study("minimal"), facts_for(site(given), study("minimal"))) == (
        "institution",
    )


def test_optional_and_board_facts_may_be_empty(site, study):
    facts = facts_for(site(SITE), study("minimal"))
    assert missing_facts(study("minimal"), facts) == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[site]\ninstitution = 1", "site.toml, site, institution: must be text in quotes"),
        ("[sites]", "site.toml, sites: unknown key – did you mean 'site'?"),
        ("[study.minimal]\nlimit = 0", "site.toml, study minimal, limit: 0 is out of range"),
        ('[study.minimal]\ninvited = "yes"', "invited: must be true or false, not text"),
        ('[study.minimal]\nlimit = "9"', "limit: must be a whole number, not text"),
        ("site = 1", "site.toml, site: must be a table"),
        ("[site", "site.toml: is not valid TOML"),
    ],
)
def test_a_slip_in_the_site_file_is_named_with_its_place(site, text, line):
    with pytest.raises(StudyFaults) as found:
        site(text)
    assert line in str(found.value)


def test_a_limit_for_every_study_is_no_fact_of_the_site(site):
    with pytest.raises(StudyFaults):
        site("[site]\nlimit = 1200")


DATE = "freeze_not_before"


@pytest.mark.parametrize("given", ["2027-03-31", '"2027-03-31"'])
def test_a_date_is_given_with_quotes_or_without(site, given):
    assert site(f"[study.minimal]\n{DATE} = {given}").by_study["minimal"] == {DATE: "2027-03-31"}


@pytest.mark.parametrize(
    "given", ['"31 March 2027"', "2027-03-31T10:00:00", '"2027-02-29"', "2027", '"when we freeze"']
)
def test_what_is_no_date_is_told_with_file_table_and_key(site, given):
    with pytest.raises(StudyFaults) as found:
        site(f"[study.minimal]\n{DATE} = {given}")
    assert str(found.value).startswith(f"site.toml, study minimal, {DATE}: '")
    assert "is not a date; allowed: 2027-03-31" in str(found.value)


@pytest.mark.parametrize(
    ("given", "language", "told"),
    [
        ("2027-03-31", "en", "From 31 March 2027 on, until the end of 30 March 2027"),
        ("2028-03-01", "en-GB", "From 1 March 2028 on, until the end of 29 February 2028"),
        ("2027-01-01", "de", "From 2027-01-01 on, until the end of 2026-12-31"),
        ("", "en", "From [freeze_not_before] on, until the end of [last_day_to_delete]"),
    ],
)
def test_both_sides_of_the_date_are_told_from_the_one(given, language, told):
    words = "From {freeze_not_before} on, until the end of {last_day_to_delete}"
    assert fill(words, {DATE: given} if given else {}, language) == told


@pytest.mark.parametrize(
    ("text", "facts", "filled"),
    [
        ("At {place}.", {"place": "home"}, "At home."),
        ("At {place}.", {}, "At [place]."),
        ("One. {more} Two.", {"more": ""}, "One. Two."),
        ("{more} Two.", {"more": ""}, "Two."),
        ("One. {more}", {"more": ""}, "One."),
        ("One. {more}. Two.", {"more": ""}, "One. Two."),
        ("One. {more} {most} Two.", {"more": "", "most": ""}, "One. Two."),
        ("One.\n\n{more}\n\nTwo.", {"more": ""}, "One.\n\nTwo."),
        ("One.\n\n{more} Two.", {"more": ""}, "One.\n\nTwo."),
        ("{more}", {"more": ""}, ""),
        ("{a} and {b}", {"a": "{b}", "b": "x"}, "{b} and x"),
        ("{a}", {"a": r"\1 \g<0>"}, r"\1 \g<0>"),
        ("Nothing {} to {Fill}.", {}, "Nothing {} to {Fill}."),
    ],
)
def test_facts_are_filled_in_marked_or_gone_without_a_trace(text, facts, filled):
    assert fill(text, facts) == filled


AUTHORS = """
[[site.author]]
family = "Example"
given = "Ada"
orcid = "https://orcid.org/0000-0002-1825-0097"
[[site.author]]
family = "de la Sample"
given = "Bob B."
"""


def test_authors_are_persons(site, study):
    facts = facts_for(site(AUTHORS), study("minimal"))
    assert authors_of(facts["authors"]) == (
        Author("Example", "Ada", "0000-0002-1825-0097"),
        Author("de la Sample", "Bob B."),
    )


def test_authors_are_the_researchers_that_a_text_names(site, study):
    facts = facts_for(site(AUTHORS), study("therapist-tears"))
    assert facts["researcher_names"] == "Ada Example and Bob B. de la Sample"


def test_names_in_the_words_of_the_site_stay(site, study):
    words = '[site]\nresearcher_names = "The team"\n'
    assert facts_for(site(words + AUTHORS), study("therapist-tears"))["researcher_names"] == (
        "The team"
    )


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("0097", "0098", "'0000-0002-1825-0098' is no ORCID iD"),
        ("Bob B.", "Bob, B.", "author de la Sample, given: 'Bob, B.' is not a name"),
        ('given = "Ada"', "", "author Example, given: is missing"),
    ],
)
def test_an_author_who_cannot_be_cited_is_a_fault(site, old, new, line):
    with pytest.raises(StudyFaults) as faults:
        site(AUTHORS.replace(old, new))
    assert line in str(faults.value)
