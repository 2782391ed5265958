"""The board's room: the studies, what staff have done, and the signing of a version.

Anybody may read a study's words (``survey.routes.ethics.public``) and its certificate; only a board
account signs, suspends, lifts and revokes.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from flask import (
    Blueprint,
    Response,
    abort,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)

from forms.platform_texts import WHY_PAUSED
from survey import mail
from survey.accounts.access import current_account, may_open, staff_only
from survey.accounts.audit import note, one_act
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.ethics.approvable import obstacles
from survey.ethics.news import news_of
from survey.ethics.submission_states import reason_for
from survey.ethics.version_content import content_of_version
from survey.ethics.version_diff import Change, compare
from survey.program import program_version
from survey.routes.ethics.public import TABS
from survey.routes.study_status import (
    BOARD_CARDS,
    NOTES_CARDS,
    StudyCard,
    notices,
    summary_of,
)
from survey.services import current_state, services
from survey.signing import acts
from survey.signing.evidence import evidence
from survey.storage import accounts, board, conditions, members, proposals, record, studies, unread
from survey.storage import audit as written
from survey.studies import approvals, submission_documents
from survey.studies.current import MARK, current_folder, current_name
from survey.studies.data_use import use_stopped
from survey.studies.fingerprints import FINGERPRINT_LABELS, VersionFingerprints
from survey.studies.help_page import contact_of
from survey.studies.loading import folder_problem
from survey.studies.platform_words import platform_fingerprint
from survey.studies.version import StudyVersion, fingerprints_of

bp = Blueprint("board", __name__, url_prefix="/ethics")

DATES = ("approved_on", "expires_on", "analysis_until")
TYPED = ("reference", "meeting", *DATES, *approvals.CONDITION_FIELDS.values())
SERVED = "served"
REASON_LENGTH = 2000
SWITCHES: dict[board.Switch, str] = {
    "collection": "collection of answers",
    "use": "use of data",
}
LINES_A_PAGE = 100
HASHES_A_PAGE = 5000
NEWS_SHOWN = 50

Answer = str | tuple[str, int] | Response


@bp.app_template_global()
def cards_in_ethics() -> tuple[StudyCard, ...]:
    """Return the pages on a study in this room that the account signed in may open."""
    return BOARD_CARDS if current_account().role == "board" else NOTES_CARDS


def page(template: str, title: str, **context: Any) -> str:
    """Return a page of the board about this study."""
    return render_template(
        f"board/{template}.html", title=title, version=g.version, name=current_name(), **context
    )


def see_other(endpoint: str, **values: Any) -> Response:
    """Redirect to another page of this study after something was written."""
    return cast("Response", redirect(url_for(endpoint, **values), code=303))


def now() -> str:
    """Return the ISO time (UTC), for the record."""
    return iso_utc(services().clock())


def today() -> str:
    """Return the date on this server, ISO."""
    return services().availability.today()


def may_not_rule() -> str:
    """Return why whoever is signed in may not say what binds this study; nothing if they may.

    In a demo, where nothing is real, every account of a board may.
    """
    here = services()
    if here.config.demo:
        return ""
    try:
        acts.may_rule(
            here.stores.office, current_folder().version(), current_account().name, today()
        )
    except Refusal as refusal:
        return str(refusal)
    return ""


def kept_file(file: Path | BytesIO, name: str | None = None) -> Response:
    """Return a file to be saved: no browser shows it as a page of ours, or keeps it."""
    answer = send_file(
        file, "application/octet-stream", as_attachment=True, download_name=name, etag=False
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/")
@staff_only("board")
def index() -> str:
    """Show each study with what is approved of it and where to go."""
    versions = services().availability.versions()
    found = [summary_of(version) for version in versions if may_open(version.study.name)]
    office, me = services().stores.office, current_account().name
    fresh = news_of(office, me, {one.version.study.name for one in found})
    return render_template(
        "board/index.html",
        title="Board",
        summaries=found,
        mailed=mail.in_words(services().config, services().stores.office),
        waiting={one.version.study.name: notices(one, "board") for one in found},
        cards=BOARD_CARDS,
        left_out=[one for one in services().catalogue.left_out if may_open(one.name)],
        news=fresh[:NEWS_SHOWN],
        older=max(0, len(fresh) - NEWS_SHOWN),
        position=record.head(office).position,
    )


@bp.post("/seen")
@staff_only("board")
def mark_seen() -> Response:
    """Keep that the account has read what its page showed."""
    position = request.form.get("position", 0, type=int)
    unread.mark_seen(services().stores.office, current_account().name, position)
    return see_other("board.index")


@bp.get("/audit")
@staff_only("board")
def audit() -> str:
    """Show what staff did, the latest first, a hundred lines a page."""
    page, office = request.args.get("page", 1, type=int), services().stores.office
    about = [name for name in _names() if may_open(name)]
    people = [a.name for a in accounts.listed(office) if _works_on(a, about)]
    total = written.length(office, about, people)
    pages = max(1, -(-total // LINES_A_PAGE))
    if not 1 <= page <= pages:
        abort(404)
    lines = written.lines(office, about, people, most=LINES_A_PAGE, after=(page - 1) * LINES_A_PAGE)
    return render_template(
        "board/audit.html", title="What staff did", lines=lines, page=page, pages=pages, total=total
    )


def _works_on(account: accounts.Account, names: list[str]) -> bool:
    """Return whether an account has a right to one of these studies; in a demo every one has."""
    here = services()
    return here.config.demo or bool(members.studies_of(here.stores.office, account) & {*names})


def _names() -> list[str]:
    """Return every study that is served or left out, and those whose folder is gone."""
    here = services()
    found = {*here.catalogue.folders, *(one.name for one in here.catalogue.left_out)}
    return sorted(found | {*studies.lived(here.stores.office)})


# The certificate: what is served now, under which approval. Public, no account.


@bp.get("/<name>/certificate")
def certificate() -> str:
    """Show what is served now, to be compared with what was approved."""
    state, version = current_state(), current_state().published.version
    office = services().stores.office
    return render_template(
        "board/certificate.html",
        title=f"Certificate – {version.study.title}",
        state=state,
        version=version,
        study=version.study,
        here="certificate",
        tabs=TABS,
        newer=fingerprints_of(current_folder().version()) != fingerprints_of(version),
        own_words=platform_fingerprint(),
        program=program_version(),
        conditions=conditions.conditions(office, version.study.name),
        data_stopped="" if version.pilot else use_stopped(office, version.study.name, today()),
        record=services().record.look(),
        evidence=evidence(office, state.approval.number) if state.approval else None,
    )


@bp.get("/<name>/certificate.json")
def certificate_json() -> Response:
    """Return the certificate for programs: ``lacrima verify`` and others that compare."""
    state, version = current_state(), current_state().published.version
    signed, office = state.approval, services().stores.office
    stopped = "" if version.pilot else use_stopped(office, version.study.name, today())
    return jsonify({
        "study": version.study.name,
        "version": version.study.version,
        "language": version.study.language,
        "pilot": version.pilot,
        "state": state.state,
        "cause": state.reason,
        "fingerprints": fingerprints_of(version)._asdict(),
        "consent_version": version.study.fingerprints.consent_version,
        "platform": platform_fingerprint(),
        "program": program_version(),
        "corrected_help_lines": [
            {"line": now.label, "signed": contact_of(old), "shown": contact_of(now)}
            for old, now in version.corrections
        ],
        "approval": None if signed is None else {
            "reference": signed.reference,
            "approved_on": signed.approved_on,
            "expires_on": signed.expires_on,
            "analysis_until": signed.analysis_until,
            "basis": signed.basis,
            "letter": signed.letter,
            "recorded_at": signed.recorded_at,
            "confirmed_by": signed.confirmed_by,
            "confirmed_at": signed.confirmed_at,
            "fingerprints": signed.fingerprints._asdict(),
            "platform": signed.platform,
            "revoked": signed.revoked,
            "evidence": evidence(office, signed.number),
        },
        "data_use": {"stopped": bool(stopped), "why": stopped},
        "conditions": [
            {
                "number": one.number, **asdict(one.condition), "state": one.state, "by": one.who,
                "at": one.at, "why": one.why,
            }
            for one in conditions.conditions(office, version.study.name)
        ],
        "record": _record_json(),
    })  # fmt: skip


def _record_json() -> dict[str, Any]:
    found = services().record.look()
    return {
        "position": found.head.position,
        "head": found.head.hash,
        "whole": found.whole,
        "since": found.begun_at,
    }


@bp.get("/<name>/record.json")
def record_json() -> Response:
    """Return hashes of what was added to the record ``after`` a position; no word of it.

    With a head noted at that position they give the present one, or the record is another.
    """
    after = max(0, request.args.get("after", 0, type=int))
    hashes = record.line_hashes(services().stores.office, after, most=HASHES_A_PAGE)
    return jsonify({"after": after, "lines": hashes})


# Approving.


@bp.route("/<name>/approve", methods=["GET", "POST"])
@staff_only("board")
def approve() -> Answer:
    """Show what would be signed and what is still open, and propose it to the members."""
    if request.method == "GET":
        # The version in the folder, unless the page is asked for the one that is served.
        wanted = _served() if request.args.get("version") == SERVED else None
        return _approve_page(wanted or _proposed(), {"approved_on": today()})
    # What is signed is what the page showed, or nothing (docs/decisions/0014-approval-lock.md).
    shown = VersionFingerprints(**{n: request.form.get(n, "") for n in VersionFingerprints._fields})
    version = next((o for o in signable() if fingerprints_of(o) == shown), None)
    if version is None:
        now = _proposed()
        return _approve_page(now, request.form, changed=_what_changed(shown, now)), 409
    if request.form.get("submission", "") != _documents(version):
        changed = {"parts": ["Documents of the submission"], "changes": ()}
        return _approve_page(version, request.form, changed=changed), 409
    faults = approvals.faults_of(request.form, today()) | obstacles(
        services().stores.office, version
    )
    if faults:
        return _approve_page(version, request.form, faults=faults)
    return _propose(version)


def signable() -> tuple[StudyVersion, ...]:
    """Return the versions that can be signed now: the folder's, and the signed one served."""
    return tuple(version for version in (_proposed(), _served()) if version)


