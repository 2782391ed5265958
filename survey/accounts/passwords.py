"""Passwords of staff: which are refused, and how they are kept (argon2id, RFC 9106).

How hard a password is to guess for somebody who tries what people like: words, runs, repeats.

The cheapest way to write the password down as common words (``common.txt``), walks over the
keyboard, repetitions, years and single characters, in bits. The idea is that of D. L. Wheeler,
"zxcvbn: low-budget password strength estimation" (USENIX Security 2016); words and costs are ours.
"""

from __future__ import annotations

import math
import re
import secrets
import threading
import unicodedata
from base64 import b64encode
from functools import lru_cache

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from survey.config import PACKAGE

LIST = PACKAGE / "accounts" / "common.txt"
SHORTEST_WORD, LONGEST_WORD, SHORTEST_RUN = 3, 25, 3

# Bits for each kind of piece. A word costs the logarithm of the list's length.
RUN, REPEAT, YEAR, KNOWN = 6.0, 2.0, 6.5, 2.0
LETTER, DIGIT, SIGN, OTHER = 4.7, 2.9, 3.3, 6.0
CAPITALS = 1.0  # once: people write the first letter, or all, in capitals

_LEET = str.maketrans("0134578@$!€", "oieastbasie")
_YEAR = re.compile(r"(19|20)\d\d")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "azertyuiop",
    "asdfghjkl", "zxcvbnm", "yxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()", "qazwsxedcrfvtgb", "q1w2e3r4t5y6u7i8o9p0",
)  # fmt: skip
WALKS = tuple(way for row in _ROWS for way in (row, row[::-1]))


@lru_cache(maxsize=1)
def common() -> frozenset[str]:
    """The bundled list: words and passwords that many people choose, in small letters."""
    lines = LIST.read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def bits(password: str, *, known: str = "") -> float:
    """Bits of the cheapest way to write ``password``; ``known`` is the person's own name."""
    plain = password.lower()
    texts = (plain, plain.translate(_LEET), _bare(plain))
    own = {w for w in re.split(r"\W+", known.lower()) if len(w) >= SHORTEST_WORD} | {"lacrima"}
    cheapest = [0.0] + [math.inf] * len(plain)
    for start in range(len(plain)):
        for length, cost in _pieces(texts, start, own):
            end = start + length
            cheapest[end] = min(cheapest[end], cheapest[start] + cost)
    return cheapest[-1] + (CAPITALS if password != plain else 0)


def _bare(text: str) -> str:
    """Without accents, letter by letter, so that the places stay."""
    return "".join(unicodedata.normalize("NFD", c)[0] for c in text)


def _pieces(texts: tuple[str, ...], start: int, own: set[str]) -> list[tuple[int, float]]:
    """Every piece that begins at ``start``: (length, bits)."""
    text = texts[0]
    found = [(1, _single(text[start]))]
    found += [(n, RUN) for n in range(SHORTEST_RUN, _walk(text, start) + 1)]
    found += [(n, REPEAT) for n in range(1, start + 1) if _twice(text, start, n)]
    if _YEAR.match(text, start):
        found.append((4, YEAR))
    word = math.log2(len(common()))
    for n in range(SHORTEST_WORD, min(LONGEST_WORD, len(text) - start) + 1):
        forward = {t[start : start + n] for t in texts}
        pieces = forward | {piece[::-1] for piece in forward}
        if pieces & own:
            found.append((n, KNOWN))
        elif pieces & common():
            found.append((n, word))
    return found


def _twice(text: str, start: int, n: int) -> bool:
    """Whether the ``n`` characters from ``start`` on stand right before it as well."""
    return text[start - n : start] == text[start : start + n]


def _walk(text: str, start: int) -> int:
    """How many characters from ``start`` on lie side by side on a keyboard or in the alphabet."""
    end = start
    while end < len(text) and any(text[start : end + 1] in walk for walk in WALKS):
        end += 1
    return end - start


def _single(character: str) -> float:
    if character.isdigit():
        return DIGIT
    if character.isascii():
        return LETTER if character.isalpha() else SIGN
    return OTHER


SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200  # nobody types more; hashing more would be work for whoever wants us busy
# Below this a password is one of the common ones or a simple pattern of them (guessing.py). Tries
# are throttled to some 1,500 a day, so that 2 to the 36 are out of reach from outside.
FEWEST_BITS = 36

_hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
# One at a time in a process: each takes 64 MB and a tenth of a second of every core.
_turn = threading.Lock()


def fault(password: str, again: str, *, name: str) -> str:
    """What is wrong with a new password of the person ``name``, in a sentence; or nothing."""
    password = _normal(password)
    if len(password) < SHORTEST_PASSWORD:
        return (
            f"Choose at least {SHORTEST_PASSWORD} characters. "
            "A few words that nobody would put together."
        )
    if len(password) > LONGEST_PASSWORD:
        return f"Choose at most {LONGEST_PASSWORD} characters."
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
