"""Files encrypted to an X25519 public key in the age v1 format: the program ``age`` opens them too.

The header wraps a random file key for each recipient; the content follows in sealed blocks of
64 KB, of which the last is marked, so that a file that was cut is noticed. The format:
https://age-encryption.org/v1.
"""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Iterator, Sequence
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from survey.errors import Refusal
from survey.private_file import new_private_file

INTRO = b"age-encryption.org/v1\n"
LABEL = b"age-encryption.org/v1/X25519"
BLOCK = 64 * 1024
TAG = 16
MOST_HEADER = 64 * 1024
PUBLIC, SECRET = "age", "age-secret-key-"

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _checksum(values: Sequence[int]) -> int:
    """Return the Bech32 checksum (BIP 173) over groups of five bits."""
    found = 1
    for value in values:
        top, found = found >> 25, (found & 0x1FFFFFF) << 5 ^ value
        for bit, step in enumerate(_GENERATOR):
            found ^= step if top >> bit & 1 else 0
    return found


def _spread(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _bech32(prefix: str, data: bytes) -> str:
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)]
    end = _checksum([*_spread(prefix), *values, *[0] * 6]) ^ 1
    values += [end >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(_LETTERS[value] for value in values)


def _unbech32(prefix: str, text: str) -> bytes:
    """Return the 32 bytes that ``text`` stands for. Raises ValueError."""
    lower = text.lower()
    if text not in (lower, text.upper()) or not lower.startswith(prefix + "1"):
        raise ValueError
    values = [_LETTERS.index(letter) for letter in lower[len(prefix) + 1 :]]
    if _checksum([*_spread(prefix), *values]) != 1:
        raise ValueError
    bits = "".join(f"{value:05b}" for value in values[:-6])
    if len(bits) < 256 or "1" in bits[256:]:
        raise ValueError
    return int(bits[:256], 2).to_bytes(32, "big")


def public_key(text: str) -> bytes:
    """Return the key that "age1…" stands for. Raises Refusal."""
    try:
        return _unbech32(PUBLIC, text.strip())
    except ValueError:
        raise Refusal(
            f"{text.strip()!r} is no public key: it begins with age1 and has 62 letters. "
            "`lacrima backup --new-key FILE` makes a pair, and so does `age-keygen`."
        ) from None


def read_recipients(text: str) -> list[bytes]:
    """Return the key that ``text`` is, or those in the file that it names. Raises Refusal."""
    path = Path(text)
    if text.startswith(PUBLIC + "1") or not path.is_file():
        return [public_key(text)]
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return [public_key(line) for line in lines if line and not line.startswith("#")]


def read_identities(path: Path) -> list[bytes]:
    """Return the secret keys of a file that ``age-keygen`` wrote, or we. Raises Refusal."""
    try:
        lines = [line.strip() for line in path.read_text("ascii").splitlines()]
        found = [_unbech32(SECRET, line) for line in lines if line and not line.startswith("#")]
    except OSError as error:
        raise Refusal(f"Cannot read {path}: {error.strerror}.") from None
    except ValueError:
        found = []
    if not found:
        raise Refusal(f"{path} holds no secret key: a line that begins with AGE-SECRET-KEY-1.")
    return found


def _public_of(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def make_identity(path: Path) -> str:
    """Write a new secret key into a new file of mode 600; return its public key. Raises Refusal."""
    secret = X25519PrivateKey.generate().private_bytes_raw()
    public = _bech32(PUBLIC, _public_of(secret))
    handle = new_private_file(path, "a key is written into a new file")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"# public key: {public}\n{_bech32(SECRET, secret).upper()}\n")
        file.flush()
        os.fsync(file.fileno())
    return public


def _derived(material: bytes, salt: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt or None, label).derive(material)


def _unpadded(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def _shared(secret: bytes, public: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).exchange(
        X25519PublicKey.from_public_bytes(public)
    )


def _wrapped(file_key: bytes, recipient: bytes) -> bytes:
    """Return the stanza from which the owner of ``recipient`` learns the file key."""
    once = X25519PrivateKey.generate().private_bytes_raw()
    share = _public_of(once)
    key = _derived(_shared(once, recipient), share + recipient, LABEL)
    body = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
    return b"-> X25519 " + _unpadded(share) + b"\n" + _unpadded(body) + b"\n"


def _unwrapped(share: bytes, body: bytes, secret: bytes) -> bytes:
    key = _derived(_shared(secret, share), share + _public_of(secret), LABEL)
    return ChaCha20Poly1305(key).decrypt(bytes(12), body, None)


class EncryptedWriter(RawIOBase):
    """What is written here goes into ``file`` encrypted to ``recipients``; ``close`` marks the end.

    A file that was not closed is told from a whole one.
    """

    def __init__(self, file: BinaryIO, recipients: Sequence[bytes]) -> None:
        file_key, nonce = os.urandom(16), os.urandom(16)
        header = INTRO + b"".join(_wrapped(file_key, one) for one in recipients) + b"---"
        mac = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
        file.write(header + b" " + _unpadded(mac) + b"\n" + nonce)
        self._file, self._held, self._count = file, bytearray(), 0
        self._cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))

    def writable(self) -> bool:
        """Return true."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take bytes; a block is sealed once another has to follow it."""
        self._held += data
        while len(self._held) > BLOCK:
            self._seal(bytes(self._held[:BLOCK]), last=False)
            del self._held[:BLOCK]
        return len(data)

    def _seal(self, block: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._count, last=last), block, None))
        self._count += 1

    def finish(self) -> None:
        """Write the last block, which says that it is the last."""
        self._seal(bytes(self._held), last=True)
        self._held.clear()


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])


