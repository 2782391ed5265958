"""What is typed into a secret field is shown on no page, whatever went wrong meanwhile."""

import pytest

from tests.journeys.staff import Worker, later
from tests.journeys.test_staff_signing_in import known, link  # noqa: F401 - fixtures

CANARY = "kittiwake under 40 stairs"
FORMS = ("sign-in", "account/password", "account/second-step/off", "account/second-step", "SET-UP")


def secret_fields(page):
    """The fields that a browser shows as dots, and those for codes."""
    asked = ("current-password", "new-password", "one-time-code")
    return [
        c.name
        for c in page.controls
        if c.kind == "password" or c.attributes.get("autocomplete") in asked
    ]


@pytest.mark.parametrize("address", FORMS)
@pytest.mark.parametrize("before", ["signed out", "an hour later", "without its cookie"])
def test_no_password_comes_back(app, known, link, address, before):  # noqa: F811
    worker = known("Anna").sign_in("Anna") if address.startswith("account") else Worker(app)
    worker.open(link("Berta") if address == "SET-UP" else address)
    fields = secret_fields(worker.page)
    assert fields, "the page asks for no secret any more: take it off the list"
    form = next(f for f in worker.page.forms.values() if f.id != "sign-out")
    sent = dict(worker.page.fields(form.id)) | dict.fromkeys(fields, CANARY)
    if before == "signed out" and worker.inside:
        worker.another_tab().press()
    later(app, 3600 if before == "an hour later" else 0)
    if before == "without its cookie":
        worker.browser.delete_cookie("staff", path="/research")
    answer = worker.browser.post(form.action, data=sent, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code < 500
    assert CANARY not in answer.text
