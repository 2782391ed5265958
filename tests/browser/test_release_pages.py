"""The pages of a release in a real browser: readable on a phone, by everybody, in the dark."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.exports.documents.desk import NASTY, context, laid_out, relabelled

OVERFLOW = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
PAGES = (
    "documentation/codebook.html", "documentation/report.html", "documentation/consent-c1-en.html",
    "materials/questionnaire-1-en.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    long = relabelled(
        context(pilot=True), "met", label="x" * 200, codes={"1": NASTY, "2": "y" * 200}
    )
    return laid_out(tmp_path_factory.mktemp("pages"), long)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(browser, release, name):
    page = browser.new_page(viewport={"width": 320, "height": 700})
    page.goto((release / name).as_uri())
    assert page.evaluate(OVERFLOW) <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_barrier(browser, release, name, scheme):
    page = browser.new_page(color_scheme=scheme, bypass_csp=True)  # axe is a script
    page.goto((release / name).as_uri())
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["target"]) for v in found] == []
