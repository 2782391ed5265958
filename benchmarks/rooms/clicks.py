"""Previews and releases in a real Chromium, from the click to the page that shows them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from benchmarks.browser import chromium
from benchmarks.process import usage
from benchmarks.product import Server
from benchmarks.rooms.fill import grow
from benchmarks.rooms.pages import address_of
from benchmarks.rooms.site import begin, served

ANSWERS = 10_000
TIERS = ("A", "B", "C", "D")
PATIENCE = 300_000.0  # milliseconds
THROUGH = "text=Make this release"  # the page of a preview that is through
MADE = "a[download]"  # that of a release

Row = dict[str, Any]


def _sign_in(page: Page, site: str, name: str, password: str) -> None:
    page.goto(f"{site}/research/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site}/research/")


def _seconds(page: Page, click: Locator, until: str) -> float:
    """From the click until what it leads to can be seen, reloads on the way included."""
    begun = time.perf_counter()
    click.click()
    page.locator(until).first.wait_for(timeout=PATIENCE)
    return time.perf_counter() - begun


def _tier(page: Page, site: str, tier: str) -> Row:
    page.goto(site + address_of("research/N/releases/"))
    preview = _seconds(page, page.locator(f'button[name="tier"][value="{tier}"]'), THROUGH)
    release = _seconds(page, page.locator('button[value="make"]'), MADE)
    return {"tier": tier, "preview": preview, "release": release}


def _charts(page: Page) -> Row:
    """Charts of the release on this page, drawn for the first time and again."""
    address = page.url.replace("/releases/", "/charts/")
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        page.goto(address, timeout=PATIENCE)
        times.append(time.perf_counter() - begun)
    return {"charts": times[0], "charts_again": times[1]}


def _walk(browser: Browser, server: Server, key: tuple[str, str], script: bool) -> Iterator[Row]:  # noqa: FBT001
    context = browser.new_context(java_script_enabled=script)
    page, site = context.new_page(), f"http://127.0.0.1:{server.port}"
    _sign_in(page, site, *key)
    for tier in TIERS:
        row: Row = {"script": script, **_tier(page, site, tier)}
        yield row if tier == "D" else row | _charts(page)
    context.close()


def clicks() -> Iterator[Row]:
    """Each tier with script and without, and the memory of the server afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder) / "data"
        keys = begin(data)
        grow(data, ANSWERS)
        with served(data) as server:
            before = usage(server.pid)
            with chromium() as browser:
                for script in (True, False):
                    yield from _walk(browser, server, keys["researcher"], script)
            yield {"memory": usage(server.pid).pss, "memory_before": before.pss}
