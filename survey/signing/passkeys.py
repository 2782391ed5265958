"""Passkeys in the room: what the browser is asked for, and what it answered.

They need an address with a name and TLS, or localhost: browsers give none to bare addresses.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from survey.errors import Refusal
from survey.storage.accounts import folded
from survey.storage.members import MemberKey

CHALLENGE_BYTES = 32


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The site as browsers know it: the name of its host, and its origin."""

    rp_id: str
    origin: str


def new_challenge() -> str:
    """Return a random challenge (hex) for making a passkey."""
    return secrets.token_hex(CHALLENGE_BYTES)


def options_to_make(
    site: RelyingParty, account: str, challenge: str, held: Iterable[MemberKey]
) -> str:
    """Return (JSON) what the browser is asked to make."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import structs

    return options_to_json(
        generate_registration_options(
            rp_id=site.rp_id,
            rp_name="Lacrima",
            user_name=account,
            user_id=sha256(folded(account).encode()).digest(),
            challenge=bytes.fromhex(challenge),
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                user_verification=structs.UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[
                structs.PublicKeyCredentialDescriptor(id=bytes.fromhex(key.credential))
                for key in held
                if key.kind == "passkey"
            ],
        )
    )


def options_to_sign(site: RelyingParty, challenge: bytes, held: Iterable[MemberKey]) -> str:
    """Return (JSON) what the browser is asked to sign, with one of these passkeys."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers import structs

    return options_to_json(
        generate_authentication_options(
            rp_id=site.rp_id,
            challenge=challenge,
            allow_credentials=[
                structs.PublicKeyCredentialDescriptor(id=bytes.fromhex(key.credential))
                for key in held
                if key.kind == "passkey"
            ],
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
    )


def made(site: RelyingParty, challenge: str, answer: str) -> tuple[str, str]:
    """Return public key and credential (hex) of a new passkey. Raises Refusal."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=bytes.fromhex(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise Refusal(
            "The browser’s passkey could not be used: try again, or register a key file."
        ) from None
    return found.credential_public_key.hex(), found.credential_id.hex()
