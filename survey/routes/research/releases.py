"""Releases in the researcher's room: looked at, made, downloaded, recalled, handed over.

Nothing here reads a row: what is made is made by a process of its own (``survey.releases.jobs``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, send_file, url_for

from exports.output_files import UNREADABLE, ChecksumFault, ReleaseZip
from forms.tiers import TIERS, TierKind
from survey.accounts.access import staff_only
from survey.accounts.audit import note, one_act
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.releases import distribution
from survey.releases.archive import Archive
from survey.releases.distribution import fault_in, recall, recipient_of, releases_sharing_rows
from survey.releases.jobs import REHEARSED
from survey.routes.research.jobs import (
    Answer,
    begin,
    in_words,
    job_or_404,
    job_page,
    job_runner,
    new_job,
    uses_data,
)
from survey.services import services
from survey.storage import jobs, releases
from survey.storage.releases import Release
from survey.studies.current import current_name, current_version
from survey.studies.data_use import check_release

bp = Blueprint("releases", __name__, url_prefix="/research/<name>/releases")

LATELY = 8  # jobs shown


@bp.app_template_global()
def tier_kind(name: str) -> TierKind:
    """Return what the tier of a release is, whatever the study's policy says by now."""
    return TIERS[name]


@bp.get("/")
@staff_only("researcher")
def overview() -> str:
    """Show the tiers to choose from, what is under way, and the ledger."""
    version, name, office = current_version(), current_name(), services().stores.office
    latest = [job_runner().current(job) for job in jobs.last_of(office, name, most=LATELY)]
    return render_template(
        "research/releases.html",
        title="Releases",
        rehearsed=REHEARSED,
        version=version,
        tiers=[version.study.policy.tiers[t] for t in sorted(version.study.policy.tiers)],
        made=list(reversed(releases.all_releases(office, name))),
        makers=jobs.makers(office, name),
        recalled={e.release for e in releases.errata(office, name)},
        latest=[(job, in_words(job)) for job in latest],
        archived=_archive().folder,
    )


@bp.post("/preview")
@staff_only("researcher")
@uses_data
def preview() -> Answer:
    """Work out what a release of the chosen tier would hold; nothing is made."""
    version, tier = current_version(), request.form.get("tier", "")
    if tier not in version.study.policy.tiers:
        abort(400)
    return begin(new_job("preview", tier=tier))


@bp.post("/rehearsal")
@staff_only("researcher")
def rehearsal() -> Answer:
    """Work out what each tier would keep of simulated answers; no answer of a person is read."""
    return begin(new_job("rehearsal"))


@bp.post("/make/<int:number>")
@staff_only("researcher")
@uses_data
def make(number: int) -> Answer:
    """Make what preview ``number`` has shown."""
    version, seen = current_version(), job_or_404(number)
    check_release(services().stores.office, version.study.name, pilot=version.pilot)
    tier = version.study.policy.tiers.get(seen.tier)
    if (seen.kind, seen.state, seen.pilot) != ("preview", "done", version.pilot) or tier is None:
        abort(400)
    if already := jobs.made_from(services().stores.office, number):  # the form was sent twice
        return redirect(url_for("releases.release", number=already), code=303)
    recipient = None
    if not tier.kind.is_open:
        wrong = fault_in(request.form, required=tier.kind.names_recipient and not version.pilot)
        if wrong[1]:
            return job_page(seen, typed=request.form, error=wrong), 400
        recipient = recipient_of(request.form)
    note(f"{current_name()}: asked for a release of tier {tier.name}")
    return begin(new_job("release", tier=tier.name, recipient=recipient, preview=number))


# One release.


def _release_or_404(number: int) -> Release:
    found = releases.all_releases(services().stores.office, current_name())
    return next((made for made in found if made.number == number), None) or abort(404)


def _archive() -> Archive:
    return Archive(services().stores.folder, current_name())


def _zip_of(made: Release) -> Path:
    return _archive().zip_of(made.number, made.tier, pilot=made.pilot)


def _spent(made: Release) -> list[str]:
    if tier_kind(made.tier).holds != "tables":
        return []
    # Brings in what handles rows, which no other page needs.
    from survey.releases.spending import spending

    found = spending(services().stores.office, current_version().study, pilot=made.pilot)
    return [one.in_words(pilot=made.pilot) for one in found]


