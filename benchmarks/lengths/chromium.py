"""Clients at a real Chromium, past the same observer."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Request

from benchmarks.lengths.relay import Relay
from benchmarks.lengths.walker import ENDS, GO_ON, TEARS, Client, Visit, Walk, page_of
from benchmarks.page import WalkFailed
from forms.form_fields import plain_value
from survey.page_text import PageForm, read_form

FILL = """
fields => {
  for (const [name, value, plain] of fields)
    for (const control of document.getElementsByName(name)) {
      const chosen = ["radio", "checkbox"].includes(control.type);
      if (chosen && [value, plain].includes(control.value)) control.click();
      if (!chosen) { control.value = value; control.dispatchEvent(new Event("input")); }
    }
}
"""
BUTTON = "form[method=post] button:not([aria-hidden]):not([type=button])"
MOST_PAGES = 60


def walk(browser: Browser, relay: Relay, start: str, client: Client) -> Walk:
    """Walk from the landing page to an end, in a browser profile of its own."""
    context = browser.new_context(ignore_https_errors=True)
    page, found, redirects = context.new_page(), Walk(), 0
    relay.taken()
    page.goto(f"https://127.0.0.1:{relay.port}{start}", wait_until="load")
    for _ in range(MOST_PAGES):
        html = page.content()
        name = page_of(page.url, html)
        if "<title>Error" in html:
            raise WalkFailed(f"An error at {name}.")
        exchanges = relay.taken()
        # Stylesheet and script come with the first page; the icon behind every page, at any time.
        at = max(range(len(exchanges)), key=lambda i: exchanges[i][1]) if found.visits else 0
        *before, shown = exchanges[at - redirects : at + 1]
        if before:
            found.visits[-1].left = before[-1]
        found.visits.append(Visit(name, shown))
        found.exchanges += redirects + 1
        found.size += sum(down for _, down in (*before, shown))
        found.helped |= name == "support"
        if name in ENDS:
            context.close()
            return found
        form = read_form(html)
        if not form.next_link:
            answers = client.answers(form)
            page.evaluate(FILL, [(name, value, plain_value(value)) for name, value in answers])
            if name == TEARS:
                found.tears = client.saw_tears(answers)
        redirects = _go_on(page, form)
    raise WalkFailed(f"No end after {MOST_PAGES} pages, at {page.url}.")


def _go_on(page: Page, form: PageForm) -> int:
    """Press the way on; return how many redirects led to the page that came."""
    if form.next_link:
        way = page.locator("a[rel~=next]")
    elif GO_ON in form.buttons:
        way = page.locator("button[name=go][value=on]")
    else:
        unnamed = page.locator(f"{BUTTON}:not([name])")
        way = unnamed if unnamed.count() else page.locator(BUTTON)
    with page.expect_navigation(wait_until="load") as navigation:
        way.first.click()
    asked: Request | None = navigation.value.request
    hops = 0
    while asked is not None and (asked := asked.redirected_from) is not None:
        hops += 1
    return hops
