"""The endings list: a small file apart from the data by which a restore knows what ended since.

It holds keyed hashes, names of studies and counts, sorted: no order, no time but the day on which
the server last looked. What was deleted is only ever added to it; the rest is as it is now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from survey.crypto import KeyRing
from survey.errors import Refusal
from survey.locks import locked
from survey.private_file import write_whole
from survey.storage import endings, pairing, record
from survey.storage.identity import identity_of
from survey.storage.stores import Stores

FORMAT = 1
HELD = ("accounts", "members", "assigned", "keys")  # what holds now, by tags


@dataclass(frozen=True, slots=True)
class EndingsList:
    """What the file says. ``record`` is the head of the office's record, ``as_of`` a day (ISO)."""

    installation: str
    as_of: str
    record: str
    generation: int
    held: Mapping[str, frozenset[str]]
    studies: Mapping[str, Mapping[str, Any]]
    ended: Mapping[str, frozenset[str]]

    @property
    def position(self) -> int:
        """Number of the last link of the office's record that it knows of."""
        return int(self.record.partition(":")[0])

    def went(self, study: str, what: str) -> int:
        """Return a count of the study's life; 0 where it knows of none."""
        return int(self.studies.get(study, {}).get(what, 0))


def read(path: Path) -> EndingsList | None:
    """Return what the file says; None where there is none. Raises Refusal for what is no list."""
    try:
        said = json.loads(path.read_text("utf-8"))
        if said["format"] != FORMAT:
            raise Refusal(f"{path} was written by a newer version of the program.")
        return EndingsList(
            said["installation"],
            said["as_of"],
            said["record"],
            int(said["generation"]),
            {name: frozenset(said[name]) for name in HELD},
            said["studies"],
            {study: frozenset(values) for study, values in said["ended"].items()},
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refusal(f"Cannot read the endings list {path}: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refusal(f"{path} is no endings list, or was damaged.") from None


def values_of(keys: KeyRing, deletion: bytes) -> tuple[str, ...]:
    """Return how the list may name a row or text with this deletion value."""
    value = endings.ended_value(deletion)
    return tuple(keyed(value).hex() for keyed in keys.ending_hashes)


def present(stores: Stores, keys: KeyRing, day: str) -> EndingsList:
    """Return what the list has to say of these files now."""
    office, keyed = stores.office, keys.ending_value
    ended: dict[str, set[str]] = {}
    for study, value in endings.ended(stores.responses):
        ended.setdefault(study, set()).add(keyed(value).hex())
    made_of: tuple[Callable[..., Mapping[str, Any]], ...] = (
        endings.account_tags,
        endings.member_tags,
        endings.assigned_tags,
        endings.key_tags,
    )
    return EndingsList(
        identity_of(office),
        day,
        str(record.head(office)),
        pairing.generation(stores.responses),
        {name: frozenset(made(office, keyed)) for name, made in zip(HELD, made_of, strict=True)},
        {name: endings.study_life(office, name) for name in endings.study_names(office)},
        {study: frozenset(values) for study, values in ended.items()},
    )


def _life(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the life of a study with all that the list knew of it before."""
    # A restore forgets acts; the list does not, or the same backup could be put back once more.
    kept: dict[str, Any] = {**before, **now}
    for name in endings.COUNTED:
        kept[name] = max(before.get(name, 0), now.get(name, 0))
    for name in ("revoked", "recalled", "destroyed"):
        kept[name] = sorted({*before.get(name, ()), *now.get(name, ())})
    return kept


def joined(before: EndingsList | None, now: EndingsList) -> EndingsList:
    """Return ``now`` with what the list said before of deletions and of studies."""
    if before is None:
        return now
    studies = {
        name: _life(before.studies.get(name, {}), now.studies.get(name, {}))
        for name in {*before.studies, *now.studies}
    }
    ended = {
        name: before.ended.get(name, frozenset()) | now.ended.get(name, frozenset())
        for name in {*before.ended, *now.ended}
        # What may be in no backup any more is forgotten.
        if "backups" not in studies.get(name, {}).get("destroyed", ())
    }
    return EndingsList(
        now.installation, now.as_of, now.record, now.generation, now.held, studies, ended
    )


def text_of(said: EndingsList) -> str:
    """Return the file's content: sorted, so that it tells no order."""
    content = {
        "format": FORMAT, "installation": said.installation, "as_of": said.as_of,
        "record": said.record, "generation": said.generation,
        **{name: sorted(said.held[name]) for name in HELD},
        "studies": said.studies, "ended": {s: sorted(v) for s, v in said.ended.items()},
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=0) + "\n"


def write(path: Path, said: EndingsList) -> None:
    """Write the list, whole or not at all, readable by its owner alone. Raises OSError."""
    write_whole(path, text_of(said).encode())


def not_ours(listed: EndingsList | None, stores: Stores) -> str:
    """Return in a sentence why the list is not of these files as they are; nothing where it is."""
    if listed is None:
        return ""
    if listed.installation != identity_of(stores.office):
        return "The endings list is of another installation."
    restore = "Put a backup back with `lacrima restore`, which heeds what ended since."
    known = record.head_at(stores.office, listed.position) if listed.position else None
    if listed.position and (known is None or str(known) != listed.record):
        return f"office.db is older than the endings list, or went another way. {restore}"
    if listed.generation > pairing.generation(stores.responses):
        return f"responses.db is older than the endings list. {restore}"
    return ""


def refresh(stores: Stores, keys: KeyRing, path: Path, day: str) -> None:
    """Bring the list up to date where something changed. Raises Refusal where it is not ours."""
    # One at a time, and the files are read within: whoever writes last knows the latest.
    with locked(path.with_suffix(".lock")):
        listed = read(path)
        if why := not_ours(listed, stores):
            raise Refusal(f"{path}: {why}")
        now = joined(listed, present(stores, keys, day))
        if listed is None or text_of(now) != text_of(listed):
            write(path, now)


class EndingsKeeper:
    """Keeps the list at ``path`` up to date; looks into the files only once one was written."""

    def __init__(self, stores: Stores, keys: KeyRing, path: Path) -> None:
        self._stores, self._keys, self._path = stores, keys, path
        self._seen: tuple[object, ...] = ()

    def tick(self, day: str) -> None:
        """Bring the list up to date. ``day`` is today (ISO). Raises Refusal and OSError."""
        office, answers = self._stores.office.conn, self._stores.responses.conn
        ended = answers.execute("SELECT count(*), max(value) FROM ended").fetchone()
        others = office.execute("PRAGMA data_version").fetchone()[0]
        generation = pairing.generation(self._stores.responses)
        now = (day, ended, generation, others, office.total_changes, self._path.exists())
        if now != self._seen:
            refresh(self._stores, self._keys, self._path, day)
            self._seen = (*now[:-1], True)
