"""The certificate of consent flow: what is served now, under which approval. Public, no account.

Reads approvals and rulings, never an answer.

``dossier.pdf`` and ``dossier.zip``: everything a board judges by, to be archived. Public.

A module of its own, since it reads approvals, which the public words do not (``ethics``).

What the files really define, beside what the study says. Public; can read no answer.

The connection it looks through refuses all but the definitions (``survey.storage.schema_reader``).

Two versions of a study side by side, word by word. Public.

Reads approvals, archived versions and, through a connection that refuses every other table, the
archived words; never an answer.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g, jsonify, render_template, request

from survey.errors import Refusal, StoreUnavailable
from survey.ethics.change_rule import RULE
from survey.ethics.dossier.document import Signed
from survey.ethics.dossier.dossier_files import DOSSIERS
from survey.ethics.schema_audit import audit_file
from survey.ethics.version_content import GROUPS
from survey.ethics.version_diff import compare
from survey.ethics.version_list import KnownVersion, known_versions, version_before
from survey.routes.ethics.frame import about_a_study, page
from survey.services import services
from survey.storage import studies
from survey.storage.schema_reader import definitions, wordings
from survey.studies.availability import StudyState
from survey.studies.current import current_catalogue
from survey.studies.version import StudyVersion, fingerprints_of

bp = Blueprint("certificate", __name__, url_prefix="/ethics/<name>")


def _standing(name: str) -> StudyState:
    name = name.partition("@")[0]
    if current_catalogue().proposed(name) is None:
        abort(404)
    return services().availability.standing(name)


@bp.get("/certificate")
def certificate(name: str) -> str:
    """What is served now, so that anybody can compare it with what was approved."""
    found = _standing(name)
    version = found.served.version
    folder = current_catalogue().proposed(version.study.name)
    assert folder is not None
    return render_template(
        "board/certificate.html",
        title=f"Certificate – {version.study.title}",
        standing=found,
        version=version,
        study=version.study,
        here="certificate",
        newer=fingerprints_of(folder.version()) != fingerprints_of(version),
    )


@bp.get("/certificate.json")
def as_data(name: str) -> Response:
    """The same for programs: ``lacrima verify`` and whoever else compares."""
    found = _standing(name)
    return jsonify(_told(found, found.served.version))


def _told(found: StudyState, version: StudyVersion) -> dict[str, Any]:
    signed = found.approval
    return {
        "study": version.study.name,
        "version": version.study.version,
        "language": version.study.language,
        "pilot": version.pilot,
        "state": found.state,
        "cause": found.cause,
        "fingerprints": fingerprints_of(version)._asdict(),
        "consent_version": version.study.fingerprints.consent_version,
        "approval": None
        if signed is None
        else {
            "reference": signed.reference,
            "approved_on": signed.approved_on,
            "expires_on": signed.expires_on,
            "fingerprints": signed.fingerprints._asdict(),
            "revoked": signed.revoked,
        },
    }


dossier_bp = Blueprint("ethics_dossier", __name__, url_prefix="/ethics/<name>")


def _offer(name: str) -> StudyVersion:
    version = current_catalogue().named(name)
    if version is None:
        abort(404)
    return version


def signed(version: StudyVersion) -> Signed | None:
    """The approval noted last of exactly these fingerprints, unless it was taken back.

    Whether its days have come or passed is for the reader: a dossier does not change by waiting.
    """
    exact = fingerprints_of(version)
    noted = studies.approvals(services().stores.office, version.study.name)
    found = [a for a in noted if a.fingerprints == exact and not a.revoked]
    if version.pilot or not found:
        return None
    last = found[-1]
    return Signed(
        reference=last.reference,
        by=last.by,
        approved_on=last.approved_on,
        expires_on=last.expires_on,
        conditions=last.conditions,
    )


def _file(version: StudyVersion, ending: str, *, media: str) -> Response:
    make = DOSSIERS.pdf if ending == "pdf" else DOSSIERS.zip
    try:
        body = make(version, signed(version))
    except Refusal as refusal:
        return Response(f"{refusal}\n", 409, mimetype="text/plain")
    name = f"{version.study.name}-dossier-{version.study.fingerprints.words[:8]}.{ending}"
    answer = Response(body, mimetype=media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@dossier_bp.get("/dossier.pdf")
def dossier_pdf(name: str) -> Response:
    """The dossier, tagged and bookmarked, the fingerprint on every page."""
    return _file(_offer(name), "pdf", media="application/pdf")


@dossier_bp.get("/dossier.zip")
def archive(name: str) -> Response:
    """The dossier with the study's files and texts.json, which ``lacrima verify`` reads."""
    return _file(_offer(name), "zip", media="application/zip")


stored_bp = Blueprint("ethics_stored", __name__, url_prefix="/ethics/<name>")
about_a_study(stored_bp)


@stored_bp.get("/stored")
def stored() -> str:
    """Return the files as they are this moment, with a verdict."""
    version: StudyVersion = g.version
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


versions_bp = Blueprint("ethics_versions", __name__, url_prefix="/ethics/<name>")
about_a_study(versions_bp)


def _versions(version: StudyVersion) -> tuple[KnownVersion, ...]:
    name, stores = version.study.name, services().stores
    folder = current_catalogue().proposed(name)
    return known_versions(
        proposed=folder.version(now=True) if folder else version,
        served=current_catalogue().named(name) or version,
        approvals=studies.approvals(stores.office, name),
        archived=_archived(version),
        data=stores.folder,
    )


def _archived(version: StudyVersion) -> dict[str, str]:
    file = "pilot" if version.pilot else "responses"
    try:
        return wordings(services().stores.folder / f"{file}.db", version.study.name)
    except StoreUnavailable:
        return {}


def _chosen(versions: tuple[KnownVersion, ...], which: str) -> KnownVersion | None:
    wanted = request.args.get(which, "")
    return next((one for one in versions if one.edition.id == wanted), None)


@versions_bp.get("/versions")
def versions() -> str:
    """What changed from one version to another, each change cosmetic or substantive by rule."""
    found = _versions(g.version)
    new = _chosen(found, "new") or found[0]
    old = _chosen(found, "old") or version_before(found, new)
    return page(
        "versions",
        "What changed",
        versions=found,
        old=old,
        new=new,
        compared=compare(old.edition, new.edition) if old else None,
        groups=GROUPS,
        rule=RULE,
    )
