"""Papers that boards, registries and clients hold in their hands are the same bytes."""

import io
import zipfile
from hashlib import sha256

import pytest

from tests.conftest import FLAGSHIP

SITE = "https://survey.example.org"
RESEARCH, ETHICS = f"/research/{FLAGSHIP.name}", f"/ethics/{FLAGSHIP.name}"


def page(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data()


def members(archive):
    """The sum and the name of every file in a zip."""
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        return [f"{sha256(found.read(n)).hexdigest()}  {n}" for n in found.namelist()]


@pytest.mark.parametrize("name", ["kinds", "branch", "once"])
def test_the_dossier_of_a_pilot(name, open_app, pinned):
    app = open_app(name)
    pinned(
        f"papers/dossier-{name}-pilot",
        members(page(app.test_client(), f"/ethics/{name}/dossier.zip")),
    )


def test_the_dossier_of_an_approved_study(served, pinned):
    browser = served.test_client()
    whole = page(browser, f"{ETHICS}/dossier.zip")
    # Whose signature it bears and when is told in these: only their names are the same each day.
    dated = ("dossier.pdf", "texts.json", "SHA256SUMS")
    lines = [line.split()[-1] if line.endswith(dated) else line for line in members(whole)]
    pinned(f"papers/dossier-{FLAGSHIP.name}", lines)
    with zipfile.ZipFile(io.BytesIO(whole)) as found:
        [paper] = [found.read(n) for n in found.namelist() if n.endswith(".pdf")]
    assert page(browser, f"{ETHICS}/dossier.pdf") == paper


def test_the_preregistration_package(researcher, pinned):
    pinned("papers/preregistration", members(page(researcher, f"{RESEARCH}/preregistration.zip")))


def test_the_way_in_on_paper(researcher, pinned):
    files = ("leaflet-a4.pdf", "leaflet-a5.pdf", "qr.svg")
    made = {file: page(researcher, f"{RESEARCH}/{file}?at={SITE}") for file in files}
    pinned("papers/way-in", (f"{sha256(body).hexdigest()}  {file}" for file, body in made.items()))
