"""Passwords of staff, and the demo's two accounts: which are refused, and how they are kept.

Kept with argon2id (RFC 9106). A length and a blocklist, as NIST SP 800-63B-4 section 3.1.1.2 asks,
and no rule of composition.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from base64 import b64encode
from collections.abc import Iterable
from functools import lru_cache

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from survey.clock import iso_utc
from survey.config import PACKAGE, ROLES
from survey.crypto import new_code
from survey.storage import accounts, members
from survey.storage.accounts import DEMO_PREFIX, Role
from survey.storage.database import Database

BLOCKLIST = PACKAGE / "accounts" / "common.txt"
SHORTEST_PASSWORD = 15  # a researcher's password may be all that it signs in with
LONGEST_PASSWORD = 200  # nobody types more; hashing more would be work for an attacker to ask for
FEWEST_LETTERS = 5  # different ones; below that it is a number or a pattern

_hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
# One at a time in a process: each takes 64 MB and a tenth of a second of every core.
_turn = threading.Lock()


@lru_cache(maxsize=1)
def blocklist() -> frozenset[str]:
    """Return the letters of words and passwords that many people choose, both ways round."""
    lines = BLOCKLIST.read_text("utf-8").splitlines()
    words = " ".join(line for line in lines if not line.startswith("#")).split()
    return frozenset(way for word in words for way in (_letters(word), _letters(word)[::-1]))


def _letters(text: str) -> str:
    """Return the letters alone, in small ones and without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if c.isalpha())


def is_common(password: str, name: str) -> bool:
    """Return whether, digits and signs apart, it is made of listed words and known names."""
    text = _letters(password)
    words = blocklist() | {_letters(part) for part in name.replace(".", " ").split()} | {"lacrima"}
    # Whether the first so many letters can be cut into such words.
    reached = [True]
    for end in range(1, len(text) + 1):
        reached.append(any(reached[start] and text[start:end] in words for start in range(end)))
    return reached[-1] or len(set(text)) < FEWEST_LETTERS


def fault(password: str, again: str, *, name: str) -> str:
    """Return what is wrong with a new password for the account ``name``, and what to do."""
    password = _normal(password)
    if len(password) < SHORTEST_PASSWORD:
        least = f"Choose at least {SHORTEST_PASSWORD} characters."
        return f"{least} A few words that nobody would put together."
    if len(password) > LONGEST_PASSWORD:
        return f"Choose at most {LONGEST_PASSWORD} characters."
    if is_common(password, name):
        return "That is made of common words, names or patterns. Add words that nobody would guess."
    return "" if password == _normal(again) else "The two are not the same. Type both again."


def hashed(password: str) -> str:
    """Return the hash that is kept of a password."""
    with _turn:
        return _hasher.hash(_normal(password))


def fits(kept: str, password: str) -> bool:
    """Return whether ``password`` is the one that was kept; as slow where nothing was kept."""
    with _turn:
        try:
            return _hasher.verify(kept or _unknown_hash(), _normal(password)) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False


@lru_cache(maxsize=1)
def _unknown_hash() -> str:
    """Return the hash for names that no account has: as much work, and nothing fits."""
    h = _hasher
    salt, digest = (
        b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (h.salt_len, h.hash_len)
    )
    return f"$argon2id$v=19$m={h.memory_cost},t={h.time_cost},p={h.parallelism}${salt}${digest}"


def _normal(password: str) -> str:
    """Return the password as another system would compose its characters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def make_demo_accounts(office: Database, studies: Iterable[str]) -> dict[Role, tuple[str, str]]:
    """Make a researcher of these studies and a board member; return role → (name, password)."""
    remove_demo_accounts(office)
    at = iso_utc()
    made: dict[Role, tuple[str, str]] = {}
    for role in ROLES:
        name, password = DEMO_PREFIX + role, new_code().lower()
        accounts.add(office, name=name, role=role, at=at)
        accounts.set_password(office, name, hashed(password))
        members.assign(office, name, studies)
        made[role] = name, password
    return made


def remove_demo_accounts(office: Database) -> None:
    """Remove the demo accounts, and sign-ins to them."""
    for role in ROLES:
        accounts.remove(office, DEMO_PREFIX + role)
