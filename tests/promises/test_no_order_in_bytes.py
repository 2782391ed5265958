"""No file shows, at rest, the order in which answers came, nor which text belongs to which row.

The strongest form is a file that stays the same byte for byte when people answer in another order.
Bytes 24-27, 40-43 and 92-95 of a SQLite file are counters of its changes and are left out.
"""

import random

import pytest

from survey.storage import drafts
from survey.storage.answer_tables import texts
from survey.storage.answers import accept
from survey.storage.counters import EventCounters
from survey.storage.maintenance import MaintenanceThread
from survey.storage.reordering import ARRIVAL_BATCH, merge_arrivals
from survey.storage.rewriting import rewrite_file, tidy
from survey.storage.stores import Stores
from tests.survey.storage.samples import STUDY, answer, mark, on_disk, open_study, send

LARGE = "x" * 5_000_000  # archived words that make the file too large to be rewritten at once
SIZES = [10, 150, 1000]


@pytest.fixture(params=["{}", LARGE], ids=["small file", "large file"])
def study(request, stores):
    return stores, open_study(stores.responses, content=request.param)


def held(stores, name="responses.db"):
    file = (stores.folder / name).read_bytes()
    file = file.replace(stores.identity.encode(), bytes(len(stores.identity)))  # drawn for each
    return file[:24] + file[28:40] + file[44:92] + file[96:]


def shuffled(size):
    return random.Random(size).sample(range(size), size)


def send_drawn(db, table, numbers, *, pause=lambda db: None, text=""):
    """People answer with keys that are theirs in every run, so that two files can be compared."""
    for number in numbers:
        draw = random.Random(number).randbytes
        accept(db, answer(table, number, text=text), draw=draw)
        pause(db)


def places(stores, kind, numbers):
    """Where each person's row, text or token lies in the file."""
    file = held(stores)
    found = [file.find(mark(kind, number)) for number in numbers]
    assert -1 not in found
    return found


def ranks(values):
    rising = {value: rank for rank, value in enumerate(sorted(values))}
    return [rising[value] for value in values]


def correlation(one, other):
    """Spearman's rank correlation of two lists without ties."""
    n = len(one)
    apart = sum((a - b) ** 2 for a, b in zip(ranks(one), ranks(other), strict=True))
    return 1 - 6 * apart / (n * (n * n - 1))


def chance(n):
    """What chance exceeds less than once in a million times (five standard deviations)."""
    return 5 / (n - 1) ** 0.5


@pytest.mark.parametrize("size", SIZES)
def test_in_a_small_file_another_order_of_arrival_changes_no_byte(tmp_path, size):
    files: list[bytes] = []
    for order in (range(size), shuffled(size)):
        stores = Stores(tmp_path / str(len(files)))
        send_drawn(stores.responses, open_study(stores.responses), order)
        tidy(stores.responses)
        files.append(held(stores))
        stores.close()
    assert files[0] == files[1]


def test_answers_that_come_one_by_one_leave_the_same_small_file_as_a_crowd(tmp_path):
    files: list[bytes] = []
    for pause in (tidy, lambda db: None):
        stores = Stores(tmp_path / str(len(files)))
        send_drawn(stores.responses, open_study(stores.responses), range(30), pause=pause)
        tidy(stores.responses)
        files.append(held(stores))
        stores.close()
    assert files[0] == files[1]


@pytest.mark.parametrize("arrived", [7, ARRIVAL_BATCH, 3 * ARRIVAL_BATCH + 5])
def test_in_a_large_file_another_order_within_a_batch_changes_no_byte(tmp_path, arrived):
    batches = [
        range(first, min(first + ARRIVAL_BATCH, arrived))
        for first in range(0, arrived, ARRIVAL_BATCH)
    ]
    files: list[bytes] = []
    for turn in (list, lambda batch: list(batch)[::-1]):
        stores = Stores(tmp_path / str(len(files)))
        table = open_study(stores.responses, content=LARGE)
        for batch in batches:
            send_drawn(stores.responses, table, turn(batch))
        merge_arrivals(stores.responses)
        files.append(held(stores))
        stores.close()
    assert files[0] == files[1]


def test_in_a_large_file_single_answers_show_no_order_within_a_batch(tmp_path):
    files: list[bytes] = []
    for order in (range(ARRIVAL_BATCH), shuffled(ARRIVAL_BATCH)):
        stores = Stores(tmp_path / str(len(files)))
        table = open_study(stores.responses, content=LARGE)
        send_drawn(stores.responses, table, order, pause=merge_arrivals)
        files.append(held(stores))
        stores.close()
    assert files[0] == files[1]


