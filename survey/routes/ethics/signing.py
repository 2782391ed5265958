"""What members sign: proposals on a study, the board of a study, and a member's own keys."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request, session, url_for

from survey.accounts.access import current_account, staff_only
from survey.accounts.sign_in import confirm_code, confirm_password
from survey.errors import Refusal
from survey.routes.account import NOT_CONFIRMED, SENTENCES, on_to, too_many
from survey.routes.ethics.board import Answer, now, page, see_other, signable, today
from survey.services import current_state, services
from survey.signing import acts, key_files, passkeys
from survey.signing.acts import LAPSE, Standing
from survey.signing.passkeys import RelyingParty
from survey.signing.statements import ACTS, digest_of, in_words
from survey.storage import members, proposals, studies
from survey.storage.accounts import folded
from survey.storage.members import KeyKind, Member, MemberKey
from survey.storage.proposals import Proposal
from survey.studies.current import current_name

bp = Blueprint("signing", __name__, url_prefix="/ethics")

CHALLENGE = "passkey"  # in the cookie: what a new passkey has to answer


def relying_party() -> RelyingParty:
    """Return this site as the browser that asks knows it."""
    host = request.host
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return RelyingParty(name, request.host_url.rstrip("/"))


def _signature() -> str:
    """Return the signature that was sent: of a passkey, or a file. Raises Refusal."""
    if answer := request.form.get("passkey", ""):
        site = relying_party()
        return key_files.passkey_signature(answer, rp_id=site.rp_id, origin=site.origin)
    sent = request.files.get("signature")
    if sent is None or not sent.filename:
        raise acts.NotSigned("Choose the signature file that `lacrima sign` wrote.")
    return bytes(sent.read(key_files.LARGEST)).decode("utf-8", "replace")


def _statement_file(found: Proposal) -> Response:
    said = Response(found.statement + "\n", mimetype="application/json")
    called = f"{found.study or 'key'}-{found.number}-statement.json"
    said.headers["Content-Disposition"] = f'attachment; filename="{called}"'
    return said


# Of a study.


def _proposal() -> Proposal:
    found = proposals.proposal(services().stores.office, int((request.view_args or {})["number"]))
    if found is None or found.study != (current_name() if "version" in g else ""):
        abort(404)
    return found


def _standing(found: Proposal) -> Standing:
    office, versions = services().stores.office, signable() if found.study else ()
    return acts.standing(office, found, today=today(), versions=versions)


def _hindrance(found: Proposal, standing: Standing) -> str:
    """Return why whoever is signed in cannot sign this, in a sentence; or nothing."""
    office, me = services().stores.office, current_account().name
    try:
        if found.study:
            acts.may_sign(office, found.study, me, today())
    except acts.NotSigned as refusal:
        return str(refusal)
    if any(one.account == _own() for one in standing.signed):
        return "You have signed this."
    return ""


def _own() -> str:
    return folded(current_account().name)


def _sign_context(found: Proposal, error: str) -> dict[str, Any]:
    office = services().stores.office
    standing, held = _standing(found), members.keys(office, current_account().name)
    with_passkeys = [key for key in held if key.kind == "passkey"]
    site = relying_party()
    return {
        "standing": standing,
        "words": list(in_words(standing.said)),
        "hindrance": _hindrance(found, standing),
        "keys": held,
        "file_keys": [key for key in held if key.kind == "file"],
        "passkey": passkeys.options_to_sign(site, digest_of(found.statement), with_passkeys)
        if with_passkeys
        else "",
        "error": error,
        "act": ACTS[found.act],
        "mine": found.who == _own(),
    }


def _proposal_page(found: Proposal, error: str = "") -> str:
    return page("proposal", ACTS[found.act], **_sign_context(found, error))


@bp.get("/<name>/proposals/<int:number>")
@staff_only("board")
def proposal(number: int) -> Answer:
    """Show what would be signed in words, who has signed, who is missing, and how to sign."""
    del number
    return _proposal_page(_proposal())


@bp.get("/<name>/proposals/<int:number>/statement.json")
@staff_only("board")
def statement(number: int) -> Response:
    """Return the statement as a file, for ``lacrima sign``."""
    del number
    return _statement_file(_proposal())


@bp.post("/<name>/proposals/<int:number>")
@staff_only("board")
def sign(number: int) -> Answer:
    """Take a signature, or withdraw the proposal."""
    found, me = _proposal(), current_account()
    outcome = confirm_password(me, request.form.get("now", ""))
    if outcome == "wait":
        return too_many()  # type: ignore[return-value]
    if outcome != "in":
        return _proposal_page(found, NOT_CONFIRMED), 422
    stores = services().stores
    try:
        if request.form.get("go") == "withdraw":
            _withdraw(found)
        else:
            acts.sign(
                stores, number, account=me.name, text=_signature(), at=now(),
                today=today(), versions=signable(),
            )  # fmt: skip
    except Refusal as refusal:
        return _proposal_page(found, str(refusal)), 409
    current_state(now=True)
    return see_other(".proposal", number=number)


def _withdraw(found: Proposal) -> None:
    if found.who != _own():
        raise acts.NotSigned("Only the member who proposed it can withdraw it.")
    acts.withdraw(services().stores.office, found, account=current_account().name, at=now())


@bp.get("/<name>/board")
@staff_only("board")
def board_page() -> str:
    """Show the members, their terms, conflicts and keys, the quorum, and every change of these."""
    office, name = services().stores.office, current_name()
    found = members.members(office, name)
    noted = studies.approvals(office, name)
    quorum = members.quorum(office, name)
    able = [one for one in found if not one.hindrance(today())]
    return page(
        "board",
        "Board",
        members=found,
        keys={one.account: members.keys(office, one.account) for one in found},
        key_ends={one.account: members.key_ends(office, one.account) for one in found},
        today=today(),
        quorum=quorum,
        able=able,
        history=list(reversed(members.history(office, name))),
        since=noted[0].approved_on if noted else "",
        is_member=lambda change: isinstance(change, Member),
        unsigned=[
            a
            for a in noted
            if a.in_force(today()) and proposals.behind_approval(office, a.number) is None
        ],
        waiting=open_proposals(name),
        fingerprint=key_files.fingerprint,
        lapse=LAPSE.days,
        acts=ACTS,
    )


def open_proposals(name: str) -> list[Standing]:
    """Return the proposals on this study that can still be signed, the latest first."""
    office = services().stores.office
    found = (_standing(one) for one in reversed(proposals.proposals(office, name)))
    return [one for one in found if one.progress == "open"]


# A member's own keys.


def _keys_page(error: str = "", field: str = "public") -> str:
    office, me = services().stores.office, current_account()
    session[CHALLENGE] = challenge = passkeys.new_challenge()
    held = members.keys(office, me.name)
    return render_template(
        "board/keys.html",
        title="Your keys",
        keys=held,
        key_ends=members.key_ends(office, me.name),
        free=members.first_key_is_free(office, me.name),
        second_step=me.second_step,
        passkey=passkeys.options_to_make(relying_party(), me.name, challenge, held),
        fingerprint=key_files.fingerprint,
        error=error,
        field=field,
        typed=request.form.get("public", ""),
    )


@bp.get("/keys")
@staff_only("board")
def keys() -> str:
    """Show the keys with which this account signs, and how to register another."""
    return _keys_page()


def _confirmed() -> Answer | None:
    """Return the page again unless the form brought the password and a code."""
    me = current_account()
    outcome = confirm_password(me, request.form.get("now", ""))
    if outcome == "in" and me.second_step:
        outcome = confirm_code(me, request.form.get("code", ""))
        if outcome == "wrong":
            return _keys_page(SENTENCES["code"], "code"), 422
    if outcome == "wait":
        return too_many()  # type: ignore[return-value]
    return None if outcome == "in" else (_keys_page(NOT_CONFIRMED, "now"), 422)


@bp.post("/keys")
@staff_only("board")
def add_key() -> Answer:
    """Register a first key, or propose another one, which one of the member's keys must sign."""
    challenge = session.pop(CHALLENGE, "")
    refused = _confirmed()
    if refused is not None:
        return refused
    office, me, kind, credential = services().stores.office, current_account(), "file", ""
    try:
        if ended := request.form.get("lost", ""):
            return _end_key(ended)
        if answer := request.form.get("passkey", ""):
            kind, (public, credential) = (
                "passkey",
                passkeys.made(relying_party(), challenge, answer),
            )
        else:
            public = key_files.read_public_line(request.form.get("public", ""))
    except Refusal as refusal:
        return _keys_page(str(refusal)), 422
    if any(one.public == public for one in members.every_key(office, me.name)):
        return _keys_page("That key was registered before: make a new one."), 422
    if not members.first_key_is_free(office, me.name):
        key = MemberKey(0, _own(), now(), as_kind(kind), public, credential, 0)
        number = acts.propose_key(office, key, today=today())
        return on_to(url_for(".key_proposal", number=number))
    acts.add_first_key(
        office, me.name, at=now(), kind=as_kind(kind), public=public, credential=credential
    )
    return on_to(url_for(".keys"))


