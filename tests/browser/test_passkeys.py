"""A member of a board registers a passkey and signs with it, in a real browser."""

import json
import time
from base64 import b64encode
from types import SimpleNamespace

import pyotp
import pytest

from survey.accounts import passwords
from survey.clock import iso_utc
from survey.config import read_config
from survey.crypto import KeyRing, make_key, read_keys
from survey.signing import acts
from survey.signing.evidence import check, evidence
from survey.storage import accounts, studies
from survey.storage.stores import Stores
from survey.studies.approvals import ApprovalForm
from survey.studies.loading import open_studies
from tests.approving import FACTS, copied, explain_slots
from tests.browser.conftest import AS_ROOT, chromium
from tests.browser.inspection import Inspection
from tests.conftest import STUDIES
from tests.journeys.boardroom import day
from tests.serving import LACRIMA, free_port, running
from tests.signing import GOOD, seat

SECRET = pyotp.random_base32()
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def data(tmp_path):
    """An installation with a study that can be approved by Ada alone, who has no key yet."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    copied(STUDIES / "minimal", tmp_path / "shelf" / "minimal")
    (folder / "site.toml").write_text(FACTS)
    make_key(folder / "server.key")
    stores = Stores(folder)
    explain_slots(stores, "minimal")
    seat(stores.office, "minimal", "Ada", key=False)
    accounts.set_password(stores.office, "Ada", passwords.hashed(GOOD))
    sealed = KeyRing(read_keys(folder / "server.key")).encrypt_for(SECRET.encode(), "ada")
    accounts.set_totp(stores.office, "Ada", b64encode(sealed))
    stores.close()
    return folder


def environ_of(data):
    return {
        "LACRIMA_DATA": str(data), "LACRIMA_STUDIES": str(data.parent / "shelf"),
        "LACRIMA_HTTPS": "off", "LACRIMA_PROXIES": "0", "LACRIMA_WORKERS": "1",
    }  # fmt: skip


@pytest.fixture
def site(data):
    # A name, not an address: browsers give no passkey to an address.
    site = f"http://localhost:{(port := free_port())}"
    settings = {**environ_of(data), "LACRIMA_PORT": str(port)}
    with running([str(LACRIMA), "serve"], settings, f"{site}/healthz"):
        yield site


@pytest.fixture
def page(browser, site):
    """Ada's browser, signed in, with a device that makes passkeys."""
    # The shared browser sends every name elsewhere.
    own = browser.browser_type.launch(executable_path=chromium(), args=AS_ROOT)
    page = own.new_page()
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto(f"{site}/ethics/sign-in")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Password").fill(GOOD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("[name=code]").fill(pyotp.TOTP(SECRET).now())
    page.locator("main button").click()
    page.get_by_role("link", name="Your keys").wait_for()
    yield page
    own.close()


def register(page, site):
    page.goto(f"{site}/ethics/keys")
    page.locator("#passkey-now").fill(GOOD)
    # A code works once, and the next one is taken a little early.
    page.locator("#passkey-code").fill(pyotp.TOTP(SECRET).at(time.time() + 30))
    page.get_by_role("button", name="Make a passkey").click()
    page.locator("h2", has_text="Passkey").first.wait_for()


def test_a_member_registers_a_passkey_and_signs_an_approval_with_it(page, site, data):
    register(page, site)
    page.goto(f"{site}/ethics/minimal/approve")
    page.get_by_label("Reference number").fill("2026-7")
    page.get_by_label("Date of the approval").fill(day(0))
    page.get_by_label("Last day on which it holds").fill(day(200))
    page.locator("#read").check()
    page.get_by_role("button", name="Go on to sign").click()
    page.get_by_label("Your password").first.fill(GOOD)
    page.get_by_role("button", name="Sign with the passkey").click()
    page.get_by_text("It is in effect.").wait_for()
    stores = Stores(data)
    (approval,) = studies.approvals(stores.office, "minimal")
    found = evidence(stores.office, approval.number)
    assert found is not None
    (one,) = found["signatures"]
    prints, members_keys = approval.fingerprints, {one["fingerprint"]: "Ada"}
    known = check(found, "minimal", prints, {}, members_keys)
    changed = {**found, "statement": found["statement"].replace("2026-7", "2026-8")}
    stores.close()
    assert (one["kind"], known.sound) == ("passkey", True)
    assert not check(changed, "minimal", prints, {}, members_keys).sound
    assert json.loads(found["statement"])["reference"] == "2026-7"


def test_what_members_sign_and_their_keys_are_usable_by_everybody(page, site, data):
    register(page, site)
    stores, (version,) = open_studies(read_config(environ_of(data)))
    form = ApprovalForm(reference="1", by="Ada", approved_on=day(0), expires_on=day(9))
    number = acts.propose_approval(stores, version.latest, form, at=iso_utc(), today=day(0))
    stores.close()
    inspection = Inspection(SimpleNamespace(page=page))  # type: ignore[arg-type]
    for address in ("keys", "minimal/board", f"minimal/proposals/{number}"):
        page.goto(f"{site}/ethics/{address}")
        inspection.look()
    assert (inspection.access, inspection.widths) == ([], [])


def test_without_the_password_a_passkey_is_not_registered(page, site, data):
    page.goto(f"{site}/ethics/keys")
    page.locator("#passkey-code").fill(pyotp.TOTP(SECRET).at(time.time() + 30))
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_text("That is not your password.").wait_for()
    assert "You have no key." in page.content()