class DecryptedReader(RawIOBase):
    """The content of an encrypted file, block by block; every block is verified.

    Raises Refusal for a file that is none, of another key, changed or cut.
    """

    def __init__(self, file: BinaryIO, secrets: Sequence[bytes]) -> None:
        file_key = _file_key(file, secrets)
        self._file, self._left = file, b""
        self._cipher = ChaCha20Poly1305(_derived(file_key, _exactly(file, 16), b"payload"))
        self._blocks = self._opened()

    def readable(self) -> bool:
        """Return true."""
        return True

    def _opened(self) -> Iterator[bytes]:
        count, block = 0, self._file.read(BLOCK + TAG)
        while True:
            following = self._file.read(BLOCK + TAG)
            try:
                yield self._cipher.decrypt(_nonce(count, last=not following), block, None)
            except InvalidTag:
                raise Refusal("The backup was cut or changed: it cannot be used.") from None
            if not following:
                return
            count, block = count + 1, following

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill ``buffer`` with what comes next; 0 at the end."""
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._left = block
        taken = self._left[: len(buffer)]
        self._left = self._left[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise Refusal("The backup was cut: it cannot be used.")
    return data


def _file_key(file: BinaryIO, secrets: Sequence[bytes]) -> bytes:
    """Read the header, verify it and return the key of the content."""
    if file.readline(len(INTRO)) != INTRO:
        raise Refusal("This is no backup: it does not begin as a file of the age format does.")
    header, stanzas = INTRO, list[tuple[bytes, bytes]]()
    while not (line := file.readline(MOST_HEADER)).startswith(b"---"):
        words = line.split()
        if not words or words[0] != b"->" or len(header) > MOST_HEADER:
            raise Refusal("The backup was cut or changed: its header cannot be read.")
        body = file.readline(MOST_HEADER)
        header += line + body
        if words[1] == b"X25519" and len(words) == 3:
            stanzas.append((words[2], body.strip()))
    for share, body in stanzas:
        for secret in secrets:
            try:
                key = _unwrapped(_bytes(share), _bytes(body), secret)
            except (InvalidTag, ValueError):
                continue
            mac = hmac.digest(_derived(key, b"", b"header"), header + b"---", "sha256")
            if hmac.compare_digest(line[4:].strip(), _unpadded(mac)):
                return key
            raise Refusal("The header of the backup was changed: it cannot be used.")
    raise Refusal("This key does not open the backup: it was made for another public key.")