def _documents(version: StudyVersion) -> str:
    return submission_documents.present_fingerprint(services().stores.office, version.study)


def _proposed() -> StudyVersion:
    """Return the version in the folder, this moment."""
    return current_folder().version(now=True)


def _served() -> StudyVersion | None:
    """Return the signed version that is served, which can be prolonged whatever the folder says."""
    found = current_state(now=True)
    signed = found.approval is not None and found.readable and not found.published.version.pilot
    return found.published.version if signed else None


def _propose(version: StudyVersion) -> Answer:
    form = approvals.read_approval_form(request.form, current_account().name)
    meeting = request.form.get("meeting", "").strip()
    try:
        number = acts.propose_approval(
            services().stores, version, form, at=now(), today=today(), meeting=meeting
        )
    except approvals.FolderChanged:
        version = _proposed()
        return _approve_page(
            version, request.form, changed=_what_changed(VersionFingerprints("", "", ""), version)
        ), 409
    except Refusal as refusal:
        return _approve_page(version, request.form, faults={"sign": str(refusal)})
    return see_other("signing.proposal", number=number)


def _what_changed(shown: VersionFingerprints, now: StudyVersion) -> dict[str, Any]:
    """Return the parts that differ from those the page showed, and the changes, if still known."""
    changes: tuple[Change, ...] = ()
    # Known still if this process saw it, or if it was signed once.
    with suppress(approvals.ArchivedVersionInvalid):
        read = current_folder().earlier(shown) or approvals.load_archived(
            services().stores.folder, current_name(), shown
        )
        changes = compare(content_of_version(read), content_of_version(now)).changes
    return {"parts": _differing(shown, fingerprints_of(now)), "changes": changes}


