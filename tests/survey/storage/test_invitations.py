import pytest

from survey.storage import admission
from survey.storage.stores import Stores
from tests.survey.storage.samples import mark

CODES = [mark("code", n) for n in range(30)]


@pytest.fixture
def db(tmp_path):
    stores = Stores(tmp_path)
    yield stores.responses
    stores.close()


def test_an_unspent_code_is_known_with_its_study(db):
    assert admission.add(db, "small", CODES) == 30
    assert admission.study_of(db, CODES[3])
    assert admission.study_of(db, CODES[3]) == "small"


def test_an_unknown_code_opens_nothing(db):
    assert admission.study_of(db, bytes(32)) is None


def test_adding_a_code_again_changes_nothing(db):
    admission.add(db, "small", CODES)
    assert admission.add(db, "small", CODES[:3]) == 0
    assert admission.unspent(db, "small") == 30


def test_the_order_in_which_codes_were_made_is_not_kept(db):
    admission.add(db, "small", reversed(CODES))
    stored = [code for (code,) in db.conn.execute("SELECT code FROM invitations").fetchall()]
    assert stored == sorted(CODES)
