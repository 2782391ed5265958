"""Acts of a board: proposed by a member, signed by the quorum, then in effect at once.

A proposal is the statement that is signed. It lapses, and it is void once what it names is no
longer so; then it is proposed anew. The last signature needed, the effect and the audit's line are
one transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from forms.platform_texts import WHY_PAUSED
from survey.errors import Refusal
from survey.ethics.approvable import missing_elements, waived_elements
from survey.program import program_version
from survey.signing import key_files
from survey.signing.statements import (
    ACTS,
    DECLARATION,
    make_statement,
    read_statement,
    signed_fields,
    statement_on,
)
from survey.storage import accounts, board, conditions, members, proposals, studies
from survey.storage.accounts import folded
from survey.storage.database import Database, write_transaction
from survey.storage.members import KeyKind, Member, MemberKey
from survey.storage.proposals import Outcome, Proposal, Signature
from survey.storage.stores import Stores
from survey.studies import approvals
from survey.studies.approvals import ApprovalForm
from survey.studies.fingerprints import VersionFingerprints
from survey.studies.version import StudyVersion, fingerprints_of

SWITCHES = {"collection": "collection of answers", "use": "use of data"}
LAPSE = timedelta(days=14)
_TOLD = {sentence: key for key, sentence in WHY_PAUSED.items()}
Progress = Literal["open", "done", "withdrawn", "lapsed", "void"]


class NotSigned(Refusal):
    """A signature that was not taken; nothing was written."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposal, what it says, who has signed, and what has become of it; ``why`` in a sentence.

    ``present`` and ``missing`` are members who may sign and have or have not done so.
    """

    proposal: Proposal
    said: dict[str, Any]
    signed: tuple[Signature, ...]
    missing: tuple[Member, ...]
    progress: Progress
    why: str
    outcome: Outcome | None

    @property
    def quorum(self) -> int:
        """Return how many signatures it needs."""
        return int(self.said["quorum"])

    @property
    def needed(self) -> int:
        """Return how many signatures are still missing."""
        return max(0, self.quorum - len(self.signed))


# Proposing.


def _quorum(office: Database, study: str) -> int:
    found = members.quorum(office, study)
    if not found:
        raise Refusal(
            f"Nobody has said how many members must sign for {study}: whoever runs the server "
            f"does so with `lacrima board quorum {study} NUMBER`."
        )
    return found


def may_sign(office: Database, study: str, account: str, today: str) -> Member:
    """Return the member. Raises NotSigned for one who cannot sign on ``today``."""
    found, held = members.member(office, study, account), accounts.find(office, account)
    if found is None or held is None:
        raise NotSigned(f"{account} does not sit on the board of {study}.")
    if held.disabled:
        raise NotSigned(f"The account {account} is switched off.")
    if hindrance := found.hindrance(today):
        raise NotSigned(hindrance)
    return found


TITLES = frozenset({"dr", "prof", "professor", "mr", "mrs", "ms", "mx", "phd", "md"})


def _plain(name: str) -> str:
    """Return a name, or several, as it is compared: folded, without titles and signs."""
    words = re.findall(r"[\w’'-]+", folded(name))
    return f" {' '.join(word for word in words if word not in TITLES)} "


def refuse_researchers(office: Database, version: StudyVersion, name: str) -> None:
    """Raise Refusal for the name of somebody who is known as a researcher of this study."""
    study, wanted = version.study.name, _plain(name)
    named = [version.researchers, version.facts.get("researcher_names", "")]
    held = (a for a in accounts.listed(office) if a.role == "researcher")
    named += [a.name for a in held if study in members.assigned(office, a.name)]
    if wanted.strip() and any(wanted in _plain(one) for one in named):
        raise Refusal(
            f"{name} is a researcher of {study}, and a researcher never sits on the study’s board."
        )


def refuse_namesakes(office: Database, study: str, account: str, name: str) -> None:
    """Raise Refusal where another account sits on the board under this name: one person, twice."""
    others = [m for m in members.members(office, study) if m.account != folded(account)]
    if found := next((m for m in others if _plain(m.name) == _plain(name)), None):
        raise Refusal(
            f"{name} sits on the board of {study} already, with the account {found.account}: one "
            "person has one seat. Two people of one name need something that tells them apart."
        )


def may_rule(office: Database, version: StudyVersion, account: str, today: str) -> Member:
    """Return the member who may say what binds a study. Raises Refusal for anybody else."""
    found = may_sign(office, version.study.name, account, today)
    refuse_researchers(office, version, found.name)
    return found


def propose_approval(
    stores: Stores, version: StudyVersion, form: ApprovalForm, *, at: str, today: str, **more: Any
) -> int:
    """Archive ``version`` and propose its approval; return the proposal's number.

    ``form.by`` is the account of the member who proposes; ``more`` is said in the statement too.
    Raises Refusal, and FolderChanged where the folder is not ``version`` any more.
    """
    office, study = stores.office, version.study.name
    who = may_rule(office, version, form.by, today)
    if fault := approvals.fault_of_dates(form, today) or missing_elements(office, version):
        raise Refusal(fault)
    approvals.archive_version(stores.folder, version)
    approval = approvals.approval_under(office, version, form)
    said = {**_frame(office, study, at, today), "carried": _carried(office, study)}
    said["waived"] = waived_elements(office, version)
    return _propose(
        office, study, who, "approve", statement_on(approval, "approve", **said, **more), at
    )


def _carried(office: Database, study: str) -> list[dict[str, str]]:
    """Return the open conditions of earlier approvals: they bind what is signed now as well."""
    return [
        {"number": one.number, "asked": one.asked}
        for one in conditions.open_conditions(office, study)
    ]


def propose_ruling(
    stores: Stores,
    study: str,
    act: str,
    *,
    reason: str = "",
    account: str,
    at: str,
    today: str,
    approval: studies.Approval | None = None,
    **more: Any,
) -> int:
    """Propose to lift a suspension, or an act on ``approval``; return the proposal's number."""
    office = stores.office
    who = may_sign(office, study, account, today)
    said = {"reason": reason, **_frame(office, study, at, today), **more}
    if act == "confirm":
        said["carried"] = _carried(office, study)
    if approval is None:
        statement = make_statement(act, study, **said)
    else:
        statement = statement_on(approval, act, **said)
    return _propose(office, study, who, act, statement, at)