def _differing(one: VersionFingerprints, other: VersionFingerprints) -> list[str]:
    pairs = zip(FINGERPRINT_LABELS, one, other, strict=True)
    return [label for label, a, b in pairs if a != b]


def approve_page(faults: dict[str, str]) -> str:
    """Return the page on the folder's version, with what was wrong."""
    return _approve_page(_proposed(), {}, faults=faults)


def _approve_page(version: StudyVersion, typed: Any, **context: Any) -> str:
    found, fingerprints = current_state(now=True), fingerprints_of(version)
    folder, served, stores = current_folder(), _served(), services().stores
    office = stores.office
    noted = studies.approvals(office, version.study.name)
    threads = board.threads(office, version.study.name)
    last = studies.latest_effective(noted, today())
    holds = last and last.fingerprints == fingerprints and last.in_force(today())
    in_folder = fingerprints == fingerprints_of(folder.latest)
    still_open = obstacles(stores.office, version)
    comments = [t for t in threads if board.state_of_thread(t) != "settled"]
    on_board = members.members(office, version.study.name)
    able, quorum = (
        [one for one in on_board if not one.hindrance(today())],
        members.quorum(office, version.study.name),
    )
    keys = members.keys(office, current_account().name)
    # Brings in what handles rows, which no other page needs.
    from survey.ethics.expected_fragility import expected_fragility
    from survey.ethics.expected_tables import expected_tables

    return page(
        "approve",
        "Approve",
        proposed=version,
        in_folder=in_folder,
        edition=current_name() + MARK * in_folder,
        served_too=in_folder and served is not None and fingerprints_of(served) != fingerprints,
        fingerprints=tuple(
            zip(fingerprints._fields, FINGERPRINT_LABELS, fingerprints, strict=True)
        ),
        state=found,
        differs=_differing(found.approval.fingerprints, fingerprints) if found.approval else [],
        held=last if holds else None,
        noted=list(reversed(noted)),
        obstacles=still_open,
        documents=_documents(version),
        reason=reason_for(office, version.study.name, fingerprints),
        able=able,
        quorum=quorum,
        keys=keys,
        ready=not (still_open or comments) and len(able) >= quorum > 0 and bool(keys),
        waiting=_waiting("approve", "confirm"),
        binding=conditions.open_conditions(office, version.study.name),
        to_confirm=[a for a in noted if a.waits and not a.revoked],
        comments=comments,
        fault=folder_problem(folder),
        label=approvals.same_label(services().stores, version),
        board_facts={
            name: version.facts[name]
            for name in sorted(version.study.consent.board_facts)
            if version.facts.get(name)
        },
        own_words=platform_fingerprint(),
        program=program_version(),
        own_changes=approvals.platform_changes(services().stores, last),
        expected=expected_tables(version),
        fragility=expected_fragility(version),
        typed={name: typed.get(name, "") for name in TYPED},
        **{"faults": {}, "changed": None, **context},
    )


