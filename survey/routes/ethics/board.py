"""The board's signing: approve exactly the version that was read; suspend, lift, revoke.

Anybody may read a study's words (``survey.routes.ethics.public``); only a board account signs.

The board stops a study: suspended and lifted again, or an approval revoked for good.

The board's room: what there is to read and sign, and what staff have done. For board accounts.

Reading a study's words needs no account and lies in ``survey.routes.ethics.public``.
"""

from __future__ import annotations

from typing import Any, cast

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    redirect,
    render_template,
    request,
    url_for,
)

from forms.site_facts import missing_facts
from survey.accounts.access import signed_in, staff_only
from survey.accounts.audit import note
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.ethics.checklist import ChecklistElement, unwaived
from survey.ethics.version_content import content_of_version
from survey.ethics.version_diff import Change, compare
from survey.routes.study_cards import cards_in, register_card
from survey.routes.study_status import notices, summary_of
from survey.services import services, staff
from survey.storage import audit as written
from survey.storage import board, studies
from survey.storage.accounts import Account
from survey.studies import approvals
from survey.studies.availability import StudyState
from survey.studies.current import MARK, current_catalogue
from survey.studies.fingerprints import FINGERPRINT_LABELS, VersionFingerprints
from survey.studies.folder import StudyFolder
from survey.studies.loading import folder_problem
from survey.studies.version import StudyVersion, fingerprints_of

bp = Blueprint("board", __name__, url_prefix="/ethics/<name>")
register_card("ethics", "board.approve", "Approve", "Sign exactly what you have read.", place=10)

TYPED = ("reference", "approved_on", "expires_on", "conditions")
SERVED = "served"

Answer = str | tuple[str, int] | Response


