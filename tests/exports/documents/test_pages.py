import re

import pytest

from exports.documents.all_documents import documents
from exports.documents.markup import DistributionBar
from forms.prose import paragraphs, runs
from tests.conftest import TOP
from tests.exports.documents.desk import context, relabelled, report

EVIL = '<script>alert("x")</script>&'
PAGES = ("documentation/codebook.html", "documentation/report.html")


@pytest.fixture(scope="module")
def evil() -> str:
    """The pages of a release in which everything that has words holds markup."""
    release = relabelled(
        context(
            report=report(caution=EVIL, corrections=[EVIL], policy_notes=[EVIL], how=EVIL),
            findings=[(EVIL, EVIL, EVIL)] * 8,
        ),
        "met",
        label=EVIL,
        question={EVIL: f"*{EVIL}*"},
        codes={"1": EVIL},
        hint=EVIL,
    )
    return "".join(documents(release)[name].decode() for name in PAGES)


def test_whatever_is_put_on_a_page_is_escaped(evil):
    assert "&lt;script&gt;" in evil
    assert "<script" not in evil


def test_an_ampersand_is_escaped_once(evil):
    assert "&amp;amp;" not in evil


def test_a_page_asks_for_no_other_file(evil):
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import", evil)


def test_a_page_forbids_scripts_even_to_itself(evil):
    assert evil.count("default-src 'none'; style-src 'unsafe-inline'") == len(PAGES)


def test_emphasis_in_a_studys_words_is_kept(evil):
    assert "<em>&lt;script" in evil


def test_nothing_to_say_leaves_no_empty_element(evil):
    assert not re.search(r"<(ul|dl|figure|blockquote|p|section|h\d)[^>]*>\s*</\1>", evil)


def test_the_mark_opens_the_title_of_the_tab():
    page = documents(context(pilot=True))["documentation/report.html"].decode()
    assert "<title>PILOT DATA - Anonymisation report: " in page


@pytest.mark.parametrize(("share", "width"), [(0.25, "25.0%"), (7, "100.0%"), (None, "0.0%")])
def test_a_bar_is_as_long_as_its_share_and_never_longer_than_the_line(share, width):
    assert DistributionBar("a", share, "?").width == width


def test_empty_lines_part_paragraphs_and_asterisks_emphasise():
    assert paragraphs("a *b* c\n \n\n d") == ["a *b* c", "d"]
    assert list(runs("a *b* c")) == [("a ", False), ("b", True), (" c", False)]


def test_a_wheel_brings_the_templates_along():
    settings = (TOP / "pyproject.toml").read_text("utf-8")
    assert '"templates" = "survey/bundled/templates"' in settings
    assert (TOP / "templates/release/page.html").is_file()
