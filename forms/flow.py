"""The client's way through a study: its screens in one table, and the step from post to screen.

Pure: no server, no storage, no clock, no chance. The client's routes carry out the effects of a
step; the board's walk shows the screens alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from forms.answers import part_of
from forms.draft import (
    ASKED,
    GONE_ON,
    Draft,
    adjacent_pages,
    as_seen,
    first_opened,
    first_unanswered,
    open_page,
    reachable,
    save_partial,
    submit_page,
    token_of,
    without_typed,
)
from forms.form_fields import (
    KeptPost,
    as_code,
    choices_of,
    consent_form,
    eligibility_form,
    first_no,
    plain_value,
)
from forms.platform_texts import (
    CHOOSE_CODE,
    CHOOSE_END,
    CODE_ERRORS,
    ENTRANCE_ERRORS,
    NOTHING_YET,
)
from forms.routing import branch_of, page_passed_event
from forms.stop_signs import events_of_stopping
from forms.study import Page, Study
from forms.typed_codes import read_deletion_code


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen of the client's way, shown by the template of its name.

    ``title`` is the neutral word in the page's title: no title names a topic or an answer. Boards
    cite a screen by ``label``, on the checklist by ``short``; one that is ``part_of`` another is
    cited with it. ``passages`` are the tables of consent.toml whose texts it shows. A screen that
    is not ``addressed`` stands in place of the page that was asked for, with its ``status``. On the
    ``last`` ones nothing is under way any more.
    """

    name: str
    title: str
    label: str = ""
    short: str = ""
    part_of: str = ""
    passages: tuple[str, ...] = ()
    addressed: bool = True
    status: int = 200
    last: bool = False

    @property
    def brief(self) -> str:
        """Return the name in few words."""
        return self.short or self.label


SCREENS: Mapping[str, Screen] = {
    screen.name: screen
    for screen in (
        Screen("landing", "Start", "Landing"),
        Screen("begun", "Begun", "Answers begun here", part_of="landing"),
        Screen(
            "information",
            "Information",
            "Information",
            passages=("key_fact", "detail", "notice"),
        ),
        Screen("eligibility", "Before you start", "Before you start"),
        Screen("thanks", "Finished", "Kind ending", part_of="eligibility", last=True),
        Screen("later", "Later", "Not a good moment", part_of="eligibility", last=True),
        Screen("consent", "Your choice", "Consent"),
        Screen("wait", "One moment", "One moment", part_of="consent"),
        Screen("questions", "Page", "Questions"),
        Screen("check", "Check", "Check answers and send", "Check"),
        Screen("done", "Thank you", "Thank you", passages=("debrief",)),
        Screen("finished", "Finished", "After the code", part_of="done", last=True),
        Screen("support", "Help", "Help"),
        Screen("break", "A break", "A break", part_of="support"),
        Screen("idle", "Waiting"),
        Screen("declined", "Finished", "Decline", last=True),
        Screen("stop", "Stop", "Stop"),
        Screen("stopped", "Finished", "After deleting", part_of="stop", last=True),
        Screen("withdraw", "Delete", "Delete later"),
        Screen("leave", "Left", "Leave now", last=True),
        Screen("closed", "Not open", addressed=False),
        Screen("refused", "Not sent", last=True),
        Screen("spent", "Used already", last=True),
        Screen("elsewhere", "This way", addressed=False, status=404),
        Screen("gone", "Start again", status=410),
        Screen("not_taken", "Not taken", status=400),
    )
}
# Those that a checklist or a comment can point at.
CITED = tuple(screen for screen in SCREENS.values() if screen.label and not screen.part_of)

# Where a plain link or button may lead; every other screen follows from what was posted.
TURNS = frozenset(
    [
        "landing", "information", "eligibility", "consent",
        "support", "break", "stop", "withdraw", "leave",
    ]
)  # fmt: skip
# Buttons of a page of questions that turn to another screen and keep what stands on the page.
TURNS_FROM_QUESTIONS = frozenset(["support", "break", "stop", "information"])

_ENTRANCE = frozenset(["landing", "eligibility", "consent"])  # where a study is opened
_WALK = frozenset(["questions", "check", "break", "done"])  # what only goes with a draft

ERRORS = {**ENTRANCE_ERRORS, **CODE_ERRORS}  # what a page says where no draft keeps what was typed
TRAP = "website"  # input that nobody sees: programs that fill in everything fill it in
READ = "version"  # hidden input: which consent texts the page shows


