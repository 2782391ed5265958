"""A study's submission: its documents, what the researcher says of it, what the board decides.

Researchers put in and submit; members of the board decide. A signature is given on another page.
"""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO

from flask import Blueprint, Response, abort, request

from survey.accounts.access import current_account, staff_only
from survey.accounts.audit import note, one_act
from survey.clock import today_here
from survey.errors import Refusal
from survey.ethics.submission_bundle import make_bundle
from survey.ethics.submission_states import DECISIONS, KINDS, states_of
from survey.releases.destruction import due
from survey.routes.ethics.board import (
    REASON_LENGTH,
    Answer,
    kept_file,
    may_not_rule,
    now,
    page,
    see_other,
)
from survey.services import services
from survey.storage import board_submissions
from survey.storage.board_submissions import BoardSubmission, Decision, Document
from survey.storage.database import Database
from survey.studies import submission_documents as documents
from survey.studies.current import current_folder, current_name
from survey.studies.version import StudyVersion, fingerprints_of

bp = Blueprint("submission", __name__, url_prefix="/ethics/<name>")

TYPED = ("kind", "why", "risk", "consent", "slot", "reason", "number", "what", "text")


def _proposed() -> StudyVersion:
    return current_folder().version(now=True)


def _page(fault: str = "", field: str = "") -> str:
    office, version = services().stores.office, _proposed()
    slots = documents.slots_of(office, version.study)
    return page(
        "submission",
        "Submission",
        role=current_account().role,
        proposed=version,
        slots=slots,
        fingerprint=documents.fingerprint(slots),
        states=states_of(office, current_name()),
        kinds=KINDS,
        decisions=DECISIONS,
        faults={field: fault} if fault else {},
        typed={name: request.form.get(name, "") for name in TYPED},
    )


@bp.get("/submission/")
@staff_only("board", "researcher")
def index() -> str:
    """Show the documents, what was submitted, and what became of it."""
    return _page()


@bp.post("/submission/put")
@staff_only("researcher")
def put() -> Answer:
    """Keep a document in a slot, or the reason why there is none."""
    office, study, who = services().stores.office, _proposed().study, current_account().name
    slot, upload = request.form.get("slot", ""), request.files.get("file")
    try:
        if upload and upload.filename:
            entry = documents.put(
                services().stores.folder, study, slot, upload.filename, upload.read(), who=who
            )
            said = f"document put into {slot}, SHA-256 {entry.sha256[:16]}"
        else:
            entry = documents.explained(slot, request.form.get("reason", ""), who=who)
            said = f"reason given for no document in {slot}"
    except Refusal as refusal:
        return _page(str(refusal), "file"), 422
    _keep(office, entry, said)
    return see_other(".index", _anchor="documents")


def _keep(office: Database, entry: Document, said: str) -> None:
    with one_act():
        board_submissions.add_document(office, current_name(), entry)
        note(f"{current_name()}: {said}")


def _document(slot: str, digest: str) -> Document:
    """Return the document in this slot, of now or of before; 404 where there never was one."""
    entries = board_submissions.entries(services().stores.office, current_name())
    found = [e for e in entries if (e.slot, e.sha256) == (slot, digest)]
    return found[-1] if found else abort(404)


@bp.post("/submission/out")
@staff_only("researcher")
def take_out() -> Answer:
    """Take a document out of its slot; its file and its entry stay."""
    found = _document(request.form.get("slot", ""), request.form.get("sha256", ""))
    entry = documents.taken_out(found, who=current_account().name)
    _keep(services().stores.office, entry, f"document taken out of {found.slot}")
    return see_other(".index", _anchor="documents")


@bp.get("/submission/<slot>/<digest>")
@staff_only("board", "researcher")
def document(slot: str, digest: str) -> Answer:
    """Return a document as it was put in."""
    found = _document(slot, digest)
    try:
        content = documents.content_of(services().stores.folder, current_name(), found)
    except Refusal as refusal:
        return Response(f"{refusal}\n", 410, mimetype="text/plain")
    note(f"{current_name()}: document of {slot} read, SHA-256 {digest[:16]}")
    return kept_file(BytesIO(content), found.name)


@bp.get("/bundle.zip")
@staff_only("board")
def bundle() -> Answer:
    """Return everything that the record knows of the study, in one file."""
    found = services().record.look()
    try:
        body = make_bundle(services().stores, _proposed(), found)
    except Refusal as refusal:
        return Response(f"{refusal}\n", 410, mimetype="text/plain")
    # Its hash stands in the record: a copy that was changed afterwards is told from it.
    note(f"{current_name()}: submission downloaded whole, SHA-256 {sha256(body).hexdigest()}")
    return kept_file(BytesIO(body), f"{current_name()}-submission.zip")


@bp.post("/submission/submit")
@staff_only("researcher")
def submit() -> Answer:
    """Put the version in the folder before the board, with what the researcher says of it."""
    office, version = services().stores.office, _proposed()
    form = {name: request.form.get(name, "").strip() for name in ("why", "risk", "consent")}
    kind = request.form.get("kind", "")
    if kind not in KINDS:
        return _page("Choose what is submitted.", "kind"), 422
    for name, text in form.items():
        if len(text) > REASON_LENGTH:
            return _page(f"Shorten it to {REASON_LENGTH:,} characters.", name), 422
        if not text and (name == "why" or kind == "amendment") and kind != "new":
            asked = {"why": "Say why.", "risk": "Say what it means for the risk to people."}
            return _page(asked.get(name, "Say what it means for the consent."), name), 422
    slots = documents.slots_of(office, version.study)
    made = BoardSubmission(
        0, now(), current_account().name, kind, *fingerprints_of(version),
        documents.fingerprint(slots), **form,
    )  # fmt: skip
    with one_act():
        number = board_submissions.submit(office, current_name(), made)
        note(f"{current_name()}: submission {number}, {KINDS[made.kind].lower()}")
    return see_other(".index", _anchor="submissions")


@bp.post("/submission/decide")
@staff_only("board")
def decide() -> Answer:
    """Keep what the board decided of a submission; a signature is given elsewhere."""
    office, what = services().stores.office, request.form.get("what", "")
    number, text = request.form.get("number", 0, type=int), request.form.get("text", "").strip()
    if number not in {one.number for one in board_submissions.submissions(office, current_name())}:
        abort(404)
    if what not in DECISIONS:
        return _page("Choose what was decided.", f"what-{number}"), 422
    if (not text and what != "received") or len(text) > REASON_LENGTH:
        fault = f"Give the reason, in up to {REASON_LENGTH:,} characters."
        return _page(fault, f"text-{number}"), 422
    if hindrance := may_not_rule():
        return _page(hindrance, f"what-{number}"), 409
    today = today_here().isoformat()
    if what == "closed" and (left := due(services().stores, _proposed(), today)):
        kinds = " and ".join(kind.what for kind in left)
        fault = f"The last day is over, and still kept: {kinds}. Ask the host to destroy them."
        return _page(fault, f"what-{number}"), 409
    decided = Decision(now(), current_account().name, number, what, text)
    with one_act():
        board_submissions.decide(office, current_name(), decided)
        note(f"{current_name()}: submission {number} {what}")
    return see_other(".index", _anchor="submissions")