def _frame(office: Database, study: str, at: str, today: str) -> dict[str, Any]:
    return {
        "declaration": DECLARATION,
        "quorum": _quorum(office, study),
        "proposed_at": at,
        "lapses_on": (date.fromisoformat(today) + LAPSE).isoformat(),
    }


def _propose(office: Database, study: str, who: Member, act: str, statement: str, at: str) -> int:
    with write_transaction(office):
        # Pressed twice is proposed once.
        for one in reversed(proposals.proposals(office, study)):
            same = _timeless(one.statement) == _timeless(statement)
            if same and proposals.outcome(office, one.number) is None:
                return one.number
        number = proposals.propose(
            office, study, at=at, who=who.account, act=act, statement=statement
        )
        what = f"{study}: proposal {number}: {ACTS[act].lower()}"
        studies.note(office, at=at, who=_called(office, who.account), what=what)
    return number


def _called(office: Database, account: str) -> str:
    """Return the account's name as it is written."""
    found = accounts.find(office, account)
    return found.name if found else account


def _timeless(statement: str) -> dict[str, Any]:
    return {**read_statement(statement), "proposed_at": "", "lapses_on": ""}


def add_first_key(
    office: Database, account: str, *, at: str, kind: KeyKind, public: str, credential: str = ""
) -> None:
    """Keep the first key of a member, with its line. Raises Refusal where it is not the first."""
    with write_transaction(office):
        if not members.first_key_is_free(office, account):
            raise Refusal("You have had a key before: another one needs its signature.")
        members.add_key(office, account, at=at, kind=kind, public=public, credential=credential)
        _note_key(office, account, f"key {key_files.fingerprint(public)} registered", at)


