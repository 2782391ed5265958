"""Before the questions: landing, information, eligibility, consent, and the kind endings."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from flask import Response, request, session

from forms.draft import first_unanswered
from forms.form_fields import choices_of, consent_form, eligibility_form, first_no
from survey.respondents.screens import WORDS_CHANGED, render_screen, render_static_screen
from survey.routes.respondent.request import (
    INVITATION,
    MAY_CONSENT,
    SECRET,
    YOUTH,
    Answer,
    bp,
    closed_page,
    count,
    current_draft,
    current_invitation,
    current_version,
    final_page,
    go_to,
    go_to_page,
    navigation,
    uninvited_page,
)
from survey.services import current_state, services
from survey.studies.version import StudyVersion

READ = "version"  # hidden input: which consent texts the page shows


@bp.get("/")
def landing() -> Answer:
    """S1: what this is, in one sentence, and how to leave."""
    count("landing")
    return closed_page() or render_static_screen("landing", current_version(), navigation().base)


@bp.get("/information")
def information() -> Answer:
    """S2: key facts first, then details; reachable from every page."""
    draft = current_draft()
    if draft is None:
        if not current_state().readable:
            return closed_page() or go_to("")
        count("info")
        return render_static_screen("information", current_version(), navigation().base)
    return render_screen("information", current_version(), navigation(draft), draft=draft)


@bp.route("/eligibility", methods=["GET", "POST"])
def eligibility() -> Answer:
    """S3: may I take part, and is now a good time? The answers are not stored."""
    questions = current_version().study.consent.eligibility
    if (turned := closed_page() or uninvited_page()) is not None:
        return turned
    if not questions:
        return go_to("consent")
    form = eligibility_form(questions, request.form)
    if request.method == "GET":
        return render_screen("eligibility", current_version(), navigation(), form=form)
    if not form.validate():
        errors = [(n, e[0]) for n, e in form.errors.items()]
        return render_screen(
            "eligibility", current_version(), navigation(), form=form, errors=errors
        )
    no = first_no(questions, form)
    if no is not None:
        count("screened_out" if no.ending == "screened_out" else "not_now")
        session[YOUTH] = no.youth
        return go_to("thanks" if no.ending == "screened_out" else "later")
    count("eligible")
    session[MAY_CONSENT] = current_version().study.address
    return go_to("consent")


@bp.get("/thanks")
def thanks() -> Answer:
    """The kind ending for somebody who cannot take part."""
    youth = bool(session.get(YOUTH))
    return final_page("thanks", youth=youth)


@bp.get("/later")
def later() -> Answer:
    """Not a good moment: the link again, and help."""
    return final_page("later")


@bp.route("/consent", methods=["GET", "POST"])
def consent() -> Answer:
    """S4: itemised statements, none ticked beforehand, two equal buttons."""
    version = current_version()
    if (closed := closed_page()) is not None:
        return closed
    draft = current_draft()
    if draft is not None and not draft.sent:
        return go_to_page(draft, first_unanswered(version.study, draft))
    if (uninvited := uninvited_page()) is not None:
        return uninvited
    if version.study.consent.eligibility and session.get(MAY_CONSENT) != version.study.address:
        return go_to("eligibility")
    form = consent_form(version.study.consent, request.form)
    if request.method == "GET":
        return render_screen("consent", version, navigation(), form=form)
    if request.form.get("go") == "decline":
        count("declined")
        return go_to("declined")
    if not form.validate():
        errors = [(n, e[0]) for n, e in form.errors.items()]
        return render_screen("consent", version, navigation(), form=form, errors=errors)
    if _read_another_version(version):
        errors = [(s.id, WORDS_CHANGED) for s in version.study.consent.statements[:1]]
        return render_screen(
            "consent",
            version,
            navigation(),
            form=consent_form(version.study.consent, None),
            errors=errors,
        )
    return _begin(version, choices_of(version.study.consent, form))


def _read_another_version(version: StudyVersion) -> bool:
    """Whether the words on the page that was sent are no longer those that are agreed to."""
    current = version.study.fingerprints.consent_version
    return request.form.get(READ, current) != current


def _begin(version: StudyVersion, choices: dict[str, bool]) -> Response:
    desk = services().drafts
    secret = desk.begin(version.study, choices, invitation=current_invitation())
    session[SECRET] = urlsafe_b64encode(secret).decode()
    session.pop(MAY_CONSENT, None)
    session.pop(INVITATION, None)
    count("consented")
    draft = desk.find(secret, version.study)
    assert draft is not None
    return go_to_page(draft, first_unanswered(version.study, draft))


@bp.get("/declined")
def declined() -> Answer:
    """S10: thanks, help, no question why, no cookie left."""
    return final_page("declined")