def _waiting(*kinds: str) -> list[acts.Standing]:
    """Return proposals of these kinds that can still be signed, the latest first."""
    office, versions = services().stores.office, signable()
    found = (
        acts.standing(office, one, today=today(), versions=versions)
        for one in reversed(proposals.proposals(office, current_name()))
        if one.act in kinds
    )
    return [one for one in found if one.progress == "open"]


# Suspending, which one member does at once; lifting and revoking, which the quorum signs.


@bp.route("/<name>/suspend", methods=["GET", "POST"])
@staff_only("board")
def suspend() -> Answer:
    """Suspend the study at once, or propose to lift that or to revoke; with a reason."""
    if request.method == "GET":
        return _suspend_page()
    why, go = request.form.get("why", "").strip(), request.form.get("go", "")
    if not why or len(why) > REASON_LENGTH:
        return _suspend_page(fault=f"Give a reason, in up to {REASON_LENGTH} characters.")
    if not go.startswith("revoke-") and not request.form.getlist("switch"):
        return _suspend_page(fault="Tick what is meant: the collection, the use of data, or both.")
    try:
        number = _suspend(why) if go == "suspended" else _propose_ruling(go, why)
    except Refusal as refusal:
        return _suspend_page(fault=str(refusal))
    current_state(now=True)
    if number:
        return see_other("signing.proposal", number=number)
    return see_other("board.suspend", done=1)


