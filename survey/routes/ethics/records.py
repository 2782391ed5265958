"""Records to archive and to compare: dossier, checklist, stored tables, versions. Public.

Reads approvals, verdicts, archived versions and words and, through a connection that refuses all
else, what the files define (``survey.storage.schema_reader``); never an answer.
"""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response, g, redirect, request

from survey.accounts.access import room_url, signed_in, staff_only
from survey.errors import Refusal, StoreUnavailable
from survey.ethics.approvable import answered_elements, filled_slots, verdicts_on
from survey.ethics.checklist import NOT_JUDGED, Judged, grades, unsettled
from survey.ethics.dossier.dossier_files import DOSSIERS, BeingMade, Signed
from survey.ethics.dossier.reader import KEPT_IN
from survey.ethics.schema_audit import audit_file
from survey.ethics.version_content import GROUPS, KnownVersion, known_versions, version_before
from survey.ethics.version_diff import RULE, compare
from survey.routes.ethics.public import page
from survey.services import services
from survey.signing.evidence import as_text, evidence
from survey.storage import conditions, studies
from survey.storage.schema_reader import definitions, wordings
from survey.studies import submission_documents
from survey.studies.current import current_folder, current_name, current_version, whole_version
from survey.studies.version import StudyVersion, fingerprints_of

bp = Blueprint("records", __name__, url_prefix="/ethics/<name>")


def signed(version: StudyVersion) -> Signed | None:
    """Return the approval noted last of exactly these fingerprints, unless it was revoked.

    Whether its days have come or passed is for the reader: a dossier does not change by waiting.
    """
    exact = fingerprints_of(version)
    noted = studies.approvals(services().stores.office, version.study.name)
    found = [a for a in noted if a.fingerprints == exact and not a.revoked and not a.waits]
    if version.pilot or not found:
        return None
    last = found[-1]
    office = services().stores.office
    binding = [
        f"{one.number}. {one.asked} – {one.standing}"
        for one in conditions.conditions(office, version.study.name)
        if one.state == "open" or one.approval.number == last.number
    ]
    return Signed(
        last.reference, last.by, last.approved_on, last.expires_on, last.analysis_until,
        tuple(binding), last.origin, last.letter, as_text(evidence(office, last.number)),
        last.platform,
        last.submission, submission_documents.signed_documents(office, version.study, last),
    )  # fmt: skip


def _judged(version: StudyVersion) -> Judged:
    """Return what the office holds on the version's checklist; nothing of a pilot."""
    if version.pilot:
        return NOT_JUDGED
    stores = services().stores
    given = verdicts_on(stores.office, version).values()
    return Judged(
        filled_slots(stores.office, version),
        tuple(sorted((v.element, v.verdict, v.reason, v.who, v.at[:10]) for v in given)),
    )


def _file(version: StudyVersion, ending: str, *, media: str, whose: str = "") -> Response:
    make = DOSSIERS.pdf if ending == "pdf" else DOSSIERS.zip
    try:
        folder = services().stores.folder / KEPT_IN
        body = make(folder, version, signed(version), _judged(version))
    except BeingMade:
        told = "A dossier is being made just now. Ask for this one again in half a minute.\n"
        return Response(told, 503, {"Retry-After": "30"}, mimetype="text/plain")
    except Refusal as refusal:
        return Response(f"{refusal}\n", 409, mimetype="text/plain")
    name = f"{version.study.name}-{whose}dossier-{version.study.fingerprints.words[:8]}.{ending}"
    answer = Response(body, mimetype=media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.before_app_request
def _proposed_for_staff_alone() -> Response | None:
    """Show a proposed version of a study that was opened to staff; others sign in first."""
    if not g.get("proposed") or not _was_opened() or signed_in() is not None:
        return None
    return redirect(room_url("sign_in", next=request.full_path.rstrip("?")), code=303)  # type: ignore[return-value]


def _was_opened() -> bool:
    published = services().availability.published(current_name())
    return published is not None and published.signed


@bp.get("/board-dossier.pdf")
@staff_only("board", "researcher")
def board_pdf() -> Response:
    """Return the dossier with the facts that only the board is told."""
    return _file(whole_version(), "pdf", media="application/pdf", whose="board-")


@bp.get("/board-dossier.zip")
@staff_only("board", "researcher")
def board_zip() -> Response:
    """Return the same with the study's files and texts.json."""
    return _file(whole_version(), "zip", media="application/zip", whose="board-")


@bp.get("/dossier.pdf")
def dossier_pdf() -> Response:
    """Return the dossier, tagged and bookmarked, the fingerprint on every page."""
    return _file(current_version(), "pdf", media="application/pdf")


@bp.get("/dossier.zip")
def dossier_zip() -> Response:
    """Return the dossier with the study's files and texts.json, for ``lacrima verify``."""
    return _file(current_version(), "zip", media="application/zip")


@bp.get("/checklist")
def checklist() -> str:
    """Show what boards look for, with the passages that say it and the members' verdicts."""
    version = current_version()
    given = verdicts_on(services().stores.office, version)
    lines = answered_elements(services().stores.office, version)
    return page(
        "checklist",
        "Checklist",
        lines=lines,
        given=given,
        open=unsettled(lines, given),
        grades=grades(version.study),
    )


@bp.get("/stored")
def stored() -> str:
    """Show what the files define this moment, with a verdict."""
    version = current_version()
    answers = "pilot" if version.pilot else "responses"
    paths = {f: services().stores.folder / f"{f}.db" for f in (answers, "drafts", "office")}
    try:
        audits = {
            file: audit_file(file, definitions(path), version.study)
            for file, path in paths.items()
            if file == answers or path.exists()  # the others are made for the first to come
        }
    except StoreUnavailable:
        audits = {}
    return page("stored", "Live proof", audits=audits, proof=audits.get(answers))


def _versions(version: StudyVersion) -> tuple[KnownVersion, ...]:
    name, stores = version.study.name, services().stores
    archived: dict[str, str] = {}
    with suppress(StoreUnavailable):  # then those that only the file of answers knows are missing
        file = "pilot" if version.pilot else "responses"
        archived = wordings(stores.folder / f"{file}.db", name)
    published = services().availability.published(name)
    proposed, served = (
        current_folder().version(now=True),
        published.version if published else version,
    )
    # Of a study that was opened the public reads what was signed, not what may be signed one day.
    staff = signed_in() is not None
    return known_versions(
        proposed=proposed if staff else None if _was_opened() else proposed.public,
        served=served if staff else served.public,
        whole=staff,
        approvals=studies.approvals(stores.office, name),
        archived=archived,
        data=stores.folder,
    )


def _chosen(versions: tuple[KnownVersion, ...], which: str) -> KnownVersion | None:
    wanted = request.args.get(which, "")
    return next((one for one in versions if one.content.id == wanted), None)


@bp.get("/versions")
def versions() -> str:
    """Show what changed between two versions, each change cosmetic or substantive by rule."""
    found = _versions(current_version())
    new = _chosen(found, "new") or found[0]
    old = _chosen(found, "old") or version_before(found, new)
    return page(
        "versions",
        "What changed",
        versions=found,
        old=old,
        new=new,
        compared=compare(old.content, new.content) if old else None,
        groups=GROUPS,
        rule=RULE,
    )