def end_one_key(office: Database, key: MemberKey, *, at: str) -> None:
    """End a key that its member has lost, with its line."""
    with write_transaction(office):
        members.end_keys(
            office, key.account, key=key.number, at=at, who=key.account, why="Said to be lost."
        )
        _note_key(office, key.account, f"key {key_files.fingerprint(key.public)} ended", at)


def _note_key(office: Database, account: str, what: str, at: str) -> None:
    name = _called(office, account)
    studies.note(office, at=at, who=name, what=f"account {name}: {what}")


def propose_key(office: Database, key: MemberKey, *, today: str) -> int:
    """Propose that a member signs with ``key`` as well: a key of theirs has to sign that."""
    statement = make_statement(
        "key",
        "",
        account=key.account,
        kind=key.kind,
        public=key.public,
        credential=key.credential,
        fingerprint=key_files.fingerprint(key.public),
        quorum=1,
        proposed_at=key.at,
        lapses_on=(date.fromisoformat(today) + LAPSE).isoformat(),
    )
    with write_transaction(office):
        return proposals.propose(
            office, "", at=key.at, who=key.account, act="key", statement=statement
        )


# How it stands.


def standing(
    office: Database, proposal: Proposal, *, today: str, versions: Iterable[StudyVersion] = ()
) -> Standing:
    """Return how a proposal stands; ``versions`` are those that may be signed now."""
    said = read_statement(proposal.statement)
    outcome = proposals.outcome(office, proposal.number)
    signed = proposals.signatures(office, proposal.number)
    if outcome is None and proposal.act != "key":
        signed = [s for s in signed if _counts(office, proposal.study, s, today)]
    done = {signature.account for signature in signed}
    board_members = members.members(office, proposal.study)
    missing = [m for m in board_members if not m.hindrance(today) and m.account not in done]
    progress, why = _progress(office, proposal, said, outcome, today, versions)
    return Standing(proposal, said, tuple(signed), tuple(missing), progress, why, outcome)


def _counts(office: Database, study: str, signature: Signature, today: str) -> bool:
    """Return whether its member may still sign, and its key has not ended since."""
    try:
        may_sign(office, study, signature.account, today)
    except NotSigned:
        return False
    return signature.key in {key.number for key in members.keys(office, signature.account)}


def _progress(
    office: Database,
    proposal: Proposal,
    said: dict[str, Any],
    outcome: Outcome | None,
    today: str,
    versions: Iterable[StudyVersion],
) -> tuple[Progress, str]:
    if outcome is not None:
        done = outcome.what == "done"
        return ("done", "It is in effect.") if done else ("withdrawn", "It was withdrawn.")
    if today > said["lapses_on"]:
        return "lapsed", f"It lapsed: it was to be signed by the end of {said['lapses_on']}."
    if why := _void(office, proposal, said, versions, today):
        return "void", f"It is void: {why} Propose it anew."
    return "open", ""


def _void(
    office: Database,
    proposal: Proposal,
    said: dict[str, Any],
    versions: Iterable[StudyVersion],
    today: str,
) -> str:
    """Return why the statement is no longer true, in a sentence; or nothing."""
    study = proposal.study
    if said["program"] != program_version():
        return f"it names {said['program']}, and this server runs {program_version()}."
    if proposal.act == "key":
        return ""
    if said["quorum"] != members.quorum(office, study):
        return "the number of signatures needed was changed since."
    if "carried" in said and said["carried"] != _carried(office, study):
        return "the conditions of earlier approvals that go on binding are others since."
    if proposal.act == "approve":
        return _not_approvable(office, said, versions, today)
    if proposal.act == "lift":
        stopped = [board.suspension(office, study, switch) for switch in said["switches"]]
        if any(found is None or found.at > proposal.at for found in stopped):
            return "that is not suspended any more, or it was suspended anew."
    elif proposal.act == "take back":
        if said["condition"] not in {c.number for c in conditions.open_conditions(office, study)}:
            return "the condition is not open any more."
    else:
        return _overtaken(office, proposal, said)
    return ""