@bp.url_value_preprocessor
def _find_study(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    name = (values or {}).pop("name", "").partition("@")[0]
    version, folder = current_catalogue().named(name), current_catalogue().proposed(name)
    if version is None or folder is None:
        abort(404)
    g.version, g.folder = version, folder


def the_folder() -> StudyFolder:
    """The study's folder, as it is now."""
    return cast("StudyFolder", g.folder)


def the_name() -> str:
    """The study's name."""
    return cast("StudyVersion", g.version).study.name


def standing() -> StudyState:
    """Where the study stands, asked for just now."""
    return services().availability.standing(the_name(), now=True)


def page(template: str, title: str, **context: Any) -> str:
    """A page of the board about this study."""
    return render_template(
        f"board/{template}.html", title=title, version=g.version, name=the_name(), **context
    )


def see_other(endpoint: str, **values: Any) -> Response:
    """On to another page of this study after something was written."""
    address = url_for(endpoint, name=the_name(), **values)
    return cast("Response", redirect(address, code=303))


def author() -> Account:
    """Who is signed in; these pages open to nobody else."""
    account = signed_in()
    assert account is not None
    return account


def now() -> str:
    """ISO time (UTC), for the record."""
    return iso_utc(services().clock())


# Approving.


@bp.route("/approve", methods=["GET", "POST"])
@staff_only("board")
def approve() -> Answer:
    """The three fingerprints that would be signed, and the form that signs them."""
    today = services().availability.today()
    if request.method == "GET":
        return _approve_page(_asked_for(), {"approved_on": today})
    shown = VersionFingerprints(**{n: request.form.get(n, "") for n in VersionFingerprints._fields})
    version = next((o for o in (_proposed(), _served()) if o and fingerprints_of(o) == shown), None)
    if version is None:
        now = _proposed()
        return _approve_page(now, request.form, changed=_what_changed(shown, now)), 409
    faults = approvals.faults_of(request.form, today)
    if open_elements := _unwaived(version):
        faults["elements"] = f"Elements of the checklist without a passage: {len(open_elements)}."
    if faults:
        return _approve_page(version, request.form, faults=faults)
    return _sign(version)


def _proposed() -> StudyVersion:
    """The version in the folder, this moment."""
    return the_folder().version(now=True)


def _served() -> StudyVersion | None:
    """The signed version that is served, which can be prolonged whatever the folder says."""
    found = standing()
    signed = found.approval is not None and found.readable and not found.served.version.pilot
    return found.served.version if signed else None


def _asked_for() -> StudyVersion:
    """The folder's version, or the one that is served where the page is asked for that."""
    served = _served() if request.args.get("version") == SERVED else None
    return served or _proposed()


def _sign(version: StudyVersion) -> Answer:
    signature = approvals.read_approval_form(request.form, author().name)
    try:
        approvals.record_approval(services().stores, version, signature)
    except approvals.FolderChanged:
        version = _proposed()
        return _approve_page(
            version, request.form, changed=_what_changed(VersionFingerprints("", "", ""), version)
        ), 409
    except Refusal as refusal:
        return _approve_page(version, request.form, faults={"sign": str(refusal)})
    note(f"{the_name()}: approved under {signature.reference}, to {signature.expires_on}")
    standing()
    return see_other("board.approve", done=1)


def _what_changed(shown: VersionFingerprints, now: StudyVersion) -> dict[str, Any]:
    """The parts that differ from those the page showed, and the changes, where we still know."""
    read = _read_before(shown)
    changes: tuple[Change, ...] = (
        compare(content_of_version(read), content_of_version(now)).changes if read else ()
    )
    return {"parts": _differing(shown, fingerprints_of(now)), "changes": changes}


def _read_before(shown: VersionFingerprints) -> StudyVersion | None:
    """The version with these fingerprints, where this process saw it or it was signed once."""
    seen = the_folder().earlier(shown)
    if seen is not None or not approvals.files_of(services().stores.folder, the_name(), shown):
        return seen
    try:
        return approvals.load_archived(services().stores.folder, the_name(), shown)
    except approvals.ArchivedVersionInvalid:
        return None


def _unwaived(version: StudyVersion) -> tuple[ChecklistElement, ...]:
    """Elements of the checklist that stand in the way."""
    return unwaived(version.study, board.waivers(services().stores.office, version.study.name))


def _differing(one: VersionFingerprints, other: VersionFingerprints) -> list[str]:
    pairs = zip(FINGERPRINT_LABELS, one, other, strict=True)
    return [label for label, a, b in pairs if a != b]


def _approve_page(version: StudyVersion, typed: Any, **context: Any) -> str:
    found, fingerprints, folder = standing(), fingerprints_of(version), the_folder()
    noted = studies.approvals(services().stores.office, version.study.name)
    last = studies.latest_effective(noted, today := services().availability.today())
    in_folder, served = fingerprints == fingerprints_of(folder.latest), _served()
    return page(
        "approve",
        "Approve",
        proposed=version,
        in_folder=in_folder,
        edition=the_name() + MARK * in_folder,
        served_too=in_folder and served is not None and fingerprints_of(served) != fingerprints,
        fingerprints=tuple(
            zip(fingerprints._fields, FINGERPRINT_LABELS, fingerprints, strict=True)
        ),
        standing=found,
        differs=_differing(found.approval.fingerprints, fingerprints) if found.approval else [],
        held=last if last and last.fingerprints == fingerprints and last.in_force(today) else None,
        noted=list(reversed(noted)),
        empty=missing_facts(version.study, version.facts),
        unchecked=len(version.study.support.never_checked),
        elements=_unwaived(version),
        fault=folder_problem(folder),
        versions="ethics_versions.versions" in current_app.view_functions,
        typed={name: typed.get(name, "") for name in TYPED},
        done=request.args.get("done") == "1",
        **{"faults": {}, "changed": None, **context},
    )


register_card(
    "ethics", "board.suspend", "Suspend or revoke", "Stop it at once, or let it go on.", place=20
)

REASON_LENGTH = 2000


@bp.route("/suspend", methods=["GET", "POST"])
@staff_only("board")
def suspend() -> Answer:
    """Suspend the study, lift that, or revoke an approval: at once, with a reason."""
    if request.method == "GET":
        return _suspend_page()
    why, go = request.form.get("why", "").strip(), request.form.get("go", "")
    if not why or len(why) > REASON_LENGTH:
        return _suspend_page(fault=f"Give a reason, in up to {REASON_LENGTH} characters.")
    if not _rule(go, why):
        return _suspend_page(fault="That had been done already: this is how it stands now.")
    standing()
    return see_other("board.suspend", done=1)


def _rule(go: str, why: str) -> bool:
    """Carry out a ruling; False where it changes nothing, since somebody was quicker."""
    if go in ("suspended", "lifted"):
        return _suspend(why, stop=go == "suspended")
    return go.startswith("revoke-") and _revoke(go.removeprefix("revoke-"), why)


def _suspend(why: str, *, stop: bool) -> bool:
    already = board.suspension(services().stores.office, the_name()) is not None
    if already == stop:
        return False
    _write("suspended" if stop else "lifted", why)
    note(f"{the_name()}: {'suspended' if stop else 'suspension lifted'}")
    return True


def _revoke(number: str, why: str) -> bool:
    noted = studies.approvals(services().stores.office, the_name())
    found = next((a for a in noted if str(a.number) == number and not a.revoked), None)
    if found is None:
        return False
    _write("revoked", why, found.number)
    note(f"{the_name()}: approval {found.reference} revoked")
    return True


def _write(what: board.Ruling, why: str, approval: int = 0) -> None:
    office, who = services().stores.office, author().name
    board.rule(office, the_name(), what, at=now(), who=who, why=why, approval=approval)


def _suspend_page(fault: str = "") -> str:
    office, name = services().stores.office, the_name()
    noted = studies.approvals(office, name)
    return page(
        "suspend",
        "Suspend or revoke",
        standing=standing(),
        suspended=board.suspension(office, name),
        rulings=list(reversed(board.rulings(office, name))),
        open_ones=[a for a in reversed(noted) if not a.revoked],
        references={a.number: a.reference for a in noted},
        fault=fault,
        why=request.form.get("why", ""),
        done=request.args.get("done") == "1",
    )


room_bp = Blueprint("boardroom", __name__, url_prefix="/ethics")

LINES_A_PAGE = 100


@room_bp.get("/")
@staff_only("board")
def index() -> str:
    """Each study with what is approved of it and where to go."""
    lives = [summary_of(version) for version in current_catalogue()]
    return render_template(
        "board/index.html",
        title="Board",
        lives=lives,
        waiting={life.version.study.name: notices(life, "board") for life in lives},
        features=cards_in("ethics"),
        left_out=current_catalogue().left_out,
    )


@room_bp.get("/audit")
@staff_only("board")
def audit() -> str:
    """What staff did, the latest first, a hundred lines a page."""
    page = request.args.get("page", 1, type=int)
    total = written.length(staff().stores.office)
    pages = max(1, -(-total // LINES_A_PAGE))
    if not 1 <= page <= pages:
        abort(404)
    skip = (page - 1) * LINES_A_PAGE
    lines = written.lines(staff().stores.office, most=LINES_A_PAGE, after=skip)
    return render_template(
        "board/audit.html", title="What staff did", lines=lines, page=page, pages=pages, total=total
    )
