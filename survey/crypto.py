"""All cryptography: sealed drafts, keyed hashes, deletion codes.

A draft is sealed with AES-256-GCM (NIST SP 800-38D) under a key derived by HKDF-SHA256 (RFC 5869)
from two halves: 32 random bytes that only the browser's session cookie holds, and the server key.
Neither half alone opens anything. See docs/decisions/0002-sealing.md.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from forms.typed_codes import CODE_GROUP, CODE_GROUPS, CODE_LETTERS, check_letter, in_groups
from survey.errors import BadKey, Unsealable
from survey.private_file import write_whole

SERVER_KEY_BYTES = 32
NONCE_BYTES = 12  # SP 800-38D section 8.2: 96 bits, drawn at random for each sealing
PADDING_BYTES = 4096  # sealed drafts are padded to this, so that their size tells next to nothing


def read_keys(path: Path) -> tuple[bytes, ...]:
    """Return server keys, the current one first, old ones for deletion codes. Raises BadKey."""
    try:
        lines = path.read_text("ascii").split()
        keys = tuple(bytes.fromhex(line) for line in lines)
    except FileNotFoundError:
        raise BadKey(f"There is no server key at {path}. `lacrima key new` makes one.") from None
    except (OSError, ValueError) as error:
        raise BadKey(f"The server key at {path} cannot be read: {error}.") from None
    if not keys or any(len(key) != SERVER_KEY_BYTES for key in keys):
        raise BadKey(f"{path} must hold keys of 64 hexadecimal digits, one a line, newest first.")
    return keys


def make_key(path: Path) -> None:
    """Write a fresh server key; an existing one is kept (two starts at once make one key).

    Raises BadKey where it cannot be written.
    """
    if path.exists():
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(SERVER_KEY_BYTES) + "\n")
    except OSError as error:
        raise BadKey(
            f"Cannot write the server key {path}: {error.strerror}. Make its folder writable for "
            "this user, or name another in LACRIMA_DATA or LACRIMA_KEY."
        ) from None
    try:
        os.link(fresh, path)  # atomic, and refuses to replace
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def put_new_key(path: Path) -> tuple[bytes, ...]:
    """Put a fresh key before those in the file, whole or not at all; return them. Raises BadKey."""
    keys = (secrets.token_bytes(SERVER_KEY_BYTES), *read_keys(path))
    try:
        write_whole(path, "".join(f"{key.hex()}\n" for key in keys).encode())
    except OSError as error:
        raise BadKey(f"Cannot write the server key {path}: {error.strerror}.") from None
    return keys


def _derive(material: bytes, label: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=SERVER_KEY_BYTES, salt=None, info=label).derive(material)


def new_secret() -> bytes:
    """Return the browser's half of a draft's key."""
    return secrets.token_bytes(SERVER_KEY_BYTES)


def new_code() -> str:
    """Return a deletion code: random letters and digits without look-alikes, and a check letter."""
    drawn = (secrets.choice(CODE_LETTERS) for _ in range(CODE_GROUPS * CODE_GROUP - 1))
    letters = "".join(drawn)
    return in_groups(letters + check_letter(letters))


@dataclass(frozen=True, slots=True)
class DraftCipher:
    """One draft's key, and the name it is filed under, to which every sealing is bound."""

    name: bytes
    cipher: AESGCM

    def seal(self, plain: bytes) -> bytes:
        """Return ``plain`` padded to whole blocks and sealed."""
        framed = len(plain).to_bytes(4, "big") + plain
        framed += bytes(-len(framed) % PADDING_BYTES)
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self.cipher.encrypt(nonce, framed, self.name)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises Unsealable for a foreign, forged or damaged draft."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            framed = self.cipher.decrypt(nonce, body, self.name)
        except (InvalidTag, ValueError):
            raise Unsealable("This draft cannot be opened.") from None
        return framed[4 : 4 + int.from_bytes(framed[:4], "big")]