def _not_approvable(
    office: Database, said: dict[str, Any], versions: Iterable[StudyVersion], today: str
) -> str:
    """Return why the version is not to be approved as proposed any more; or nothing."""
    version, form = _version_of(said, versions), _form_of(said, "")
    if version is None:
        return "the study has changed since, so that its fingerprints are others."
    now = signed_fields(approvals.approval_under(office, version, form))
    if any(said.get(name) != value for name, value in now.items()):
        return "what else is signed, such as the submitted documents, has changed since."
    if said.get("waived", []) != waived_elements(office, version):
        return "members do without other elements of the checklist since."
    if missing := missing_elements(office, version):
        return f"{missing[0].lower()}{missing[1:]}"
    return approvals.fault_of_dates(form, today)


def _version_of(said: dict[str, Any], versions: Iterable[StudyVersion]) -> StudyVersion | None:
    named = VersionFingerprints(said["words"], said["policy"], said["site"])
    return next((one for one in versions if fingerprints_of(one) == named), None)


def _form_of(said: dict[str, Any], signers: str) -> ApprovalForm:
    return ApprovalForm(
        reference=said["reference"],
        by=signers,
        approved_on=said["approved_on"],
        expires_on=said["expires_on"],
        analysis_until=said["analysis_until"],
        conditions=tuple(studies.Condition(**one) for one in said["conditions"]),
    )


def _overtaken(office: Database, proposal: Proposal, said: dict[str, Any]) -> str:
    """Return why an approval is not to be confirmed or revoked any more; or nothing."""
    found = studies.approvals(office, proposal.study)
    noted = next(one for one in found if one.number == said["number"])
    if noted.revoked:
        return "the approval was revoked since."
    later = [a for a in found if a.number > noted.number and not a.waits]
    if proposal.act == "confirm" and noted.waits and later:
        return f"{later[-1].reference} was approved after it and governs: note the letter anew."
    waits = proposal.act != "confirm" or noted.waits
    return "" if waits else "the approval was confirmed since."


# Signing.


def sign(
    stores: Stores,
    number: int,
    *,
    account: str,
    text: str,
    at: str,
    today: str,
    versions: Iterable[StudyVersion] = (),
) -> Standing:
    """Take a signature (a signature file's text), and with the last one needed do the act.

    Raises NotSigned, SignatureInvalid, and Refusal where the act cannot take effect.
    """
    office, versions = stores.office, tuple(versions)
    with write_transaction(office):
        proposal = proposals.proposal(office, number)
        if proposal is None:
            raise NotSigned(f"There is no proposal {number}.")
        now = standing(office, proposal, today=today, versions=versions)
        if now.progress != "open":
            raise NotSigned(now.why)
        name, capacity = _signer(office, proposal, account, today)
        if proposal.study:
            refuse_namesakes(office, proposal.study, account, name)
        for version in versions if proposal.study else ():
            refuse_researchers(office, version, name)
        if folded(account) in {one.account for one in now.signed}:
            raise NotSigned(f"{account} has signed this already.")
        key = _key_that_made(office, account, proposal.statement, text)
        signature = Signature(number, at, folded(account), name, capacity, key.number, text)
        proposals.add_signature(office, signature)
        study = f"{proposal.study}: " if proposal.study else f"account {account}: "
        studies.note(office, at=at, who=account, what=f"{study}signed proposal {number}")
        now = replace(now, signed=(*now.signed, signature))
        if not now.needed:
            effect = _take_effect(stores, now, at, versions)
            proposals.end(office, number, at=at, what="done", effect=effect)
        return standing(office, proposal, today=today, versions=versions)


def _signer(office: Database, proposal: Proposal, account: str, today: str) -> tuple[str, str]:
    """Return name and capacity. Raises NotSigned."""
    if proposal.act == "key":
        if proposal.who != folded(account):
            raise NotSigned("Only the member whose key this is can sign for it.")
        return account, "for a key of their own"
    found = may_sign(office, proposal.study, account, today)
    return found.name, found.capacity


