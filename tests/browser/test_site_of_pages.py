"""The site that ``make docs`` makes: every page whole, without script, in a real browser too."""

import re
import subprocess
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe

from survey.cli.main import COMMANDS
from tests.browser.inspection import OVERFLOW, SCHEMES
from tests.serving import ROOT

NARROW = 360
SHOWN = {
    "index": True,
    "breach": True,
    "host": False,
    "commands": False,
    "genindex": False,
}  # the tool is slow


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The site as ``make docs`` writes it."""
    out = tmp_path_factory.mktemp("built") / "docs"
    command = ["make", "--no-print-directory", "-o", ".venv/.docs", "docs", f"DOCS={out}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return out


class Marks(HTMLParser):
    """The tags of a page, each with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def pages(built):
    return {
        p.relative_to(built): Marks(p.read_text("utf-8")).tags
        for p in built.rglob("*.html")
        if "_downloads" not in p.parts
    }


def test_every_page_of_the_docs_is_in_the_site_and_beside_every_page(pages):
    listed = set(re.findall(r"\]\((\S+?)\.md\)", (ROOT / "docs" / "README.md").read_text("utf-8")))
    assert {p.stem for p in ROOT.glob("docs/*.md")} - {"README"} <= listed
    written = (p.relative_to(ROOT / "docs").with_suffix(".html") for p in ROOT.glob("docs/**/*.md"))
    assert [p for p in written if p not in pages and p.name != "README.html"] == []
    for tags in pages.values():
        assert len([at for tag, at in tags if tag == "li"]) >= len(listed)


def test_no_page_has_script_or_style_of_its_own_or_asks_another_host(pages, built):
    asked = {"img": "src", "link": "href", "iframe": "src", "object": "data", "source": "src"}
    for tags in pages.values():
        assert [tag for tag, at in tags if tag in ("script", "style") or "style" in at] == []
        assert [n for _, at in tags for n in at if n.startswith("on")] == []
        fetched = [at.get(asked[tag], "") for tag, at in tags if tag in asked]
        assert [one for one in fetched if re.match(r"[a-z]+:|//", one)] == []
    styles = "".join(p.read_text("utf-8") for p in built.rglob("*.css"))
    assert "url(" not in styles
    assert "@import" not in styles


def test_every_link_of_the_site_leads_somewhere(pages, built):
    ids = {page: {at["id"] for _, at in tags if "id" in at} for page, tags in pages.items()}
    broken = []
    for page, tags in pages.items():
        for link in (at.get("href", "") for tag, at in tags if tag == "a"):
            to, _, place = link.partition("#")
            if re.match("[a-z]+:", to):
                continue
            file = (built / page.parent / unquote(to)).resolve() if to else built / page
            known = ids.get(file.relative_to(built.resolve()) if to else page, {""})
            if not file.is_file() or (place and unquote(place) not in known):
                broken.append((str(page), link))
    assert broken == []


def test_every_command_tells_its_help_as_it_prints_it(built):
    page = (built / "commands.html").read_text("utf-8")
    assert [n for n in COMMANDS if f'id="lacrima-{n}"' not in page] == []
    assert "Usage: lacrima release [OPTIONS] STUDY" in page
    assert "--pilot" in page


def test_the_index_leads_to_settings_commands_terms_and_headings(built):
    page = (built / "genindex.html").read_text("utf-8")
    for name, place in (
        ("LACRIMA_ENDINGS", "host.html#"), ("lacrima restore", "commands.html#lacrima-restore"),
        ("quasi-identifier", "glossary.html#"), ("Endings list", "host.html#"),
    ):  # fmt: skip
        assert re.search(rf"<li>{name}:.* href=\"{place}", page), name


@pytest.mark.browser
def test_a_page_fits_a_phone_and_has_no_fault_that_a_tool_finds(browser, built):
    context = browser.new_context(viewport={"width": NARROW, "height": 700})
    page, wide, faults = context.new_page(), [], []
    for name, whole in SHOWN.items():
        page.goto((built / f"{name}.html").as_uri())
        wide += [name] if page.evaluate(OVERFLOW) > 0 else []
        for scheme, rules in SCHEMES.items() if whole else ():
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page, options=rules).response["violations"]
            faults += [(name, scheme, f["id"], f["nodes"][0]["target"]) for f in found]
    context.close()
    assert (wide, faults) == ([], [])


@pytest.mark.browser
def test_by_keyboard_the_first_step_leads_past_the_header(browser, built):
    context = browser.new_context()
    page = context.new_page()
    page.goto((built / "host.html").as_uri())
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "To the text"
    page.keyboard.press("Enter")
    assert page.url.endswith("#words")
    context.close()
