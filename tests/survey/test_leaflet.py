"""The leaflet: neutral outside, the study's own words inside, the same bytes every time."""

from dataclasses import replace

import pytest

from survey import leaflet
from survey.config import folder, read_config
from survey.errors import Refusal
from survey.studies.catalogue import find_version
from tests.conftest import folder_of

LINK = "https://survey.example.org/s/hour/"


@pytest.fixture(scope="module")
def version():
    return find_version(read_config({}), str(folder_of("therapist-tears")), pilot=True)


def with_words(version, **words):
    consent = replace(version.study.consent, texts={**version.study.consent.texts, **words})
    return replace(version, study=replace(version.study, consent=consent))


def outside(version):
    """What is set on the outside: all that the template says before the page break."""
    source = (folder("templates") / leaflet.TEMPLATE).read_text("utf-8")
    return source.partition("// Outside:")[2].partition("#pagebreak()")[0]


def test_the_inside_says_what_the_first_page_says_in_its_own_words(version):
    said = leaflet._content(version, LINK, "a4")
    words = version.study.consent.texts
    told = " ".join("".join(run[1] for run in p) for p in said["lead"])
    assert (said["title"], told) == (words["landing_title"], version.fill(words["landing_lead"]))


def test_the_outside_has_no_word_of_the_study(version):
    assert "said." not in outside(version)


@pytest.mark.parametrize("paper", leaflet.PAPERS)
def test_the_same_words_give_the_same_two_pages(version, paper):
    one, other = (leaflet.leaflet(version, LINK, paper) for _ in range(2))
    assert one == other
    assert b"/Type/Pages/Count 2/" in one


@pytest.mark.parametrize("words", ['#panic("x")', '"] #set', "*not closed", "$x_1$ \\ @ref <x>"])
def test_words_cannot_become_commands(version, words):
    assert leaflet.leaflet(with_words(version, landing_lead=words), LINK, "a5").startswith(b"%PDF")


def test_letters_that_no_typeface_has_are_named(version):
    with pytest.raises(Refusal, match="漢"):
        leaflet.leaflet(with_words(version, landing_lead="漢"), LINK, "a4")


def test_the_qr_code_knows_no_time():
    assert leaflet.qr_svg(LINK) == leaflet.qr_svg(LINK)
    assert leaflet.qr_png(LINK) == leaflet.qr_png(LINK)
