"""A board in a line: members with keys, and approvals that go the whole way through signing."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from survey.clock import iso_utc, today_here
from survey.signing import acts
from survey.signing.key_files import public_of, sign_with_file
from survey.storage import accounts, members, proposals, studies
from survey.storage.accounts import folded
from survey.storage.database import Database
from survey.storage.members import Member, QuorumChange
from survey.storage.stores import Stores
from survey.studies.approvals import ApprovalForm
from survey.studies.version import StudyVersion

SIGNER = "Dr Berg"
GOOD = "treacle under 9 pylons"  # everybody's password


@lru_cache(maxsize=64)
def key_of(account: str) -> Ed25519PrivateKey:
    """The private key of this account, on its member's machine: the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(sha256(account.encode()).digest())


def seat(
    office: Database,
    study: str,
    account: str = SIGNER,
    *,
    quorum: int | None = 1,
    key: bool = True,
    **said: object,
) -> Member:
    """Appoint an account to a study's board, as the host does, and register its key."""
    if accounts.find(office, account) is None:
        accounts.add(office, name=account, role="board", at="2025-01-01T00:00:00+00:00")
    today = today_here()
    held: dict[str, Any] = {
        "name": account, "capacity": "member", "chair": False, "conflict": "",
        "begins": "2020-01-01", "ends": (today + timedelta(700)).isoformat(), **said,
    }  # fmt: skip
    member = Member(
        study=study, at=iso_utc(), who="host (command line)", what="appointed",
        account=folded(account), **held,
    )  # fmt: skip
    members.appoint(office, member)
    if quorum is not None:
        members.set_quorum(office, QuorumChange(study, iso_utc(), "host (command line)", quorum))
    if key and not members.keys(office, account):
        public = public_of(key_of(account))
        members.add_key(office, account, at=iso_utc(), kind="file", public=public)
    return member


def signature_of(stores: Stores, number: int, account: str = SIGNER) -> str:
    """What `lacrima sign` writes for this member under a proposal."""
    found = proposals.proposal(stores.office, number)
    assert found is not None
    return sign_with_file(key_of(account), found.statement)


def approve_and_confirm(
    stores: Stores,
    version: StudyVersion,
    *,
    reference: str = "REB 1",
    by: str = SIGNER,
    approved_on: str = "",
    expires_on: str = "",
    quorum: int = 1,
    **more: object,
) -> studies.Approval:
    """A version that may open: proposed and signed by a member with an Ed25519 key."""
    today = today_here()
    if members.member(stores.office, version.study.name, by) is None:
        seat(stores.office, version.study.name, by, quorum=quorum)
    form = ApprovalForm(
        reference=reference,
        by=by,
        approved_on=approved_on or today.isoformat(),
        expires_on=expires_on or (today + timedelta(300)).isoformat(),
    )
    on, at = max(form.approved_on, date(2020, 1, 1).isoformat()), iso_utc()
    on = min(on, today.isoformat())
    number = acts.propose_approval(stores, version, form, at=at, today=on, **more)
    text = signature_of(stores, number, by)
    acts.sign(stores, number, account=by, text=text, at=at, today=on, versions=(version,))
    return studies.approvals(stores.office, version.study.name)[-1]


def confirm(stores: Stores, approval: studies.Approval) -> None:
    """A member confirms what the operator noted from a letter."""
    study, today, at = approval.study, today_here().isoformat(), iso_utc()
    if members.member(stores.office, study, SIGNER) is None:
        seat(stores.office, study)
    number = acts.propose_ruling(
        stores, study, "confirm", account=SIGNER, at=at, today=today, approval=approval
    )
    text = signature_of(stores, number)
    acts.sign(stores, number, account=SIGNER, text=text, at=at, today=today)