def _key_that_made(office: Database, account: str, statement: str, text: str) -> MemberKey:
    """Return the member's key that made this signature. Raises NotSigned, SignatureInvalid."""
    held = members.keys(office, account)
    if not held:
        raise NotSigned("You have no key yet: register one first.")
    refused: key_files.SignatureInvalid | None = None
    for key in held:
        try:
            key_files.check_signature(statement, text, key.kind, key.public)
        except key_files.SignatureInvalid as invalid:
            refused = invalid
        else:
            return key
    raise refused or NotSigned("No key of yours made this signature.")


def withdraw(office: Database, proposal: Proposal, *, account: str, at: str) -> None:
    """End a proposal that has not taken effect. Raises NotSigned where it has ended already."""
    with write_transaction(office):
        if proposals.outcome(office, proposal.number):
            raise NotSigned("That proposal has ended already.")
        proposals.end(office, proposal.number, at=at, what="withdrawn")
        what = f"{proposal.study}: proposal {proposal.number} withdrawn"
        studies.note(office, at=at, who=account, what=what)


def _take_effect(stores: Stores, now: Standing, at: str, versions: tuple[StudyVersion, ...]) -> int:
    """Do what was signed; return the number of the approval, ruling or key."""
    office, said, proposal = stores.office, now.said, now.proposal
    signers = "; ".join(f"{s.name}, {s.capacity}" for s in now.signed)
    if proposal.act == "key":
        return _take_key(office, now, at)
    if proposal.act == "approve":
        version = _version_of(said, versions)
        assert version is not None  # noqa: S101 - else it were void
        effect = approvals.record_approval(stores, version, _form_of(said, signers))
        what = f"approved under {said['reference']}, to {said['expires_on']}"
    elif proposal.act == "confirm":
        effect = said["number"]
        studies.confirm(office, proposal.study, effect, at=at, who=signers)
        what = f"confirmed the approval {said['reference']}, noted from a letter"
    elif proposal.act == "lift":
        _rule(office, now, "lifted", signers, at)
        effect, what = 0, f"suspension lifted: {_switched(said)}"
    elif proposal.act == "take back":
        effect, what = 0, f"condition {said['condition']} taken back"
        found = {c.number: c for c in conditions.open_conditions(office, proposal.study)}
        record, why = found[said["condition"]], said["reason"]
        conditions.settle(office, proposal.study, record, "taken back", at=at, who=signers, why=why)
    else:
        effect = said["number"]
        _rule(office, now, "revoked", signers, at, approval=effect)
        use = "stopped" if "use" in said["switches"] else "goes on"
        what = f"approval {said['reference']} revoked, use of data {use}"
    by = f"(proposal {proposal.number}, signed by {len(now.signed)} of {now.quorum} needed)"
    who = _called(office, now.signed[-1].account)
    studies.note(office, at=at, who=who, what=f"{proposal.study}: {what} {by}")
    return int(effect)


def _switched(said: dict[str, Any]) -> str:
    return " and ".join(SWITCHES[switch] for switch in said["switches"])


def _rule(
    office: Database, now: Standing, what: board.Ruling, who: str, at: str, approval: int = 0
) -> None:
    said, study = now.said, now.proposal.study
    board.rule(
        office, study, what, at=at, who=who, why=said["reason"], approval=approval,
        collection=what == "revoked" or "collection" in said["switches"],
        use="use" in said["switches"], told=_TOLD.get(said.get("told", ""), ""),
    )  # fmt: skip


def _take_key(office: Database, now: Standing, at: str) -> int:
    said = now.said
    number = members.add_key(
        office,
        said["account"],
        at=at,
        kind=said["kind"],
        public=said["public"],
        credential=said["credential"],
        vouched=now.signed[-1].key,
    )
    what = f"key {said['fingerprint']} registered, signed with another key"
    _note_key(office, said["account"], what, at)
    return number
