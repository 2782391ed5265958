"""The questions, the check page, sending, and the thank-you page."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from forms.draft import (
    Draft,
    adjacent_pages,
    first_unanswered,
    is_complete,
    page_at,
    reachable,
    save_partial,
    submit_page,
)
from forms.routing import branch_of
from forms.study import Page
from survey.collection.figures import STOP_SIGN, page_passed_event
from survey.errors import InvitationSpent
from survey.respondents import submission
from survey.respondents.screens import CHOOSE_CODE, render_check, render_questions, render_screen
from survey.routes.respondent.request import (
    Answer,
    bp,
    count,
    current_draft,
    current_version,
    draft_gone,
    draft_secret,
    go_to,
    go_to_page,
    navigation,
    refused_page,
    spent_page,
)
from survey.security import clear_site
from survey.services import services
from survey.studies.version import StudyVersion

TURN_TO = ("support", "stop", "information")


@bp.post("/continue")
def resume() -> Answer:
    """From help, information or a break back to where the client was."""
    draft, study = current_draft(), current_version().study
    if draft is None:
        return draft_gone()
    if draft.sent:
        return go_to("done")
    here = next((p for p in study.pages if p.id == draft.at and reachable(study, draft, p)), None)
    return go_to_page(draft, here or first_unanswered(study, draft))


@bp.get("/questions/<token>")
def questions(token: str) -> Answer:
    """S5: one page of questions."""
    draft, study = current_draft(), current_version().study
    if draft is None:
        return draft_gone()
    if draft.sent:
        return go_to("done")
    page = page_at(study, draft, token)
    if page is None or not reachable(study, draft, page):
        return render_screen("elsewhere", current_version(), navigation(draft)), 404
    changing = bool(request.args.get("change"))
    return render_questions(current_version(), navigation(draft), draft, page, changing=changing)


@bp.post("/questions/<token>")
def answer(token: str) -> Answer:
    """Take a posted page, then go where its answers lead."""
    step = PostedPage(current_version(), token, request.form)
    secret = draft_secret()
    draft = services().drafts.change(secret, step.take) if secret else None
    if draft is None or draft.words != current_version().study.fingerprints.words:
        return draft_gone()
    if draft.sent or draft.ready:
        return go_to("done" if draft.sent else "check")
    if step.page is None:
        return render_screen("elsewhere", current_version(), navigation(draft)), 404
    if step.errors:
        return render_questions(
            current_version(), navigation(draft), draft, step.page,
            changing=step.changing, errors=step.errors, posted=request.form,
        )  # fmt: skip
    if step.passed:
        count(step.passed)
    return step.onward(draft)


class PostedPage:
    """One posted page: what it changes in the draft, and where it leads."""

    def __init__(self, version: StudyVersion, token: str, posted: Any) -> None:
        self.study, self.token, self.posted = version.study, token, posted
        self.turn_to = posted.get("go", "")
        self.changing = bool(posted.get("change"))
        self.page: Page | None = None
        self.errors: Any = {}
        self.stay = False
        self.passed = ""  # the event of going on from this page for the first time

    def take(self, draft: Draft) -> Draft:
        """The draft after this post; unchanged where the page is not on its way, or faulty.

        Runs again when another tab was quicker, so it starts from nothing each time.
        """
        self.page, self.errors, self.stay, self.passed = None, {}, False, ""
        if draft.sent or draft.ready or draft.words != self.study.fingerprints.words:
            return draft
        page = page_at(self.study, draft, self.token)
        if page is None or not reachable(self.study, draft, page):
            return draft
        self.page = page
        if self.turn_to in (*TURN_TO, "back"):
            return save_partial(self.study, draft, page, self.posted)
        taken = submit_page(self.study, draft, page, self.posted)
        self.errors, self.stay = taken.errors, taken.stay
        if not (self.errors or self.stay or is_complete(page, draft)):
            self.passed = page_passed_event(page.id, branch_of(self.study, taken.draft.answers))
        return taken.draft

    def onward(self, draft: Draft) -> Response:
        """Where to after a sound post."""
        assert self.page is not None
        if self.turn_to in TURN_TO:
            return go_to(self.turn_to)
        before, after = adjacent_pages(self.study, draft, self.page)
        if self.turn_to == "back":
            return go_to_page(draft, before or self.page)
        if self.stay:
            return go_to_page(draft, self.page, **({"change": 1} if self.changing else {}))
        if draft.support_due:
            return go_to("support")
        return go_to_page(draft, first_unanswered(self.study, draft) if self.changing else after)


@bp.route("/check", methods=["GET", "POST"])
def check() -> Answer:
    """S6: everything answered, exactly what will be stored, and Send."""
    draft, version = current_draft(), current_version()
    if draft is None:
        return draft_gone()
    if draft.sent:
        return go_to("done")
    still = first_unanswered(version.study, draft)
    if still is not None:
        return go_to_page(draft, still)
    if request.method == "GET":
        return render_check(version, navigation(draft), draft)
    return send(draft, completion=1)


def send(draft: Draft, *, completion: int) -> Answer:
    """Send what is answered, once the choice about a code is made; then the thank-you page."""
    version, secret = current_version(), draft_secret()
    if (refused := refused_page()) is not None:
        return refused
    code = request.form.get("code", "")
    if version.study.consent.receipt_code and code not in ("yes", "no"):
        errors = [("code", CHOOSE_CODE)]
        if completion == 1:
            return render_check(version, navigation(draft), draft, errors=errors)
        return render_screen("stop", version, navigation(draft), draft=draft, errors=errors)
    first = not draft.ready
    try:
        if secret is None or not submission.submit(
            services().drafts, secret, version, completion=completion, wants_code=code == "yes"
        ):
            return draft_gone()
    except InvitationSpent:
        return spent_page()
    if first:
        count_sent(version, draft, completion)
    return go_to("done")


def count_sent(version: StudyVersion, draft: Draft, completion: int) -> None:
    """Once for each set of answers: how it ended, and whether it shows a sign of the stop rule.

    The sign first: a verdict on the answers counted so far must miss none of their signs.
    """
    rule = version.study.policy.stop
    if rule is not None and rule.shown_by(draft.answers):
        count(STOP_SIGN)
    count("completed" if completion == 1 else "stopped_sent")


@bp.get("/done")
def done() -> Answer:
    """S7 and S8: thanks, the code if one was wanted, the debrief."""
    draft = current_draft()
    if draft is None:
        return draft_gone()
    if not draft.sent:
        return go_to("check")
    page = Response(
        render_screen("done", current_version(), navigation(draft), draft=draft),
        mimetype="text/html",
    )
    # With a code the page can be shown again until it is left; without one there is nothing more.
    return page if draft.code else clear_site(page)