@pytest.mark.parametrize("size", [150, 1000])
@pytest.mark.parametrize("kind", ["row", "text", "submit"])
def test_the_place_in_a_file_tells_nothing_of_the_order_of_arrival(study, size, kind):
    stores, table = study
    send(stores.responses, table, range(size))
    tidy(stores.responses)
    assert abs(correlation(places(stores, kind, range(size)), range(size))) < chance(size)


@pytest.mark.parametrize("size", [150, 1000])
def test_the_place_of_a_row_tells_nothing_of_the_place_of_its_text(study, size):
    stores, table = study
    send(stores.responses, table, range(size))
    tidy(stores.responses)
    row, text = (places(stores, kind, range(size)) for kind in ("row", "text"))
    assert abs(correlation(row, text)) < chance(size)


def page_of_the_rest(file, number):
    """Page on which a text goes on that is too long for its own: its number follows the part."""
    start = file.index(f"start of {number:04}~".encode())
    rest = file[file.index(b"~", start) : start + 20_000].lstrip(b"~")
    return int.from_bytes(rest[:4], "big")


def read_back(stores, batch):
    """The people of a batch in the order of their texts' keys, and where these texts go on."""
    found = [int(text["text"][9:13]) for text in texts(stores.responses, STUDY)]
    people = [number for number in found if number in batch]
    file = (stores.folder / "responses.db").read_bytes()
    return people, [page_of_the_rest(file, number) for number in people]


def test_texts_too_long_for_a_page_show_no_order_within_a_batch(stores):
    """Their pages come from the list of free pages, which remembers what came free when.

    Taken in key order, they gave the order of arrival away: mirrored and moved by a few places.
    """
    table = open_study(stores.responses, content=LARGE)
    guesses: list[list[float]] = [[] for _ in range(2 * ARRIVAL_BATCH)]
    for first in range(0, 800, ARRIVAL_BATCH):
        batch = range(first, first + ARRIVAL_BATCH)
        for number in batch:
            words = f"start of {number:04}" + "~" * 7500
            accept(stores.responses, answer(table, number, text=words))
        people, pages = read_back(stores, batch)
        for n, guess in enumerate(guesses):
            moved = pages[n // 2 :] + pages[: n // 2]
            guess.append(correlation(moved if n % 2 else moved[::-1], people))
    best = max(abs(sum(guess) / len(guess)) for guess in guesses)
    assert best < chance(ARRIVAL_BATCH) / len(guesses[0]) ** 0.5


def test_after_quiet_nothing_of_an_answer_is_in_the_log_or_its_index(study):
    stores, table = study
    send(stores.responses, table, range(30))
    tidy(stores.responses)
    assert (stores.folder / "responses.db-wal").stat().st_size == 0
    index = (stores.folder / "responses.db-shm").read_bytes()
    assert not any(mark("row", n)[:8] in index for n in range(30))


def test_spent_invitations_leave_no_trace(stores):
    codes = [mark("code", n) for n in range(40)]
    files: list[bytes] = []
    for order in (range(20), shuffled(20)):
        stores = Stores(stores.folder / str(len(files)))
        table = open_study(stores.responses)
        stores.responses.conn.executemany("INSERT INTO invitations VALUES (?, 'small')", zip(codes))
        for number in order:
            response = answer(table, number, invitation=codes[number])
            accept(stores.responses, response, draw=random.Random(number).randbytes)
        tidy(stores.responses)
        files.append(held(stores))
        assert not any(code in on_disk(stores.folder) for code in codes[:20])
        stores.close()
    assert files[0] == files[1]


def test_drafts_at_rest_show_no_order_either(tmp_path):
    files: list[bytes] = []
    for order in (range(50), shuffled(50)):
        stores = Stores(tmp_path / str(len(files)))
        for number in order:
            sealed = random.Random(number).randbytes(2000)
            drafts.create(stores.drafts, id=mark("draft", number), sealed=sealed, expires=1800)
        keeper = MaintenanceThread(stores, EventCounters(), clock=lambda: 0.0, accepted_of=bytes)
        keeper.start()
        keeper.stop()
        files.append(held(stores, "drafts.db"))
        stores.close()
    assert files[0] == files[1]


def test_a_nightly_levelling_removes_the_batches_of_a_large_file(tmp_path):
    files: list[bytes] = []
    for order in (range(100), shuffled(100)):
        stores = Stores(tmp_path / str(len(files)))
        table = open_study(stores.responses, content=LARGE)
        send_drawn(stores.responses, table, order)
        rewrite_file(stores.responses)
        files.append(held(stores))
        stores.close()
    assert files[0] == files[1]
