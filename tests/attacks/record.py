"""The record of staff and board, attacked by whoever owns its file."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forms.load import load_study
from survey.clock import iso_utc, today_here
from survey.errors import Refusal
from survey.signing import acts, key_files
from survey.storage import board, proposals, studies
from survey.storage.record import head
from survey.storage.record_check import check, not_continued
from survey.storage.stores import Stores
from survey.studies.approvals import BACKDATED_DAYS, faults_of
from tests.answering import approved
from tests.attacks.outcome import Outcome, Told
from tests.conftest import folder_of
from tests.signing import SIGNER, key_of, seat, signature_of

OWNER = "operator with sqlite3"
STUDY = "minimal"
AT = "2026-05-01T12:00:00+00:00"
RECORD = "approvals.md, the record"
GUARDED = ("rulings", "audit", "chain")
MIGRATION = "DELETE FROM _sqlite_migrations WHERE name = 'm012_chain'"

SLIPPED_IN = (
    "INSERT INTO rulings (study, at, who, what, why, approval) "
    "SELECT study, at, who, 'lifted', why, 0 FROM rulings"
)

Edit = tuple[str, ...]
EDITS: tuple[Edit, ...] = (
    ("DELETE FROM rulings",),
    ("UPDATE rulings SET why = 'None.'",),
    ("UPDATE rulings SET at = '2026-01-01T00:00:00+00:00'",),
    ("UPDATE rulings SET who = 'somebody else'",),
    (SLIPPED_IN,),
    ("DELETE FROM audit",),
    ("UPDATE audit SET what = replace(what, 'suspended', 'opened')",),
    ("DELETE FROM chain WHERE position = 3",),
    ("UPDATE chain SET line = replace(line, 'A concern', 'No concern')",),
    ("DELETE FROM rulings", "DELETE FROM chain WHERE line LIKE '%\"table\":\"rulings\"}'"),
    ("DELETE FROM audit", "DELETE FROM chain WHERE line LIKE '%\"table\":\"audit\"}'"),
    ("UPDATE lives SET status = 'closed'",),
)  # fmt: skip
# The whole record linked anew, as a file from before there were links is.
ANEW = ("DROP TABLE chain", MIGRATION)


def rows(folder: Path, *, times: int) -> list[Outcome]:
    """Edits, forgeries and dates."""
    office, anew = folder / "office", [(*edit, *ANEW) for edit in EDITS]
    noted = _filled(office)
    unheaded = _unnoticed(office, noted, anew, headed=False)
    return [
        Outcome(
            OWNER,
            "changing, deleting, slipping in and cutting off rows of office.db unnoticed by who "
            "noted the record's head before; half of the edits link the whole record anew",
            _unnoticed(office, noted, [*EDITS, *anew], headed=True),
            unheaded,
            "a record whose links are made anew, and no head noted",
            0,
            RECORD,
        ),
        Outcome(
            OWNER,
            "rewriting the whole record where nobody outside noted a head",
            unheaded,
            unheaded,
            "a record whose links are made anew",
            1,
            RECORD,
        ),
        Outcome(
            "operator who signs for the board",
            "signatures taken: by other keys, under other statements, with bytes changed, cut, "
            "empty, from another proposal",
            _forged(folder / "forged", times),
            _forged(folder / "unchecked", times, checked=False),
            "signatures that nobody checks",
            0,
            "board.md",
        ),
        Outcome(
            "researcher in a hurry",
            f"approvals dated back by more than {BACKDATED_DAYS} days, or for more than a year",
            _dated(_refused),
            _dated(lambda begins, ends: ends < begins),
            "dates that only must not be upside down",
            0,
            "approvals.md",
        ),
    ]


def _some_acts(stores: Stores) -> None:
    office = stores.office
    studies.set_status(office, STUDY, "open", AT)
    board.rule(office, STUDY, "suspended", at=AT, who="chair", why="A concern.")
    studies.note(office, at=AT, who="chair", what=f"{STUDY}: suspended")


def _filled(folder: Path) -> str:
    """An office in which somebody acted; its head, as a board notes it."""
    stores = Stores(folder)
    _some_acts(stores)
    noted = str(head(stores.office))
    stores.close()
    return noted


def _unnoticed(folder: Path, noted: str, edits: Sequence[Edit], *, headed: bool) -> Told:
    """Edits of which neither the file by itself nor a head noted before tells anything."""
    unseen = 0
    for edit in edits:
        copy = folder.with_name("edited")
        shutil.copytree(folder, copy)
        _edit(copy / "office.db", edit)
        stores = Stores(copy)
        unseen += check(stores.office).whole and not (
            headed and not_continued(stores.office, noted)
        )
        stores.close()
        shutil.rmtree(copy)
    return Told(unseen, len(edits), 0)


def _edit(path: Path, statements: Edit) -> None:
    """Take the guards off, edit, and put them back where they were."""
    with sqlite3.connect(path) as conn:
        sql = "SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        guards = [row for row in conn.execute(sql) if row[2] in GUARDED]
        for name, _, _ in guards:
            conn.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            conn.execute(statement)
        there = {name for (name,) in conn.execute("SELECT name FROM sqlite_master")}
        for _, made, table in guards:
            if table in there:
                conn.execute(made)
    conn.close()


def _forged(folder: Path, times: int, *, checked: bool = True) -> Told:
    """Signatures that a proposal took although no member made them."""
    taken = tries = 0
    real = key_files.check_signature
    if not checked:
        vars(key_files)["check_signature"] = lambda *_: None
    try:
        for number in range(times):
            stores = Stores(folder / str(number))
            wanted, texts = _forgeries(stores, random.Random(number))
            for text in texts:
                tries += 1
                taken += _takes(stores, wanted, text)
                if not checked:  # it is in effect now, and takes no second one
                    break
            stores.close()
    finally:
        vars(key_files)["check_signature"] = real
    return Told(taken, tries, 0)


def _proposed(stores: Stores, reason: str) -> int:
    approval = studies.approvals(stores.office, STUDY)[-1]
    return acts.propose_ruling(
        stores, STUDY, "revoke", reason=reason, account=SIGNER, at=iso_utc(),
        today=today_here().isoformat(), approval=approval, switches=["collection"],
    )  # fmt: skip


def _forgeries(stores: Stores, draw: random.Random) -> tuple[int, list[str]]:
    """A proposal to revoke, and texts that are no signature of a member under it."""
    approved(stores, load_study(folder_of(STUDY)))
    seat(stores.office, STUDY)
    wanted, other = _proposed(stores, "A concern."), _proposed(stores, "Another concern.")
    found = proposals.proposal(stores.office, wanted)
    assert found is not None
    right, foreign = signature_of(stores, wanted), Ed25519PrivateKey.generate()
    by_another = key_files.sign_with_file(foreign, found.statement)
    signed = json.loads(right)["signature"]
    at = draw.randrange(len(signed))
    bent = signed[:at] + f"{int(signed[at], 16) ^ 1:x}" + signed[at + 1 :]
    texts = [
        by_another,
        json.dumps({**json.loads(by_another), "public": json.loads(right)["public"]}),
        signature_of(stores, other),
        key_files.sign_with_file(key_of(SIGNER), found.statement + " "),
        json.dumps({**json.loads(right), "signature": bent}),
        json.dumps({**json.loads(right), "signature": signed[:-2]}),
        json.dumps({**json.loads(right), "signature": ""}),
        json.dumps({**json.loads(right), "kind": "passkey", "credential": {}}),
    ]
    draw.shuffle(texts)
    return wanted, texts


def _takes(stores: Stores, number: int, text: str) -> bool:
    today = today_here().isoformat()
    try:
        acts.sign(stores, number, account=SIGNER, text=text, at=iso_utc(), today=today)
    except (Refusal, key_files.SignatureInvalid):
        return False
    return True


def _refused(begins: str, ends: str) -> bool:
    typed = {"reference": "R1", "approved_on": begins, "expires_on": ends, "read": "1"}
    return bool(faults_of(typed, today_here().isoformat()))


def _dated(refused: Callable[[str, str], bool]) -> Told:
    """Dates that are taken although too early or too late."""
    today = today_here()
    days = [(-BACKDATED_DAYS - n, 300) for n in (1, 2, 30, 365)] + [(0, 367), (0, 800)]
    tried = [[(today + timedelta(n)).isoformat() for n in pair] for pair in days]
    return Told(sum(not refused(*pair) for pair in tried), len(tried), 0)