class KeyRing:
    """The keys of this installation: ciphers of drafts, keyed hashes, deletion codes."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        current = keys[0]
        # A key for each use: what was made for one is worth nothing in another.
        self._server_half = _derive(current, b"lacrima/draft-half")
        self._names = _derive(current, b"lacrima/draft-name")
        self._accepted = _derive(current, b"lacrima/accepted")
        # Under old keys too: a code that was handed out outlives a rotation (as do those below).
        self._codes = tuple(_derive(key, b"lacrima/deletion") for key in keys)
        self.cookie_key = _derive(current, b"lacrima/cookie").hex()
        self.session_key = _derive(current, b"lacrima/session")
        self.staff_session_key = _derive(current, b"lacrima/staff-session")
        self._invitations = tuple(_derive(key, b"lacrima/invitation") for key in keys)
        self._staff = tuple(_derive(key, b"lacrima/staff") for key in keys)
        self._endings = tuple(_derive(key, b"lacrima/endings") for key in keys)
        # By which data that were used with a key know it again; nothing follows from them.
        self.check_values = tuple(_derive(key, b"lacrima/check") for key in keys)
        self._safes = tuple(AESGCM(_derive(key, b"lacrima/staff-safe")) for key in keys)

    def name(self, secret: bytes) -> bytes:
        """Return the name of a browser's draft: a keyed hash of its half, 32 bytes."""
        return hmac.digest(self._names, secret, "sha256")

    def accepted(self, name: bytes) -> bytes:
        """Return the submit token of the draft filed under ``name``: one draft sends once."""
        return hmac.digest(self._accepted, name, "sha256")

    def lock(self, secret: bytes) -> DraftCipher:
        """Return the cipher of the draft of the browser that holds ``secret``."""
        return DraftCipher(
            self.name(secret), AESGCM(_derive(secret + self._server_half, b"lacrima/draft"))
        )

    def deletion_value(self, code: str, label: str) -> bytes:
        """Return the value stored beside a row or text so that ``code`` can delete it later."""
        return hmac.digest(self._codes[0], f"{label}:{code}".encode(), "sha256")

    def deletion_values(self, code: str, label: str) -> tuple[bytes, ...]:
        """Return that value under every key still kept: a rotated key loses no code."""
        return tuple(hmac.digest(k, f"{label}:{code}".encode(), "sha256") for k in self._codes)

    def invitation_value(self, code: str) -> bytes:
        """Return the value stored of an invitation until it is spent: 32 bytes."""
        return hmac.digest(self._invitations[0], code.encode(), "sha256")

    def invitation_values(self, code: str) -> tuple[bytes, ...]:
        """Return that value under every key still kept."""
        return tuple(hmac.digest(k, code.encode(), "sha256") for k in self._invitations)

    def staff_value(self, secret: str, label: str) -> bytes:
        """Return the value stored of a link, recovery code or sign-in of staff: 32 bytes."""
        return hmac.digest(self._staff[0], f"{label}:{secret}".encode(), "sha256")

    def staff_values(self, secret: str, label: str) -> tuple[bytes, ...]:
        """Return that value under every key still kept."""
        return tuple(hmac.digest(k, f"{label}:{secret}".encode(), "sha256") for k in self._staff)

    def ending_value(self, what: bytes) -> bytes:
        """Return how the endings list names ``what``: 32 bytes."""
        return hmac.digest(self._endings[0], what, "sha256")

    @property
    def ending_hashes(self) -> tuple[Callable[[bytes], bytes], ...]:
        """Return the same function for every key still kept."""
        return tuple(partial(hmac.digest, key, digest="sha256") for key in self._endings)

    def encrypt_for(self, plain: bytes, owner: str) -> bytes:
        """Return ``plain`` sealed with the server key, for ``owner`` alone."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._safes[0].encrypt(nonce, plain, owner.encode())

    def decrypt_for(self, sealed: bytes, owner: str) -> bytes:
        """Return what was sealed for ``owner``, under any key still kept. Raises Unsealable."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        for safe in self._safes:
            with suppress(InvalidTag, ValueError):
                return safe.decrypt(nonce, body, owner.encode())
        raise Unsealable("This was sealed under a key that is not kept here.")
