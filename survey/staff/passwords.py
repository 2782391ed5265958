"""Passwords of staff: which are refused, and how they are kept (argon2id, RFC 9106)."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from base64 import b64encode
from functools import lru_cache

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from survey.staff.guessing import bits

SHORTEST = 12
LONGEST = 200  # nobody types more; hashing more would be work for whoever wants us busy
# Below this a password is one of the common ones or a simple pattern of them (guessing.py). Tries
# are throttled to some 1,500 a day, so that 2 to the 36 are out of reach from outside.
FEWEST_BITS = 36

_hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
# One at a time in a process: each takes 64 MB and a tenth of a second of every core.
_turn = threading.Lock()


def fault(password: str, again: str, *, name: str) -> str:
    """What is wrong with a new password of the person ``name``, in a sentence; or nothing."""
    password = _normal(password)
    if len(password) < SHORTEST:
        return f"Choose at least {SHORTEST} characters. A few words that nobody would put together."
    if len(password) > LONGEST:
        return f"Choose at most {LONGEST} characters."
    if bits(password, known=name) < FEWEST_BITS:
        return "That is a common password, or one made in a common way. Choose another."
    return "" if password == _normal(again) else "The two are not the same. Type both again."


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _turn:
        return _hasher.hash(_normal(password))


def fits(kept: str, password: str) -> bool:
    """Whether ``password`` is the one that was kept; as slow where nothing was kept."""
    with _turn:
        try:
            return _hasher.verify(kept or _nobodys(), _normal(password)) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """What stands in for the hash of names that nobody has: as much work, and nothing fits."""
    h = _hasher
    salt, digest = (
        b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (h.salt_len, h.hash_len)
    )
    return f"$argon2id$v=19$m={h.memory_cost},t={h.time_cost},p={h.parallelism}${salt}${digest}"


def _normal(password: str) -> str:
    """The same keys pressed on another system give the same characters (NFKC)."""
    return unicodedata.normalize("NFKC", password)
