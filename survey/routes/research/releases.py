"""Releases in the researcher's room: looked at, made, downloaded, recalled, handed over.

Nothing here reads a row: what is made is made by a process of its own (``survey.releases.jobs``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, send_file, url_for

from exports.checksums import UNREADABLE, ChecksumFault, ReleaseZip
from forms.study import Tier
from forms.tiers import TIERS, TierKind
from survey.accounts.access import staff_only
from survey.accounts.audit import note
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.releases.archive import Archive
from survey.releases.distribution import (
    fault_in,
    recall,
    recipient_of,
    releases_sharing_rows,
)
from survey.routes.research.jobs import (
    Answer,
    begin,
    in_words,
    job_named,
    job_page,
    job_runner,
    new_job,
    published_or_404,
)
from survey.routes.study_cards import register_card
from survey.services import staff
from survey.storage import jobs, releases
from survey.storage.jobs import Job
from survey.storage.releases import Release
from survey.studies.version import StudyVersion

bp = Blueprint("research_releases", __name__, url_prefix="/research/<name>/releases")


@bp.app_template_global()
def tier_kind(name: str) -> TierKind:
    """For templates: what the tier of a release is, whatever the study's policy says by now."""
    return TIERS[name]


register_card(
    "research",
    "research_releases.overview",
    "Releases",
    "See what a release would hold, make it, download it, and read the ledger.",
    part="results",
    place=20,
)

LATELY = 8  # jobs shown


@bp.get("/")
@staff_only("researcher")
def overview(name: str) -> str:
    """The tiers to choose from, what is under way, and the ledger."""
    version, office = published_or_404(name), staff().stores.office
    latest = [job_runner().look(job) for job in jobs.last_of(office, name, most=LATELY)]
    return render_template(
        "research/releases.html",
        title="Releases",
        version=version,
        tiers=[version.study.policy.tiers[t] for t in sorted(version.study.policy.tiers)],
        made=list(reversed(releases.all_releases(office, name))),
        makers=jobs.makers(office, name),
        recalled={e.release for e in releases.errata(office, name)},
        latest=[(job, in_words(job)) for job in latest],
        archived=_archive(name).folder,
    )


@bp.post("/preview")
@staff_only("researcher")
def preview(name: str) -> Answer:
    """Work out what a release of the chosen tier would hold; nothing is made."""
    version, tier = published_or_404(name), request.form.get("tier", "")
    if tier not in version.study.policy.tiers:
        abort(400)
    return begin(version, new_job(version, "preview", tier=tier))


@bp.post("/make/<int:number>")
@staff_only("researcher")
def make(name: str, number: int) -> Answer:
    """Make what preview ``number`` has shown."""
    version, seen = published_or_404(name), job_named(name, number)
    tier = version.study.policy.tiers.get(seen.tier)
    if (seen.kind, seen.state, seen.pilot) != ("preview", "done", version.pilot) or tier is None:
        abort(400)
    if already := jobs.made_from(staff().stores.office, number):  # the form was sent twice
        return redirect(url_for("research_releases.release", name=name, number=already), code=303)
    field, error = _fault(version, tier)
    if error:
        return job_page(version, seen, typed=request.form, error=(field, error)), 400
    recipient = None if tier.kind.is_open else recipient_of(request.form)
    note(f"{name}: asked for a release of tier {tier.name}")
    wanted = new_job(version, "release", tier=tier.name, recipient=recipient, preview=number)
    return begin(version, wanted)


def _fault(version: StudyVersion, tier: Tier) -> tuple[str, str]:
    if tier.kind.is_open:
        return "", ""
    return fault_in(request.form, required=tier.kind.names_recipient and not version.pilot)


# One release.


def _known(name: str, number: int) -> Release:
    found = releases.all_releases(staff().stores.office, name)
    return next((made for made in found if made.number == number), None) or abort(404)


def _archive(name: str) -> Archive:
    return Archive(staff().stores.folder, name)


def _zip_of(made: Release) -> Path:
    """Its file in the archive."""
    return _archive(made.study).zip_of(made.number, made.tier, pilot=made.pilot)


def _page(made: Release, *, code: int = 200, **more: Any) -> Answer:
    office, version = staff().stores.office, published_or_404(made.study)
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
        "typed": {},
        "error": ("", ""),
    }
    return render_template("research/release.html", **(shown | more)), code


def _trouble_with(made: Release, *, whole: bool = False) -> str:
    """Why its file cannot be handed out; nothing if it can. ``whole`` reads all that is in it."""
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
def release(name: str, number: int) -> Answer:
    """One release: what the ledger says of it, its file, and what became of it."""
    return _page(_known(name, number))


@bp.get("/<int:number>/zip")
@staff_only("researcher")
def download(name: str, number: int) -> Answer | Response:
    """The release in one file, as it was made."""
    made = _known(name, number)
    if trouble := _trouble_with(made, whole=True):
        return _page(made, code=410, trouble=trouble)
    note(f"{name}: release {number}, tier {made.tier}, downloaded")
    answer = send_file(
        _zip_of(made), mimetype="application/zip", as_attachment=True, conditional=False, etag=False
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/<int:number>/restore")
@staff_only("researcher")
def restore(name: str, number: int) -> Answer:
    """Make the file of a release again, if its bytes come out the same."""
    made, version = _known(name, number), published_or_404(name)
    if not _trouble_with(made, whole=True):
        return redirect(url_for("research_releases.release", name=name, number=number), code=303)
    note(f"{name}: asked for the file of release {number} to be made again")
    return begin(version, Job(
        study=name, kind="restore", tier=made.tier, pilot=made.pilot, who=new_job(version, "").who,
        asked_at="", release=number,
    ))  # fmt: skip


@bp.route("/<int:number>/recall", methods=["GET", "POST"])
@staff_only("researcher")
def take_back(name: str, number: int) -> Answer:
    """Recall a faulty release for good, with all that repeat its rows."""
    made, version, error = _known(name, number), published_or_404(name), ""
    if request.method == "POST":
        try:
            recalled = recall(
                staff().stores,
                name,
                number,
                why=request.form.get("why", ""),
                at=iso_utc(staff().clock()),
            )
        except Refusal as refusal:
            error = str(refusal)
        else:
            listed = ", ".join(map(str, recalled))
            note(f"{name}: recalled release{'s' * (len(recalled) > 1)} {listed}")
            return redirect(url_for("research_releases.release", name=name, number=number), 303)
    page = render_template(
        "research/recall.html",
        title=f"{'Error: ' if error else ''}Recall release {number}",
        heading=f"Recall release {number}",
        version=version,
        made=made,
        reached=releases_sharing_rows(staff().stores.office, name, number),
        given=releases.hand_overs(staff().stores.office, name),
        why=request.form.get("why", ""),
        error=error,
    )
    return page, 400 if error else 200


@bp.post("/<int:number>/hand-over")
@staff_only("researcher")
def hand_over(name: str, number: int) -> Answer:
    """Note who was given the release."""
    made = _known(name, number)
    wrong = fault_in(request.form, required=True)
    if wrong[1]:
        title = f"Error: Release {number}"
        return _page(
            made, code=400, title=title, heading=title[7:], typed=request.form, error=wrong
        )
    to = recipient_of(request.form) or {}
    given = releases.HandOver(
        number, iso_utc(staff().clock()), to["name"], to["agreement"], to["date"]
    )
    releases.hand_over(staff().stores.office, name, given)
    note(f"{name}: release {number} handed over under {to['agreement']}")
    return redirect(url_for("research_releases.release", name=name, number=number), code=303)
