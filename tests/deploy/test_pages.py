"""The pages on installing; ``tests.deploy.bare_machine`` follows them to the letter."""

import re
import subprocess

import pytest

from tests.deploy.bare_machine import blocks
from tests.serving import ROOT

PAGES = ("install-debian.md", "install-container.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_commands_can_be_read_by_a_shell(page):
    subprocess.run(["sh", "-n"], input=blocks(page), text=True, check=True)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_installs_is_shipped(page):
    named = set(re.findall(r"\b(?:deploy|requirements|studies)/[\w./*-]+", blocks(page)))
    assert named
    assert not [n for n in named if not list(ROOT.glob(n))]
