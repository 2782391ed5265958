"""The questions, the check page, sending, and the thank-you page."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from forms.draft import Draft, answered, first_open, keep, neighbours, page_at, reachable, take
from forms.routing import branch_of
from forms.study import Page
from survey.collection.figures import STOP_SIGN, passed
from survey.errors import InvitationSpent
from survey.respondents import submission
from survey.respondents.screens import CHOOSE_CODE, show, show_check, show_page
from survey.routes.respondent.request import (
    Answer,
    bp,
    count,
    go_to,
    go_to_page,
    gone,
    refused_page,
    spent_page,
    the_draft,
    the_offer,
    the_secret,
    ways,
)
from survey.security import clear_site
from survey.services import services
from survey.studies.version import Offer

TURN_TO = ("support", "stop", "information")


@bp.post("/continue")
def resume() -> Answer:
    """From help, information or a break back to where the client was."""
    draft, study = the_draft(), the_offer().study
    if draft is None:
        return gone()
    if draft.sent:
        return go_to("done")
    here = next((p for p in study.pages if p.id == draft.at and reachable(study, draft, p)), None)
    return go_to_page(draft, here or first_open(study, draft))


@bp.get("/questions/<token>")
def questions(token: str) -> Answer:
    """S5: one page of questions."""
    draft, study = the_draft(), the_offer().study
    if draft is None:
        return gone()
    if draft.sent:
        return go_to("done")
    page = page_at(study, draft, token)
    if page is None or not reachable(study, draft, page):
        return show("elsewhere", the_offer(), ways(draft)), 404
    changing = bool(request.args.get("change"))
    return show_page(the_offer(), ways(draft), draft, page, changing=changing)


@bp.post("/questions/<token>")
def answer(token: str) -> Answer:
    """Take a posted page, then go where its answers lead."""
    step = Step(the_offer(), token, request.form)
    secret = the_secret()
    draft = services().desk.change(secret, step.take) if secret else None
    if draft is None or draft.words != the_offer().study.fingerprints.words:
        return gone()
    if draft.sent or draft.ready:
        return go_to("done" if draft.sent else "check")
    if step.page is None:
        return show("elsewhere", the_offer(), ways(draft)), 404
    if step.errors:
        return show_page(
            the_offer(), ways(draft), draft, step.page,
            changing=step.changing, errors=step.errors, posted=request.form,
        )  # fmt: skip
    if step.passed:
        count(step.passed)
    return step.onward(draft)


class Step:
    """One posted page: what it changes in the draft, and where it leads."""

    def __init__(self, offer: Offer, token: str, posted: Any) -> None:
        self.study, self.token, self.posted = offer.study, token, posted
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
            return keep(self.study, draft, page, self.posted)
        taken = take(self.study, draft, page, self.posted)
        self.errors, self.stay = taken.errors, taken.stay
        if not (self.errors or self.stay or answered(page, draft)):
            self.passed = passed(page.id, branch_of(self.study, taken.draft.answers))
        return taken.draft

    def onward(self, draft: Draft) -> Response:
        """Where to after a sound post."""
        assert self.page is not None
        if self.turn_to in TURN_TO:
            return go_to(self.turn_to)
        before, after = neighbours(self.study, draft, self.page)
        if self.turn_to == "back":
            return go_to_page(draft, before or self.page)
        if self.stay:
            return go_to_page(draft, self.page, **({"change": 1} if self.changing else {}))
        if draft.support_due:
            return go_to("support")
        return go_to_page(draft, first_open(self.study, draft) if self.changing else after)


@bp.route("/check", methods=["GET", "POST"])
def check() -> Answer:
    """S6: everything answered, exactly what will be stored, and Send."""
    draft, offer = the_draft(), the_offer()
    if draft is None:
        return gone()
    if draft.sent:
        return go_to("done")
    still = first_open(offer.study, draft)
    if still is not None:
        return go_to_page(draft, still)
    if request.method == "GET":
        return show_check(offer, ways(draft), draft)
    return send(draft, completion=1)


def send(draft: Draft, *, completion: int) -> Answer:
    """Send what is answered, once the choice about a code is made; then the thank-you page."""
    offer, secret = the_offer(), the_secret()
    if (refused := refused_page()) is not None:
        return refused
    code = request.form.get("code", "")
    if offer.study.consent.receipt_code and code not in ("yes", "no"):
        errors = [("code", CHOOSE_CODE)]
        if completion == 1:
            return show_check(offer, ways(draft), draft, errors=errors)
        return show("stop", offer, ways(draft), draft=draft, errors=errors)
    first = not draft.ready
    try:
        if secret is None or not submission.send(
            services().desk, secret, offer, completion=completion, wants_code=code == "yes"
        ):
            return gone()
    except InvitationSpent:
        return spent_page()
    if first:
        count_sent(offer, draft, completion)
    return go_to("done")


def count_sent(offer: Offer, draft: Draft, completion: int) -> None:
    """Once for each set of answers: how it ended, and whether it shows a sign of the stop rule.

    The sign first: a verdict on the answers counted so far must miss none of their signs.
    """
    rule = offer.study.policy.stop
    if rule is not None and rule.shown_by(draft.answers):
        count(STOP_SIGN)
    count("completed" if completion == 1 else "stopped_sent")


@bp.get("/done")
def done() -> Answer:
    """S7 and S8: thanks, the code if one was wanted, the debrief."""
    draft = the_draft()
    if draft is None:
        return gone()
    if not draft.sent:
        return go_to("check")
    page = Response(show("done", the_offer(), ways(draft), draft=draft), mimetype="text/html")
    # With a code the page can be shown again until it is left; without one there is nothing more.
    return page if draft.code else clear_site(page)
