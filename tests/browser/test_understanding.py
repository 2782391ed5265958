"""The questions before consent in a real browser: answered on the spot, with and without script."""

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("script", [True, False])
def test_what_is_chosen_is_answered_at_once_and_nothing_is_sent(visit, script):
    visitor = visit("hour", java_script_enabled=script)
    visitor.open().follow().follow().tick_first().press()
    sent = []
    visitor.page.on("request", lambda request: sent.append(request.url))
    right = visitor.page.get_by_text("“The code from the last page” is right.")
    expect(right).to_be_hidden()
    visitor.page.get_by_label("The code from the last page").check()
    expect(right).to_be_visible()
    visitor.page.get_by_label("My name").check()
    expect(right).to_be_hidden()
    expect(visitor.page.get_by_text("“My name” is not right.")).to_be_visible()
    visitor.page.get_by_text("Show me where").first.click()
    expect(visitor.page.locator(".understood blockquote").first).to_be_visible()
    assert [address for address in sent if "/static/" not in address] == []