def _told() -> str:
    """Return which of the fixed sentences clients are to read as the reason; or none."""
    told = request.form.get("told", "")
    return told if told in WHY_PAUSED else ""


ALREADY = "That had been done already: this is how it stands now."


def _switches_to_stop() -> list[board.Switch]:
    """Return the switches that a member can stop: also what the program alone has paused.

    Else the clinician who lifts the program's pause would lift what a member wants to be stopped.
    """
    office, name = services().stores.office, current_name()
    found = {switch: board.suspension(office, name, switch) for switch in SWITCHES}
    return [s for s, ruled in found.items() if ruled is None or ruled.who == board.PROGRAM]


def _suspend(why: str) -> int:
    """Suspend what is ticked; return 0, since nothing is left to be signed. Raises Refusal."""
    office, name = services().stores.office, current_name()
    member = acts.may_sign(office, name, current_account().name, today())
    with one_act():
        open_to_it = _switches_to_stop()
        if not (chosen := [s for s in open_to_it if s in request.form.getlist("switch")]):
            raise Refusal(ALREADY)
        board.rule(
            office, name, "suspended", at=now(), who=member.title, why=why,
            collection="collection" in chosen, use="use" in chosen, told=_told(),
        )  # fmt: skip
        note(f"{name}: suspended: {' and '.join(SWITCHES[s] for s in chosen)}")
    return 0


def _propose_ruling(go: str, why: str) -> int:
    """Propose to lift what is ticked, or to revoke an approval; return the proposal's number."""
    office, name, approval = services().stores.office, current_name(), None
    chosen = [s for s in SWITCHES if s in request.form.getlist("switch")]
    more: dict[str, Any] = {}
    if go == "lifted":
        act, chosen = "lift", [s for s in chosen if board.suspension(office, name, s)]
        possible = bool(chosen)
    else:
        noted = studies.approvals(office, name)
        approval = next((a for a in noted if go == f"revoke-{a.number}" and not a.revoked), None)
        act, possible = "revoke", approval is not None
        more["told"] = WHY_PAUSED.get(_told(), "")
    if not possible:
        raise Refusal(ALREADY)
    return acts.propose_ruling(
        services().stores, name, act, reason=why, account=current_account().name, at=now(),
        today=today(), approval=approval, switches=chosen, **more,
    )  # fmt: skip


def _suspend_page(fault: str = "") -> str:
    office, name = services().stores.office, current_name()
    noted = studies.approvals(office, name)
    return page(
        "suspend",
        "Suspend or revoke",
        state=current_state(now=True),
        switches=[(s, label, board.suspension(office, name, s)) for s, label in SWITCHES.items()],
        can_stop=bool(_switches_to_stop()),
        ticked=request.form.getlist("switch") if request.method == "POST" else list(SWITCHES),
        rulings=list(reversed(board.rulings(office, name))),
        open_ones=[a for a in reversed(noted) if not a.revoked],
        references={a.number: a.reference for a in noted},
        waiting=_waiting("lift", "revoke"),
        quorum=members.quorum(office, name),
        fault=fault,
        why=request.form.get("why", ""),
        sentences=WHY_PAUSED,
        told=_told(),
        done=request.args.get("done") == "1",
    )
