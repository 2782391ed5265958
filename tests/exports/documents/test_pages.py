"""The pages of a release in a real browser: readable on a phone, by everybody, in the dark."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, sync_playwright

from tests.exports.documents.desk import NASTY, laid_out, relabelled, told

pytestmark = pytest.mark.browser
OVERFLOW = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
PAGES = (
    "documentation/codebook.html", "documentation/report.html", "documentation/consent-c1-en.html",
    "materials/questionnaire-1-en.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=root)
        except Error as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"no Chromium: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    long = relabelled(told(pilot=True), "met", label="x" * 200, codes={"1": NASTY, "2": "y" * 200})
    return laid_out(tmp_path_factory.mktemp("pages"), long)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(chromium, release, name):
    page = chromium.new_page(viewport={"width": 320, "height": 700})
    page.goto((release / name).as_uri())
    assert page.evaluate(OVERFLOW) <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_barrier(chromium, release, name, scheme):
    page = chromium.new_page(color_scheme=scheme, bypass_csp=True)  # axe is a script
    page.goto((release / name).as_uri())
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["target"]) for v in found] == []
