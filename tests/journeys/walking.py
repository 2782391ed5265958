"""Walking on to a given page, answering whatever is asked on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.journeys.client import Journey, Value

Choose = Callable[[str, list[str]], Value | None]
"""(input name, values offered; none where it is typed) → what to answer, None to leave it."""

WALK = "walk"  # id of the form of a page of questions
ASIDE = ("shown", "csrf_token", "pad", "state", "change", "support")


def offered(client: Journey) -> dict[str, list[str]]:
    """Input name → the values offered on this page; none where something is typed."""
    found: dict[str, list[str]] = {}
    for control in client.page.controls:
        if control.form != WALK or control.tag == "button" or control.name in ("", *ASIDE):
            continue
        values = found.setdefault(control.name, [])
        if control.kind in ("radio", "checkbox") and control.chosen:
            values.append(control.chosen)
    return found


def first_offered(name: str, values: list[str]) -> Value | None:
    """The first choice; what is typed stays blank."""
    return values[0] if values else None


def blank(name: str, values: list[str]) -> Value | None:
    """Nothing at all."""
    return None


def answers(
    client: Journey, choose: Choose, given: Mapping[str, Value] | None = None
) -> dict[str, Value]:
    """What to answer on this page: as ``given``, else as chosen."""
    found: dict[str, Value] = {}
    for name, values in offered(client).items():
        value = (given or {}).get(name, choose(name, values))
        if value is not None:
            found[name] = value
    return found


def walk(
    client: Journey,
    choose: Choose = first_offered,
    *,
    until: str = "",
    **given: Value,
) -> Journey:
    """Answer page after page, to the page that asks ``until``, or to the check page."""
    while client.screen == "questions" and until not in client.asked:
        client.answer(**answers(client, choose, given))
        assert not client.page.title.startswith("Error"), client.text
        if client.screen == "support":
            client.press("go", "on")
    assert client.screen == "check" or until in client.asked, f"stranded at {client.here}"
    return client