def as_kind(kind: str) -> KeyKind:
    """Return the kind of a key."""
    return "passkey" if kind == "passkey" else "file"


def _end_key(typed: str) -> Answer:
    office, me = services().stores.office, current_account()
    held = {str(key.number): key for key in members.keys(office, me.name)}
    if typed not in held:
        raise Refusal("That key has ended already.")
    acts.end_one_key(office, held[typed], at=now())
    return on_to(url_for(".keys"))


def _key_page(found: Proposal, error: str = "") -> str:
    return render_template(
        "board/key.html", title="Another key", **_sign_context(found, error), name=""
    )


@bp.get("/keys/<int:number>")
@staff_only("board")
def key_proposal(number: int) -> Answer:
    """Show the other key that is to be signed for with one that the member has."""
    del number
    found = _proposal()
    if found.who != _own():
        abort(404)
    return _key_page(found)


@bp.get("/keys/<int:number>/statement.json")
@staff_only("board")
def key_statement(number: int) -> Response:
    """Return the statement on another key as a file."""
    del number
    found = _proposal()
    if found.who != _own():
        abort(404)
    return _statement_file(found)


@bp.post("/keys/<int:number>")
@staff_only("board")
def sign_key(number: int) -> Answer:
    """Take the signature under another key."""
    found, me = _proposal(), current_account()
    if found.who != _own():
        abort(404)
    outcome = confirm_password(me, request.form.get("now", ""))
    if outcome == "wait":
        return too_many()  # type: ignore[return-value]
    if outcome != "in":
        return _key_page(found, NOT_CONFIRMED), 422
    try:
        acts.sign(
            services().stores, number, account=me.name, text=_signature(),
            at=now(), today=today(),
        )  # fmt: skip
    except Refusal as refusal:
        return _key_page(found, str(refusal)), 409
    return on_to(url_for(".keys"))
