"""Whoever knows who holds which invitation learns nothing from any file: sets differ, no more."""

import random

import pytest

from survey.storage import admission
from survey.storage.answers import accept
from survey.storage.rewriting import tidy
from survey.storage.stores import Stores
from tests.promises.test_no_order_in_bytes import LARGE, held
from tests.survey.storage.samples import STUDY, answer, mark, on_disk, open_study

PEOPLE = 60


def code_of(number):
    return mark("invitation", number)


def collected(folder, order, holder, *, content="{}"):
    """The file after people answered in ``order``, person n with the code of ``holder[n]``."""
    stores = Stores(folder)
    db = stores.responses
    table = open_study(db, content=content)
    admission.add(db, STUDY, (code_of(n) for n in range(2 * PEOPLE)))
    for number in order:
        spent = code_of(holder[number])
        accept(db, answer(table, number, invitation=spent), draw=random.Random(number).randbytes)
    tidy(db)
    return stores


@pytest.mark.parametrize("content", ["{}", LARGE], ids=["small file", "large file"])
def test_who_held_which_code_changes_no_byte(tmp_path, content):
    files = []
    for seed in (1, 2):
        holder = random.Random(seed).sample(range(PEOPLE), PEOPLE)
        stores = collected(tmp_path / str(seed), range(PEOPLE), holder, content=content)
        files.append(held(stores))
        stores.close()
    assert files[0] == files[1]


def test_in_which_order_codes_were_spent_changes_no_byte(tmp_path):
    files = []
    for seed in (1, 2):
        order = random.Random(seed).sample(range(PEOPLE), PEOPLE)
        stores = collected(tmp_path / str(seed), order, range(PEOPLE))
        files.append(held(stores))
        stores.close()
    assert files[0] == files[1]


def test_before_and_after_differ_by_the_set_of_spent_codes_alone(tmp_path):
    stores = collected(tmp_path, range(PEOPLE), range(PEOPLE))
    left = [bytes(c) for (c,) in stores.responses.conn.execute("SELECT code FROM invitations")]
    assert left == sorted(code_of(n) for n in range(PEOPLE, 2 * PEOPLE))


def test_no_file_holds_a_spent_code(tmp_path):
    stores = collected(tmp_path, range(PEOPLE), range(PEOPLE))
    stores.close()
    disk = on_disk(tmp_path)
    assert [n for n in range(PEOPLE) if code_of(n) in disk] == []


def test_what_is_taken_back_is_overwritten(tmp_path):
    stores = collected(tmp_path, range(3), range(3))
    admission.drop(stores.responses, STUDY)
    tidy(stores.responses)
    stores.close()
    disk = on_disk(tmp_path)
    assert [n for n in range(2 * PEOPLE) if code_of(n) in disk] == []
