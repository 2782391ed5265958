"""Keys and signatures of members: Ed25519 key files, passkeys, and the fingerprints of both.

A private key is never here but on its owner's machine (``lacrima sign``); the server knows public
keys and checks what was signed.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey.errors import Refusal
from survey.private_file import new_private_file
from survey.signing.statements import digest_of
from survey.storage.members import KeyKind

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = "lacrima-signature-1"
PUBLIC = "lacrima-key-1"  # begins the line that a member gives to the room
ED25519_BYTES = 32
LARGEST = 20_000  # bytes of a signature file


class SignatureInvalid(Refusal):
    """A signature does not fit the statement and the key."""


def fingerprint(public: str) -> str:
    """Return the fingerprint of a public key (hex): its SHA-256."""
    return sha256(bytes.fromhex(public)).hexdigest()


# Key files.


def public_of(private: Ed25519PrivateKey) -> str:
    """Return the public key (hex)."""
    return private.public_key().public_bytes_raw().hex()


def public_line(public: str) -> str:
    """Return the line with which a member gives a public key to the room."""
    return f"{PUBLIC} {public}"


def read_public_line(text: str) -> str:
    """Return the public key (hex) of such a line. Raises Refusal for anything else."""
    begun, _, public = " ".join(text.split()).partition(" ")
    with suppress(ValueError):
        if begun == PUBLIC and len(bytes.fromhex(public)) == ED25519_BYTES:
            return public.lower()
    raise Refusal(
        f"This is no public key: paste the line that `lacrima sign --new-key` printed, which "
        f"begins with {PUBLIC}."
    )


def make_key_file(path: Path) -> str:
    """Write a new private key for its owner alone; return the public key. Raises Refusal."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    handle = new_private_file(path, "a key is written into a new file")
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
    return public_of(private)


def read_key_file(path: Path) -> Ed25519PrivateKey:
    """Return the private key. Raises Refusal where it is none, or where others can read it."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        if path.stat().st_mode & 0o077:
            raise Refusal(f"{path} can be read by others. Run: chmod 600 {path}")
        private = form.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise Refusal(f"Cannot read {path}: {error.strerror}.") from None
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise Refusal(f"{path} is no key that `lacrima sign --new-key` made.")
    return private


def sign_with_file(private: Ed25519PrivateKey, statement: str) -> str:
    """Return a signature file's text under ``statement``."""
    signed = {
        "format": FORMAT,
        "kind": "file",
        "public": public_of(private),
        "signature": private.sign(statement.encode()).hex(),
    }
    return json.dumps(signed, indent=1) + "\n"


# Passkeys.


def passkey_signature(credential: str, *, rp_id: str, origin: str) -> str:
    """Return the text that is kept of a passkey's answer (JSON, as the browser gave it)."""
    held = {"format": FORMAT, "kind": "passkey", "rp_id": rp_id, "origin": origin}
    try:
        return json.dumps({**held, "credential": json.loads(credential)})
    except ValueError:
        raise SignatureInvalid("The browser sent no answer of a passkey.") from None


# Checking, alike on the server and on anybody's machine.


def read_signature(text: str) -> dict[str, Any]:
    """Return the fields of a signature file. Raises SignatureInvalid for anything else."""
    with suppress(ValueError, KeyError, TypeError):
        found = json.loads(text)
        if found["format"] == FORMAT and found["kind"] in ("file", "passkey"):
            return dict(found)
    raise SignatureInvalid(
        "This is no signature file: give the one that `lacrima sign` wrote beside the statement."
    )


def check_signature(statement: str, text: str, kind: KeyKind, public: str) -> None:
    """Raise SignatureInvalid unless ``text`` is a signature of ``public`` under ``statement``."""
    found = read_signature(text)
    if found["kind"] != kind:
        raise SignatureInvalid("The signature was made with a key of another kind.")
    if kind == "file":
        _check_file(statement, found, public)
    else:
        _check_passkey(statement, found, public)


def _check_file(statement: str, found: dict[str, Any], public: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(found["signature"]), statement.encode())
    except (InvalidSignature, ValueError, KeyError, TypeError):
        raise SignatureInvalid(
            "The signature does not fit: another key made it, or it is under another statement."
        ) from None


def _check_passkey(statement: str, found: dict[str, Any], public: str) -> None:
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        verify_authentication_response(
            credential=found["credential"],
            expected_challenge=digest_of(statement),
            expected_rp_id=found["rp_id"],
            expected_origin=found["origin"],
            credential_public_key=bytes.fromhex(public),
            # No counter is kept: no statement is signed twice, so a replay is worth nothing.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise SignatureInvalid(
            "The passkey’s signature does not fit this statement and this member’s key."
        ) from None
