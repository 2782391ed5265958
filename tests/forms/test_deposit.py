"""What archives are told of a study: read from its folder and from site.toml, and never signed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from forms.authors import Author
from forms.deposit import (
    ASKED_BY,
    DEPOSIT,
    NOT_TOLD,
    Deposit,
    Grant,
    RelatedWork,
    language_names,
    missing_in,
    read_of_study,
)
from forms.fingerprint import fingerprint_of_facts
from forms.load import load_study
from forms.site_facts import deposit_for, facts_for, load_site
from forms.toml_tables import StudyFaults
from survey.cli.main import main
from survey.studies.version import fingerprints_of, read_version
from tests.conftest import FLAGSHIP

WHOLE = """
year = 2028
publisher = "An archive"
place = ["Finland", "Sweden"]
period = ["2027-03", "2028-02"]
languages = ["fi", "sv"]
sampling = "Nonprobability.Availability"
sampling_text = "By link."
weights = "none"
subject = ["Social Sciences"]
keywords = ["tears"]
contact_name = "Ada Example"
contact_email = "ada@university.example"
[[{at}.grant]]
funder = "A fund"
number = "17"
ror = "https://ror.org/03yrm5c26"
[[{at}.related]]
relation = "IsDocumentedBy"
id = "https://doi.org/10.1037/a0031384"
type = "StudyRegistration"
"""
READ = Deposit(
    year=2028, publisher="An archive", place=("Finland", "Sweden"), period=("2027-03", "2028-02"),
    languages=("fi", "sv"), sampling="Nonprobability.Availability", sampling_text="By link.",
    weights="none", subject=("Social Sciences",), keywords=("tears",), contact_name="Ada Example",
    contact_email="ada@university.example", grant=(Grant("A fund", "17", ror="03yrm5c26"),),
    related=(RelatedWork("IsDocumentedBy", "10.1037/a0031384", "StudyRegistration"),),
)  # fmt: skip
PERSON = """
[[site.author]]
family = "Example"
given = "Ada"
orcid = "0000-0002-1694-233X"
affiliation = "Example University"
ror = "03yrm5c26"
"""


def told(folder: Path, text: str, site: str = "") -> Deposit:
    """What the study ``minimal`` of a folder and a site tells."""
    (folder / "site.toml").write_text(site, "utf-8")
    (folder / DEPOSIT).write_text(text, "utf-8")
    return deposit_for(load_site(folder / "site.toml"), folder, "minimal")


def test_every_fact_is_read_from_the_folder(tmp_path):
    assert told(tmp_path, "[deposit]\n" + WHOLE.format(at="deposit")) == READ


def test_every_fact_is_read_from_the_site(tmp_path):
    site = "[site.deposit]\n" + WHOLE.format(at="site.deposit") + PERSON
    found = told(tmp_path, "[deposit]", site)
    assert found.author == (
        Author("Example", "Ada", "0000-0002-1694-233X", "Example University", "03yrm5c26"),
    )
    assert found.over(NOT_TOLD) == found
    assert {**found.plain, "author": None} == {**READ.plain, "author": None}


def test_a_study_of_the_site_wins_over_the_site_and_the_site_over_the_folder(tmp_path):
    site = """
    [site.deposit]
    year = 2028
    publisher = "An archive"
    [study.minimal.deposit]
    publisher = "Another archive"
    [study.kinds.deposit]
    publisher = "A third"
    """
    found = told(tmp_path, '[deposit]\nyear = 2020\nweights = "none"', site)
    assert (found.year, found.publisher, found.weights) == (2028, "Another archive", "none")


def test_without_a_table_nothing_is_told(tmp_path):
    assert deposit_for(load_site(tmp_path / "site.toml"), tmp_path, "minimal") == NOT_TOLD


FAULTS = {
    "a year": ("year = 28", "year: 28 is out of range; allowed: 1990 to 2199"),
    "a year in quotes": ('year = "2028"', "year: must be a whole number, not text"),
    "a language": ('languages = ["english"]', "languages: unknown: 'english'"),
    "a language of three letters": ('languages = ["fin"]', "languages: unknown: 'fin'"),
    "a period of days": ('period = ["2027-03-01", "2027-03-31"]', "period: "),
    "a period of one end": ('period = ["2027"]', "period: ['2027'] is no period"),
    "a period backwards": ('period = ["2028", "2027"]', "period: 2028 comes after 2027"),
    "a thirteenth month": ('period = ["2027-01", "2027-13"]', "is no period"),
    "a month and a year": ('period = ["2027-01", "2027"]', "is no period"),
    "a subject": ('subject = ["Psychology"]', "subject: unknown: 'Psychology'"),
    "a sampling procedure": (
        'sampling = "Nonprobability.Availablity"', "did you mean 'Nonprobability.Availability'?",
    ),
    "an address": ('contact_email = "write to us"', "contact_email: 'write to us' is no mail"),
    "a key": ('pubisher = "An archive"', "pubisher: unknown key – did you mean 'publisher'?"),
    "a grant of nobody": ('[[deposit.grant]]\nnumber = "1"', "funder: is missing"),
    "an organisation": (
        '[[deposit.grant]]\nfunder = "A fund"\nror = "x"', "grant A fund, ror: 'x' is no ROR iD",
    ),
    "a relation": ('[[deposit.related]]\nrelation = "Is"\nid = "10.1000/1"', "relation: unknown"),
    "an identifier": (
        '[[deposit.related]]\nrelation = "Cites"\nid = "http://x.example"', "is no DOI",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line"), FAULTS.values(), ids=FAULTS)
def test_a_slip_is_named_with_file_table_and_key(tmp_path, text, line):
    (tmp_path / DEPOSIT).write_text("[deposit]\n" + text, "utf-8")
    with pytest.raises(StudyFaults) as found:
        read_of_study(tmp_path)
    assert [str(f) for f in found.value.faults if line in str(f)]
    assert all(str(f).startswith("deposit.toml, deposit") for f in found.value.faults)


def test_a_slip_in_the_site_is_named_with_its_table(tmp_path):
    (tmp_path / "site.toml").write_text("[study.minimal.deposit]\nyear = 1", "utf-8")
    with pytest.raises(StudyFaults, match="study minimal, deposit, year: 1 is out of"):
        load_site(tmp_path / "site.toml")


# The two examples of ORCID's own page on the structure of the identifier, and slips of them.
@pytest.mark.parametrize(
    ("orcid", "sound"),
    [
        ("0000-0002-1825-0097", True), ("0000-0001-5109-3700", True),
        ("0000-0002-1694-233X", True), ("0000-0002-1825-0079", False),
        ("0000-0002-1694-2330", False), ("0000-0002-1694-233x", False), ("1825-0097", False),
    ],
)  # fmt: skip
def test_an_orcid_has_the_check_digit_of_iso_7064(tmp_path, orcid, sound):
    (tmp_path / "site.toml").write_text(PERSON.replace("0000-0002-1694-233X", orcid), "utf-8")
    if sound:
        assert load_site(tmp_path / "site.toml").deposit[""].author[0].orcid == orcid
    else:
        with pytest.raises(StudyFaults, match=f"site, author Example, orcid: '{orcid}' is no"):
            load_site(tmp_path / "site.toml")


def test_languages_are_those_of_iso_639_1():
    names = language_names()
    assert len(names) == 183
    assert all(len(code) == 2 and code.isascii() and code.islower() for code in names)
    assert (names["en"], names["de"], names["fi"]) == ("English", "German", "Finnish")


def test_what_is_missing_is_named():
    assert missing_in(NOT_TOLD, {}) == tuple(ASKED_BY)
    assert missing_in(READ, {}) == ("author",)
    someone = Deposit(author=(Author("Sample", "Bob"),)).over(READ)
    assert missing_in(someone, {}) == ("orcid of Bob Sample", "affiliation of Bob Sample")


def test_facts_that_clients_are_told_serve_archives_as_well():
    facts = {"contact_email": "a@b.example", "institution": "A house"}
    lacking = missing_in(Deposit(author=(Author("Sample", "Bob"),)), facts)
    assert "contact_email" not in lacking
    assert "affiliation of Bob Sample" not in lacking


def test_no_grant_at_all_can_be_told():
    assert {"grant", "related"} <= set(missing_in(Deposit(), {}))
    assert not {"grant", "related"} & set(missing_in(Deposit(grant=(), related=()), {}))


def check(folder: Path, data: Path) -> tuple[int, str]:
    environ = {"LACRIMA_DATA": str(data), "LACRIMA_STUDIES": str(folder.parent)}
    done = CliRunner(env=environ).invoke(main, ["study", "check", str(folder)])
    return done.exit_code, done.output


def test_the_check_names_what_is_missing_and_does_not_fail(tmp_path, changed):
    folder = changed("minimal", "questionnaire.toml", "title", "title")
    (tmp_path / "data").mkdir(mode=0o700)
    code, said = check(folder, tmp_path / "data")
    assert code == 0
    assert "deposit: not told, and asked for by archives: author, year, publisher" in said
    (folder / DEPOSIT).write_text("[deposit]\n" + WHOLE.format(at="deposit"), "utf-8")
    code, said = check(folder, tmp_path / "data")
    assert code == 0
    assert "asked for by archives: author.\n" in said


def test_the_check_lists_the_faults_of_the_table(tmp_path, changed):
    folder = changed("minimal", "questionnaire.toml", "title", "title")
    (folder / DEPOSIT).write_text("[deposit]\nyear = 7\nsubject = ['Tears']", "utf-8")
    (tmp_path / "data").mkdir(mode=0o700)
    code, said = check(folder, tmp_path / "data")
    assert code == 1
    assert "deposit.toml, deposit, year: 7 is out of range" in said
    assert "deposit.toml, deposit, subject: unknown: 'Tears'" in said


def test_no_approval_is_voided_by_what_archives_are_told(tmp_path):
    folder = tmp_path / FLAGSHIP.name
    shutil.copytree(FLAGSHIP, folder)
    (folder / DEPOSIT).unlink()
    (tmp_path / "site.toml").write_text("[site]\n", "utf-8")
    before = read_version(folder, load_site(tmp_path / "site.toml"), pilot=True)
    (folder / DEPOSIT).write_text("[deposit]\n" + WHOLE.format(at="deposit"), "utf-8")
    site = "[site.deposit]\n" + WHOLE.format(at="site.deposit")
    (tmp_path / "site.toml").write_text(site, "utf-8")
    after = read_version(folder, load_site(tmp_path / "site.toml"), pilot=True)
    assert fingerprints_of(after) == fingerprints_of(before)
    assert after.study.fingerprints == before.study.fingerprints
    assert after.facts == before.facts


def test_the_affiliation_of_an_author_is_no_fact_that_is_signed(tmp_path):
    study = load_study(FLAGSHIP)
    prints = set()
    for text in (PERSON, PERSON.replace("Example University", "Another University")):
        (tmp_path / "site.toml").write_text(text, "utf-8")
        facts = facts_for(load_site(tmp_path / "site.toml"), study)
        prints.add((fingerprint_of_facts(study, facts), json.dumps(dict(facts))))
    assert len(prints) == 1


def test_the_flagship_tells_what_holds_wherever_it_runs():
    found = read_of_study(FLAGSHIP)
    assert missing_in(found, {}) == (
        "author", "year", "publisher", "contact_email", "place", "period", "grant", "related",
    )  # fmt: skip
    assert found.sampling == "Nonprobability.Availability"
