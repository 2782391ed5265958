"""The board stops a study: suspended and lifted again, or an approval revoked for good."""

from __future__ import annotations

from flask import request

from survey.routes.board import Answer, author, bp, now, page, see_other, standing, the_name
from survey.services import services
from survey.staff.access import staff_only
from survey.staff.audit import note
from survey.staff.features import offer_feature
from survey.store import board, studies

offer_feature(
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
