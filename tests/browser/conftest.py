"""A real Chromium and a real server, one of each for all browser tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, sync_playwright

from tests.browser.elsewhere import elsewhere
from tests.browser.visitor import Visitor
from tests.conftest import folder_of
from tests.serving import demo

NAMES = ("chromium", "chromium-browser", "google-chrome")


AS_ROOT = ["--no-sandbox"] if os.geteuid() == 0 else []


def chromium() -> str | None:
    """Return the system's Chromium; None where it has none."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with elsewhere(folder) as port, sync_playwright() as playwright:
        everywhere = f"--host-resolver-rules=MAP * 127.0.0.1:{port}, EXCLUDE 127.0.0.1"
        try:
            browser = playwright.chromium.launch(
                executable_path=chromium(), args=[everywhere, *AS_ROOT]
            )
        except Error as error:
            pytest.skip(f"no Chromium, install it: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a demo with the flagship and two tiny studies."""
    folders = map(folder_of, ("therapist-tears", "kinds", "once"))
    with demo(tmp_path_factory.mktemp("browser") / "data", *folders) as (_, address):
        yield address


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Callable[..., Visitor]]:
    """Somebody new at a study's address; options are those of a browser context."""
    contexts: list[BrowserContext] = []

    def come(address: str = "hour", **options: object) -> Visitor:
        contexts.append(browser.new_context(ignore_https_errors=True, **options))  # type: ignore[arg-type]
        return Visitor(contexts[-1], f"{site}/s/{address}/")

    yield come
    for context in contexts:
        context.close()


@pytest.fixture
def profile(browser: Browser, tmp_path: Path) -> Iterator[tuple[BrowserContext, Path]]:
    """A browser that keeps what people's browsers keep, and the folder in which it keeps it."""
    folder = tmp_path / "profile"
    context = browser.browser_type.launch_persistent_context(
        folder, executable_path=chromium(), args=AS_ROOT
    )
    yield context, folder
    context.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")