@dataclass(frozen=True, slots=True)
class FlowState:
    """The place of a client or a board member: the screen, the draft under way, its page."""

    screen: str = "landing"
    draft: Draft | None = None
    token: str = ""  # of the page of questions
    changing: bool = False  # the page was opened from the check page
    part: int = 1  # of the check page
    anchor: str = ""  # id of the question on it that is shown first
    eligible: bool = False  # the eligibility questions were answered with yes
    unfit: str = ""  # the eligibility question that was answered with no
    error: str = ""  # of a post that no draft keeps: which of ERRORS
    answered: bool = False  # a deletion by code was asked for


@dataclass(frozen=True, slots=True)
class CountEvent:
    """The effect of counting one more ``event`` in the study's totals."""

    event: str


@dataclass(frozen=True, slots=True)
class CountUnderstanding:
    """The effect of counting answers about the information, in memory alone.

    ``answers`` maps the question's id to whether its answer was right; None for a blank.
    """

    answers: Mapping[str, bool | None]


@dataclass(frozen=True, slots=True)
class BeginDraft:
    """The effect of keeping the draft that the step began."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class DropDraft:
    """The effect of deleting the draft."""


@dataclass(frozen=True, slots=True)
class SendDraft:
    """The effect of storing the answers: all (completion 1) or those given so far (2)."""

    completion: int
    wants_code: bool


@dataclass(frozen=True, slots=True)
class AskDeletion:
    """The effect of asking to delete what was sent with ``code``, which has the shape of one."""

    code: str


Effect = CountEvent | CountUnderstanding | BeginDraft | DropDraft | SendDraft | AskDeletion


@dataclass(frozen=True, slots=True)
class StepResult:
    """The state after a post. With ``errors`` (input name → sentence) the screen is shown again."""

    state: FlowState
    errors: Mapping[str, str] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()


def anchors(study: Study, screen: str) -> dict[str, str]:
    """Return ids that name nothing, for inputs before the questions."""
    # A link to an input, which a list of errors holds, stays in the browser's history.
    consent = study.consent
    names = {
        "eligibility": [q.id for q in consent.eligibility],
        "consent": [name for name, _ in consent.asked_at_consent],
    }.get(screen, [])
    return {name: f"i{n}" for n, name in enumerate(names, start=1)}


def entrance(study: Study) -> str:
    """Return the name of the screen that follows on the information."""
    return "eligibility" if study.consent.eligibility else "consent"


def at_page(draft: Draft, page: Page | None, *, changing: bool = False) -> FlowState:
    """Return the place on a page of questions, or with none left on the check page."""
    if page is None:
        return FlowState("check", draft)
    return FlowState("questions", draft, token_of(draft, page), changing)


def resume(study: Study, draft: Draft) -> FlowState:
    """Return the place to which a client comes back from help, information or a break."""
    if draft.sent:
        return FlowState("done", draft)
    here = next((p for p in study.pages if p.id == draft.at and reachable(study, draft, p)), None)
    return at_page(draft, here or first_unanswered(study, draft))


def arrive(study: Study, state: FlowState) -> FlowState:
    """Return the state of a client who asks for a screen: there, or where the way leads."""
    screen, draft = state.screen, state.draft
    if draft is None and (screen in _WALK or screen == "wait"):
        return FlowState("gone")
    if screen == "begun" and (draft is None or draft.sent):
        return FlowState("landing", draft)
    if draft is not None and draft.sent and screen in ("questions", "check", "stop", "wait"):
        return FlowState("done", draft)
    if draft is not None and not draft.sent:
        return _arrive_under_way(study, state, draft)
    if screen == "eligibility" and not study.consent.eligibility:
        return arrive(study, replace(state, screen="consent"))
    if screen == "consent" and study.consent.eligibility and not state.eligible:
        return replace(state, screen="eligibility")
    return state


def _arrive_under_way(study: Study, state: FlowState, draft: Draft) -> FlowState:
    """Arrive while a draft lives in this browser; whoever opens the study anew is asked first."""
    screen = state.screen
    if screen in _ENTRANCE or (screen in _WALK and draft.unseen == ASKED):
        return FlowState("begun", draft)
    if draft.waiting and screen in _WALK:
        return FlowState("wait", draft)
    if screen == "wait":
        return state if draft.waiting else resume(study, draft)
    first = first_unanswered(study, draft)
    if screen == "done" or (screen == "check" and first is not None):
        return at_page(draft, first)
    if screen != "questions":
        return state
    page = open_page(study, draft, state.token)
    if page is None:
        return FlowState("check" if draft.ready else "elsewhere", draft)
    if draft.unseen and page is not first:
        return at_page(draft, first)
    return replace(state, draft=as_seen(draft, page))


def shown_again(study: Study, state: FlowState) -> StepResult:
    """The screen of ``state`` with the errors of the last post on it, where there were any."""
    draft = state.draft
    if state.error in ERRORS:
        return _refused(study, state, state.error)
    if draft is None or draft.faulty != (state.token or state.screen):
        return StepResult(state)
    anew = replace(state, draft=replace(draft, faulty="", typed={}))
    return StepResult(state, step(study, anew, KeptPost(draft.typed)).errors)


def step(study: Study, state: FlowState, posted: Any, *, seed: str = "") -> StepResult:
    """Return what a post on the screen of ``state`` leads to.

    ``posted`` is a multidict; ``seed`` goes into the draft that consent begins.
    """
    go, draft = posted.get("go", ""), state.draft
    # First, since a turn from a page of questions must keep what stands on it.
    if state.screen == "questions":
        return _from_questions(study, state, posted)
    if go == "continue" and draft is not None:
        return StepResult(resume(study, draft))
    if state.screen == "begun" and draft is not None:
        return _from_begun(study, draft, go)
    if go in TURNS:
        kept = None if go == "leave" else draft
        return StepResult(arrive(study, FlowState(go, kept, eligible=state.eligible)))
    if state.screen in _UNDER_WAY:
        if draft is None:
            return StepResult(FlowState("gone"))
        return _UNDER_WAY[state.screen](study, state, draft, posted)
    if state.screen == "eligibility":
        return _from_eligibility(study, state, posted)
    if state.screen == "consent":
        return _from_consent(study, state, posted, seed)
    if state.screen == "withdraw":
        return _from_withdraw(study, state, posted.get("code", ""))
    return StepResult(state)


def _from_eligibility(study: Study, state: FlowState, posted: Any) -> StepResult:
    questions = study.consent.eligibility
    form = eligibility_form(questions, posted)
    if not form.validate():
        return _refused(study, state, "unanswered")
    no = first_no(questions, form)
    if no is None:
        eligible = replace(state, screen="consent", eligible=True)
        return StepResult(eligible, effects=(CountEvent("eligible"),))
    ending = "thanks" if no.ending == "screened_out" else "later"
    return StepResult(FlowState(ending, unfit=no.id), effects=(CountEvent(no.ending),))


def _refused(study: Study, state: FlowState, error: str) -> StepResult:
    """An error that no draft keeps: told at the first input, with nothing typed given back."""
    first = "code" if error in CODE_ERRORS else next(iter(anchors(study, state.screen)), "")
    return StepResult(replace(state, error=error), {first: ERRORS[error]})


def _from_begun(study: Study, draft: Draft, go: str) -> StepResult:
    """Begin anew, or go on without a look at what was answered before."""
    if go == "anew":
        return StepResult(FlowState("landing"), effects=(DropDraft(),))
    if go == "on":
        return StepResult(resume(study, replace(draft, unseen=GONE_ON, at="", faulty="", typed={})))
    return StepResult(FlowState("begun", draft))


def _from_consent(study: Study, state: FlowState, posted: Any, seed: str) -> StepResult:
    told = understanding(study, posted)
    if posted.get("go") == "decline":
        return StepResult(FlowState("declined"), effects=(CountEvent("declined"), *told))
    consent, current = study.consent, study.fingerprints.consent_version
    form = consent_form(consent, posted)
    if posted.get(TRAP):
        return _refused(study, state, "filled")
    if not form.validate():
        return _refused(study, state, "unticked")
    # The study folder may have changed while the page was open: nobody agrees to words unread.
    if posted.get(READ, current) != current:
        return _refused(study, state, "changed")
    draft = Draft(
        seed=seed,
        words=study.fingerprints.words,
        language=study.language,
        started=0,
        choices=choices_of(consent, form),
    )
    begun: tuple[Effect, ...] = (BeginDraft(draft), CountEvent("consented"), *told)
    return StepResult(at_page(draft, first_unanswered(study, draft)), effects=begun)


def understanding(study: Study, posted: Any) -> tuple[CountUnderstanding, ...]:
    """Return how the questions about the information were answered; nothing where none is asked."""
    answers: dict[str, bool | None] = {}
    for asked in study.consent.comprehension:
        chosen = as_code(posted.get(asked.id, ""))
        known = chosen is not None and 1 <= chosen <= len(asked.options)
        answers[asked.id] = asked.options[chosen - 1] == asked.right if known and chosen else None
    return (CountUnderstanding(answers),) if answers else ()


def _from_questions(study: Study, state: FlowState, posted: Any) -> StepResult:
    draft, go = state.draft, posted.get("go", "")
    page = open_page(study, draft, state.token) if draft is not None else None
    if draft is None or page is None or draft.waiting:
        return StepResult(arrive(study, state))
    draft = as_seen(draft, page)
    if draft.faulty in SCREENS:  # of check or stop, which were left for this page
        draft = without_typed(draft, draft.faulty)
    # "Leave now" takes nothing with it: not even what stands on the page is read.
    if go == "leave":
        return StepResult(FlowState(go))
    if go in TURNS_FROM_QUESTIONS:
        return StepResult(FlowState(go, save_partial(study, draft, page, posted)))
    if go == "back":
        kept = save_partial(study, draft, page, posted)
        return StepResult(at_page(kept, adjacent_pages(study, kept, page)[0] or page))
    taken, changing = submit_page(study, draft, page, posted), bool(posted.get("change"))
    after = taken.draft
    if taken.errors:
        return StepResult(replace(state, changing=changing), taken.errors)
    if taken.stay:
        there = at_page(after, page, changing=changing)
        return StepResult(replace(there, anchor=first_opened(page, after)))
    passed = CountEvent(page_passed_event(page.id, branch_of(study, after.answers)))
    effects = (passed,) if taken.passed else ()
    if after.support_due:
        return StepResult(FlowState("support", after), effects=effects)
    # A change on the check page may have opened a page in between; without one it leads back there.
    following = (
        first_unanswered(study, after) if changing else adjacent_pages(study, after, page)[1]
    )
    there = at_page(after, following)
    back = replace(there, part=part_of(study, page)) if changing else there
    return StepResult(back, effects=effects)


def _from_check(study: Study, state: FlowState, draft: Draft, posted: Any) -> StepResult:
    if posted.get("go") == "back":
        last = [page for page in study.pages if reachable(study, draft, page)][-1]
        return StepResult(at_page(draft, last))
    if part := as_code(posted.get("part", "")):
        return StepResult(replace(state, part=part))
    changed = next((p for p in study.pages if p.id == posted.get("change")), None)
    if changed is not None:
        return StepResult(arrive(study, at_page(draft, changed, changing=True)))
    return _send(study, state, posted, completion=1)


def _from_stop(study: Study, state: FlowState, draft: Draft, posted: Any) -> StepResult:
    go = posted.get("go", "")
    if go == "delete":
        return _delete(study, draft)
    if go == "send" and draft.answers:
        return _send(study, state, posted, completion=2)
    return StepResult(state, {"stop-send": NOTHING_YET if go == "send" else CHOOSE_END})


def _from_support(study: Study, _: FlowState, draft: Draft, posted: Any) -> StepResult:
    go = posted.get("go", "")
    if go == "delete":
        return _delete(study, draft)
    if go == "send":
        return StepResult(FlowState("stop", draft))
    seen = replace(draft, support_due=False, at="")
    return StepResult(FlowState("break", seen) if go == "break" else resume(study, seen))


def _delete(study: Study, draft: Draft) -> StepResult:
    events = ("stopped_deleted", *events_of_stopping(study, draft.answers, draft.at))
    return StepResult(FlowState("stopped"), effects=(DropDraft(), *map(CountEvent, events)))


def _send(study: Study, state: FlowState, posted: Any, *, completion: int) -> StepResult:
    code = plain_value(posted.get("code", ""))
    unused = state.draft is not None and study.policy.unused(state.draft.answers)
    if study.consent.receipt_code and not unused and code not in ("yes", "no"):
        return StepResult(state, {"code": CHOOSE_CODE})
    send = SendDraft(completion, wants_code=code == "yes")
    return StepResult(FlowState("done", state.draft), effects=(send,))


def _from_done(study: Study, state: FlowState, draft: Draft, posted: Any) -> StepResult:
    """Drop what could show the code again: the client has written it down."""
    del study
    if posted.get("go") or not draft.sent:
        return StepResult(state)
    return StepResult(FlowState("finished"), effects=(DropDraft(),))


def _from_withdraw(study: Study, state: FlowState, typed: str) -> StepResult:
    """Ask for a deletion where what was typed has the shape of a code, else say what one has."""
    code = read_deletion_code(typed)
    if code:
        return StepResult(replace(state, answered=True), effects=(AskDeletion(code),))
    error = "shape" if typed.strip() else "empty"
    return _refused(study, state, error)


_UNDER_WAY: Mapping[str, Callable[[Study, FlowState, Draft, Any], StepResult]] = {
    "check": _from_check,
    "done": _from_done,
    "stop": _from_stop,
    "support": _from_support,
}
