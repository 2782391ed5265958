"""The table of tiers in the program is the one that people read."""

import re

import pytest

from forms.tiers import TIERS
from tests.conftest import TOP

RESEARCHER = (TOP / "docs" / "researcher.md").read_text("utf-8")
FORMAT = (TOP / "docs" / "study-format.md").read_text("utf-8")


@pytest.mark.parametrize("kind", TIERS.values(), ids=TIERS)
def test_the_documents_quote_the_table(kind):
    recipient = "a recipient, named beforehand" if kind.names_recipient else "a recipient"
    row = (
        kind.name, kind.holds, kind.least_k, kind.least_l, kind.least_level, kind.consent,
        f"{100 * kind.sample:g} %", ", ".join(kind.roles), ", ".join(kind.groups),
        "anybody" if kind.is_open else recipient,
    )  # fmt: skip
    cells = [f" {cell} " if cell != "" else " " for cell in row]
    assert f"|{'|'.join(cells)}|" in FORMAT.splitlines()
    [(who, said)] = re.findall(rf"^\| {kind.name} \| (.+) \| (.+) \|$", RESEARCHER, re.MULTILINE)
    assert (who == "anyone") == kind.is_open
    assert (kind.holds == "texts") == ("own words" in said)
    assert (kind.holds == "tables") == ("changed a little by chance, once" in said)
    if kind.holds == "rows":
        assert f"({kind.least_k})" in said
        assert ("of those who agreed to an open file" in said) == bool(kind.consent)


def test_a_tier_says_what_it_promises(study):
    tiers = study("coarse").policy.tiers
    alike = "One row an answer, each among at least {} alike, with at least 2 different answers to"
    assert tiers["C"].promise == f"{alike.format(5)} what is sensitive."
    assert tiers["B"].promise == (
        f"{alike.format(12)} what is sensitive; a random 80 % sample of those who agreed to an open"
        " file."
    )
