"""A written file that breaks a promise is refused, whatever made it."""

import numpy as np
import pytest

from exports.errors import ExportRefused
from exports.tabular.run import claim_of, proven, read_sources

SOUND = """\
sex,age,answer,note
f,20-24,no,0
f,20-24,no,1
f,20-24,yes,0
f,20-24,yes,2
m,30-34,no,1
m,30-34,no,2
m,30-34,yes,0
m,30-34,yes,1
"""
# Where each line above comes from, in the table sorted by its cells.
ROWS = np.array([3, 1, 0, 2, 7, 5, 6, 4], dtype=np.int32)


@pytest.fixture
def prove(desk):
    """Puts a written file before the verifier, with what the policy promises of it."""

    def run(text):
        policy, sources = read_sources(desk.data, desk.policy)
        return proven(desk.write("w.csv", text), claim_of(policy, sources), sources, ROWS)

    return run


def test_a_sound_file_passes(prove):
    assert prove(SOUND).classes.k == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("f,20-24,no,0", "f,20-29,no,0"),
        ("f,20-24,no,0", "m,20-24,no,0"),
        ("f,20-24,no,0\nf,20-24,no,1", "f,25-29,no,0\nf,25-29,no,1"),
        ("f,20-24,no,0", "f,20-24,yes,0"),
        ("f,20-24,no,0\n", ""),
        ("answer,note", "note,answer"),
    ],
)
def test_a_spoilt_file_is_refused(prove, old, new):
    assert old in SOUND
    with pytest.raises(ExportRefused, match="Nothing was released, for the written file failed"):
        prove(SOUND.replace(old, new))
