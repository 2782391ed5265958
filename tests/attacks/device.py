"""A shared device: the profile of a real Chromium, searched after each way to end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

from forms.platform_texts import CODE_NOTED
from tests.attacks.attacked import Installation
from tests.attacks.outcome import Outcome, Told
from tests.attacks.spelling import files_in, holding
from tests.browser.conftest import chromium
from tests.browser.elsewhere import elsewhere
from tests.browser.visitor import Visitor

PARTNER = "partner at the same device"
WROTE = "a private thought, canary 8817"
WEATHER = "https://www.example.org/weather"


def _leave(visitor: Visitor) -> str:
    visitor.page.get_by_role("link", name="Leave now").first.click()
    visitor.page.wait_for_url(WEATHER)
    return ""


def _send(visitor: Visitor) -> str:
    visitor.tick("code", "no").press("go", "send")
    return ""


def _send_with_code(visitor: Visitor) -> str:
    visitor.tick("code", "yes").press("go", "send")
    code = "".join(visitor.page.locator("#thecode").inner_text().split())
    visitor.click(visitor.page.get_by_role("button", name=CODE_NOTED))
    return code


def _stop(visitor: Visitor) -> str:
    visitor.open("stop").press("go", "delete")
    return ""


def _close(visitor: Visitor) -> str:
    visitor.page.close()
    return ""


ENDS: dict[str, Callable[[Visitor], str]] = {
    "leave now": _leave,
    "send": _send,
    "send with a code": _send_with_code,
    "stop and delete": _stop,
    "close the window": _close,
}


def rows(folder: Path, sound: Installation, weak: Installation) -> list[Outcome]:
    """What the files of the browser keep: words and codes, and that the site was visited."""
    kept, open_to_all = _profiles(folder / "s", sound), _profiles(folder / "w", weak)
    return [
        Outcome(
            PARTNER,
            f"words typed or a code shown, in any file of Chromium's profile ({', '.join(ENDS)})",
            _told(kept, 0),
            _told(open_to_all, 0),
            "pages that a browser may keep",
            0,
            "board.md",
        ),
        Outcome(
            PARTNER,
            "that this site was visited, in any file of the profile",
            _told(kept, 1),
            _told(open_to_all, 1),
            "pages that a browser may keep",
            1,
            "board.md, from the browser",
        ),
    ]


def _told(found: list[tuple[bool, bool]], which: int) -> Told:
    return Told(sum(one[which] for one in found), len(found), 0)


def _profiles(folder: Path, attacked: Installation) -> list[tuple[bool, bool]]:
    """Of each way to end: whether words or code lie in the profile, and the site's address."""
    folder.mkdir()
    with elsewhere(folder) as port, sync_playwright() as playwright:
        return [
            _searched(playwright, folder / name, port, attacked, end) for name, end in ENDS.items()
        ]


def _searched(
    playwright: Playwright,
    folder: Path,
    port: int,
    attacked: Installation,
    end: Callable[[Visitor], str],
) -> tuple[bool, bool]:
    args = [f"--host-resolver-rules=MAP * 127.0.0.1:{port}, EXCLUDE 127.0.0.1"]
    args += ["--no-sandbox"] if os.geteuid() == 0 else []
    context = playwright.chromium.launch_persistent_context(
        folder, executable_path=chromium(), args=args, ignore_https_errors=True
    )
    visitor = Visitor(context, f"{attacked.site}/s/once/").begin()
    visitor.page.locator("textarea").fill(WROTE)
    visitor.press().tick("upset", 3).press()
    assert WROTE in visitor.page.content()
    code = end(visitor)
    context.close()
    files = files_in(folder)
    marks = [WROTE, *([code] if code else [])]
    return any(holding(mark, files) for mark in marks), bool(holding(attacked.site, files))
