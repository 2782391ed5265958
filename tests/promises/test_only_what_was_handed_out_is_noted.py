"""The audit says who took what away: asking whether it is there (HEAD) writes no line."""

import pytest

from survey.config import ROLES
from survey.storage import studies
from tests.journeys.staff import services_of
from tests.promises.test_rooms import address_of, staff_rules

TAKEN = {
    "/research/kinds/qr.svg": "researcher",
    "/research/kinds/qr.png": "researcher",
    "/research/kinds/figures/figures.csv": "researcher",
    "/research/kinds/figures/cherries.md": "researcher",
    "/research/kinds/preregistration.zip": "researcher",
    "/ethics/kinds/report.csv": "board",
}


def lines(app):
    return len(studies.audit(services_of(app).stores.office))


@pytest.mark.parametrize("address", TAKEN)
def test_a_download_is_noted_once_and_asking_for_it_is_not(app, signed_in, address):
    browser, before = signed_in(app, TAKEN[address]), lines(app)
    asked = browser.head(address).status_code, lines(app) - before
    given = browser.get(address).status_code, lines(app) - before
    assert (asked, given) == ((200, 0), (200, 1))


@pytest.mark.parametrize("role", ROLES)
def test_no_address_of_the_rooms_writes_a_line_when_it_is_only_asked_for(app, signed_in, role):
    browser, noted = signed_in(app, role), []
    for method, rule, _, _ in staff_rules(app):
        if method == "GET":
            before = lines(app)
            browser.head(address_of(app, rule))
            noted += [rule.rule] * (lines(app) - before)
    assert noted == []