def _page(made: Release, *, code: int = 200, **more: Any) -> Answer:
    office, version = services().stores.office, current_version()
    errata = {e.release: e for e in releases.errata(office, made.study)}
    shown: dict[str, Any] = {
        "title": f"Release {made.number}",
        "version": version,
        "made": made,
        "tier": version.study.policy.tiers.get(made.tier),
        "who": jobs.makers(office, made.study).get(made.number, ""),
        "erratum": errata.get(made.number),
        "given": [g for g in releases.hand_overs(office, made.study) if g.release == made.number],
        "file": _zip_of(made),
        "trouble": _trouble_with(made),
        "held": _files_in(made),
        "spent": _spent(made),
        "typed": {},
        "error": ("", ""),
    }
    return render_template("research/release.html", **(shown | more)), code


def _files_in(made: Release) -> list[str]:
    """Return the names of what is in its file; none where it cannot be handed out."""
    if _trouble_with(made):
        return []
    with ReleaseZip(_zip_of(made), made.sha256) as packed:
        return sorted(packed.namelist())


def _trouble_with(made: Release, *, whole: bool = False) -> str:
    """Return why its file cannot be handed out, if so. ``whole`` reads all that is in it."""
    path = _zip_of(made)
    if not path.is_file():
        return "missing"
    try:
        with ReleaseZip(path, made.sha256) as packed:
            packed.check(whole=whole)
    except (ChecksumFault, *UNREADABLE):
        return "changed"
    return ""


@bp.get("/<int:number>/")
@staff_only("researcher")
def release(number: int) -> Answer:
    """Show what the ledger says of a release, its file, and what became of it."""
    return _page(_release_or_404(number))


@bp.get("/<int:number>/zip")
@staff_only("researcher")
@uses_data
def download(number: int) -> Answer | Response:
    """Return the release in one file, as it was made."""
    made = _release_or_404(number)
    if trouble := _trouble_with(made, whole=True):
        return _page(made, code=410, trouble=trouble)
    note(f"{current_name()}: release {number}, tier {made.tier}, downloaded")
    answer = send_file(
        _zip_of(made), mimetype="application/zip", as_attachment=True, conditional=False, etag=False
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/<int:number>/restore")
@staff_only("researcher")
@uses_data
def restore(number: int) -> Answer:
    """Make the file of a release again, if its bytes come out the same."""
    made = _release_or_404(number)
    if not _trouble_with(made, whole=True):
        return redirect(url_for("releases.release", number=number), code=303)
    note(f"{current_name()}: asked for the file of release {number} to be made again")
    return begin(new_job("restore", tier=made.tier, pilot=made.pilot, release=number))


@bp.route("/<int:number>/recall", methods=["GET", "POST"])
@staff_only("researcher")
def take_back(number: int) -> Answer:
    """Recall a faulty release for good, with all that repeat its rows."""
    made, stores = _release_or_404(number), services().stores
    why, error, at = request.form.get("why", ""), "", iso_utc(services().clock())
    if request.method == "POST":
        try:
            with one_act():
                recalled = recall(stores, current_name(), number, why=why, at=at)
                listed = ", ".join(map(str, recalled))
                note(f"{current_name()}: recalled release{'s' * (len(recalled) > 1)} {listed}")
        except Refusal as refusal:
            error = str(refusal)
        else:
            return redirect(url_for("releases.release", number=number), 303)
    page = render_template(
        "research/recall.html",
        title=f"{'Error: ' if error else ''}Recall release {number}",
        heading=f"Recall release {number}",
        version=current_version(),
        made=made,
        reached=releases_sharing_rows(stores.office, current_name(), number),
        given=releases.hand_overs(stores.office, current_name()),
        why=why,
        error=error,
    )
    return page, 400 if error else 200


@bp.post("/<int:number>/hand-over")
@staff_only("researcher")
@uses_data
def hand_over(number: int) -> Answer:
    """Note a hand-over of the release."""
    made = _release_or_404(number)
    wrong = fault_in(request.form, required=True)
    if wrong[1]:
        heading = f"Release {number}"
        return _page(
            made, code=400, title=f"Error: {heading}", heading=heading, typed=request.form,
            error=wrong,
        )  # fmt: skip
    to, at = recipient_of(request.form) or {}, iso_utc(services().clock())
    given = releases.HandOver(number, at, to["name"], to["agreement"], to["date"])
    with one_act():
        distribution.hand_over(services().stores, current_name(), given)
        note(f"{current_name()}: release {number} handed over under {to['agreement']}")
    return redirect(url_for("releases.release", number=number), code=303)
